from __future__ import annotations

import math
from statistics import median

import pytest

from textclf_sweep.definition.space import Categorical, Condition, Constant, Normal, Range, SearchSpace
from textclf_sweep.definition.types import Metric
from textclf_sweep.searchers import cmaes
from textclf_sweep.searchers import random as random_search

pytestmark = pytest.mark.unit

SPACE = {
    "depth": Range(1, 20, integer=True),
    "dropout": Range(0.0, 1.0),
    "epochs": Constant(5),
    "learning_rate": Range(1e-6, 1.0, log=True),
    "optimizer": Categorical(("adam", "sgd")),
    "rate": Range(0.0, 50.0, prior=Normal(25.0, 10.0)),
    "units": Range(16, 512, integer=True, step=16),
}


def loss(parameters) -> float:
    """A bowl, its bottom (0) near no edge."""
    return (
        (math.log10(parameters["learning_rate"]) + 2) ** 2 / 36
        + (parameters["dropout"] - 0.3) ** 2
        + (parameters["depth"] - 14) ** 2 / 400
        + (parameters["units"] - 128) ** 2 / 512**2
        + (parameters["rate"] - 30) ** 2 / 2500
    )


def values(history, last):
    return [done.value for done in history[-last:]]


def test_it_closes_in_on_the_bottom(search) -> None:
    metric = Metric("val_loss", "minimize")
    for seed in range(2):
        ours, theirs = (search(method, SPACE, loss, metric, seed).run(120) for method in (cmaes, random_search))
        assert min(values(ours, 120)) < min(values(theirs, 120)) / 3
        assert median(values(ours, 30)) < median(values(theirs, 120)) / 10


def test_it_maximises_as_well(search) -> None:
    history = search(cmaes, SPACE, lambda parameters: -loss(parameters)).run(120)
    assert median(values(history, 30)) > 5 * median(values(history, 120)[:30])


def test_what_fails_is_left(search) -> None:
    """Everything with a dropout above 0.4, where the search begins, fails."""
    space = {"dropout": Range(0.0, 1.0), "learning_rate": Range(1e-6, 1.0, log=True)}
    tried = search(cmaes, space, lambda parameters: 0.5 if parameters["dropout"] <= 0.4 else None)
    late = tried.run(90)[60:]
    assert sum(done.value is not None for done in late) >= 24


def test_lists_are_drawn_at_random_to_the_end(search) -> None:
    history = search(cmaes, SPACE, lambda parameters: parameters["optimizer"] == "adam").run(80)
    assert 10 <= sum(done.trial.parameters["optimizer"] == "sgd" for done in history[40:]) <= 30


def test_a_space_without_numbers_is_searched_at_random(search) -> None:
    space = {"attention": Categorical((True, False)), "optimizer": Categorical(("adam", "sgd", "lion"))}
    assert search(cmaes, space).run(99) == search(random_search, space).run(99)


def test_a_parameter_that_is_seldom_there_stays_wide(search) -> None:
    """Its spread is that of the start as long as no trial has told of it."""
    space = SearchSpace.of(
        {
            "dropout": Range(0.0, 1.0),
            "momentum": Range(0.0, 1.0),
            "optimizer": Categorical(("adam", "sgd"), (1 - 1e-9, 1e-9)),
        },
        {"momentum": (Condition("optimizer", ("sgd",)),)},
    )
    history = search(cmaes, space, lambda parameters: -abs(parameters["dropout"] - 0.5)).run(60)
    assert all("momentum" not in done.trial.parameters for done in history)
    held = space.fix({"optimizer": "sgd"})
    drawn = [search(cmaes, held, seed=seed).propose(history)["momentum"] for seed in range(30)]
    assert min(drawn) < 0.3
    assert max(drawn) > 0.7


def test_a_search_that_has_converged_starts_anew(search) -> None:
    history = search(cmaes, {"dropout": Range(0.0, 1.0)}, lambda parameters: -abs(parameters["dropout"] - 0.5)).run(240)
    rates = [done.trial.parameters["dropout"] for done in history]
    spreads = [max(rates[start : start + 20]) - min(rates[start : start + 20]) for start in range(20, 240, 20)]
    assert min(spreads) < 0.05
    assert max(spreads[spreads.index(min(spreads)) :]) > 0.3


def test_one_number_alone(search) -> None:
    history = search(cmaes, {"dropout": Range(0.0, 1.0)}, lambda parameters: parameters["dropout"]).run(40)
    assert max(done.value for done in history) > 0.9
