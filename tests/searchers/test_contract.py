"""What every searcher promises. A new searcher is found by itself."""

from __future__ import annotations

import importlib
import json
import math
import os
import pkgutil
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from textclf_sweep import searchers
from textclf_sweep.definition.space import Categorical, Constant, Parameter, Range, SearchSpace
from textclf_sweep.definition.types import Metric
from textclf_sweep.searchers import key
from textclf_sweep.trial import TrialState

pytestmark = pytest.mark.contract

SEARCHERS = [
    importlib.import_module(f"textclf_sweep.searchers.{item.name}")
    for item in pkgutil.iter_modules(searchers.__path__)
    if not item.name.startswith("_")
]

FINITE_SPACE = {
    "batch_size": Categorical((32, 64, 128)),
    "depth": Range(1, 2, integer=True),
    "dropout": Range(0.0, 0.5, step=0.25),
    "epochs": Constant(5),
}
MIXED_SPACE = {
    "attention": Categorical((True, False)),
    "batch_size": Range(16, 256, integer=True, log=True),
    "depth": Range(1, 4, integer=True),
    "dropout": Range(0.0, 0.5, step=0.1),
    "epochs": Constant(5),
    "learning_rate": Range(1e-5, 1e-1, log=True),
    "optimizer": Categorical(("adam", "sgd", "rmsprop"), (0.7, 0.2, 0.1)),
    "units": Range(16, 100, integer=True, step=16),
}
DISCRETE_SPACE = MIXED_SPACE | {"learning_rate": Categorical((0.001, 0.01, 0.1))}
HISTORY = settings(
    max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def space_for(searcher):
    """The richest space that the searcher takes."""
    return DISCRETE_SPACE if searcher.FINITE else MIXED_SPACE


def objective(parameters):
    """Smooth, with its best at a learning rate of 0.003 and a dropout of 0.2; SGD fails at high rates."""
    rate, dropout = float(parameters.get("learning_rate", 0.001)), float(parameters.get("dropout", 0.0))
    if parameters.get("optimizer") == "sgd" and rate > 0.01:
        return None
    return 0.9 - 0.1 * (math.log10(rate) + 2.5) ** 2 - (dropout - 0.2) ** 2


def few(values):
    return st.lists(values, min_size=1, max_size=4, unique=True).map(lambda chosen: Categorical(tuple(chosen)))


numbers = st.integers(0, 40).map(lambda value: value / 20)
distributions_of_few_values = st.one_of(
    st.builds(Constant, st.sampled_from([True, False, 3, 0.5, "adam"])),
    few(st.integers(-3, 300)),
    few(numbers),
    few(st.sampled_from(["adam", "sgd", ""])),
    st.sampled_from([Categorical((True, False)), Categorical(("a", "b"), (1.0, 0.0))]),
    st.builds(lambda low, more: Range(low, low + more, integer=True), st.integers(-2, 5), st.integers(0, 4)),
    st.builds(
        lambda low, more, step: Range(low, low + more, integer=True, step=step, log=True),
        st.integers(1, 4), st.integers(0, 8), st.integers(2, 4),
    ),
    st.builds(lambda low, more: Range(low, low + more, step=0.25), numbers, numbers.map(lambda value: value / 2)),
)  # fmt: skip
continuous_distributions = st.one_of(
    st.builds(lambda low, more: Range(low, low + more), numbers, numbers),
    st.builds(
        lambda low, more: Range(10.0**low, 10.0 ** (low + more), log=True), st.integers(-6, 0), st.integers(0, 4)
    ),
)
names = st.sampled_from(["batch_size", "depth", "dropout", "learning_rate", "optimizer", "units"])


def spaces(distributions):
    return st.dictionaries(names, distributions, min_size=1, max_size=4).map(SearchSpace.of)


@pytest.mark.parametrize("searcher", SEARCHERS, ids=lambda searcher: searcher.__name__.rpartition(".")[2])
class TestSearcherContract:
    def test_it_declares_what_the_catalogue_reads(self, searcher) -> None:
        assert isinstance(searcher.FINITE, bool)
        assert all(isinstance(parameter, Parameter) for parameter in searcher.PARAMETERS)
        assert searcher.__doc__.splitlines()[0].endswith(".")

    def test_the_same_ask_gives_the_same_proposal(self, searcher, search) -> None:
        first, other = search(searcher, space_for(searcher), objective), search(searcher, FINITE_SPACE, seed=5)
        history = first.run(9)
        expected = [first.propose(history[:count]) for count in range(10)]
        other.run(9)  # what is asked in between leaves no trace
        assert [first.propose(history[:count]) for count in reversed(range(10))] == expected[::-1]

    def test_another_process_proposes_the_same(self, searcher, search) -> None:
        name = searcher.__name__
        script = (
            f"import importlib, json, sys; sys.path.insert(0, {os.path.dirname(__file__)!r})\n"  # noqa: PTH120
            "import conftest\n"
            "from textclf_sweep.definition.space import *\n"
            f"space = {space_for(searcher)!r}\n"
            f"search = conftest.Search(importlib.import_module({name!r}), space, lambda p: p['dropout'])\n"
            "print(json.dumps([record.trial.parameters for record in search.run(8)]))"
        )
        here = search(searcher, space_for(searcher), lambda parameters: parameters["dropout"]).run(8)
        environment = {**os.environ, "PYTHONHASHSEED": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
        told = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment
        ).stdout
        assert json.loads(told) == [record.trial.parameters for record in here]

    def test_resumed_anywhere_it_proposes_what_an_uninterrupted_search_did(self, searcher, search) -> None:
        whole = search(searcher, space_for(searcher), objective).run(14)
        assert len(whole) == 14
        for cut in range(15):
            assert search(searcher, space_for(searcher), objective).run(14, whole[:cut]) == whole

    @pytest.mark.parametrize("goal", ["maximize", "minimize"])
    def test_every_proposal_is_a_point_of_the_space(self, searcher, search, goal) -> None:
        tried = search(searcher, space_for(searcher), objective, Metric("val_loss", goal))
        for done in tried.run(20):
            assert tried.holds(done.trial.parameters)
            for name, value in done.trial.parameters.items():
                assert type(value) in {bool, int, float, str}
                distribution = space_for(searcher)[name]
                if isinstance(distribution, Range):
                    assert type(value) is (int if distribution.integer else float)

    @HISTORY
    @given(data=st.data())
    def test_any_space(self, searcher, search, data) -> None:
        distributions = distributions_of_few_values
        if not searcher.FINITE:
            distributions = st.one_of(distributions, continuous_distributions)
        tried = search(searcher, data.draw(spaces(distributions)), lambda _: None, seed=data.draw(st.integers(0, 99)))
        history = tried.run_wide(8, 3)
        assert history
        assert all(tried.holds(done.trial.parameters) for done in history)
        assert len({key(done.trial.parameters) for done in history}) == len(history)

    @HISTORY
    @given(data=st.data())
    def test_a_finite_space_is_proposed_whole_and_once(self, searcher, search, data) -> None:
        space = data.draw(spaces(distributions_of_few_values))
        assume(space.size <= 16)
        history = search(searcher, space, lambda parameters: len(str(parameters))).run(100)
        proposed = [key(done.trial.parameters) for done in history]
        assert len(proposed) == space.size
        assert set(proposed) == {key(parameters) for parameters in space.grid()}

    def test_a_used_up_space_stays_used_up(self, searcher, search) -> None:
        tried = search(searcher, FINITE_SPACE, objective)
        history = tried.run(100)
        assert len(history) == 18
        assert tried.propose(history) is None
        assert tried.propose(history) is None

    def test_pending_trials_are_not_proposed_again(self, searcher, search) -> None:
        history = search(searcher, FINITE_SPACE, objective).run_wide(100, 4)
        assert len(history) == 18
        assert [done.state for done in history[-3:]] == [TrialState.RUNNING] * 3
        assert len({key(done.trial.parameters) for done in history}) == 18

    @pytest.mark.parametrize("state", list(TrialState))
    def test_a_history_in_any_state(self, searcher, search, make_record, state) -> None:
        tried = search(searcher, space_for(searcher), objective)
        history = tuple(
            make_record(done.number, done.trial.parameters, state=state)
            for done in search(SEARCHERS_BY_NAME["random"], space_for(searcher)).run(12)
        )
        proposal = tried.propose(history)
        assert tried.holds(proposal)
        assert key(proposal) not in {key(done.trial.parameters) for done in history}

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    def test_values_that_are_not_finite(self, searcher, search, value) -> None:
        tried = search(searcher, space_for(searcher), lambda _: value)
        assert len(tried.run(10)) == 10

    def test_constants_alone(self, searcher, search) -> None:
        tried = search(searcher, {"depth": Constant(2), "learning_rate": Constant(0.001)}, objective)
        (only,) = tried.run(5)
        assert only.trial.parameters == {"depth": 2, "learning_rate": 0.001}

    def test_trials_outside_the_space_are_tolerated(self, searcher, search, make_record) -> None:
        tried = search(searcher, space_for(searcher), objective)
        inside = tried.run(8)
        outside = [
            inside[0].trial.parameters | {"learning_rate": 7.5, "dropout": 0.9},
            inside[1].trial.parameters | {"optimizer": "lion"},
            inside[2].trial.parameters | {"units": 2048, "epochs": 50},
        ]
        history = (
            *(make_record(number, parameters, 0.99) for number, parameters in enumerate(outside, start=1)),
            *(make_record(done.number + 3, done.trial.parameters, 0.5) for done in inside),
        )
        proposal = tried.propose(history)
        assert tried.holds(proposal)
        assert key(proposal) not in {key(done.trial.parameters) for done in history}

    def test_importing_it_imports_nothing_heavy(self, searcher) -> None:
        heavy = "{'optuna', 'keras_tuner', 'keras', 'tensorflow', 'mlflow', 'sklearn', 'numpy'}"
        script = f"import {searcher.__name__}, sys; print(sorted({heavy} & sys.modules.keys()))"
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        told = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment
        )
        assert told.stdout.strip() == "[]"


SEARCHERS_BY_NAME = {searcher.__name__.rpartition(".")[2]: searcher for searcher in SEARCHERS}


def test_the_shipped_methods_are_found() -> None:
    assert {"bayes", "grid", "random"} <= SEARCHERS_BY_NAME.keys()


def test_true_is_not_one() -> None:
    assert key({"a": True}) != key({"a": 1})
    assert key({"a": 1.0}) != key({"a": 1})
    assert key({"a": 1, "b": "x"}) == key({"b": "x", "a": 1})
