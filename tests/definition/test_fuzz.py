"""No text whatsoever raises anything but a DefinitionError, and what is accepted is accepted alike every time."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from textclf_sweep.definition.catalogue import Catalogue
from textclf_sweep.definition.load import load
from textclf_sweep.definition.space import draw
from textclf_sweep.definition.types import SweepDefinition
from textclf_sweep.errors import DefinitionError

pytestmark = pytest.mark.unit
Try = Callable[..., SweepDefinition | None]

VALID = """\
architecture: lstm
method: grid
metric: {name: val_loss, goal: minimize, target: 0.1}
parameters:
  learning_rate: {values: [1e-4, 1e-3]}
  batch_size: {min: 32, max: 96, q: 32}
  optimizer: {values: [adam, sgd]}
  dropout: 0.5
  units:
    min: 1
    max: 5
run_cap: 20
data: {path: t.csv, text: body, validation: 0.2}
early_stopping: {patience: 2}
budget: {time: 1h30m}
enqueue:
  - {units: 3}
"""
SEVERAL = """\
architecture: [lstm, cnn]
method: bayes
sampler: tpe
parameters:
  learning_rate: {distribution: log_normal, mu: -6, sigma: 1}
  optimizer: {values: [adam, sgd]}
  momentum: {min: 0.5, max: 0.9, count: 3, when: {batch_size: [32, 64]}}
  batch_size: {values: [32, 64, 128]}
  lstm:
    dropout: {distribution: beta, a: 2, b: 5}
    units: {min: 1, max: 5, when: {bidirectional: true}}
    bidirectional: {values: [true, false]}
  cnn: {filters: 5}
allocate: race
run_cap: 20
data: {source: uci_news, folds: 3}
early_terminate: {type: hyperband, min_iter: 3}
enqueue:
  - {architecture: lstm, units: 3, bidirectional: true}
  - {batch_size: 32, optimizer: sgd, momentum: 0.6}
"""
PIECES = (
    "[", "]", "{", "}", ":", ": ", ",", "-", "- ", "\n", "\n  ", "\t", "&a ", "*a", "<<: ", "!!int ", "'", '"', "|",
    ">",
    "#", "%", "@", "null", "1e999", "1e-999", "-1", "0", ".inf", ".nan", "true", "\0", "\ud800", "\u2028", "\x85",
    "\ufeff",
    "? ", "---\n", "...\n", "9" * 400, "0x", "é", "\\", '"\\ud800"', '"\\U00110000"', "min", "values",
    "log_uniform", "{}", "when", "lstm", "normal", "race",
)  # fmt: skip


@pytest.fixture(scope="module")
def attempt(catalogue: Catalogue) -> Try:
    def call(text: str | bytes, *overrides: str) -> SweepDefinition | None:
        try:
            return load(text, catalogue, path=Path("sweeps/a.yaml"), overrides=overrides)
        except DefinitionError as error:
            found = error
        assert found.problems
        assert all(problem.what and problem.where for problem in found.problems)
        return None

    return call


@given(text=st.text() | st.binary())
def test_any_text_is_accepted_or_refused(text: str | bytes, attempt: Try) -> None:
    assert attempt(text) is None


edits = st.tuples(st.integers(0, len(SEVERAL)), st.integers(0, 12), st.sampled_from(PIECES) | st.text(max_size=3))


@settings(deadline=None)  # the beta distribution takes its import
@given(text=st.sampled_from((VALID, SEVERAL)), changes=st.lists(edits, min_size=1, max_size=3))
@example(text=VALID, changes=[])
@example(text=SEVERAL, changes=[])
def test_a_damaged_definition_is_accepted_or_refused(
    text: str, changes: list[tuple[int, int, str]], attempt: Try
) -> None:
    for start, length, piece in changes:
        text = text[:start] + piece + text[start + length :]
    found = attempt(text)
    assert changes or found is not None
    if found is not None:
        assert attempt(text) == found
        assert json.dumps(found.identity())
        generator = random.Random(0)
        for search in found.searches:
            space = search.space
            whole = {name: draw(item, generator.random()) for name, item in space.distributions}
            assert space.holds(space.active(whole))


@given(override=st.text("abcdefmnoprstu._=[]{}:,0123 \n'\"&*", max_size=30) | st.text(max_size=20))
def test_any_override_is_accepted_or_refused(override: str, attempt: Try) -> None:
    attempt(VALID, override)
    attempt(VALID, f"parameters.units={override}")
    attempt(VALID, f"{override}=1")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
PATHS = (
    "architecture", "method", "metric", "metric.name", "metric.goal", "metric.target", "parameters", "parameters.units",
    "parameters.units.min", "parameters.units.max", "parameters.units.q", "parameters.units.distribution",
    "parameters.learning_rate.values", "parameters.optimizer.probabilities", "parameters.dropout", "run_cap", "data",
    "data.path", "data.source", "data.text", "data.validation", "data.delimiter", "early_stopping", "budget.time",
    "enqueue", "name", "description", "seed", "workers", "engine", "program", "early_terminate", "sampler", "library",
    "allocate", "parameters.optimizer.when", "parameters.dropout.when", "parameters.momentum", "parameters.lstm",
    "parameters.units.when.optimizer", "parameters.units.count", "parameters.units.mu", "data.folds", "budget.patience",
)  # fmt: skip


@given(text=st.sampled_from((VALID, SEVERAL)), path=st.sampled_from(PATHS), value=json_values)
def test_any_value_at_any_key_is_accepted_or_refused(text: str, path: str, value: Any, attempt: Try) -> None:
    document: dict[str, Any] = json.loads(json.dumps(yaml.safe_load(text)))
    *above, last = path.split(".")
    inner = document
    for name in above:
        inner = inner.setdefault(name, {}) if isinstance(inner, dict) else {}
    if isinstance(inner, dict):
        inner[last] = value
    attempt(json.dumps(document))
    attempt(json.dumps(document, ensure_ascii=False))


@pytest.mark.parametrize(
    "text",
    [
        "[" * 60_000, "{" * 60_000, "a: " + "[" * 60_000, "- " * 30_000, "? " * 30_000, "{a: " * 15_000,
        "architecture: " + "9" * 60_000, "a: 1e" + "9" * 60_000, "a: 0x" + "f" * 60_000, "a: -" + "0" * 60_000,
        "%YAML 1." + "9" * 5000 + "\n---\na: 1", "a: '" + "x" * 60_000, "a: " + "x " * 30_000,
        "parameters: {units: {values: [" + "1, " * 20_000 + "]}}", "a: 1\n" * 9_000, ",".join(["{a: 1}"] * 8_000),
        "a: [" + ",".join(["&a *a"] * 9_000), "\0" * 60_000, "\n" * 60_000, "#" * 60_000, "-\n" * 30_000,
        "&a " * 20_000, "!" * 60_000, "\ufeff" * 9, "a: |\n" + " x\n" * 20_000, '"' + "\\" * 60_001,
        f"name: {'x' * 60_000}\n", f"{'x' * 60_000}: 1\n",
        "parameters: {" + ", ".join(f"p{n}: 1" for n in range(4000)) + "}",
        "a" * 100_000_000,
    ],
    ids=lambda text: ascii(text[:24]),
)  # fmt: skip
def test_malicious_texts_are_refused(text: str, attempt: Try) -> None:
    assert attempt(text) is None


def test_endless_override_paths_are_refused(attempt: Try) -> None:
    assert attempt(VALID, ".".join(["a"] * 50_000) + "=1") is None
