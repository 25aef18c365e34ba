from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from textclf_sweep.definition.catalogue import Catalogue, Entry
from textclf_sweep.definition.load import load
from textclf_sweep.definition.space import Range
from textclf_sweep.definition.types import SweepDefinition
from textclf_sweep.errors import DefinitionError

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


@pytest.mark.parametrize(
    ("more", "epochs", "idle"),
    [
        ("{type: hyperband, min_iter: 9}", "epochs: 10", False),
        ("{type: hyperband, min_iter: 10}", "epochs: 10", True),
        ("{type: hyperband, min_iter: 10}", "epochs: {values: [5, 30]}", False),
        ("{type: hyperband, min_iter: 30}", "epochs: {min: 2, max: 30}", True),
        ("{type: median, warmup: 50}", "epochs: 5", False),  # it does not say when it begins
    ],
)  # fmt: skip
def test_pruning_that_begins_too_late_is_named_as_without_effect(
    read: Read, more: str, epochs: str, idle: bool
) -> None:
    found = read(f"parameters: {{{epochs}}}\nearly_terminate: {more}")
    assert [item.partition(" ")[0] for item in found.ignored] == ["early_terminate"] * idle
    assert found.early_terminate is not None


def test_the_reason_why_pruning_has_no_effect(read: Read) -> None:
    found = read("parameters: {epochs: 5}\nearly_terminate: {type: hyperband, min_iter: 50}\nproject: news")
    assert found.ignored == (
        "project", "early_terminate (it begins at epoch 50, where trials of 5 have nothing left to save)",
    )  # fmt: skip


WEIGHED = f"{REST}parameters: {{units: {{values: [1, 2], probabilities: [0.9, 0.1]}}}}\n"


def weighing(catalogue: Catalogue, *methods: str) -> Catalogue:
    """With another sampler that draws by probabilities, its library's own and the first by name."""
    own = Entry("a_kt", "Draws by chance.", methods=methods, library="keras_tuner", default=True)
    return replace(catalogue, searchers={own.name: own, **catalogue.searchers})


@pytest.mark.parametrize(
    "method",
    ["method: bayes", "method: grid", "method: bayes\nlibrary: keras_tuner", "method: random\nsampler: qmc"],
)
def test_probabilities_are_for_optunas_random_search(catalogue: Catalogue, method: str) -> None:
    with pytest.raises(DefinitionError, match=r"use method: random \(sampler random\), or remove the probabilities"):
        load(WEIGHED + method, weighing(catalogue, "random"), path=Path("a.yaml"))


def test_a_sampler_of_the_same_method_is_named_first(catalogue: Catalogue) -> None:
    with pytest.raises(DefinitionError, match=r"use method: bayes \(sampler a_kt\)"):
        load(WEIGHED + "method: bayes", weighing(catalogue, "bayes"), path=Path("a.yaml"))


def test_another_pruners_option_is_named_as_such(problem: Problem) -> None:
    message = problem("early_terminate: {type: median, eta: 3}")
    assert "'eta' is an option of hyperband, not of median" in message
    assert "one of warmup" in message
