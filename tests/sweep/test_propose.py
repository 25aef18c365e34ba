from __future__ import annotations

import pytest

from textclf_sweep.definition.space import Categorical, Constant, Range, SearchSpace
from textclf_sweep.definition.types import Budget, Metric
from textclf_sweep.sweep.propose import limit_reached, next_trial, total
from textclf_sweep.trial import TrialRecord, TrialResult, TrialState, derive_seed

pytestmark = pytest.mark.unit

SMALL = SearchSpace.of({"batch_size": Categorical((32, 64)), "dropout": Categorical((0.0, 0.5)), "epochs": Constant(3)})


def proposals(definition, state=TrialState.FAILED):
    """Every trial, each ending in `state` before the next is proposed."""
    history = ()
    while (trial := next_trial(definition, history)) is not None:
        history = (*history, TrialRecord(trial, state))
        assert len(history) < 100
    return [record.trial for record in history]


class TestNextTrial:
    def test_numbers_count_from_1_up_to_the_cap(self, make_sweep) -> None:
        trials = proposals(make_sweep(run_cap=4).definition)
        assert [trial.number for trial in trials] == [1, 2, 3, 4]
        assert {trial.architecture for trial in trials} == {"lstm"}

    def test_a_seed_is_a_function_of_the_sweeps_seed_and_the_number(self, make_sweep) -> None:
        trials = proposals(make_sweep(run_cap=4, seed=0).definition)
        assert [trial.seed for trial in trials] == [derive_seed(0, number, "trial") for number in range(1, 5)]
        assert len({trial.seed for trial in trials}) == 4
        assert proposals(make_sweep(run_cap=4, seed=1).definition) != trials

    def test_what_it_has_seen(self, make_sweep) -> None:
        definition = make_sweep().definition
        history = ()
        for state in (TrialState.COMPLETE, TrialState.RUNNING, TrialState.FAILED, TrialState.PRUNED):
            history = (*history, TrialRecord(next_trial(definition, history), state))
        assert next_trial(definition, history).seen == (1, 3, 4)

    def test_the_end_of_the_space(self, make_sweep) -> None:
        assert len(proposals(make_sweep(method="grid", space=SMALL, run_cap=None).definition)) == 4

    def test_enqueued_sets_come_first(self, make_sweep) -> None:
        enqueue = ({"dropout": 0.25, "learning_rate": 0.01, "batch_size": 64, "epochs": 3}, {"dropout": 0.125})
        first, second, third = proposals(make_sweep(run_cap=3, enqueue=enqueue).definition)
        assert first.parameters == enqueue[0]
        assert second.parameters["dropout"] == 0.125
        assert set(second.parameters) == set(enqueue[0])
        assert third.parameters["dropout"] not in {0.25, 0.125}

    @pytest.mark.parametrize("method", ["grid", "random", "bayes"])
    def test_enqueued_sets_are_not_proposed_again(self, make_sweep, method) -> None:
        enqueue = ({"dropout": 0.5, "batch_size": 64}, {"dropout": 0.9, "batch_size": 64}, {"dropout": 0.9})
        definition = make_sweep(method=method, space=SMALL, run_cap=None, enqueue=enqueue).definition
        pairs = [(trial.parameters["dropout"], trial.parameters["batch_size"]) for trial in proposals(definition)]
        assert pairs[:3] == [(0.5, 64), (0.9, 64), (0.9, 32)]
        assert sorted(pairs[3:]) == [(0.0, 32), (0.0, 64), (0.5, 32)]

    def test_an_enqueued_set_that_comes_twice_runs_once(self, make_sweep) -> None:
        enqueue = ({"dropout": 0.5, "batch_size": 64},) * 2
        trials = proposals(make_sweep(method="grid", space=SMALL, run_cap=None, enqueue=enqueue).definition)
        assert len(trials) == 4


class TestTotal:
    @pytest.mark.parametrize(
        ("space", "cap", "expected"),
        [
            (SMALL, None, 4),
            (SMALL, 3, 3),
            (SMALL, 9, 4),
            (SearchSpace.of({"dropout": Range(0.0, 0.5)}), 12, 12),
            (SearchSpace.of({"dropout": Range(0.0, 0.5)}), None, None),
        ],
    )
    def test_the_smaller_of_cap_and_space(self, make_sweep, space, cap, expected) -> None:
        assert total(make_sweep(space=space, run_cap=cap).definition) == expected

    def test_enqueued_sets_outside_the_space_come_on_top(self, make_sweep) -> None:
        enqueue = ({"dropout": 0.5, "batch_size": 64}, {"dropout": 0.9, "batch_size": 64}, {"epochs": 9})
        definition = make_sweep(method="grid", space=SMALL, run_cap=None, enqueue=enqueue).definition
        assert total(definition) == 6 == len(proposals(definition))


class TestLimits:
    @staticmethod
    def history(*values: float | None, state: TrialState = TrialState.COMPLETE, definition=None):
        history = ()
        for number, value in enumerate(values, start=1):
            trial = next_trial(definition, history)
            result = TrialResult(number, 1, state, "", value=value)
            history = (*history, TrialRecord(trial, state, attempts=1, result=result))
        return history

    def test_no_limit(self, make_sweep) -> None:
        definition = make_sweep().definition
        assert limit_reached(definition, self.history(0.99, definition=definition), 1e9) == ""

    @pytest.mark.parametrize(("seconds", "reached"), [(0.0, False), (59.9, False), (60.0, True), (100.0, True)])
    def test_the_time_budget(self, make_sweep, seconds, reached) -> None:
        definition = make_sweep(budget=Budget(time=60)).definition
        assert bool(limit_reached(definition, (), seconds)) is reached

    @pytest.mark.parametrize(
        ("metric", "values", "reached"),
        [
            (Metric(target=0.8), (), False),
            (Metric(target=0.8), (None, 0.79), False),
            (Metric(target=0.8), (0.8, 0.1), True),
            (Metric(target=0.0), (0.5,), True),
            (Metric("val_loss", "minimize", 0.4), (0.5,), False),
            (Metric("val_loss", "minimize", 0.4), (0.5, 0.4), True),
            (Metric("val_loss", "minimize", 0.0), (0.5,), False),
        ],
    )
    def test_the_target(self, make_sweep, metric, values, reached) -> None:
        definition = make_sweep(metric=metric).definition
        told = limit_reached(definition, self.history(*values, definition=definition), 0.0)
        assert bool(told) is reached
        assert not reached or metric.name in told

    @pytest.mark.parametrize("state", [TrialState.PRUNED, TrialState.FAILED])
    def test_only_a_complete_trial_reaches_it(self, make_sweep, state) -> None:
        definition = make_sweep(metric=Metric(target=0.8)).definition
        assert limit_reached(definition, self.history(0.9, state=state, definition=definition), 0.0) == ""
