from __future__ import annotations

import itertools
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textclf_sweep.definition.space import Categorical, Condition, Constant, Range, SearchSpace
from textclf_sweep.definition.types import SweepDefinition

pytestmark = pytest.mark.unit
Read = Callable[..., SweepDefinition]
Problem = Callable[..., str]
SGD = {"momentum": (Condition("optimizer", ("sgd",)),)}
OPTIMIZERS = "optimizer: {values: [adam, sgd]}"


def conditions(read: Read, parameters: str) -> dict[str, tuple[Condition, ...]]:
    return dict(read(f"parameters: {{{parameters}}}").searches[0].space.conditions)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        (OPTIMIZERS, SGD), (f"{OPTIMIZERS}, momentum: 0.5", SGD), ("optimizer: sgd", {}), ("optimizer: adam", {}),
        ("dropout: {value: 0.5, when: {depth: [2, 3]}}, depth: {min: 1, max: 4}",
         {"dropout": (Condition("depth", (2, 3)),)}),
        ("dropout: {min: 0, max: 0.5, when: {depth: 2.0}}, depth: 2", {}),
        ("dropout: {value: 0.5, when: {depth: [1, 2, 3, 4]}}, depth: {min: 1, max: 4}", {}),
        ("dropout: {value: 0.5, when: {bidirectional: true}}, bidirectional: {values: [true, false]}",
         {"dropout": (Condition("bidirectional", (True,)),)}),
        (f"{OPTIMIZERS}, shift: {{value: 1, when: {{momentum: 0.5}}}}, momentum: {{values: [0.5, 0.9]}}",
         {**SGD, "shift": (Condition("momentum", (0.5,)),)}),
        (f"{OPTIMIZERS}, shift: {{value: 1, when: {{momentum: 0.5}}}}, momentum: 0.5",
         {**SGD, "shift": (Condition("momentum", (0.5,)),)}),
        ("optimizer: {values: [adam, sgd, rmsprop]}, momentum: {value: 0.5, when: {optimizer: [sgd, adam]}}", SGD),
        (f"{OPTIMIZERS}, depth: {{values: [1, 2]}}, momentum: {{value: 0.5, when: {{depth: 2}}}}",
         {"momentum": (Condition("optimizer", ("sgd",)), Condition("depth", (2,)))}),
    ],
)  # fmt: skip
def test_conditions_are_those_that_hold_sometimes(
    read: Read, parameters: str, expected: dict[str, tuple[Condition, ...]]
) -> None:
    assert conditions(read, parameters) == expected


def test_what_can_never_be_there_is_left_out(read: Read) -> None:
    assert "momentum" not in dict(read("parameters: {}").searches[0].space.distributions)
    assert read("parameters: {optimizer: sgd}").searches[0].space.constants["momentum"] == 0.9


def test_a_constant_stays_conditional(read: Read) -> None:
    space = read(f"parameters: {{{OPTIMIZERS}, momentum: 0.5}}").searches[0].space
    assert dict(space.distributions)["momentum"] == Constant(0.5)
    assert "momentum" not in space.active({**space.constants, "optimizer": "adam"})


@pytest.mark.parametrize(
    ("parameters", "key", "words"),
    [
        ("momentum: 0.5", "momentum", "momentum means nothing while optimizer is adam"),
        ("momentum: 0.5, optimizer: {values: [adam, rmsprop]}", "momentum", "optimizer is adam or rmsprop"),
        ("shift: {value: 1, when: {momentum: 0.9}}", "shift.when.momentum", "it is never there"),
        ("shift: {value: 1, when: {optimizer: sgd}}", "shift.when.optimizer", "list sgd in parameters.optimizer"),
        ("shift: {value: 1, when: {optimizer: sdg}}", "shift.when.optimizer", "did you mean sgd?"),
        ("shift: {value: 1, when: {optimizer: [adam, 3]}}", "shift.when.optimizer[1]", "one of adam"),
        ("shift: {value: 1, when: {optimizer: []}}", "shift.when.optimizer", "the list is empty"),
        ("shift: {value: 1, when: {optimizr: sgd}}", "shift.when.optimizr", "did you mean optimizer?"),
        ("shift: {value: 1, when: {filters: 3}}", "shift.when.filters", "there is no parameter 'filters' beside shift"),
        ("shift: {value: 1, when: {shift: 1}}", "shift.when.shift", "depends on itself"),
        ("shift: {value: 1, when: {}}", "shift.when", "it is empty"),
        ("shift: {value: 1, when: sgd}", "shift.when", "optimizer: sgd"),
        ("shift: {value: 1, when: {architecture: cnn}}", "shift.when.architecture", "one of lstm"),
        ("shift: {value: 1, when: {dropout: 0.1}}, dropout: {min: 0, max: 0.5}", "shift.when.dropout", "continuous"),
        ("shift: {value: 1, when: {units: 3}}, units: {min: 4, max: 5}", "shift.when.units", "it is 4 to 5"),
        ("shift: {value: 1, when: {units: 1}}, units: {value: 1, when: {shift: 1}}", "shift.when",
         "in a circle: shift -> units -> shift"),
        (f"{OPTIMIZERS.replace(']', ', rmsprop]')}, momentum: {{value: 0.5, when: {{optimizer: [adam, rmsprop]}}}}",
         "momentum.when", "exclude each other"),
        (f"{OPTIMIZERS}, shift: {{value: 1, when: {{optimizer: adam, momentum: 0.9}}}}", "shift.when",
         "exclude each other, so shift is never there"),
        ("optimizer: {value: sgd, when: {momentum: 0.9}}", "optimizer.when", "momentum -> optimizer -> momentum"),
        ("shift: {when: {optimizer: adam}}", "shift", "says nothing about the values"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_condition_is_said_once(problem: Problem, parameters: str, key: str, words: str) -> None:
    message = problem(f"parameters: {{{parameters}}}")
    assert message.startswith(f"sweeps/lstm.yaml:4 parameters.{key}: ")
    assert words in message


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("{momentum: 0.5}", "add optimizer: sgd"),
        ("{momentum: 0.5, optimizer: adam}", "momentum is there only while optimizer is sgd, but here it is adam"),
    ],
)
def test_an_enqueued_set_has_what_its_parameters_need(problem: Problem, entry: str, words: str) -> None:
    message = problem(f"parameters: {{{OPTIMIZERS}, momentum: {{min: 0, max: 0.9}}}}\nenqueue: [{entry}]")
    assert message.startswith("sweeps/lstm.yaml:5 enqueue[0].momentum: ")
    assert words in message


def test_conditions_hold_in_enqueued_sets_that_are_accepted(read: Read, problem: Problem) -> None:
    text = f"parameters: {{{OPTIMIZERS}, shift: {{values: [1, 2], when: {{momentum: 0.9}}}}}}\n"
    found = read(text + "enqueue: [{optimizer: sgd, shift: 3}, {optimizer: adam}]").searches[0]
    assert found.enqueue == ({"optimizer": "sgd", "shift": 3.0}, {"optimizer": "adam"})
    assert "shift is there only while optimizer is sgd" in problem(text + "enqueue: [{optimizer: adam, shift: 1}]")


def test_what_is_not_in_the_sweep_cannot_be_enqueued(problem: Problem) -> None:
    assert "momentum is not in this sweep" in problem("parameters: {}\nenqueue: [{momentum: 0.5}]")


@st.composite
def spaces(draw: st.DrawFn) -> SearchSpace:
    distributions = {
        name: draw(
            st.sampled_from(
                (Constant(1), Categorical((1, 2)), Categorical((1, 2, 3), (0.5, 0.25, 0.25)), Range(1, 3, integer=True))
            )
        )
        for name in "abcde"
    }
    found = {}
    for child, parents in zip("bcde", itertools.accumulate("abcd"), strict=True):
        chosen = draw(st.lists(st.sampled_from(parents), unique=True, max_size=2))
        if chosen:
            values = st.lists(st.integers(1, 5), min_size=1, max_size=3, unique=True).map(tuple)
            found[child] = tuple(Condition(parent, draw(values)) for parent in chosen)
    return SearchSpace.of(distributions, found)


@settings(deadline=None)
@given(spaces())
def test_the_size_is_what_the_grid_has(space: SearchSpace) -> None:
    members = list(space.grid())
    assert space.size == len(members) == len({tuple(sorted(member.items())) for member in members})
    assert all(space.holds(member) for member in members)


def test_the_size_of_a_large_entangled_space_is_known_at_once() -> None:
    names = [f"p{number:02}" for number in range(20)]
    distributions = {name: Range(0, 10**9, integer=True) for name in names}
    held = {
        child: tuple(Condition(parent, tuple(range(index, 100 + index))) for parent in names[:10])
        for index, child in enumerate(names[10:])
    }
    started = time.perf_counter()
    size = SearchSpace.of(distributions, held).size
    assert time.perf_counter() - started < 5
    assert size is not None
    assert size > 10 ** (9 * 10)
