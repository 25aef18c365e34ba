"""Histories without training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from textclf_sweep.analysis.status import Snapshot
from textclf_sweep.definition.types import Metric
from textclf_sweep.trial import EpochEvent, Failure, Trial, TrialRecord, TrialResult, TrialState


def record(
    number: int, value: float | None = None, state: TrialState = TrialState.COMPLETE, **changes: Any
) -> TrialRecord:
    """A trial of two epochs, the first one the better."""
    trial = Trial(number, "lstm", {"bidirectional": False, "learning_rate": 0.00123, "units": 64}, seed=number)
    if not state.final:
        return TrialRecord(trial, state, attempts=int(state is not TrialState.WAITING), **changes)
    epochs = tuple(EpochEvent(number, 1, epoch, {"val_accuracy": 0.5}, 1.0) for epoch in (1, 2))
    result = TrialResult(
        number, 1, state, "all epochs", epochs, 1, {} if value is None else {"val_accuracy": value, "val_loss": 0.7},
        value, 12.5, failure=Failure("error", "no") if state is TrialState.FAILED else None,
    )  # fmt: skip
    return TrialRecord(trial, state, "all epochs", 1, epochs, result, **changes)


def snapshot(*history: TrialRecord, **changes: Any) -> Snapshot:
    """A finished sweep with these trials."""
    fields = {
        "sweep": "lstm",
        "state": "complete",
        "reason": "every trial is done",
        "metric": Metric(),
        "history": history,
        "openings": (),
        "floors": {"chance": 0.25, "majority": 0.26, "linear": 0.8},
        "parent_run_id": "parent",
    }
    return Snapshot(**(fields | changes))


@pytest.fixture
def make_record() -> Callable[..., TrialRecord]:
    return record


@pytest.fixture
def make_snapshot() -> Callable[..., Snapshot]:
    return snapshot
