"""Our search spaces in KerasTuner's terms, and its grid."""

from __future__ import annotations

import statistics
import time

import pytest

from textclf_sweep.definition.space import Categorical, Condition, Constant, Normal, Range, SearchSpace
from textclf_sweep.searchers import keras_tuner_grid, keras_tuner_random, key
from textclf_sweep.searchers import random as random_search

pytestmark = pytest.mark.contract

RATE = SearchSpace.of({"epochs": Constant(3), "learning_rate": Range(1e-5, 1.0, log=True)})
MIXED_TYPES = {"flag": Categorical((True, 1, "1", 0, False)), "share": Categorical((0.5, 2, "adam"))}
SGD = {
    "epochs": Constant(3),
    "momentum": Categorical((0.0, 0.9)),
    "nesterov": Categorical((True, False)),
    "optimizer": Categorical(("adam", "sgd")),
    "warmup": Constant(2),
}
CONDITIONS = {
    "momentum": (Condition("optimizer", ("sgd",)),),
    "nesterov": (Condition("momentum", (0.9,)),),
    "warmup": (Condition("optimizer", ("adam",)), Condition("epochs", (3,))),
}


@pytest.mark.parametrize("searcher", [keras_tuner_grid, keras_tuner_random])
def test_types_come_back_exactly(search, searcher) -> None:
    tried = search(searcher, MIXED_TYPES)
    proposed = {key(done.trial.parameters) for done in tried.run(99)}
    assert proposed == {key(parameters) for parameters in tried.space.grid()}
    assert len(proposed) == 15


@pytest.mark.parametrize("searcher", [keras_tuner_grid, keras_tuner_random])
def test_conditions_below_conditions(search, searcher) -> None:
    tried = search(searcher, SearchSpace.of(SGD, CONDITIONS))
    proposed = [done.trial.parameters for done in tried.run_wide(99, 3)]
    assert len(proposed) == 4
    assert {key(parameters) for parameters in proposed} == {key(parameters) for parameters in tried.space.grid()}
    assert {"epochs": 3, "optimizer": "adam", "warmup": 2} in proposed
    assert {"epochs": 3, "optimizer": "sgd", "momentum": 0.0} in proposed


def test_a_parent_can_be_a_range(search) -> None:
    space = SearchSpace.of(
        {"depth": Range(1, 3, integer=True), "residual": Categorical((True, False))},
        {"residual": (Condition("depth", (2, 3)),)},
    )
    proposed = [tuple(done.trial.parameters.values()) for done in search(keras_tuner_grid, space).run(99)]
    assert proposed == [(1,), (2, True), (2, False), (3, True), (3, False)]


def test_priors_and_probabilities_are_drawn_from(search) -> None:
    space = {
        "dropout": Range(0.0, 1.0, prior=Normal(0.2, 0.05)),
        "optimizer": Categorical(("adam", "sgd"), (0.9, 0.1)),
    }
    drawn = [done.trial.parameters for done in search(keras_tuner_random, space).run(60)]
    assert statistics.mean(parameters["dropout"] for parameters in drawn) == pytest.approx(0.2, abs=0.03)
    assert sum(parameters["optimizer"] == "adam" for parameters in drawn) >= 45


def test_the_order_is_that_of_the_lists(search) -> None:
    space = {"batch_size": Categorical((64, 32)), "depth": Range(1, 2, integer=True)}
    whole = [tuple(done.trial.parameters.values()) for done in search(keras_tuner_grid, space).run_wide(99, 4)]
    assert whole == [(64, 1), (64, 2), (32, 1), (32, 2)]


def test_what_was_enqueued_is_not_proposed_again(search, make_record) -> None:
    tried = search(keras_tuner_grid, {"depth": Range(1, 4, integer=True)})
    history = (make_record(1, {"depth": 3}, 0.5), make_record(2, {"depth": 9}, 0.5))
    assert [done.trial.parameters["depth"] for done in tried.run(99, history)] == [3, 9, 1, 2, 4]


def test_a_list_too_long_for_keras_tuner_is_gone_through_all_the_same(search) -> None:
    tried = search(keras_tuner_grid, {"depth": Range(1, 5000, integer=True)})
    assert [done.trial.parameters["depth"] for done in tried.run(3)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("searcher", "space"),
    [(keras_tuner_random, RATE), (keras_tuner_grid, SearchSpace.of({"depth": Range(1, 999, integer=True)}))],
)
def test_the_500th_trial_is_no_burden(search, make_record, searcher, space) -> None:
    history = tuple(
        make_record(done.number, done.trial.parameters, 0.5) for done in search(random_search, space).run(500)
    )
    tried = search(searcher, space)
    tried.propose(())
    began = time.monotonic()
    assert tried.propose(history) is not None
    # 0.1 to 0.3 s on an idle machine, replaying included.
    assert time.monotonic() - began < 3.0
