from __future__ import annotations

import math

import pytest

from textclf_sweep.cli import _format

pytestmark = pytest.mark.unit


def test_exact_keeps_every_digit() -> None:
    assert _format.exact(0.123456789012345) == "0.123456789012345"
    assert _format.exact(True) == "true"


@pytest.mark.parametrize(
    ("number", "text"), [(0.81234, "0.8123"), (None, "-"), (math.nan, "nan"), (123456.0, "1.235e+05"), (1.0, "1.0000")]
)
def test_a_metric_has_four_decimals(number: float | None, text: str) -> None:
    assert _format.metric(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "-"), (1.94, "1.9 s"), (9.96, "10 s"), (59.6, "1:00"), (125.0, "2:05"), (3725.0, "1:02:05")],
)
def test_clock(seconds: float | None, text: str) -> None:
    assert _format.clock(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1.0 min"), (192.0, "3.2 min"), (840.0, "14 min"), (7500.0, "2 h 5 min")],
)
def test_duration(seconds: float, text: str) -> None:
    assert _format.duration(seconds) == text


def test_counts_name_only_what_there_is() -> None:
    assert _format.counts({"failed": 1, "complete": 10, "pruned": 0}) == "10 complete, 1 failed"
    assert _format.counts({"complete": 0}) == "none yet"


def test_floors_leave_out_what_was_not_measured() -> None:
    assert _format.floors({"chance": 0.25, "majority": 0.5, "linear": None}) == "chance 0.2500, commonest label 0.5000"
