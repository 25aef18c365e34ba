"""The learning rate's way, step by step."""

from __future__ import annotations

import itertools

import pytest

from textclf_sweep.training.parameters import complete
from textclf_sweep.training.schedules import rates

pytestmark = pytest.mark.unit


def way(**parameters: object) -> list[float]:
    given = complete({"learning_rate": 0.8, "epochs": 2, **parameters})  # type: ignore[dict-item]
    rate = rates(given, steps=4)
    return [round(rate(step), 4) for step in range(8)]


def test_without_a_schedule_it_is_the_same_at_each_step() -> None:
    assert way() == [0.8] * 8


def test_a_line_begins_at_the_full_rate_and_would_end_at_0_after_the_last_step() -> None:
    assert way(schedule="linear") == [0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]


def test_a_cosine_falls_slowly_at_both_ends() -> None:
    found = way(schedule="cosine")
    assert (found[0], found[4]) == (0.8, 0.4)
    falls = [before - after for before, after in itertools.pairwise(found)]
    assert falls[0] < falls[3] > falls[-1]
    assert min(falls) > 0


def test_before_any_of_them_it_rises_in_a_line() -> None:
    assert way(warmup=0.375) == [0.2, 0.4, 0.6, 0.8, 0.8, 0.8, 0.8, 0.8]
    assert way(warmup=0.5, schedule="linear") == [0.16, 0.32, 0.48, 0.64, 0.8, 0.6, 0.4, 0.2]


def test_past_the_last_epoch_it_stays_at_0() -> None:
    given = complete({"learning_rate": 0.8, "epochs": 1, "schedule": "cosine"})
    assert rates(given, steps=4)(9) == 0
