from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from textclf_sweep.definition.space import Categorical, Constant, Range
from textclf_sweep.definition.types import SweepDefinition

pytestmark = pytest.mark.unit
Read = Callable[..., SweepDefinition]
Problem = Callable[..., str]


def test_one_value_is_replaced_and_the_rest_stays(read: Read) -> None:
    text = "parameters: {dropout: {min: 0, max: 0.5}, units: 32}\nrun_cap: 3\n"
    found = read(text, "parameters.dropout.max=0.2", "run_cap=20", "metric.name=val_loss", "seed=1", "seed=2")
    assert dict(found.searches[0].space.distributions)["dropout"] == Range(0.0, 0.2)
    assert (found.run_cap, found.metric.name, found.seed) == (20, "val_loss", 2)
    assert found.searches[0].space.constants["units"] == 32


def test_values_are_read_as_in_the_file(read: Read) -> None:
    found = read(
        "", "parameters.learning_rate=1e-3", "parameters.units={values: [1, 2]}", "early_stopping=false",
        "enqueue=[{depth: 2}]", 'description="a: b=c"',
    )  # fmt: skip
    distributions = dict(found.searches[0].space.distributions)
    assert distributions["learning_rate"] == Constant(0.001)
    assert distributions["units"] == Categorical((1, 2))
    assert (found.early_stopping, found.description, found.searches[0].enqueue) == (None, "a: b=c", ({"depth": 2},))


def test_holding_one_parameter_leaves_the_others_searched(read: Read) -> None:
    assert list(read("", "parameters.learning_rate=0.1").searches[0].space.searched) == ["batch_size", "depth"]
    assert list(read("", "parameters={depth: {values: [1, 2]}}").searches[0].space.searched) == ["depth"]


def test_text_needs_no_quotes_on_a_command_line(read: Read) -> None:
    found = read("", "name=2024", "data={path: a.csv}", "data.label=1")
    assert (found.name, found.data.label) == ("2024", "1")


def test_relative_paths_start_from_the_current_folder(read: Read) -> None:
    text = "architecture: lstm\nmethod: random\ndata: {path: t.csv}"
    assert read(text, whole=True).data.path == str(Path.cwd() / "sweeps" / "t.csv")
    assert read(text, "data.path=t.csv", whole=True).data.path == str(Path.cwd() / "t.csv")
    assert read(text, "data={path: t.csv}", whole=True).data.path == str(Path.cwd() / "t.csv")


def test_null_sections_can_be_filled(read: Read) -> None:
    assert read("early_stopping:\n", "early_stopping.patience=9").early_stopping is not None


@pytest.mark.parametrize(
    ("override", "start", "words"),
    [
        ("run_cap=0", "--set run_cap: 0 is not valid", "a whole number >= 1"),
        ("runcap=3", "--set runcap: there is no key 'runcap'", "did you mean run_cap?"),
        ("parameters.lr=1", "--set parameters.lr: ", "did you mean learning_rate?"),
        ("parameters.dropout={min: 0, max: 1}", "--set parameters.dropout parameters.dropout.max: 1", "< 1"),
        ("run_cap", "--set: 'run_cap' is no assignment", "key=value"),
        ("=3", "--set: '=3' is no assignment", "key=value"),
        ("a..b=3", "--set: ", "key=value"), ("a\nb=3", "--set: ", "key=value"),
        ("run_cap.x=3", "--set run_cap.x: run_cap is 5 and has no key 'x'", "--set run_cap=..."),
        ("run_cap=[1", "--set run_cap: this is not YAML", "bracket"),
        ("run_cap=a: 1", "--set run_cap: a list or mapping without brackets", "in quotes"),
        ("run_cap=&x 3", "--set run_cap: an anchor", "delete it"),
        ("run_cap=1e400", "--set run_cap: the number 1e400 is too large", "whole numbers up to"),
        ("run_cap=\0", "--set run_cap: the character U+0000", "delete it"),
        ("run_cap=\udcff", "--set run_cap: the character U+DCFF", "delete it"),
        ("run_cap=1\n---\n2", "--set run_cap: a second document", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_the_overrides_name(problem: Problem, override: str, start: str, words: str) -> None:
    message = problem("run_cap: 5\n", override)
    assert message.startswith(start)
    assert words in message


def test_one_architectures_parameter_is_replaced(read: Read) -> None:
    found = read("", "architecture=[lstm, cnn]", "parameters.cnn.filters=3", "run_cap.cnn=4")
    lstm, cnn = found.searches
    assert list(lstm.space.searched) == ["batch_size", "depth", "learning_rate"]
    assert list(cnn.space.searched) == ["batch_size", "learning_rate"]
    assert (cnn.space.constants["filters"], cnn.run_cap, lstm.run_cap) == (3, 4, None)
