from __future__ import annotations

import io
from dataclasses import replace
from functools import reduce
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from textclf_sweep.cli._progress import Progress, fold
from textclf_sweep.cli._screen import render, visible
from textclf_sweep.sweep.events import ChecksEnded, ChecksStarted, FloorsMeasured, SweepEvent, TrialEnded
from textclf_sweep.trial import TrialState

pytestmark = pytest.mark.unit


def told(events: list[SweepEvent]) -> Progress:
    return reduce(lambda progress, event: fold(progress, event, 0.0), events, Progress(began=0.0))


def screen(progress: Progress, width: int, height: int, now: float = 60.0) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height)
    console.print(render(progress, now, width, height))
    return [line.rstrip() for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]


def test_before_the_sweep_starts_it_says_what_it_does() -> None:
    assert screen(Progress(began=0.0), 80, 24) == ["preparing the data and the workers ..."]


def test_a_sweep_at_80_columns(story: Any) -> None:
    events = [*story.events(2, 1), FloorsMeasured({"chance": 0.5, "majority": 0.55, "linear": None})]
    assert screen(told(events), 80, 24) == [
        "news: architecture lstm, method random, maximize val_accuracy",
        "4,000 train, 800 validation, 2,000 test rows; 2 labels: bad, good",
        "",
        "                                              learning_  batch_",
        "trial  state     epoch     now    best  time       rate    size  optimizer",
        "    1  complete    3/4  0.5100  0.5100  12 s      0.001      32  adam",
        "*   2  complete    3/4  0.5200  0.5200  12 s      0.002      32  adam",
        "    3  running     2/4  0.5300  0.5300  1:00      0.003      32  adam",
        "",
        "to beat   chance 0.5000, commonest label 0.5500",
        "best      0.5200 by trial 2: learning_rate 0.002, batch_size 32, optimizer adam",
        "progress  2 of 8 trials done; 1.0 min, about 30 s left",
    ]


def test_what_is_checked_before_the_first_trial_is_said(story: Any) -> None:
    checking = told([story.started(), ChecksStarted(("cnn", "lstm"))])
    line = "checks    measuring what to beat, and trying on a few texts whether cnn, lstm"
    assert line in screen(checking, 80, 24)
    assert line not in screen(fold(checking, ChecksEnded(3.0, {}), 0.0), 80, 24)


def test_what_does_not_fit_is_said(story: Any) -> None:
    lines = screen(told(story.events(30, 2)), 60, 20)
    assert "20 more trials; not shown: optimizer" in lines or any("more trials" in line for line in lines)
    assert any(line.startswith("   31  running") for line in lines)
    assert any(line.startswith("*  30") for line in lines)


def test_running_trials_and_the_best_outlast_the_newest(story: Any) -> None:
    progress = told(story.events(30, 2))
    early = fold(progress, TrialEnded(story.record(29), story.record(3)), 0.0)
    assert [row.trial.number for row in visible(early, 5)] == [3, 29, 30, 31, 32]


def test_a_request_to_stop_is_shown(story: Any) -> None:
    progress = replace(told(story.events(1, 1)), stopping="stopping now")
    assert screen(progress, 80, 24)[-1] == "stopping now"


def test_states_have_a_row_each(story: Any) -> None:
    ends = [TrialEnded(story.record(number, state), None) for number, state in enumerate(TrialState, start=1)]
    text = "\n".join(screen(told([story.started(), *ends]), 100, 40))
    assert all(f"  {state.value}" in text for state in TrialState)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 40), st.integers(0, 6), st.integers(40, 160), st.integers(20, 60))
def test_it_never_outgrows_the_terminal(story: Any, finished: int, running: int, width: int, height: int) -> None:
    lines = screen(told(story.events(finished, running)), width, height)
    assert len(lines) < height
    assert max(map(len, lines)) <= width
