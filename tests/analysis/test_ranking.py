from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from textclf_sweep.definition.types import Metric
from textclf_sweep.ranking import best, ranked
from textclf_sweep.trial import TrialState

pytestmark = pytest.mark.unit

LOSS = Metric("val_loss", "minimize")


def numbers(history, metric=Metric()):  # noqa: B008 - frozen
    return [record.number for record in ranked(history, metric)]


def test_the_better_first_and_equal_ones_by_number(make_record) -> None:
    history = tuple(make_record(number, value) for number, value in enumerate((0.5, 0.9, 0.1, 0.9, 0.0), start=1))
    assert numbers(history) == [2, 4, 1, 3, 5]
    assert numbers(history, LOSS) == [5, 3, 1, 2, 4]
    assert best(history, Metric()) is history[1]
    assert best(history, LOSS) is history[4]


def test_only_complete_trials_with_a_finite_value(make_record) -> None:
    history = (
        make_record(1, 0.99, TrialState.PRUNED),
        make_record(2, 0.98, TrialState.FAILED),
        make_record(3, math.inf),
        make_record(4, math.nan),
        make_record(5, None),
        make_record(6, state=TrialState.RUNNING),
        make_record(7, state=TrialState.WAITING),
        make_record(8, 0.3),
    )
    assert numbers(history) == numbers(history, LOSS) == [8]


def test_nothing_to_rank(make_record) -> None:
    assert best((), Metric()) is None
    assert best((make_record(1, state=TrialState.INTERRUPTED),), Metric()) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=1, max_size=12), data=st.data())
def test_the_order_of_arrival_does_not_matter(make_record, values, data) -> None:
    history = tuple(make_record(number, value) for number, value in enumerate(values, start=1))
    shuffled = tuple(data.draw(st.permutations(history)))
    for metric in (Metric(), LOSS):
        assert numbers(shuffled, metric) == numbers(history, metric)
        leader = best(shuffled, metric)
        assert not any(metric.better(record.value, leader.value) for record in history)
