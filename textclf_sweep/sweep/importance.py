"""From a sweep's ledger to what explains the differences between its trials."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from textclf_sweep.analysis.importance import ARCHITECTURE, LEAST, importance, usable, varied
from textclf_sweep.data import cleaning, features
from textclf_sweep.definition.types import Metric
from textclf_sweep.errors import InputError
from textclf_sweep.store import Store
from textclf_sweep.sweep.manage import open_ledger
from textclf_sweep.training import parameters as training


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
        few = f"the sweep {name!r} has {len(found)} trials with a value; at least {LEAST} are needed"
        raise InputError(few, fix="run more trials: raise run_cap and run it again")
    if not varied(found, spaces):
        raise InputError(f"nothing varies between the trials of {name!r}", fix="search some parameter")
    judged = importance(history, spaces, Metric(metric["name"], metric["goal"]), rows, group_of)
    return {"sweep": name, "metric": metric["name"], **judged.to_json(group_of)}


def group_of(parameter: str) -> str:
    """``data``, ``architecture`` or ``hyperparameters``: whose a parameter is."""
    if parameter in {item.name for item in cleaning.PARAMETERS} | _features():
        return "data"
    if parameter != ARCHITECTURE and parameter in {item.name for item in training.PARAMETERS} | {"dropout"}:
        return "hyperparameters"
    return "architecture"


def _features() -> set[str]:
    modules = (item.name for item in pkgutil.iter_modules(features.__path__) if not item.name.startswith("_"))
    loaded = [importlib.import_module(f"{features.__name__}.{name}") for name in modules]
    return {parameter.name for module in loaded for parameter in module.PARAMETERS}
