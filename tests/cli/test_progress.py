from __future__ import annotations

from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textclf_sweep.cli._progress import Progress, fold, seconds_left
from textclf_sweep.sweep.events import EpochEnded, FloorsMeasured, Notice, SweepEvent, TrialEnded, TrialStarted
from textclf_sweep.trial import TrialState

pytestmark = pytest.mark.unit


def told(events: list[SweepEvent], now: float = 0.0) -> Progress:
    return reduce(lambda progress, event: fold(progress, event, now), events, Progress(began=0.0))


def test_a_trial_runs_and_ends(story: Any) -> None:
    running = told([story.started(), TrialStarted(story.trial(3), 1), EpochEnded(story.epoch(3, 1, 0.7))], now=5.0)
    row = running.rows[3]
    assert (row.state, row.limit, row.now(running.metric), row.elapsed(9.0)) == (TrialState.RUNNING, 4, 0.7, 4.0)
    record = story.record(3)
    ended = fold(running, TrialEnded(record, record), 20.0)
    assert (ended.rows[3].value, ended.rows[3].elapsed(99.0), ended.best, ended.finished) == (0.53, 12.0, 3, 1)


def test_a_new_attempt_starts_its_epochs_afresh(story: Any) -> None:
    events = [story.started(), TrialStarted(story.trial(1), 1), EpochEnded(story.epoch(1, 1))]
    again = told([*events, TrialEnded(story.record(1, TrialState.WAITING), None), TrialStarted(story.trial(1), 2)])
    assert (again.rows[1].epochs, again.rows[1].attempt, again.finished) == ((), 2, 0)


def test_history_is_known_from_the_start(story: Any) -> None:
    history = (story.record(1), story.record(2), story.record(3, TrialState.FAILED))
    resumed = told([story.started(history=history)])
    assert (resumed.best, resumed.finished, resumed.counts["failed"]) == (2, 3, 1)


def test_a_pruned_trial_is_never_best_in_the_history(story: Any) -> None:
    history = (story.record(1), story.record(2, TrialState.PRUNED))
    assert told([story.started(history=history)]).best == 1


def test_events_out_of_place_change_nothing(story: Any) -> None:
    before = told([story.started()])
    assert told([story.started(), EpochEnded(story.epoch(7, 1)), Notice("hello")]) == before


def test_best_so_far_ignores_what_is_not_finite(story: Any) -> None:
    epochs = [EpochEnded(story.epoch(1, number, value)) for number, value in ((1, 0.6), (2, float("nan")), (3, 0.4))]
    progress = told([story.started(), TrialStarted(story.trial(1), 1), *epochs])
    assert progress.rows[1].best(progress.metric) == 0.6


def test_floors_are_kept(story: Any) -> None:
    assert told([story.started(), FloorsMeasured({"chance": 0.5})]).floors == {"chance": 0.5}


def test_time_left_counts_what_running_trials_have_done(story: Any) -> None:
    # 2 finished in 12 s each, 1 has run for 5 s; of 8 trials 6 remain, two at a time: (6 * 12 - 5) / 2.
    progress = told(story.events(finished=2, running=1), now=10.0)
    assert seconds_left(progress, now=15.0) == pytest.approx((6 * 12 - 5) / 2)


def test_there_is_no_time_left_without_an_end_or_a_finished_trial(story: Any) -> None:
    assert seconds_left(told([]), 0.0) is None
    assert seconds_left(told(story.events(finished=0, running=2)), 9.0) is None
    record = story.record(1)
    assert seconds_left(told([story.started(total=None), TrialEnded(record, record)]), 9.0) is None
    assert seconds_left(told([story.started(total=1), TrialEnded(record, record)]), 9.0) is None


@given(st.lists(st.tuples(st.integers(1, 9), st.sampled_from(TrialState))), st.floats(0, 1e6))
def test_any_order_of_endings_adds_up(story: Any, ends: list[tuple[int, TrialState]], now: float) -> None:
    events = [TrialEnded(story.record(number, state), None) for number, state in ends]
    progress = told([story.started(), *events], now)
    assert sum(progress.counts.values()) == len({number for number, _ in ends})
    left = seconds_left(progress, now)
    assert left is None or left >= 0
