"""What a pruner is shown of a trial."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from textclf_sweep.definition.types import EarlyTerminate
from textclf_sweep.sweep.prune import prune
from textclf_sweep.trial import EpochEvent, Trial, TrialRecord, TrialState

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("architecture", "parameters", "last"),
    [("lstm", {"epochs": 3}, 3), ("lstm", {}, 10), ("bert", {}, 3), ("bert", {"epochs": 10}, 10)],
)
def test_a_trial_is_not_pruned_at_its_last_epoch_wherever_its_number_comes_from(
    make_sweep: Callable[..., Any], architecture: str, parameters: dict[str, Any], last: int
) -> None:
    rule = EarlyTerminate("hyperband", {"min_iter": 1})
    definition = replace(make_sweep().definition, early_terminate=rule)

    def record(number: int, value: float) -> TrialRecord:
        epochs = tuple(EpochEvent(number, 1, epoch, {"val_accuracy": value}, 0.0) for epoch in range(1, 11))
        return TrialRecord(Trial(number, architecture, parameters, number), TrialState.RUNNING, epochs=epochs)

    history = tuple(record(number, value) for number, value in enumerate((0.9, 0.8, 0.7, 0.6, 0.1), start=1))
    ends = [event.epoch for event in history[-1].epochs if prune(definition, history, event)]
    assert ends == list(range(1, last))
