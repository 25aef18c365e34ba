"""What a sweep would do, without doing it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from statistics import fmean
from typing import Any

from textclf_sweep.definition.types import SweepDefinition
from textclf_sweep.errors import StorageError
from textclf_sweep.ledger import Ledger
from textclf_sweep.store import Store
from textclf_sweep.sweep.propose import next_trial, total
from textclf_sweep.trial import Trial, TrialRecord, TrialState

SAMPLE = 5
"""How many parameter sets a plan shows."""


def plan(definition: SweepDefinition, store: Store, workers: int) -> dict[str, Any]:
    """The object of ``sweep plan --json``.

    Args:
        definition: what would run.
        store: whose complete trials the estimate of the time comes from.
        workers: how many trials would train at once.
    """
    trials = total(definition)
    seconds = _mean_seconds(definition, store)
    bounded = definition.budget.time is not None or definition.metric.target is not None
    return {
        "sweep": definition.name,
        "trials": trials,
        "up_to": trials is not None and bounded,
        "sample": [
            {"number": trial.number, "architecture": trial.architecture, "parameters": dict(trial.parameters)}
            for trial in _sample(definition)
        ],
        "estimate_seconds": None if trials is None or seconds is None else trials * seconds / min(workers, trials),
    }


def _sample(definition: SweepDefinition) -> Iterator[Trial]:
    """The first trials as they would be proposed before any result is known."""
    history: tuple[TrialRecord, ...] = ()
    for _ in range(SAMPLE):
        trial = next_trial(definition, history)
        if trial is None:
            return
        history = (*history, TrialRecord(trial, TrialState.WAITING))
        yield trial


def _mean_seconds(definition: SweepDefinition, store: Store) -> float | None:
    """Mean training time of the store's complete trials: of this sweep, else of its architecture."""
    own, others = list[float](), list[float]()
    for path in sorted(store.sweeps.glob("*/ledger.db")):
        # Another sweep's damaged ledger is no reason not to plan this one.
        with contextlib.suppress(StorageError), Ledger.read(path) as ledger:
            found = own if ledger.get("name") == definition.name else others
            found += [
                record.result.seconds
                for record in ledger.history()
                if record.result is not None
                and record.state is TrialState.COMPLETE
                and record.trial.architecture == definition.architecture
            ]
    seconds = own or others
    return fmean(seconds) if seconds else None
