from __future__ import annotations

import math
import time
from collections import Counter
from statistics import median

import pytest

from textclf_sweep.definition.space import Beta, Categorical, Condition, Constant, Normal, Range, SearchSpace
from textclf_sweep.searchers import random as random_search

pytestmark = pytest.mark.unit


def draws(search, space, count=400):
    return [done.trial.parameters for done in search(random_search, space).run(count)]


def test_it_takes_continuous_spaces() -> None:
    assert random_search.FINITE is False


def test_other_seeds_and_other_numbers_draw_other_values(search) -> None:
    space = SearchSpace.of({"dropout": Range(0.0, 0.5)})
    first, second = (search(random_search, space, seed=seed).run(20) for seed in (0, 1))
    values = [done.trial.parameters["dropout"] for done in (*first, *second)]
    assert len(set(values)) == 40


def test_a_proposal_does_not_depend_on_results(search) -> None:
    space = {"learning_rate": Range(1e-5, 1e-1, log=True)}
    good, bad = search(random_search, space, lambda _: 0.9), search(random_search, space, lambda _: None)
    assert [done.trial for done in good.run(10)] == [done.trial for done in bad.run(10)]


def test_log_ranges_are_uniform_in_the_logarithm(search) -> None:
    rates = [parameters["learning_rate"] for parameters in draws(search, {"learning_rate": Range(1e-4, 1.0, log=True)})]
    decades = Counter(math.floor(math.log10(rate)) for rate in rates)
    assert set(decades) == {-4, -3, -2, -1}
    assert all(70 <= count <= 130 for count in decades.values())


def test_both_ends_of_a_whole_range_are_drawn_as_often_as_the_middle(search) -> None:
    space = {"depth": Range(1, 4, integer=True), "dropout": Range(0.0, 1.0)}
    counts = Counter(parameters["depth"] for parameters in draws(search, space))
    assert set(counts) == {1, 2, 3, 4}
    assert all(70 <= count <= 130 for count in counts.values())


def test_probabilities_count(search) -> None:
    space = {"optimizer": Categorical(("adam", "sgd"), (0.9, 0.1)), "dropout": Range(0.0, 1.0)}
    counts = Counter(parameters["optimizer"] for parameters in draws(search, space))
    assert 330 <= counts["adam"] <= 390


def test_the_last_combinations_are_found_even_when_they_are_unlikely(search) -> None:
    rare = Categorical(("common", "rare"), (1 - 1e-9, 1e-9))
    history = search(random_search, {"a": rare, "b": rare}).run(99)
    assert len(history) == 4


def test_a_huge_finite_space_is_not_listed(search) -> None:
    """A thousand million combinations, all but a few of them unlikely; listing them would take hours."""
    unlikely = Categorical(tuple(range(1000)), (1 - 999e-9, *[1e-9] * 999))
    space = {"a": unlikely, "b": unlikely, "c": Range(1, 10**9, integer=True, prior=Normal(0.0, 1e-3))}
    started = time.process_time()
    history = search(random_search, space).run(30)
    assert time.process_time() - started < 5
    assert len({tuple(done.trial.parameters.items()) for done in history}) == 30


def test_an_infinite_part_behind_an_unlikely_condition_is_found(search) -> None:
    space = SearchSpace.of(
        {"optimizer": Categorical(("adam", "sgd"), (1 - 1e-12, 1e-12)), "momentum": Range(0.0, 1.0)},
        {"momentum": (Condition("optimizer", ("sgd",)),)},
    )
    history = search(random_search, space).run(6)
    assert [done.trial.parameters["optimizer"] for done in history] == ["adam", *["sgd"] * 5]


def test_an_infinite_part_that_is_never_there_ends_the_search(search) -> None:
    space = SearchSpace.of(
        {"optimizer": Categorical(("adam", "sgd")), "momentum": Range(0.0, 1.0)},
        {"momentum": (Condition("optimizer", ("lion",)),)},
    )
    assert len(search(random_search, space).run(6)) == 2


def test_a_condition_changes_no_other_draw(search) -> None:
    free = {"momentum": Range(0.0, 1.0), "optimizer": Categorical(("adam", "sgd")), "rate": Range(0.0, 1.0)}
    bound = SearchSpace.of(free, {"momentum": (Condition("optimizer", ("sgd",)),)})
    for with_it, without in zip(draws(search, SearchSpace.of(free), 20), draws(search, bound, 20), strict=True):
        assert without == {
            name: value for name, value in with_it.items() if name != "momentum" or with_it["optimizer"] == "sgd"
        }


def test_priors_are_followed(search) -> None:
    space = {
        "dropout": Range(0.0, 1.0, prior=Beta(2.0, 8.0)),
        "epochs": Constant(3),
        "learning_rate": Range(1e-6, 1.0, log=True, prior=Normal(math.log(1e-3), 1.0)),
    }
    drawn = draws(search, space, 200)
    assert 0.15 < median(item["dropout"] for item in drawn) < 0.22
    assert 0.7e-3 < median(item["learning_rate"] for item in drawn) < 1.4e-3
