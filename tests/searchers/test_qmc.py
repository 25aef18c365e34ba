from __future__ import annotations

import math

import pytest

from textclf_sweep.definition.space import Categorical, Condition, Normal, Range, SearchSpace
from textclf_sweep.searchers import qmc
from textclf_sweep.searchers import random as random_search

pytestmark = pytest.mark.unit


def test_sixteen_points_fall_into_sixteen_parts_of_every_parameter(search) -> None:
    """Random draws leave about a third of them empty."""
    space = {
        "depth": Range(1, 4, integer=True),
        "dropout": Range(0.0, 1.0),
        "learning_rate": Range(1e-4, 1.0, log=True),
        "optimizer": Categorical(("adam", "lion", "rmsprop", "sgd")),
    }
    for seed in range(3):
        drawn = [done.trial.parameters for done in search(qmc, space, seed=seed).run(16)]
        assert sorted(int(16 * item["dropout"]) for item in drawn) == list(range(16))
        assert sorted(int(4 * (math.log10(item["learning_rate"]) + 4)) for item in drawn) == list(range(16))
        assert sorted(item["depth"] for item in drawn) == [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4
        assert sorted(item["optimizer"] for item in drawn) == sorted(["adam", "lion", "rmsprop", "sgd"] * 4)


def test_other_seeds_have_other_points(search) -> None:
    space = {"dropout": Range(0.0, 1.0)}
    drawn = [done.trial.parameters["dropout"] for seed in range(3) for done in search(qmc, space, seed=seed).run(16)]
    assert len(set(drawn)) == 48


def test_priors_and_probabilities_are_followed(search) -> None:
    space = {
        "optimizer": Categorical(("adam", "sgd"), (0.75, 0.25)),
        "rate": Range(-100.0, 100.0, prior=Normal(3.0, 1.0)),
    }
    drawn = [done.trial.parameters for done in search(qmc, space).run(64)]
    assert sum(item["optimizer"] == "adam" for item in drawn) == 48
    assert sum(item["rate"] < 3.0 for item in drawn) == 32


def test_a_condition_moves_no_other_parameter(search) -> None:
    free = {"momentum": Range(0.0, 1.0), "optimizer": Categorical(("adam", "sgd")), "rate": Range(0.0, 1.0)}
    bound = SearchSpace.of(free, {"momentum": (Condition("optimizer", ("sgd",)),)})
    for with_it, without in zip(search(qmc, free).run(16), search(qmc, bound).run(16), strict=True):
        assert without.trial.parameters.items() <= with_it.trial.parameters.items()


def test_a_point_that_was_tried_gives_way_to_a_random_one(search, make_record) -> None:
    space = {"depth": Range(1, 2, integer=True)}
    first = search(qmc, space).propose(())
    taken = (make_record(1, first, 0.5),)
    assert search(qmc, space).propose(taken) == {"depth": 3 - first["depth"]}
    assert search(random_search, space).propose((*taken, make_record(2, {"depth": 3 - first["depth"]}, 0.5))) is None
