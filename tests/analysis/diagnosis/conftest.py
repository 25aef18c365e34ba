"""Cases without training: a healthy trial, and what a fault changes about it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from textclf_sweep.analysis.diagnosis import Case, DataEvidence, Reading
from textclf_sweep.trial import EpochEvent, Failure, Trial, TrialRecord, TrialResult, TrialState, bits_of
from textclf_sweep.verdicts import verdict

ROWS = 800
CHANCE = math.log(4)
HEALTHY = {
    "loss": (1.2, 0.8, 0.5, 0.3),
    "accuracy": (0.5, 0.7, 0.82, 0.9),
    "val_loss": (1.1, 0.8, 0.62, 0.6),
    "val_accuracy": (0.55, 0.7, 0.79, 0.8),
    "val_macro_f1": (0.55, 0.7, 0.79, 0.8),
    "batch_loss_max": (1.5, 1.2, 0.9, 0.8),
    "prediction_entropy": (0.99, 0.99, 0.99, 0.99),
    "gradient_norm/embedding": (0.3, 0.3, 0.2, 0.2),
    "gradient_norm/dense": (0.9, 0.8, 0.5, 0.5),
    "weight_norm/embedding": (20.0, 20.5, 21.0, 21.5),
    "weight_norm/dense": (2.0, 2.1, 2.2, 2.4),
}
START = {
    "loss": CHANCE, "gradient_norm/embedding": 0.2, "gradient_norm/dense": 0.8, "weight_norm/embedding": 20.0,
    "weight_norm/dense": 2.0,
}  # fmt: skip
PARAMETERS = {
    "learning_rate": 0.001, "batch_size": 64, "optimizer": "adam", "epochs": 4, "units": 64, "depth": 1, "dropout": 0.2,
    "max_length": 64, "embedding": "none", "trainable": True,
}  # fmt: skip
DATA = DataEvidence(
    train=dict.fromkeys("abcd", 1000), validation=dict.fromkeys("abcd", 200), linear=0.8, held_out=0.79, evidence=90.0,
    mislabelled=0.02, conflicting=0.0, overlap=0.0, shift=0.52, label_shift=0.0, label_shift_p=0.9, unseen=0.1,
    giveaway=0.4,
)  # fmt: skip
READING = Reading(
    seen=0.79, whole=0.8, p=0.5, changed={}, words=12.0, tokens=12.0, longest=20.0, width=24, empty=0.0, unknown=0.08,
    unknown_train=0.03,
)  # fmt: skip


def confusion(accuracy: float, rows: int = ROWS, labels: int = 4) -> tuple[tuple[int, ...], ...]:
    """Counts of equally common labels with this accuracy."""
    each = rows // labels
    right = round(accuracy * each)
    return tuple(
        tuple({row: right, (row + 1) % labels: each - right}.get(column, 0) for column in range(labels))
        for row in range(labels)
    )


def right(accuracy: float, rows: int = ROWS) -> str:
    return bits_of(index < round(accuracy * rows) for index in range(rows))


def events(curves: Mapping[str, Sequence[float]]) -> tuple[EpochEvent, ...]:
    count = max(map(len, curves.values()), default=0)
    return tuple(
        EpochEvent(
            1, 1, epoch, {name: values[epoch - 1] for name, values in curves.items() if epoch <= len(values)}, 1.0
        )
        for epoch in range(1, count + 1)
    )


def record(
    curves: Mapping[str, Sequence[float]],
    parameters: Mapping[str, Any],
    start: Mapping[str, float],
    *,
    number: int = 1,
    reason: str = "all epochs",
    losses: Sequence[float] = (),
    diverged: bool = False,
    best_epoch: int | None = None,
) -> TrialRecord:
    """A trial with these curves; its best epoch is the one of the highest validation accuracy."""
    trial = Trial(number, "lstm", dict(parameters), seed=1)
    epochs = events(curves)
    values = [event.metrics["val_accuracy"] for event in epochs if "val_accuracy" in event.metrics]
    best = best_epoch or (values.index(max(values)) + 1 if values else 0)
    value = values[best - 1] if best else None
    state = TrialState.FAILED if diverged else TrialState.COMPLETE
    result = TrialResult(
        number, 1, state, reason, epochs, best, dict(epochs[best - 1].metrics) if best else {},
        None if diverged else value, 1.0, () if value is None else confusion(value),
        failure=Failure("diverged", "the loss became nan at batch 3") if diverged else None,
        right="" if value is None else right(value), start=dict(start), losses=tuple(losses),
    )  # fmt: skip
    return TrialRecord(trial, state, reason, 1, epochs, result)


def case(
    *,
    curves: Mapping[str, Sequence[float]] = {},
    parameters: Mapping[str, Any] = {},
    start: Mapping[str, float] = {},
    data: Mapping[str, Any] = {},
    reading: Mapping[str, Any] = {},
    linear: float = 0.8,
    trial: Mapping[str, Any] = {},
    **changes: Any,
) -> Case:
    """A healthy trial but for what is given: curves, parameters and probes one by one."""
    own = record({**HEALTHY, **curves} if not trial.get("diverged") else dict(curves), PARAMETERS | dict(parameters),
                 START | dict(start), **trial)  # fmt: skip
    fields: dict[str, Any] = {
        "record": own,
        "verdict": verdict(own, right(linear)),
        "history": (own,),
        "space": {name: {"kind": "constant", "value": value} for name, value in own.trial.parameters.items()},
        "source": "uci_news",
        "data": dataclasses.replace(DATA, **data),
        "reading": dataclasses.replace(READING, **reading),
    }
    return Case(**(fields | changes))


def flat(value: float = 0.25, epochs: int = 4) -> dict[str, tuple[float, ...]]:
    """Curves of a model that learns nothing."""
    known = (value,) * epochs
    return {
        "loss": (CHANCE,) * epochs, "accuracy": known, "val_loss": (CHANCE,) * epochs, "val_accuracy": known,
        "val_macro_f1": (0.1,) * epochs, "batch_loss_max": (1.4,) * epochs,
    }  # fmt: skip


@pytest.fixture(scope="session")
def make_case() -> Callable[..., Case]:
    return case


@pytest.fixture
def make_record() -> Callable[..., TrialRecord]:
    def make(curves: Mapping[str, Sequence[float]], parameters: Mapping[str, Any], **more: Any) -> TrialRecord:
        return record(HEALTHY | dict(curves), PARAMETERS | dict(parameters), START, **more)

    return make


@pytest.fixture
def stuck() -> Callable[..., dict[str, tuple[float, ...]]]:
    return flat
