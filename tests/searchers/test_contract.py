from __future__ import annotations

import importlib
import json
import math
import os
import pkgutil
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from textclf_sweep import searchers
from textclf_sweep.definition.space import (
    Beta,
    Categorical,
    Condition,
    Constant,
    Normal,
    Parameter,
    Range,
    SearchSpace,
)
from textclf_sweep.definition.types import Metric
from textclf_sweep.searchers import Wait, key
from textclf_sweep.searchers import random as random_search
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
SMALL_SPACE = FINITE_SPACE | {"batch_size": Constant(32), "dropout": Range(0.0, 0.25, step=0.25)}
MIXED_SPACE = {
    "attention": Categorical((True, False)),
    "batch_size": Range(16, 256, integer=True, log=True),
    "depth": Range(1, 4, integer=True),
    "dropout": Range(0.0, 0.5, step=0.1),
    "epochs": Constant(5),
    "learning_rate": Range(1e-5, 1e-1, log=True),
    "optimizer": Categorical(("adam", "sgd", "rmsprop"), (0.7, 0.2, 0.1)),
    "units": Range(16, 100, integer=True, step=16),
    "window": Categorical((7, 3, 5)),
}
DISCRETE_SPACE = MIXED_SPACE | {"learning_rate": Categorical((0.001, 0.01, 0.1))}
PRIORS = {
    "dropout": Range(0.0, 1.0, prior=Beta(2.0, 5.0)),
    "epochs": Constant(5),
    "learning_rate": Range(1e-5, 1e-1, log=True, prior=Normal(math.log(1e-3), 1.0)),
    "units": Range(16, 256, integer=True, step=16, prior=Normal(64.0, 30.0)),
}
NESTED = SearchSpace.of(
    {
        "depth": Range(1, 2, integer=True),
        "epochs": Constant(5),
        "momentum": Categorical((0.0, 0.5, 0.9)),
        "nesterov": Categorical((True, False)),
        "optimizer": Categorical(("adam", "sgd")),
        "warmup": Constant(3),
    },
    {
        "momentum": (Condition("optimizer", ("sgd",)),),
        "nesterov": (Condition("momentum", (0.5, 0.9)), Condition("depth", (1,))),
        "warmup": (Condition("optimizer", ("adam",)),),
    },
)
CONTINUOUS_NESTED = SearchSpace.of(
    dict(NESTED.distributions)
    | {"decay": Range(1e-6, 1e-2, log=True), "learning_rate": Range(1e-5, 1e-1, log=True), "size": Range(0.5, 2.0)},
    dict(NESTED.conditions) | {"decay": (Condition("optimizer", ("sgd",)),), "size": (Condition("nesterov", (True,)),)},
)


def slow(searcher):
    """Whether a proposal takes about a second: a few of them must do."""
    return getattr(searcher, "AHEAD", False)


def paces(searcher):
    """Whether it chooses epochs, and with them the end of the search."""
    return getattr(searcher, "PACES", False)


def fit(searcher, space):
    """`space` as the definition would hand it to this searcher."""
    space = space if isinstance(space, SearchSpace) else SearchSpace.of(space)
    distributions = dict(space.distributions)
    if paces(searcher):
        distributions["epochs"] = Range(1, 9, integer=True)
    if not getattr(searcher, "WEIGHS", True):
        weighted = {name: item for name, item in distributions.items() if isinstance(item, Categorical)}
        distributions |= {name: replace(item, probabilities=None) for name, item in weighted.items()}
    return SearchSpace.of(distributions, dict(space.conditions))


def space_for(searcher):
    """The richest space that the searcher takes."""
    return fit(searcher, DISCRETE_SPACE if searcher.FINITE else MIXED_SPACE)


def nested_for(searcher):
    """The same with conditions."""
    return fit(searcher, NESTED if searcher.FINITE else CONTINUOUS_NESTED)


def objective(parameters):
    """Smooth, with its best at a learning rate of 0.003 and a dropout of 0.2; SGD fails at high rates."""
    rate, dropout = float(parameters.get("learning_rate", 0.001)), float(parameters.get("dropout", 0.0))
    if parameters.get("optimizer") == "sgd" and rate > 0.01:
        return None
    return 0.9 - 0.1 * (math.log10(rate) + 2.5) ** 2 - (dropout - 0.2) ** 2


def begun(searcher, search, space, trials):
    """The history to go on from: none, or, to get at what a slow searcher does behind its start, a random one."""
    return search(random_search, space, objective).run(trials) if slow(searcher) else ()


def keys(history):
    return [key(done.trial.parameters) for done in history]


def few(values):
    return st.lists(values, min_size=1, max_size=4, unique=True).map(lambda chosen: Categorical(tuple(chosen)))


numbers = st.integers(0, 40).map(lambda value: value / 20)
distributions_of_few_values = st.one_of(
    st.builds(Constant, st.sampled_from([True, False, 3, 0.5, "adam"])),
    few(st.integers(-3, 300)),
    few(numbers),
    few(st.sampled_from(["adam", "sgd", ""])),
    st.sampled_from([Categorical((True, False)), Categorical((True, 1, "1")), Categorical(("a", "b"), (1.0, 0.0))]),
    st.builds(lambda low, more: Range(low, low + more, integer=True), st.integers(-2, 5), st.integers(0, 4)),
    st.builds(
        lambda low, more, step: Range(low, low + more, integer=True, step=step, log=True),
        st.integers(1, 4), st.integers(0, 8), st.integers(2, 4),
    ),
    st.builds(lambda low, more: Range(low, low + more, step=0.25), numbers, numbers.map(lambda value: value / 2)),
    st.builds(lambda mu: Range(0, 4, integer=True, prior=Normal(mu, 1.5)), numbers),
)  # fmt: skip
continuous_distributions = st.one_of(
    st.builds(lambda low, more: Range(low, low + more), numbers, numbers),
    st.builds(
        lambda low, more: Range(10.0**low, 10.0 ** (low + more), log=True), st.integers(-6, 0), st.integers(0, 4)
    ),
    st.builds(lambda mu: Range(-1.0, 3.0, prior=Normal(mu, 0.5)), numbers),
    st.just(Range(0.0, 1.0, prior=Beta(2.0, 3.0))),
)
NAMES = ["batch_size", "depth", "dropout", "learning_rate", "optimizer", "units"]


@st.composite
def spaces(draw, distributions):
    """Up to four parameters; some are there only under one or two values of another, which may be conditional too."""
    chosen = draw(st.dictionaries(st.sampled_from(NAMES), distributions, min_size=1, max_size=4))
    conditions, listed = {}, []
    for name in draw(st.permutations(sorted(chosen))):
        if listed and draw(st.booleans()):
            parent = draw(st.sampled_from(listed))
            values = [getattr(chosen[parent], "value", None)]
            if isinstance(chosen[parent], Categorical):
                values = draw(st.lists(st.sampled_from(chosen[parent].values), min_size=1, max_size=2))
            conditions[name] = (Condition(parent, tuple(values)),)
        if not isinstance(chosen[name], Range):
            listed.append(name)
    return SearchSpace.of(chosen, conditions)


def check(searcher, test):
    """`test` with drawn data: often, or twice for a slow searcher."""
    settings(
        max_examples=2 if slow(searcher) else 25,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )(given(st.data())(test))()


def python(script, **variables):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **variables}
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)


@pytest.mark.parametrize("searcher", SEARCHERS, ids=lambda searcher: searcher.__name__.rpartition(".")[2])
class TestSearcherContract:
    def test_it_declares_what_the_catalogue_reads(self, searcher) -> None:
        assert isinstance(searcher.FINITE, bool)
        assert searcher.METHODS
        assert set(searcher.METHODS) <= {"grid", "random", "bayes"}
        assert all(isinstance(parameter, Parameter) for parameter in searcher.PARAMETERS)
        assert searcher.__doc__.splitlines()[0].endswith(".")

    def test_importing_it_imports_nothing_heavy(self, searcher) -> None:
        heavy = "{'optuna', 'keras_tuner', 'keras', 'tensorflow', 'mlflow', 'sklearn', 'scipy', 'numpy', 'cmaes'}"
        told = python(f"import {searcher.__name__}, sys; print(sorted({heavy} & sys.modules.keys()))")
        assert told.stdout.strip() == "[]"

    def test_the_same_ask_gives_the_same_proposal(self, searcher, search) -> None:
        space = space_for(searcher)
        tried, other = search(searcher, space, objective), search(searcher, fit(searcher, SMALL_SPACE), seed=5)
        start = begun(searcher, search, space, 13)
        history = tried.run(15, start)
        counts = range(len(start), 16)
        expected = [tried.propose(history[:count]) for count in counts]
        other.run(len(counts) - 1)  # what is asked in between leaves no trace
        assert [tried.propose(history[:count]) for count in reversed(counts)] == expected[::-1]

    def test_another_process_proposes_the_same(self, searcher, search) -> None:
        space, count = space_for(searcher), 12 if slow(searcher) else 14
        script = (
            f"import importlib, json, sys; sys.path.insert(0, {os.path.dirname(__file__)!r})\n"  # noqa: PTH120
            "import conftest\n"
            "from textclf_sweep.definition.space import *\n"
            f"searcher = importlib.import_module({searcher.__name__!r})\n"
            f"search = conftest.Search(searcher, {space!r}, lambda p: p['dropout'])\n"
            f"print(json.dumps([record.trial.parameters for record in search.run({count})]))"
        )
        here = search(searcher, space, lambda parameters: parameters["dropout"]).run(count)
        told = python(script, PYTHONHASHSEED="1")
        assert json.loads(told.stdout) == [record.trial.parameters for record in here]
        assert told.stderr == ""

    def test_resumed_anywhere_it_proposes_what_an_uninterrupted_search_did(self, searcher, search) -> None:
        space, trials = space_for(searcher), 15 if slow(searcher) else 18
        start = begun(searcher, search, space, trials - 2)
        whole = search(searcher, space, objective).run(trials, start)
        assert len(whole) == trials
        for cut in range(len(start), trials):
            assert search(searcher, space, objective).run(trials, whole[:cut]) == whole

    @pytest.mark.parametrize("goal", ["maximize", "minimize"])
    def test_every_proposal_is_a_point_of_the_space(self, searcher, search, goal) -> None:
        space = space_for(searcher)
        start = begun(searcher, search, space, 13)
        distributions = dict(space.distributions)
        for done in search(searcher, space, objective, Metric("val_loss", goal)).run(
            len(start) + 2 if start else 20, start
        ):
            assert space.holds(done.trial.parameters)
            for name, value in done.trial.parameters.items():
                assert type(value) in {bool, int, float, str}
                distribution = distributions[name]
                if isinstance(distribution, Range):
                    assert type(value) is (int if distribution.integer else float)

    def test_any_space(self, searcher, search) -> None:
        distributions = distributions_of_few_values
        if not searcher.FINITE:
            distributions = st.one_of(distributions, continuous_distributions)

        def test(data) -> None:
            space = fit(searcher, data.draw(spaces(distributions)))
            start = begun(searcher, search, space, 11)
            tried = search(searcher, space, lambda parameters: len(str(parameters)), seed=data.draw(st.integers(0, 9)))
            history = tried.run_wide(14 if slow(searcher) else 18, 3, start)
            assert history
            assert all(space.holds(done.trial.parameters) for done in history)
            assert len(set(keys(history))) == len(history)

        check(searcher, test)

    def test_a_finite_space_is_proposed_whole_and_once(self, searcher, search) -> None:
        def test(data) -> None:
            space = fit(searcher, data.draw(spaces(distributions_of_few_values)))
            size = space.size
            assume(1 if paces(searcher) else size <= (13 if slow(searcher) else 16))
            proposed = keys(search(searcher, space, lambda parameters: len(str(parameters))).run_wide(1000, 2))
            assert len(set(proposed)) == len(proposed) < 1000
            if not paces(searcher):
                assert len(proposed) == size
                assert set(proposed) == {key(parameters) for parameters in space.grid()}

        check(searcher, test)

    def test_a_used_up_space_stays_used_up(self, searcher, search) -> None:
        space = fit(searcher, FINITE_SPACE)
        tried = search(searcher, space, objective)
        history = tried.run(1000)
        assert len(history) == space.size or paces(searcher)
        assert tried.propose(history) is None
        assert tried.propose(history) is None

    def test_pending_trials_are_not_proposed_again(self, searcher, search) -> None:
        space = fit(searcher, FINITE_SPACE)
        history = search(searcher, space, objective).run_wide(1000, 4)
        assert len(set(keys(history))) == len(history)
        if not paces(searcher):
            assert len(history) == space.size
            assert [done.state for done in history[-3:]] == [TrialState.RUNNING] * 3

    def test_a_proposal_gives_way_to_pending_ones(self, searcher, search, make_record) -> None:
        space = space_for(searcher)
        tried = search(searcher, space, objective)
        history = tried.run(14, begun(searcher, search, space, 14))
        for _ in range(1 if slow(searcher) else 4):
            alone = tried.propose(history)
            assert not isinstance(alone, Wait)
            history = (*history, tried.started(history, alone))
            beside = tried.propose(history)
            if isinstance(beside, Wait):
                return
            assert space.holds(beside)
            assert key(beside) not in keys(history)

    @pytest.mark.parametrize("state", list(TrialState))
    def test_a_history_in_any_state(self, searcher, search, make_record, state) -> None:
        space = space_for(searcher)
        drawn = search(random_search, space).run(12)
        history = tuple(make_record(done.number, done.trial.parameters, state=state) for done in drawn)
        proposal = search(searcher, space, objective).propose(history)
        if not isinstance(proposal, Wait):
            assert space.holds(proposal)
            assert key(proposal) not in keys(history)

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None, 0.5])
    def test_nothing_to_learn_from(self, searcher, search, value) -> None:
        space = space_for(searcher)
        history = search(random_search, space, lambda _: value).run(12)
        assert len(search(searcher, space, lambda _: value).run(13 if slow(searcher) else 20, history)) > 12

    def test_constants_alone(self, searcher, search) -> None:
        space = fit(searcher, {"depth": Constant(2), "learning_rate": Constant(0.001)})
        history = search(searcher, space, objective).run(1000)
        assert len(history) == 1 or paces(searcher)
        assert all({"depth": 2, "learning_rate": 0.001}.items() <= done.trial.parameters.items() for done in history)

    def test_trials_outside_the_space_are_tolerated(self, searcher, search, make_record) -> None:
        space = space_for(searcher)
        inside = search(random_search, space, objective).run(13)
        outside = [
            inside[0].trial.parameters | {"learning_rate": 7.5, "dropout": 0.9},
            inside[1].trial.parameters | {"optimizer": "lion", "window": 1000},
            inside[2].trial.parameters | {"units": 2048, "epochs": 50},
            inside[3].trial.parameters | {"units": "many", "learning_rate": True, "window": "wide", "attention": 1},
        ]
        history = (
            *(make_record(number, parameters, 0.99) for number, parameters in enumerate(outside, start=1)),
            *(make_record(done.number + 4, done.trial.parameters, 0.5) for done in inside),
        )
        proposal = search(searcher, space, objective).propose(history)
        assert space.holds(proposal)
        assert key(proposal) not in keys(history)

    def test_trials_of_an_earlier_space_are_tolerated(self, searcher, search) -> None:
        space = nested_for(searcher)
        earlier = SearchSpace.of({name: item for name, item in space.distributions if name in {"depth", "optimizer"}})
        history = search(random_search, earlier, lambda parameters: parameters["depth"] / 2).run(4)
        after = search(searcher, space, objective).run(5 if slow(searcher) else 16, history)
        assert len(after) > 4
        assert all(space.holds(done.trial.parameters) for done in after[4:])

    def test_conditions_are_kept(self, searcher, search) -> None:
        space = nested_for(searcher)
        start = begun(searcher, search, space, 13)
        history = search(searcher, space, objective).run(15 if slow(searcher) else 24, start)
        assert all(space.holds(done.trial.parameters) for done in history)
        shapes = {frozenset(done.trial.parameters) for done in history}
        assert len(shapes) >= 3 or slow(searcher) or paces(searcher)

    def test_every_combination_under_conditions_once(self, searcher, search) -> None:
        space = fit(searcher, NESTED.fix({"depth": 1}) if not slow(searcher) else NESTED.fix({"optimizer": "adam"}))
        history = search(searcher, space, objective).run(1000)
        assert len(set(keys(history))) == len(history)
        if not paces(searcher):
            assert set(keys(history)) == {key(parameters) for parameters in space.grid()}
            assert len(history) == (2 if slow(searcher) else 6)

    def test_priors(self, searcher, search) -> None:
        stepped = {name: item for name, item in PRIORS.items() if name in {"epochs", "units"}}
        space = fit(searcher, stepped if searcher.FINITE else PRIORS)
        start = begun(searcher, search, space, 12)
        for done in search(searcher, space, objective).run(14 if slow(searcher) else 20, start):
            assert space.holds(done.trial.parameters)

    def test_a_partial_set_is_completed(self, searcher, search) -> None:
        space = nested_for(searcher)
        history = search(random_search, space, objective).run(13)
        held = {"depth": 2, "optimizer": "sgd", "momentum": 0.7}
        proposal = search(searcher, space.fix(held), objective).propose(history)
        assert held.items() <= proposal.items()
        assert space.fix(held).holds(proposal)
