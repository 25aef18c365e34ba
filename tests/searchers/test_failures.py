"""What fails is learned from: searchers that go by results leave a region in which trials fail."""

from __future__ import annotations

import importlib
import math
import pkgutil

import pytest

from textclf_sweep import searchers
from textclf_sweep.definition.space import Range
from textclf_sweep.definition.types import Metric
from textclf_sweep.searchers import random as random_search

pytestmark = pytest.mark.contract

SPACE = {"dropout": Range(0.0, 0.6), "learning_rate": Range(1e-5, 1.0, log=True)}
DIVERGES = 0.003
"""A learning rate above which every trial fails: half of the space."""
LOSS = Metric("val_loss", "minimize")


def learns(searcher) -> bool:
    """Whether its proposals go by results: those that `random` allows do not, and one that paces draws at random."""
    return searcher.METHODS == ("bayes",) and not getattr(searcher, "PACES", False)


LEARNERS = [
    searcher
    for item in pkgutil.iter_modules(searchers.__path__)
    if not item.name.startswith("_")
    if learns(searcher := importlib.import_module(f"textclf_sweep.searchers.{item.name}"))
]
learner = pytest.mark.parametrize("searcher", LEARNERS, ids=lambda searcher: searcher.__name__.rpartition(".")[2])


def accuracy(parameters) -> float | None:
    """Best at a learning rate of 0.0003; None where training diverges."""
    rate = parameters["learning_rate"]
    if rate > DIVERGES:
        return None
    return 0.9 - 0.1 * (math.log10(rate) + 3.5) ** 2 - (parameters["dropout"] - 0.3) ** 2


def loss(parameters) -> float | None:
    value = accuracy(parameters)
    return None if value is None else 1 - value


def failing(searcher, search, objective, metric=Metric()) -> float:  # noqa: B008 - frozen
    """The share of trials that fail among 20 after 24 random ones; of a fast searcher with three seeds."""
    late = []
    for seed in range(1 if getattr(searcher, "AHEAD", False) else 3):
        start = search(random_search, SPACE, objective, metric, seed).run(24)
        late += search(searcher, SPACE, objective, metric, seed).run(44, start)[24:]
    return sum(done.value is None for done in late) / len(late)


def test_those_that_learn_are_found() -> None:
    assert {searcher.__name__.rpartition(".")[2] for searcher in LEARNERS} >= {"cmaes", "gp", "tpe"}


@learner
@pytest.mark.parametrize(("objective", "metric"), [(accuracy, Metric()), (loss, LOSS)], ids=["maximize", "minimize"])
def test_where_trials_fail_is_left(searcher, search, objective, metric) -> None:
    assert 0.4 < failing(random_search, search, objective, metric) < 0.6
    assert failing(searcher, search, objective, metric) <= 0.2


@learner
def test_failures_count_when_all_results_are_equal(searcher, search) -> None:
    assert failing(searcher, search, lambda parameters: accuracy(parameters) and 0.25) <= 0.3


@learner
def test_a_start_that_fails_whole_goes_on(searcher, search) -> None:
    """Nothing but failures, and then results: the search gets to them."""
    failing = search(random_search, SPACE, lambda _: None).run(15)
    history = search(searcher, SPACE, accuracy).run(30, failing)
    assert len(history) == 30
    assert any(done.value is not None for done in history)
