"""From a sweep's ledger to what explains the differences between its trials."""

from __future__ import annotations

from typing import Any

from textclf_sweep.analysis.importance import LEAST, group_of, importance, usable, varied
from textclf_sweep.definition.types import Metric
from textclf_sweep.errors import InputError
from textclf_sweep.store import Store
from textclf_sweep.sweep.manage import open_ledger
from textclf_sweep.trial import History

__all__ = ["group_of", "importance_of"]


def importance_of(store: Store, name: str) -> dict[str, Any]:
    """The object of ``sweep importance --json``.

    Raises:
        InputError: there is no such sweep, or its trials are too few or do not differ.
        StorageError: its ledger cannot be read.
    """
    with open_ledger(store, name) as ledger:
        history, metric = ledger.history(), ledger.get("metric")
        spaces = (ledger.get("definition") or {}).get("space") or {}
        rows = int((ledger.get("data") or {}).get("validation") or 0)
    found = usable(history)
    if len(found) < LEAST:
        trials = f"{len(found)} trial{'s' * (len(found) != 1)}" if found else "no trial"
        few = f"the sweep {name!r} has {trials} with a value; at least {LEAST} are needed"
        raise InputError(few, fix="run more trials: raise run_cap and run it again")
    if not varied(found):
        raise InputError(
            f"nothing varies between the trials of {name!r}",
            fix="give a parameter a range, or name several architectures",
        )
    judged = importance(history, spaces, Metric(metric["name"], metric["goal"]), _rows(history) or rows)
    return {"sweep": name, "metric": metric["name"], **judged.to_json()}


def _rows(history: History) -> int:
    """Validation rows of a trial, those of all folds together."""
    counts = (sum(map(sum, record.result.confusion)) for record in history if record.result is not None)
    return max(counts, default=0)
