from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import pytest

from textclf_sweep.definition.space import Categorical, Constant, Distribution, Range
from textclf_sweep.definition.types import SweepDefinition

pytestmark = pytest.mark.unit
Read = Callable[..., SweepDefinition]
Problem = Callable[..., str]


@pytest.mark.parametrize(
    ("name", "entry", "distribution"),
    [
        ("dropout", "0.3", Constant(0.3)), ("dropout", "0", Constant(0.0)), ("dropout", "{value: 0}", Constant(0.0)),
        ("units", "{value: 64.0, distribution: constant}", Constant(64)), ("optimizer", "sgd", Constant("sgd")),
        ("bidirectional", "true", Constant(True)), ("bidirectional",
        "{values: [true, false]}", Categorical((True, False))),
        ("dropout", "{values: [0, 0.5]}", Categorical((0.0, 0.5))), ("dropout", "{values: [0.5]}", Constant(0.5)),
        ("units", "{values: [1, 2], probabilities: [0.25, 0.75]}", Categorical((1, 2), (0.25, 0.75))),
        ("units", "{values: [1, 2], distribution: categorical}", Categorical((1, 2))),
        ("units", "{values: [1, 2, 3], probabilities: [0.25, 0, 0.75]}", Categorical((1, 3), (0.25, 0.75))),
        ("units", "{values: [1, 2], probabilities: [0, 1]}", Constant(2)),
        ("units", "{values: [1, 2], probabilities: [-0.0, 1.0]}", Constant(2)),
        ("units", "{min: 1, max: 9}", Range(1, 9, integer=True)), ("units", "{min: 3, max: 3}", Constant(3)),
        ("units", "{min: 1, max: 9, distribution: int_uniform}", Range(1, 9, integer=True)),
        ("units", "{min: 1, max: 9, distribution: uniform}", Range(1, 9, integer=True)),
        ("units", "{min: 32, max: 256, q: 32}", Range(32, 256, integer=True, step=32)),
        ("units", "{min: 1, max: 9, distribution: q_uniform}", Range(1, 9, integer=True, step=1)),
        ("units", "{min: 1, max: 9, distribution: log_uniform_values}", Range(1, 9, integer=True, log=True)),
        ("dropout", "{min: 0, max: 0.9}", Range(0.0, 0.9)), ("shift", "{min: 0, max: 1}", Range(0.0, 1.0)),
        ("dropout", "{min: 0, max: 0.5, q: 0.1}", Range(0.0, 0.5, step=0.1)),
        ("dropout", "{min: 0, max: 0.5, q: 0.1, distribution: q_uniform}", Range(0.0, 0.5, step=0.1)),
        ("learning_rate", "{min: 1e-5, max: 1, distribution: log_uniform_values}", Range(1e-5, 1.0, log=True)),
        ("learning_rate", "{min: 1e-3, max: 1e-1, q: 1e-3, distribution: q_log_uniform_values}",
         Range(1e-3, 1e-1, log=True, step=1e-3)),
        ("learning_rate", "{min: -9, max: -2, distribution: log_uniform}", Range(math.exp(-9), math.exp(-2), log=True)),
        ("learning_rate", "{min: -9, max: 0, q: 0.1, distribution: q_log_uniform}",
         Range(math.exp(-9), 1.0, log=True, step=0.1)),
    ],
)  # fmt: skip
def test_entries_become_distributions_of_the_parameters_own_type(
    read: Read, name: str, entry: str, distribution: Distribution
) -> None:
    found = dict(read(f"parameters:\n  {name}: {entry}").searches[0].space.distributions)[name]
    assert found == distribution
    assert repr(found) == repr(distribution)  # 1 is not 1.0


@pytest.mark.parametrize(
    ("name", "entry", "key", "words"),
    [
        ("dropout", "{min: 0, max: 1}", ".max", "a number >= 0 and < 1"), ("dropout", "2", "", "a number >= 0 and < 1"),
        ("dropout", "{value: x}", ".value", "a number"), ("dropout", "", "", "write a value"),
        ("dropout", "[0.1, 0.2]", "", "{values: [...]}"), ("dropout", "{}", "", "says nothing about the values"),
        ("dropout", "{distribution: uniform}", "", "says nothing about the values"),
        ("dropout", "{min: 0}", "", "max is missing"), ("dropout", "{max: 0.3}", "", "min is missing"),
        ("dropout", "{min: 0.5, max: 0.1}", "", "swap them"), ("dropout", "{min: .nan, max: 0.1}", ".min", "a number"),
        ("dropout", "{min: -.inf, max: 0.1}", ".min", "a number"), ("dropout", "'0.3'", "",
        "write 0.3, without quotes"),
        ("dropout", "{value: 0.1, values: [0.1]}", "", "both value and values"),
        ("dropout", "{min: 0, max: 0.1, values: [0.1]}", "", "both values and min, max"),
        ("dropout", "{values: []}", ".values", "the list is empty"), ("dropout", "{values: 0.1}", ".values", "no list"),
        ("dropout", "{values: [0.1, 0.1]}", ".values", "stands in the list twice"),
        ("dropout", "{values: [0, 0.0]}", ".values", "twice"), ("dropout", "{values: [0.1, 3]}", ".values[1]", "< 1"),
        ("dropout", "{values: [0.1, [0.2]]}", ".values[1]", "a number"),
        ("units", "{values: [1, 2.5]}", ".values[1]", "a whole number"), ("units", "0", "", ">= 1"),
        ("units", "{min: 1, max: 9.5}", ".max", "a whole number"), ("units", "true", "", "a whole number"),
        ("units", "{values: [1, 2], probabilities: [0.5, 0.6]}", ".probabilities", "sum to 1.1"),
        ("units", "{values: [1, 2], probabilities: [1]}", ".probabilities", "2 numbers"),
        ("units", "{values: [1, 2], probabilities: [2, -1]}", ".probabilities", "from 0 to 1"),
        ("units", "{values: [1, 2], probabilities: 1}", ".probabilities", "2 numbers"),
        ("units", "{value: 1, probabilities: [1]}", ".probabilities", "beside values"),
        ("units", "{values: [1, 2], q: 2}", ".q", "beside min and max"),
        ("units", "{min: 1, max: 9, q: 0}", ".q", "> 0"), ("units", "{min: 1, max: 9, q: 0.5}", ".q", "whole number"),
        ("units", "{min: 1, max: 9, q: 20}", ".q", "wider than the range"),
        ("shift", "{min: 0, max: 1, q: 1e-12}", ".q", "a larger q"),
        ("shift", "{min: 0, max: 0.5, distribution: q_uniform}", "", "q=1 is wider"),
        ("dropout", "{min: 0, max: 0.5, distribution: uniform, q: 0.1}", ".q", "distribution: q_uniform"),
        ("dropout", "{min: 0, max: 0.5, distribution: log_uniform_values}", ".min", "cannot begin at 0"),
        ("dropout", "{min: 0, max: 0.5, distribution: int_uniform}", ".distribution", "distribution: uniform"),
        ("dropout", "{min: 0, max: 0.5, distribution: triangular}", ".distribution", "one of constant, categorical"),
        ("dropout", "{min: 0, max: 0.5, distribution: [uniform]}", ".distribution", "a list is not supported"),
        ("dropout", "{min: 0, max: 0.5, distribution: categorical}", ".distribution", "does not go with min, max"),
        ("dropout", "{values: [0.5], distribution: uniform}", ".distribution", "does not go with values"),
        ("dropout", "{min: 0, max: 0.5, mu: 0.1}", ".mu", "mu beside distribution: normal"),
        ("dropout", "{low: 0, max: 0.5, min: 0}", ".low", "did you mean min?"),
        ("learning_rate", "{min: 1e-4, max: 1e-2, distribution: log_uniform}", "", "distribution: log_uniform_values"),
        ("learning_rate", "{min: 1e-4, max: 1e-2, distribution: q_log_uniform, q: 1e-4}", "", "q_log_uniform_values"),
        ("learning_rate", "{min: 0, max: 0.1, distribution: log_uniform}", "", "searches from 1 to 1.11"),
        ("learning_rate", "{min: 0, max: 0.1, distribution: q_log_uniform}", "", "to search from a min above 0 to 0.1"),
        ("learning_rate", "{min: 0, max: 0, distribution: log_uniform}", "", "at least one of them negative"),
        ("dropout", "{min: -2, max: 3, distribution: log_uniform}", "", "searches from 0.135 to 20.1"),
        ("learning_rate", "{min: -5000, max: 2, distribution: log_uniform}", ".min", ">= -690"),
        ("units", "{min: -1, max: 3, distribution: log_uniform}", ".distribution", "log_uniform_values"),
        ("optimizer", "adamm", "", "did you mean adam?"), ("optimizer", "{values: [adam, SGD]}", ".values[1]",
        "mean sgd?"),
        ("optimizer", "{min: 1, max: 2}", "", "{values: [adam, rmsprop, sgd]}"),
        ("bidirectional", "{min: 0, max: 1}", "", "{values: [true, false]}"), ("bidirectional", "no", "",
        "write false"),
        ("dropout", "{parameters: {rate: {value: 1}}}", "", "nested"),
        ("shift", "1e400", None, "too large"), ("shift", "&a 3", None, "an anchor"), ("shift",
        "{min: !!int 3, max: 4}", None, "a tag"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_entry_is_said_once(
    problem: Problem, name: str, entry: str, key: str | None, words: str
) -> None:
    message = problem(f"parameters:\n  {name}: {entry}")
    path = "" if key is None else f" parameters.{name}{key}"
    assert message.startswith(f"sweeps/lstm.yaml:5{path}: ")
    assert words in message


@pytest.mark.parametrize(
    ("foreign", "ours"),
    [
        ("lr", "learning_rate"), ("learningRate", "learning_rate"), ("learning-rate", "learning_rate"),
        ("hidden_size", "units"), ("hidden_units", "units"), ("num_layers", "depth"), ("n_layers", "depth"),
        ("dropout_rate", "dropout"), ("optimiser", "optimizer"), ("batchsize", "batch_size"), ("num_epochs", "epochs"),
        ("dropot", "dropout"),
    ],
)  # fmt: skip
def test_names_of_other_tools_are_errors_that_name_ours(problem: Problem, foreign: str, ours: str) -> None:
    for text in (f"parameters: {{{foreign}: 1}}", f"enqueue: [{{{foreign}: 1}}]"):
        message = problem(text)
        assert f"lstm has no parameter '{foreign}'" in message
        assert f"did you mean {ours}?" in message


def test_another_architectures_parameter_is_named_as_such(problem: Problem) -> None:
    message = problem("parameters: {warmup: 0.2}")
    assert "'warmup' is a parameter of bert, not of lstm" in message
    assert "architecture: bert" in message


GRID = "architecture: lstm\nmethod: grid\ndata: {source: uci_news}\n"


def test_a_grid_needs_values(read: Read, problem: Problem) -> None:
    assert "list" in (message := problem(GRID + "parameters:\n  dropout: {min: 0, max: 0.5}", whole=True))
    assert message.startswith("sweeps/lstm.yaml:5 parameters.dropout: a grid cannot enumerate dropout")
    assert problem(GRID, whole=True).startswith("sweeps/lstm.yaml:2 method: a grid cannot enumerate learning_rate")
    assert read(GRID + "parameters: {dropout: {min: 0, max: 0.5, q: 0.1}}", whole=True).searches[0].space.size == 6
    assert read(GRID + "parameters: {depth: {min: 1, max: 16}}", whole=True).searches[0].space.size == 16


def test_an_enormous_grid_needs_a_cap(read: Read, problem: Problem) -> None:
    text = GRID + "parameters: {units: {min: 1, max: 1000}, epochs: {min: 1, max: 1000}}\n"
    assert "the grid has 1,000,000 parameter sets" in problem(text, whole=True)
    assert read(text + "run_cap: 10", whole=True).searches[0].space.size == 10**6
    long = GRID + "parameters: {units: {min: 1, max: 9007199254740991}}\n"
    assert "the grid has more than 10^15 parameter sets" in problem(long, whole=True)
    space = read(long + "run_cap: 3", whole=True).searches[0].space
    assert [chosen["units"] for chosen in itertools.islice(space.grid(), 3)] == [1, 2, 3]


def test_what_has_no_chance_is_no_value(read: Read, problem: Problem) -> None:
    text = "parameters: {optimizer: {values: [adam, sgd, rmsprop], probabilities: [0.5, 0, 0.5]}"
    space = read(text + "}").searches[0].space
    assert space.size == 2
    assert "momentum" not in dict(space.distributions)
    assert "momentum means nothing while optimizer is adam or rmsprop" in problem(text + ", momentum: 0.5}")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("{lstm: {parameters: {units: {value: 3}, depth: {value: 2}}}}", "write lstm: {units: {...}, depth: {...}}"),
        ("{parameters: {units: {value: 3}}}", "write parameters: {units: {...}}"),
        ("{model: {parameters: {units: {value: 3}}}}", "write parameters: {units: {...}}"),
        ("{lstm: {model: {parameters: {units: 3}}}}", "write parameters: {units: {...}}"),
        ("{parameters: 3}", "write parameters: {...: {...}}"),
    ],
)
def test_nested_parameters_are_shown_flat(problem: Problem, text: str, hint: str) -> None:
    message = problem(f"parameters: {text}")
    assert "nested `parameters` are not supported" in message
    assert hint in message


def test_enqueued_sets_may_leave_the_range_but_not_what_is_valid(read: Read) -> None:
    found = read("parameters: {dropout: {min: 0, max: 0.2}, units: 64}\nenqueue: [{dropout: 0.9}, {units: 64.0}]")
    assert found.searches[0].enqueue == ({"dropout": 0.9}, {"units": 64})


@pytest.mark.parametrize(
    ("entry", "key", "words"),
    [
        ("{dropout: 1}", "enqueue[0].dropout", "< 1"), ("{optimizer: adm}", "enqueue[0].optimizer", "mean adam?"),
        ("{units: 32}", "enqueue[0].units", "differs from the one value units has"),
        ("{dropout: {value: 0.1}}", "enqueue[0].dropout", "a number"),
        ("{warmup: 0.1}", "enqueue[0].warmup", "is a parameter of bert"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_enqueued_set_is_said(problem: Problem, entry: str, key: str, words: str) -> None:
    parameters = "parameters: {dropout: {min: 0, max: 0.2}, units: 64, optimizer: {values: [adam, sgd]}}"
    message = problem(f"{parameters}\nenqueue: [{entry}]")
    assert message.startswith(f"sweeps/lstm.yaml:5 {key}: ")
    assert words in message


def test_truth_is_no_number_in_an_enqueued_set(problem: Problem) -> None:
    assert "true" in problem("enqueue: [{bidirectional: 1}]")
