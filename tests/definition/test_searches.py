from __future__ import annotations

from collections.abc import Callable

import pytest

from textclf_sweep.definition.space import Categorical, Constant, Range
from textclf_sweep.definition.types import SweepDefinition

pytestmark = pytest.mark.unit
Read = Callable[..., SweepDefinition]
Problem = Callable[..., str]
Problems = Callable[..., list[str]]
BOTH = "architecture: [lstm, cnn]\nmethod: random\ndata: {source: uci_news}\n"


def test_each_architecture_has_its_own_search(read: Read) -> None:
    found = read(
        BOTH + "parameters:\n"
        "  learning_rate: {values: [0.1, 0.2]}\n"
        "  dropout: 0.3\n"
        "  units: {values: [8, 16]}\n"
        "  lstm: {dropout: {min: 0, max: 0.5}}\n"
        "  cnn: {filters: {values: [1, 2]}}\n",
        whole=True,
    )
    assert found.architectures == ("lstm", "cnn")
    lstm, cnn = (dict(search.space.distributions) for search in found.searches)
    assert lstm["learning_rate"] == cnn["learning_rate"] == Categorical((0.1, 0.2))
    assert (lstm["dropout"], cnn["dropout"]) == (Range(0.0, 0.5), Constant(0.3))
    assert lstm["units"] == Categorical((8, 16))
    assert cnn["filters"] == Categorical((1, 2))
    assert "units" not in cnn
    assert "filters" not in lstm
    assert found.searched == ("dropout", "learning_rate", "units", "filters")


def test_without_parameters_each_architectures_own_ranges_are_searched(read: Read) -> None:
    found = read(BOTH, whole=True)
    assert [list(search.space.searched) for search in found.searches] == [
        ["batch_size", "depth", "learning_rate"], ["batch_size", "filters", "learning_rate"],
    ]  # fmt: skip


def test_a_section_goes_with_one_architecture_too(read: Read) -> None:
    flat, nested = read("parameters: {units: 3}"), read("parameters: {lstm: {units: 3}}")
    assert flat == nested
    assert read("parameters: {units: 4, lstm: {units: 3}}") == flat


def test_a_list_of_one_is_that_one(read: Read) -> None:
    text = "architecture: [lstm]\nmethod: random\ndata: {source: uci_news}"
    assert read(text, whole=True) == read()


def test_a_shared_parameter_can_be_for_some_architectures_only(read: Read) -> None:
    text = "parameters:\n  dropout: {{min: 0, max: 0.5, when: {{architecture: {}}}}}\n  units: 3"
    lstm, cnn = read(BOTH + text.format("cnn"), whole=True).searches
    assert dict(cnn.space.distributions)["dropout"] == Range(0.0, 0.5)
    assert dict(lstm.space.distributions)["dropout"] == Constant(0.0)
    assert not {name for name, _ in cnn.space.conditions} - {"momentum"}
    lstm, cnn = read(BOTH + text.format("[cnn, lstm]"), whole=True).searches
    assert dict(lstm.space.distributions)["dropout"] == dict(cnn.space.distributions)["dropout"]


@pytest.mark.parametrize(
    ("text", "cap", "own"),
    [
        ("", None, [None, None]), ("run_cap: null", None, [None, None]), ("run_cap: 5", 10, [5, 5]),
        ("run_cap: {lstm: 12, cnn: 6}", 18, [12, 6]), ("run_cap: {cnn: 6}", None, [None, 6]),
        ("run_cap: {lstm: 2, cnn: null}", None, [2, None]),
        ("run_cap: 9\nallocate: race", 9, [None, None]), ("run_cap: 9\nallocate: each", 18, [9, 9]),
    ],
)  # fmt: skip
def test_the_cap_is_for_each_architecture_or_for_the_race(
    read: Read, text: str, cap: int | None, own: list[int | None]
) -> None:
    found = read(BOTH + text, whole=True)
    assert (found.run_cap, [search.run_cap for search in found.searches]) == (cap, own)


def test_one_architectures_cap_is_the_sweeps(read: Read) -> None:
    for text in ("run_cap: 5", "run_cap: {lstm: 5}"):
        found = read(text)
        assert (found.run_cap, found.searches[0].run_cap) == (5, 5)


def test_caps_are_free_to_change_and_sharing_is_not(read: Read) -> None:
    one = read(BOTH + "run_cap: 5", whole=True)
    assert read(BOTH + "run_cap: {lstm: 3, cnn: 9}", whole=True).hash() == one.hash()
    assert read(BOTH + "run_cap: 5\nallocate: race", whole=True).hash() != one.hash()


@pytest.mark.parametrize(
    ("more", "key", "words"),
    [
        ("parameters: {bert: {warmup: 0.1}}", "parameters.bert", "add bert to architecture"),
        ("parameters: {lstm: 3}", "parameters.lstm", "a mapping of lstm's parameters"),
        ("parameters: {lstm: {filters: 3}}", "parameters.lstm.filters", "is a parameter of cnn, not of lstm"),
        ("parameters: {lstm: {lr: 3}}", "parameters.lstm.lr", "did you mean learning_rate?"),
        ("parameters: {lr: 3}", "parameters.lr", "lstm or cnn has no parameter 'lr'"),
        ("parameters: {warmup: 0.2}", "parameters.warmup", "'warmup' is a parameter of bert, not of lstm or cnn"),
        ("parameters: {dropout: 3}", "parameters.dropout", "< 1"),
        ("parameters: {dropout: {value: 0.1, when: {architecture: cmn}}}",
         "parameters.dropout.when.architecture", "did you mean cnn?"),
        ("parameters: {dropout: {value: 0.1, when: {architecture: bert}}}",
         "parameters.dropout.when.architecture", "bert is not among the architectures"),
        ("parameters: {units: {value: 1, when: {architecture: cnn}}}",
         "parameters.units.when.architecture", "cnn has no parameter units"),
        ("parameters: {cnn: {filters: {value: 1, when: {architecture: lstm}}}}",
         "parameters.cnn.filters.when.architecture", "one of cnn"),
        ("run_cap: {gru: 3}", "run_cap.gru", "one of lstm, cnn"), ("run_cap: {lstm: 0}", "run_cap.lstm", ">= 1"),
        ("run_cap: {}", "run_cap", "it is empty"), ("run_cap: [3]", "run_cap", "a whole number"),
        ("allocate: race", "allocate", "there is no run_cap"), ("allocate: fair", "allocate", "one of each, race"),
        ("allocate: race\nrun_cap: {lstm: 3}", "run_cap", "one number for all"),
        ("allocate: race\nrun_cap: x", "run_cap", "a whole number"),
        ("enqueue: [{architecture: bert}]", "enqueue[0]", "it is empty"),
        ("enqueue: [{architecture: bert, dropout: 0.1}]", "enqueue[0].architecture", "one of lstm, cnn"),
        ("enqueue: [{architecture: cnn, units: 1}]", "enqueue[0].units", "is a parameter of lstm, not of cnn"),
        ("enqueue: [{units: 1, filters: 2}]", "enqueue[0]", "no architecture has all of units, filters"),
        ("enqueue: [{units: 1, lr: 2}]", "enqueue[0].lr", "did you mean learning_rate?"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_several_architectures_is_said_once(
    problem: Problem, more: str, key: str, words: str
) -> None:
    message = problem(BOTH + more, whole=True)
    assert message.startswith("sweeps/lstm.yaml:")
    assert f" {key}: " in message
    assert words in message


def test_a_race_may_have_fewer_trials_than_architectures(read: Read) -> None:
    assert read(BOTH + "allocate: race\nrun_cap: 1", whole=True).run_cap == 1


def test_one_that_paces_may_race(read: Read) -> None:
    text = BOTH.replace("random", "bayes\nsampler: hyper") + "allocate: race\nrun_cap: 4"
    assert read(text, whole=True).allocate == "race"


def test_a_race_needs_two(problem: Problem) -> None:
    assert "there is only lstm to race" in problem("allocate: race\nrun_cap: 3")


def test_sets_go_to_every_architecture_that_has_their_parameters(read: Read) -> None:
    found = read(
        BOTH + "parameters: {dropout: {min: 0, max: 0.1}, units: {values: [1, 2]}, filters: {values: [1, 2]}}\n"
        "enqueue: [{dropout: 0.2}, {filters: 7}, {architecture: lstm, dropout: 0.3}, {units: 9, dropout: 0}]",
        whole=True,
    )
    lstm, cnn = (search.enqueue for search in found.searches)
    assert lstm == ({"dropout": 0.2}, {"dropout": 0.3}, {"units": 9, "dropout": 0.0})
    assert cnn == ({"dropout": 0.2}, {"filters": 7})


def test_a_grid_is_measured_for_each_architecture(problem: Problem, read: Read) -> None:
    grid = (
        BOTH.replace("random", "grid")
        + "parameters:\n  cnn: {filters: {min: 1, max: 100000}}\n  epochs: {min: 1, max: 9}"
    )
    message = problem(grid, whole=True)
    assert "the grid has 900,000 parameter sets" in message
    assert read(f"{grid}\nrun_cap: {{cnn: 3}}", whole=True).run_cap is None
    assert read(f"{grid}\nrun_cap: 3\nallocate: race", whole=True).run_cap == 3
    assert "900,000" in problem(f"{grid}\nrun_cap: {{lstm: 3}}", whole=True)
