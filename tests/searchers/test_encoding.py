from __future__ import annotations

import math
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textclf_sweep.definition.types import Metric
from textclf_sweep.searchers._encoding import failure_value, valued
from textclf_sweep.trial import Trial, TrialRecord, TrialResult, TrialState

pytestmark = pytest.mark.unit

LOSS = Metric("val_loss", "minimize")


def ended(*values: float | None) -> tuple[TrialRecord, ...]:
    """A history of trials with these values; None fails."""
    states = [TrialState.FAILED if value is None else TrialState.COMPLETE for value in values]
    return tuple(
        TrialRecord(
            Trial(number, "lstm", {}, number), state, result=TrialResult(number, 1, state, "all epochs", value=value)
        )
        for number, (value, state) in enumerate(zip(values, states, strict=True), start=1)
    )


@pytest.mark.parametrize(("metric", "expected"), [(Metric(), 0.15), (LOSS, 0.75)])
def test_a_failure_is_a_step_worse_than_the_worst(metric, expected) -> None:
    assert failure_value(ended(0.7, None, 0.2, 0.4), metric) == pytest.approx(expected)


@pytest.mark.parametrize(("metric", "expected"), [(Metric(), -0.75), (LOSS, 1.25)])
def test_it_is_worse_than_results_that_are_all_equal(metric, expected) -> None:
    assert failure_value(ended(0.25, 0.25, None), metric) == expected


@pytest.mark.parametrize("values", [(), (None, None), (math.nan, math.inf)])
def test_without_a_result_it_is_zero(values) -> None:
    assert failure_value(ended(*values), Metric()) == 0.0
    assert valued(ended(*values)) == 0


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1), st.sampled_from([Metric(), LOSS]))
def test_it_is_finite_and_never_better_than_a_result(values, metric) -> None:
    told = failure_value(ended(*values), metric)
    assert math.isfinite(told)
    assert not any(metric.better(told, value) for value in values)


def test_near_infinity_it_is_the_last_number() -> None:
    assert failure_value(ended(sys.float_info.max, -sys.float_info.max), LOSS) == sys.float_info.max
