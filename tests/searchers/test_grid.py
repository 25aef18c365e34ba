from __future__ import annotations

import math
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from textclf_sweep.definition.space import Categorical, Condition, Constant, Range, SearchSpace
from textclf_sweep.definition.types import Metric
from textclf_sweep.searchers import Ask, grid, key

pytestmark = pytest.mark.unit


def test_it_is_finite() -> None:
    assert grid.FINITE is True


def test_the_order_is_fixed_with_the_last_name_fastest(search) -> None:
    history = search(grid, {"batch_size": Categorical((64, 32)), "depth": Range(1, 3, integer=True)}).run(99)
    assert [tuple(done.trial.parameters.values()) for done in history] == [
        (64, 1), (64, 2), (64, 3), (32, 1), (32, 2), (32, 3),
    ]  # fmt: skip


def test_the_seed_does_not_matter(search) -> None:
    space = {"dropout": Range(0.0, 0.5, step=0.1), "optimizer": Categorical(("adam", "sgd"))}
    assert search(grid, space, seed=1).run(99) == search(grid, space, seed=2).run(99)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_the_count_is_the_product_of_the_lists(search, sizes) -> None:
    space = SearchSpace.of({f"p{index}": Categorical(tuple(range(size))) for index, size in enumerate(sizes)})
    history = search(grid, space).run(1000)
    assert len(history) == math.prod(sizes) == space.size
    assert len({key(done.trial.parameters) for done in history}) == len(history)


def test_values_that_were_tried_out_of_order_are_skipped(search, make_record) -> None:
    tried = search(grid, {"depth": Range(1, 3, integer=True), "epochs": Constant(2)})
    history = (make_record(1, {"depth": 2, "epochs": 2}, 0.5), make_record(2, {"depth": 9, "epochs": 2}, 0.5))
    assert [done.trial.parameters["depth"] for done in tried.run(99, history)] == [2, 9, 1, 3]


def test_a_parameter_that_is_not_there_multiplies_nothing(search) -> None:
    space = SearchSpace.of(
        {"momentum": Categorical((0.0, 0.9)), "optimizer": Categorical(("adam", "sgd")), "zeal": Categorical((1, 2))},
        {"momentum": (Condition("optimizer", ("sgd",)),)},
    )
    assert [tuple(done.trial.parameters.values()) for done in search(grid, space).run(99)] == [
        ("adam", 1), ("adam", 2), (0.0, "sgd", 1), (0.0, "sgd", 2), (0.9, "sgd", 1), (0.9, "sgd", 2),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "last", [Range(1, 10**9, integer=True), Range(0.0, 1.0, step=1e-9), Categorical(tuple(range(1000)))]
)
def test_only_as_much_of_a_grid_is_made_as_has_been_proposed(search, last) -> None:
    """A definition with a `run_cap` may have a grid that no one could ever list."""
    space = SearchSpace.of({f"p{index}": Categorical((1, 2, 3)) for index in range(9)} | {"q": last})
    started = time.process_time()
    history = search(grid, space).run(20)
    assert grid.propose(Ask(space, Metric(), 0, 21, history)) is not None
    assert time.process_time() - started < 1
