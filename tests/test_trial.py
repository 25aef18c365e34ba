from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textclf_sweep.trial import (
    METRICS,
    OBJECTIVES,
    EpochEvent,
    Failure,
    Trial,
    TrialRecord,
    TrialResult,
    TrialState,
    derive_seed,
)

pytestmark = pytest.mark.unit

naturals = st.integers(0, 2**31 - 1)
texts = st.text(max_size=10)
numbers = st.floats()  # nan and infinities included: a diverged epoch reports them
metrics = st.dictionaries(st.sampled_from(METRICS), numbers, max_size=4)
events = st.builds(
    EpochEvent, trial=naturals, attempt=naturals, epoch=naturals, metrics=metrics, time=st.floats(0, 1e10)
)
trials = st.builds(
    Trial,
    number=naturals,
    architecture=texts,
    parameters=st.dictionaries(texts, st.booleans() | st.integers() | st.floats(-1e9, 1e9) | texts, max_size=4),
    seed=naturals,
    seen=st.lists(naturals, max_size=4).map(tuple),
)
results = st.builds(
    TrialResult,
    trial=naturals,
    attempt=naturals,
    state=st.sampled_from(TrialState),
    reason=texts,
    epochs=st.lists(events, max_size=3).map(tuple),
    best_epoch=naturals,
    metrics=metrics,
    value=st.none() | numbers,
    seconds=st.floats(0, 1e6),
    confusion=st.lists(st.lists(naturals, max_size=3).map(tuple), max_size=3).map(tuple),
    failure=st.none() | st.builds(Failure, kind=texts, message=texts, traceback=texts),
    versions=st.dictionaries(texts, texts, max_size=2),
)


def through_json(value: object) -> object:
    """Written and read as the JSON standard allows, which has no NaN."""
    return json.loads(json.dumps(value, allow_nan=False))


@given(trials)
def test_a_trial_survives_json(trial: Trial) -> None:
    assert Trial.from_json(through_json(trial.to_json())) == trial  # type: ignore[arg-type]


@given(events)
def test_an_epoch_survives_json(event: EpochEvent) -> None:
    read = EpochEvent.from_json(through_json(event.to_json()))  # type: ignore[arg-type]
    assert repr(read) == repr(event)  # nan is not equal to itself


@given(results)
def test_a_result_survives_json(result: TrialResult) -> None:
    assert repr(TrialResult.from_json(through_json(result.to_json()))) == repr(result)  # type: ignore[arg-type]


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_non_finite_numbers_are_written_as_text(number: float) -> None:
    event = EpochEvent(1, 1, 1, {"loss": number}, 0.0)
    assert event.to_json()["metrics"] == {"loss": str(number)}


@given(results)
def test_only_a_finite_value_of_a_finished_trial_counts(result: TrialResult) -> None:
    for state in TrialState:
        value = TrialRecord(Trial(1, "lstm", {}, 0), state, result=result).value
        counts = state in (TrialState.COMPLETE, TrialState.PRUNED)
        assert value == (result.value if counts and math.isfinite(result.value or 0.0) else None)


def test_a_trial_without_a_result_has_no_value() -> None:
    record = TrialRecord(Trial(7, "lstm", {}, 0), TrialState.COMPLETE)
    assert (record.number, record.value) == (7, None)


def test_final_states_are_those_that_never_run_again() -> None:
    assert [state for state in TrialState if state.final] == ["complete", "pruned", "failed"]


def test_every_objective_is_a_metric_with_a_direction() -> None:
    assert OBJECTIVES.keys() <= set(METRICS)
    assert {name for name, goal in OBJECTIVES.items() if goal == "minimize"} == {"loss", "val_loss"}


@given(st.lists(st.integers() | texts, min_size=1, max_size=4))
def test_seeds_are_a_function_of_their_parts(parts: list[int | str]) -> None:
    assert derive_seed(*parts) == derive_seed(*parts)
    assert 0 <= derive_seed(*parts) < 2**31


def test_seeds_of_neighbours_differ_and_stay_what_they_were() -> None:
    assert len({derive_seed(seed, number) for seed in range(20) for number in range(20)}) == 400
    assert derive_seed(0, 1) == 2005510037
