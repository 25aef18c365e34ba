"""A small catalogue of our own, so that these tests know nothing of the real modules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from textclf_sweep.definition.catalogue import Catalogue, Entry
from textclf_sweep.definition.load import load
from textclf_sweep.definition.space import Categorical, Parameter, Range
from textclf_sweep.definition.types import SweepDefinition
from textclf_sweep.errors import DefinitionError

LSTM = Entry(
    "lstm",
    "Long short-term memory.",
    (
        Parameter("learning_rate", "float", 0.001, "step size", search=Range(1e-4, 1e-2, log=True), above=0),
        Parameter("batch_size", "int", 64, "texts a step", search=Categorical((32, 64)), minimum=1, maximum=65536),
        Parameter("units", "int", 128, "width", minimum=1),
        Parameter("depth", "int", 1, "layers", search=Range(1, 2, integer=True), minimum=1, maximum=16),
        Parameter("dropout", "float", 0.0, "share dropped", minimum=0, below=1),
        Parameter("optimizer", "str", "adam", "update rule", choices=("adam", "rmsprop", "sgd")),
        Parameter("bidirectional", "bool", False, "both directions"),
        Parameter("shift", "float", 0.0, "a number without bounds"),
        Parameter("epochs", "int", 10, "passes", minimum=1),
    ),
)
BERT = Entry("bert", "Transformer.", (Parameter("warmup", "float", 0.1, "share of steps", minimum=0, below=1),))


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """Two architectures, three methods, two sources, one engine."""
    return Catalogue(
        architectures={"lstm": LSTM, "bert": BERT},
        searchers={
            "grid": Entry("grid", "Every combination.", finite=True),
            "random": Entry("random", "Independent draws."),
            "bayes": Entry("bayes", "Guided by results.", weighs=False),
        },
        sources={
            "csv": Entry(
                "csv",
                "A CSV file.",
                (
                    Parameter("encoding", "str", "utf-8", "of the file"),
                    Parameter("delimiter", "str", ",", "between the fields"),
                ),
                extensions=(".csv",),
            ),
            "uci_news": Entry("uci_news", "The bundled sample."),
        },
        engines={"local": Entry("local", "This machine.")},
    )


MINIMAL = "architecture: lstm\nmethod: random\ndata: {source: uci_news}\n"


@pytest.fixture(scope="session")
def read(catalogue: Catalogue) -> Callable[..., SweepDefinition]:
    """Load a text as ``sweeps/lstm.yaml``; `more` is put below a minimal definition."""

    def call(more: str | bytes = "", *overrides: str, whole: bool = False) -> SweepDefinition:
        text = more if whole or isinstance(more, bytes) else MINIMAL + more
        return load(text, catalogue, path=Path("sweeps/lstm.yaml"), overrides=overrides)

    return call


@pytest.fixture(scope="session")
def problems(read: Callable[..., SweepDefinition]) -> Callable[..., list[str]]:
    """What is wrong with a text, a line (and perhaps a hint) for each problem; empty when nothing is."""

    def call(more: str | bytes = "", *overrides: str, whole: bool = False) -> list[str]:
        try:
            read(more, *overrides, whole=whole)
        except DefinitionError as error:
            return [str(problem) for problem in error.problems]
        return []

    return call


@pytest.fixture(scope="session")
def problem(problems: Callable[..., list[str]]) -> Callable[..., str]:
    """The only thing that is wrong with a text."""

    def call(more: str | bytes = "", *overrides: str, whole: bool = False) -> str:
        found: Sequence[str] = problems(more, *overrides, whole=whole)
        assert len(found) == 1, found
        return found[0]

    return call
