from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from textclf_sweep.cli._lines import lines, pairs
from textclf_sweep.cli._progress import Progress, fold
from textclf_sweep.sweep.events import (
    ChecksEnded,
    ChecksStarted,
    EpochEnded,
    FloorsMeasured,
    Notice,
    SweepEnded,
    SweepEvent,
    TrialEnded,
    TrialStarted,
)
from textclf_sweep.trial import TrialState

pytestmark = pytest.mark.unit


def account(*events: SweepEvent) -> list[str]:
    progress, said = Progress(began=0.0), []
    for event in events:
        said += lines(progress, event, 30.0)
        progress = fold(progress, event, 30.0)
    return said


def test_a_sweep_from_start_to_end(story: Any) -> None:
    done = story.record(1)
    assert account(
        story.started(total=2),
        FloorsMeasured({"chance": 0.5, "majority": 0.6, "linear": None}),
        TrialStarted(done.trial, 1),
        EpochEnded(story.epoch(1, 2, 0.7612)),
        TrialEnded(done, done),
        SweepEnded({}, ("Trial 1 is best.",), (("browse", "sweep ui news"), ("model", "m"))),
    ) == [
        "news: architecture lstm, method random, maximize val_accuracy",
        "4,000 train, 800 validation, 2,000 test rows; 2 labels: bad, good",
        "2 trials, 2 at a time; folder mlruns/sweeps/news",
        "to beat: chance 0.5000, commonest label 0.6000",
        "trial 1 started: learning_rate 0.001, batch_size 32, optimizer adam",
        "trial 1 epoch 2/4 val_accuracy 0.7612 (1.9 s)",
        "trial 1 complete val_accuracy 0.5100 at epoch 2; 3 epochs in 12 s; early stopping; best so far",
        "progress: 1 of 2 trials done; 30 s, about 6 s left",
        "",
        "Trial 1 is best.",
        "",
        "browse  sweep ui news",
        "model   m",
    ]


def test_the_checks_have_a_line_of_their_own() -> None:
    numbers = {"initial_loss": 1.4, "expected_loss": 1.386, "labels": 4, "rows": 32, "learned": 1.0, "steps": 20}
    cnn = {"cnn": {"numbers": numbers}}
    assert account(ChecksStarted(("cnn",)), ChecksEnded(4.25, cnn)) == [
        "checks: measuring what to beat, and trying on a few texts whether cnn can learn ...",
        "checks: floors and smoke tests in 4.2 s; cnn: first loss 1.40 (ln 4 = 1.39), 32 texts learned in 20 steps",
    ]
    short = {**numbers, "learned": 0.0, "steps": 150}
    smoke = {**cnn, "lstm": {"numbers": short}, "mine": {"numbers": {}}}
    assert account(ChecksEnded(14.25, smoke)) == [
        "checks: floors and smoke tests in 14.2 s",
        "  cnn: first loss 1.40 (ln 4 = 1.39), 32 texts learned in 20 steps",
        "  lstm: first loss 1.40 (ln 4 = 1.39), 32 texts not learned in 150 steps",
        "  mine: not tried",
    ]
    assert account(ChecksStarted(()), ChecksEnded(2.0, {})) == ["checks: floors and smoke tests in 2.0 s"]


def test_resuming_is_said(story: Any) -> None:
    history = (story.record(1), story.record(2, TrialState.INTERRUPTED))
    assert account(story.started(history=history))[-1] == "resuming: 1 trial finished earlier"


def test_an_open_end_is_said(story: Any) -> None:
    assert account(story.started(total=None))[2].startswith("trials without a limit, 2 at a time")


def test_a_failure_names_its_cause_and_is_not_best(story: Any) -> None:
    said = account(story.started(), TrialEnded(story.record(4, TrialState.FAILED), None))
    assert said[3:] == [
        "trial 4 failed: the loss is nan at epoch 3",
        "progress: 1 of 10 trials done, 1 failed; 30 s",
    ]


def test_a_lost_attempt_runs_again(story: Any) -> None:
    said = account(
        story.started(), TrialEnded(story.record(4, TrialState.INTERRUPTED), None), TrialStarted(story.trial(4), 2)
    )
    assert said[3] == "trial 4 interrupted: interrupt; it will run again"
    assert said[5].startswith("trial 4 started (attempt 2): ")


def test_notices_are_for_another_stream() -> None:
    assert account(Notice("hello")) == []


def test_no_places_no_lines() -> None:
    assert pairs(()) == ()


def test_folds_are_told_instead_of_the_parts_they_replace(story) -> None:
    event = story.started()
    data = dataclasses.replace(event.definition.data, folds=3)
    event = dataclasses.replace(event, definition=dataclasses.replace(event.definition, data=data))
    said = lines(Progress(began=0.0), event, now=0.0)
    assert said[1] == "3 folds of 4,800 rows together, 2,000 test rows; 2 labels: bad, good"
