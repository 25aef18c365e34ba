from __future__ import annotations

from collections.abc import Callable

import pytest

from textclf_sweep.definition.space import Range
from textclf_sweep.definition.types import SweepDefinition

pytestmark = pytest.mark.unit
Read = Callable[..., SweepDefinition]
Problem = Callable[..., str]
REST = "architecture: lstm\ndata: {source: uci_news}\n"


@pytest.mark.parametrize(
    ("text", "sampler"),
    [
        ("method: bayes", "tpe"), ("method: random", "random"), ("method: bayes\nlibrary: optuna", "tpe"),
        ("method: bayes\nlibrary: keras_tuner", "gp"), ("method: bayes\nsampler: qmc", "qmc"),
        ("method: random\nsampler: qmc", "qmc"), ("method: bayes\nsampler: gp", "gp"),
        ("method: bayes\nsampler: gp\nlibrary: keras_tuner", "gp"),
    ],
)  # fmt: skip
def test_method_library_and_sampler_say_who_proposes(read: Read, text: str, sampler: str) -> None:
    assert read(f"{REST}{text}", whole=True).sampler == sampler


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("method: random\nsampler: tpe", 4,
         ("tpe does not serve method random", "one of qmc, random", "method: bayes")),
        ("method: bayes\nsampler: gp\nlibrary: optuna", 4, ("gp is a sampler of keras_tuner", "library: keras_tuner")),
        ("method: random\nlibrary: keras_tuner", 4, ("keras_tuner has no default sampler for method random",)),
        ("method: bayes\nsampler: tpr", 4, ("did you mean tpe?",)),
        ("method: bayes\nlibrary: kerastuner", 4, ("did you mean keras_tuner?",)),
        ("method: bayesian", 3, ("did you mean bayes?",)),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_said_once(
    problem: Problem, text: str, line: int, words: tuple[str, ...]
) -> None:
    message = problem(f"{REST}{text}", whole=True)
    assert message.startswith(f"sweeps/lstm.yaml:{line} ")
    assert all(word in message for word in words), message


PACED = f"{REST}method: bayes\nsampler: hyper\n"


def test_a_searcher_that_paces_chooses_the_epochs(read: Read) -> None:
    given = read(PACED + "parameters: {epochs: 27}", whole=True).searches[0].space.searched
    assert given == {"epochs": Range(1, 27, integer=True)}
    assert read(PACED, whole=True).searches[0].space.searched["epochs"] == Range(1, 10, integer=True)


@pytest.mark.parametrize(
    ("more", "key", "words"),
    [
        ("parameters: {epochs: 1}", "parameters.epochs", "one number of epochs, 2 or more"),
        ("parameters: {epochs: {values: [3, 9]}}", "parameters.epochs", "one number of epochs"),
        ("parameters: {epochs: {value: 9, when: {units: 128}}}", "parameters.epochs.when", "no condition"),
        ("early_terminate: {type: median}", "early_terminate", "nobody else can end it"),
    ],
)
def test_pacing_needs_one_number_and_no_pruner(problem: Problem, more: str, key: str, words: str) -> None:
    message = problem(PACED + more, whole=True)
    assert message.startswith(f"sweeps/lstm.yaml:5 {key}: ")
    assert words in message


def test_no_pruner_beside_pacing_is_fine(read: Read) -> None:
    assert read(PACED + "early_terminate: none", whole=True).early_terminate is None


@pytest.mark.parametrize("text", ["none", "false", "null", "", "{type: none}", "{type: none, min_iter: 3}"])
def test_pruning_can_be_off(read: Read, text: str) -> None:
    assert read(f"early_terminate: {text}") == read()


def test_a_pruners_options_have_defaults_and_unset_ones_are_absent(read: Read) -> None:
    found = read("early_terminate: {type: hyperband, min_iter: 3}").early_terminate
    assert found is not None
    assert (found.type, found.options) == ("hyperband", {"min_iter": 3, "eta": 3.0, "strict": False})
    assert read("early_terminate: {type: hyperband, min_iter: 3}").hash() != read().hash()


def test_another_pruners_option_is_named_as_such(problem: Problem) -> None:
    message = problem("early_terminate: {type: median, eta: 3}")
    assert "'eta' is an option of hyperband, not of median" in message
    assert "one of warmup" in message
