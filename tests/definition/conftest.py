"""A small catalogue of our own, so that these tests know nothing of the real modules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from textclf_sweep.definition.catalogue import Catalogue, Entry
from textclf_sweep.definition.load import load
from textclf_sweep.definition.space import Categorical, Parameter, Range
from textclf_sweep.definition.types import SweepDefinition
from textclf_sweep.errors import DefinitionError
from textclf_sweep.trial import Scalar

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
        Parameter("momentum", "float", 0.9, "of sgd", minimum=0, below=1, when=(("optimizer", ("sgd",)),)),
        Parameter("bidirectional", "bool", False, "both directions"),
        Parameter("shift", "float", 0.0, "a number without bounds"),
        Parameter("epochs", "int", 10, "passes", minimum=1),
    ),
)
CNN = Entry(
    "cnn",
    "Convolutional network.",
    (
        *(item for item in LSTM.parameters if item.name not in ("units", "depth", "dropout", "bidirectional")),
        Parameter("filters", "int", 100, "of each width", search=Categorical((50, 100)), minimum=1),
        Parameter("dropout", "float", 0.1, "share dropped after pooling", minimum=0, below=1),
    ),
)
BERT = Entry("bert", "Transformer.", (Parameter("warmup", "float", 0.1, "share of steps", minimum=0, below=1),))


def _check(options: Mapping[str, Scalar]) -> str:
    bounds = "min_iter" in options or {"max_iter", "s"} <= options.keys()
    return "" if bounds else "does not say when to prune: neither min_iter nor max_iter and s"


HYPERBAND = Entry(
    "hyperband",
    "Successive halving.",
    (
        Parameter("min_iter", "int", None, "the first bracket", minimum=1),
        Parameter("max_iter", "int", None, "the last bracket", minimum=1),
        Parameter("s", "int", None, "the number of brackets", minimum=1),
        Parameter("eta", "float", 3.0, "the ratio of brackets", minimum=1.1),
        Parameter("strict", "bool", False, "as the original"),
    ),
    check=_check,
    first_epoch=lambda options: int(options.get("min_iter", 1)),
)
MEDIAN = Entry("median", "Below the median.", (Parameter("warmup", "int", 3, "epochs at first", minimum=1),))
CLEANING = (
    Parameter("lowercase", "bool", True, "lower case"),
    Parameter("digits", "str", "keep", "digits", choices=("keep", "fold", "remove")),
)
SEARCHERS = (
    Entry("grid", "Every parameter set.", finite=True, methods=("grid",), default=True),
    Entry("hyper", "Paced.", methods=("bayes",), library="keras_tuner", weighs=False, paces=True),
    Entry("gp", "Gaussian process.", methods=("bayes",), library="keras_tuner", weighs=False, default=True),
    Entry("qmc", "Quasi-random.", methods=("bayes", "random"), weighs=False),
    Entry("random", "Independent draws.", methods=("random",), default=True),
    Entry("tpe", "Guided by results.", methods=("bayes",), weighs=False, default=True),
)


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """Three architectures, three methods of two libraries, two pruners, four sources, one engine."""
    return Catalogue(
        architectures={entry.name: entry for entry in (LSTM, CNN, BERT)},
        searchers={entry.name: entry for entry in SEARCHERS},
        sources={
            "csv": Entry(
                "csv",
                "A CSV file.",
                (
                    Parameter("encoding", "str", "utf-8", "of the file"),
                    Parameter("delimiter", "str", ",", "between the fields"),
                ),
                extensions=(".csv",),
                path="file",
            ),
            "folder": Entry(
                "folder", "A folder.", (Parameter("encoding", "str", "utf-8", "of the files"),), path="folder"
            ),
            "hub": Entry("hub", "A data set.", (Parameter("revision", "str", None, "its version"),), path="name"),
            "uci_news": Entry("uci_news", "The bundled sample."),
        },
        engines={"local": Entry("local", "This machine.")},
        pruners={"hyperband": HYPERBAND, "median": MEDIAN},
        cleaning=CLEANING,
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
