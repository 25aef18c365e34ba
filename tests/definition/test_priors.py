from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textclf_sweep.definition.space import Beta, Categorical, Constant, Distribution, Normal, Range, contains, draw
from textclf_sweep.definition.types import SweepDefinition
from textclf_sweep.errors import DefinitionError

pytestmark = pytest.mark.unit
Read = Callable[..., SweepDefinition]
Problem = Callable[..., str]
BELOW_ONE = math.nextafter(1, 0)


def distribution(read: Read, name: str, entry: str) -> Distribution:
    return dict(read(f"parameters:\n  {name}: {entry}").searches[0].space.distributions)[name]


@pytest.mark.parametrize(
    ("name", "entry", "expected"),
    [
        ("shift", "{distribution: normal}", Range(-8.0, 8.0, prior=Normal(0, 1))),
        ("shift", "{distribution: normal, mu: 3, sigma: 0.5}", Range(-1.0, 7.0, prior=Normal(3, 0.5))),
        ("shift", "{distribution: normal, min: -1, max: 2}", Range(-1.0, 2.0, prior=Normal(0, 1))),
        ("shift", "{distribution: q_normal}", Range(-8.0, 8.0, step=1, prior=Normal(0, 1))),
        ("shift", "{distribution: q_normal, q: 3}", Range(-6.0, 6.0, step=3, prior=Normal(0, 1))),
        ("dropout", "{distribution: normal, mu: 0.5, sigma: 0.1}", Range(0.0, BELOW_ONE, prior=Normal(0.5, 0.1))),
        ("dropout", "{distribution: q_normal, mu: 0.5, sigma: 0.1, q: 0.1}",
         Range(0.0, 0.9, step=0.1, prior=Normal(0.5, 0.1))),
        ("units", "{distribution: normal, mu: 64, sigma: 8}", Range(1, 128, integer=True, prior=Normal(64, 8))),
        ("units", "{distribution: q_normal, mu: 64, sigma: 16, q: 32}",
         Range(32, 192, integer=True, step=32, prior=Normal(64, 16))),
        ("units", "{distribution: normal, mu: 64, sigma: 0.01}", Constant(64)),
        ("learning_rate", "{distribution: log_normal, mu: -6}",
         Range(math.exp(-14), math.exp(2), log=True, prior=Normal(-6, 1))),
        ("learning_rate", "{distribution: q_log_normal, mu: -6, q: 0.001}",
         Range(0.001, 7.389, log=True, step=0.001, prior=Normal(-6, 1))),
        ("units", "{distribution: log_normal, mu: 4, sigma: 0.5}",
         Range(1, math.floor(math.exp(8)), integer=True, log=True, prior=Normal(4, 0.5))),
        ("shift", "{distribution: beta}", Range(0.0, 1.0, prior=Beta(1, 1))),
        ("dropout", "{distribution: beta, a: 2, b: 5}", Range(0.0, BELOW_ONE, prior=Beta(2, 5))),
        ("dropout", "{distribution: q_beta, a: 2, b: 5, q: 0.25}", Range(0.0, 0.75, step=0.25, prior=Beta(2, 5))),
        ("dropout", "{distribution: beta, a: 2, b: 5, max: 0.4}", Range(0.0, 0.4, prior=Beta(2, 5))),
        ("learning_rate", "{distribution: inv_log_uniform_values, min: 0.001, max: 0.1}", Range(0.001, 0.1, log=True)),
        ("learning_rate", "{distribution: inv_log_uniform, min: 2, max: 9}",
         Range(math.exp(-9), math.exp(-2), log=True)),
        ("units", "{distribution: categorical_w_probabilities, values: [1, 2], probabilities: [0.5, 0.5]}",
         Categorical((1, 2), (0.5, 0.5))),
    ],
)  # fmt: skip
def test_every_distribution_of_weights_and_biases(read: Read, name: str, entry: str, expected: Distribution) -> None:
    found = distribution(read, name, entry)
    assert found == expected
    if isinstance(found, Range):
        assert type(found.low) is type(found.high) is (int if found.integer else float)


@pytest.mark.parametrize(
    ("name", "entry", "values"),
    [
        ("shift", "{min: 0, max: 1, count: 3}", (0.0, 0.5, 1.0)),
        ("shift", "{min: 0, max: 1, count: 11}", tuple(number / 10 for number in range(11))),
        ("units", "{min: 1, max: 9, count: 3}", (1, 5, 9)), ("units", "{min: 1, max: 3, count: 9}", (1, 2, 3)),
        ("units", "{min: 16, max: 256, count: 5, distribution: log_uniform_values}", (16, 32, 64, 128, 256)),
        ("learning_rate", "{min: 1e-4, max: 0.1, count: 4, distribution: log_uniform_values}", (1e-4, 1e-3, 1e-2, 0.1)),
        ("learning_rate", "{min: -9, max: -2, count: 2, distribution: log_uniform}", (math.exp(-9), math.exp(-2))),
        ("shift", "{distribution: normal, count: 3}", (-0.967421566102, 0.0, 0.967421566102)),
        ("dropout", "{distribution: beta, count: 2}", (0.25, 0.75)),
    ],
)  # fmt: skip
def test_count_makes_values_of_a_range(read: Read, name: str, entry: str, values: tuple[float, ...]) -> None:
    found = distribution(read, name, entry)
    assert isinstance(found, Categorical)
    assert found.values == pytest.approx(values, rel=1e-11)
    assert all(type(value) is (int if name == "units" else float) for value in found.values)


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("learning_rate", "{distribution: log_normal, mu: -6.9, sigma: 1}"),
        ("learning_rate", "{distribution: log_normal, mu: 0}"),
        ("learning_rate", "{distribution: normal, mu: 0.001, sigma: 0.001}"),
        ("shift", "{distribution: log_normal, mu: 0.5}"),
        ("units", "{distribution: log_normal, mu: 0.5}"),
        ("learning_rate", "{distribution: inv_log_uniform, min: 0, max: 9}"),
    ],
)
def test_what_may_be_meant_is_no_mistake(read: Read, name: str, entry: str) -> None:
    assert isinstance(distribution(read, name, entry), Range)


def test_count_makes_a_grid_of_a_range(read: Read, problem: Problem) -> None:
    grid = "architecture: lstm\nmethod: grid\ndata: {source: uci_news}\nparameters:\n  dropout: "
    assert "a number of values with count" in problem(f"{grid}{{min: 0, max: 0.5}}", whole=True)
    assert read(f"{grid}{{min: 0, max: 0.5, count: 6}}", whole=True).searches[0].space.size == 6
    assert problem(f"{grid}{{distribution: beta}}", whole=True).startswith(
        "sweeps/lstm.yaml:5 parameters.dropout: a grid cannot"
    )


@pytest.mark.parametrize(
    ("name", "entry", "key", "words"),
    [
        ("dropout", "{distribution: normal, mu: 64, sigma: 8}", "", "of normal (mu 64, sigma 8) is valid"),
        ("dropout", "{distribution: normal, mu: 0.9, sigma: 0.1, max: 0.1}", "", "< 1, from 0 to 0.1"),
        ("dropout", "{distribution: log_normal, mu: 9}", "", "of log_normal (mu 9, sigma 1)"),
        ("shift", "{distribution: beta, min: 2}", "", "only 0 of beta"),
        ("shift", "{distribution: normal, sigma: 0}", ".sigma", "> 0"),
        ("shift", "{distribution: normal, sigma: -1}", ".sigma", "> 0"),
        ("shift", "{distribution: normal, mu: x}", ".mu", "a number"),
        ("shift", "{distribution: beta, a: 0}", ".a", "> 0"), ("shift", "{distribution: beta, b: -2}", ".b", "> 0"),
        ("shift", "{distribution: beta, mu: 1}", ".mu", "mu beside distribution: normal"),
        ("shift", "{distribution: normal, a: 1}", ".a", "a beside distribution: beta"),
        ("shift", "{distribution: normal, mean: 1}", ".mean", "did you mean mu?"),
        ("shift", "{mu: 1, sigma: 2}", "", "add distribution: normal"),
        ("shift", "{distribution: normal, values: [1]}", "", "both values and normal"),
        ("shift", "{distribution: normal, min: 2, max: 1}", "", "swap them"),
        ("shift", "{distribution: normal, q: 1}", ".q", "distribution: q_normal"),
        ("shift", "{distribution: q_normal, q: 0}", ".q", "> 0"),
        ("shift", "{distribution: q_normal, q: 1e-300}", ".q", "a larger q"),
        ("dropout", "{distribution: gaussian}", ".distribution", "did you mean normal?"),
        ("optimizer", "{distribution: normal}", "", "normal gives numbers, but optimizer is"),
        ("units", "{distribution: beta, a: 2, b: 2}", "", "of beta (a 2, b 2) is valid"),
        ("learning_rate", "{distribution: inv_log_uniform, min: 1e-4, max: 1e-2}", "", "inv_log_uniform_values"),
        ("learning_rate", "{distribution: inv_log_uniform, min: 0, max: 0.1}", "", "from 0.905 to 1"),
        ("learning_rate", "{distribution: log_normal, mu: 0.001, sigma: 0.001}", ".mu", "write mu: -6.908"),
        ("learning_rate", "{distribution: q_log_normal, mu: 0.01, q: 0.01}", ".mu", "mu of q_log_normal is the mean"),
        ("units", "{distribution: inv_log_uniform, min: 2, max: 3}", ".distribution", "inv_log_uniform_values"),
        ("learning_rate", "{distribution: inv_log_uniform_values, min: 0, max: 1}", ".min", "> 0"),
        ("shift", "{distribution: inv_log_uniform_values, min: 0, max: 1}", ".min", "cannot begin at 0"),
        ("shift", "{min: 0, max: 1, count: 1}", ".count", ">= 2"),
        ("shift", "{min: 0, max: 1, count: 1000000}", ".count", "<= 10000"),
        ("shift", "{min: 0, max: 9, q: 1, count: 3}", ".count", "count and q both"),
        ("shift", "{distribution: q_normal, count: 3}", ".count", "count and q both"),
        ("shift", "{values: [1, 2], count: 2}", ".count", "beside min and max"),
        ("shift", "{value: 1, count: 2}", ".count", "beside min and max"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_distribution_is_said_once(
    problem: Problem, name: str, entry: str, key: str, words: str
) -> None:
    message = problem(f"parameters:\n  {name}: {entry}")
    assert message.startswith(f"sweeps/lstm.yaml:5 parameters.{name}{key}: ")
    assert words in message


numbers = st.sampled_from((0, 1, -3, 0.5, 1e-9, 64, 1e300, -1e300, 690, 5e-324)) | st.floats(-100, 100)
entries = st.fixed_dictionaries(
    {"distribution": st.sampled_from(("normal", "q_normal", "log_normal", "q_log_normal", "beta", "q_beta"))},
    optional=dict.fromkeys(("mu", "sigma", "a", "b", "min", "max", "q"), numbers) | {"count": st.integers(1, 9)},
)


@settings(deadline=None)
@given(st.sampled_from(("shift", "dropout", "units", "learning_rate", "depth")), entries, st.integers(0, 99))
def test_what_is_accepted_draws_values_that_are_valid(
    read: Read, name: str, entry: dict[str, float | str], seed: int
) -> None:
    text = ", ".join(f"{key}: {value}" for key, value in entry.items())
    try:
        found = read(f"parameters:\n  {name}: {{{text}}}").searches[0]
    except DefinitionError:
        return
    item, generator = dict(found.space.distributions)[name], random.Random(seed)
    for _ in range(20):
        value = draw(item, generator.random())
        assert contains(item, value)
        assert isinstance(value, int if name in ("units", "depth") else float)
        assert float(value) < 1 or name != "dropout"
        assert float(value) > 0 or name in ("shift", "dropout")
    assert found.space.size != 0
