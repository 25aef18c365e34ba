from __future__ import annotations

import math
from collections import Counter

import pytest

from textclf_sweep.definition.space import Categorical, Range, SearchSpace
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
