from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textclf_sweep.cli import _format

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("scalar", "text"),
    [
        (0.00123456, "0.00123"), (1.2e-05, "1.2e-05"), (0.1, "0.1"), (0.0, "0"), (64.0, "64"), (1234.56, "1235"),
        (3e7, "3e+07"), (128, "128"), (True, "true"), (False, "false"), ("adam", "adam"),
    ],
)  # fmt: skip
def test_a_parameter_is_short(scalar: bool | float | str, text: str) -> None:
    assert _format.value(scalar) == text


@given(st.floats(-1e300, 1e300))
def test_a_parameter_stays_close_to_its_value(number: float) -> None:
    text = _format.value(number)
    assert len(text) <= 10
    assert math.isclose(float(text), number, rel_tol=0.006, abs_tol=1e-320)


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


def test_the_usual_parameters_come_first() -> None:
    assert _format.ordered(["alpha", "dropout", "learning_rate"]) == ("learning_rate", "dropout", "alpha")
