"""``embedding``: one value or {path, trainable}, at the top level or below parameters, for all or for one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from textclf_sweep.definition.catalogue import Catalogue, Entry
from textclf_sweep.definition.load import load
from textclf_sweep.definition.schema import json_schema
from textclf_sweep.definition.space import Categorical, Constant, Distribution, Parameter
from textclf_sweep.definition.types import SweepDefinition
from textclf_sweep.errors import DefinitionError

pytestmark = pytest.mark.unit

EMBEDDING = Parameter("embedding", "str", "none", "word vectors", path=True, names=("none", "glove"))
TRAINABLE = Parameter("trainable", "bool", True, "whether they are learned")
DIM = Parameter("embedding_dim", "int", 128, "width", minimum=1, when=(("embedding", ("none",)),))
UNITS = Parameter("units", "int", 8, "width", minimum=1)
ENTRIES = (
    Entry("lstm", "Recurrent.", (EMBEDDING, TRAINABLE, DIM, UNITS)),
    Entry("cnn", "Convolutional.", (EMBEDDING, TRAINABLE, DIM)),
    Entry("mlp", "Of counts.", (UNITS,)),
)
Load = Callable[..., SweepDefinition]


@pytest.fixture(scope="module")
def small(catalogue: Catalogue) -> Catalogue:
    return Catalogue(
        architectures={entry.name: entry for entry in ENTRIES},
        searchers=catalogue.searchers,
        sources=catalogue.sources,
        engines=catalogue.engines,
        pruners=catalogue.pruners,
        cleaning=catalogue.cleaning,
    )


@pytest.fixture
def read(small: Catalogue, tmp_path: Path) -> Load:
    """Load what is put below a definition in a folder that holds ``vectors.txt``."""
    (tmp_path / "vectors.txt").touch()

    def call(more: str, architecture: str = "lstm", *overrides: str) -> SweepDefinition:
        text = f"architecture: {architecture}\nmethod: random\ndata: {{source: uci_news}}\nrun_cap: 2\n{more}"
        return load(text, small, path=tmp_path / "sweep.yaml", overrides=overrides)

    return call


def start(definition: SweepDefinition, architecture: str = "lstm") -> tuple[Distribution, Distribution]:
    (search,) = (item for item in definition.searches if item.architecture == architecture)
    found = dict(search.space.distributions)
    return found["embedding"], found["trainable"]


def wrong(read: Load, more: str, architecture: str = "lstm") -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        read(more, architecture)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("more", "embedding", "trainable"),
    [
        ("", Constant("none"), Constant(True)),
        ("embedding: glove", Constant("glove"), Constant(True)),
        ("embedding: vectors.txt", Constant("vectors.txt"), Constant(True)),
        ("embedding: {path: vectors.txt}", Constant("vectors.txt"), Constant(True)),
        ("embedding: {path: glove, trainable: false}", Constant("glove"), Constant(False)),
        ("embedding: {trainable: false}", Constant("none"), Constant(False)),
        ("embedding: {value: glove}", Constant("glove"), Constant(True)),
        ("embedding: {values: [none, glove]}", Categorical(("none", "glove")), Constant(True)),
        ("embedding: {path: {values: [none, vectors.txt]}, trainable: {values: [true, false]}}",
         Categorical(("none", "vectors.txt")), Categorical((True, False))),
        ("embedding: glove\nparameters: {trainable: false}", Constant("glove"), Constant(False)),
        ("embedding: {path: glove}\nparameters: {trainable: {values: [true, false]}}",
         Constant("glove"), Categorical((True, False))),
    ],
)  # fmt: skip
def test_shapes(read: Load, more: str, embedding: Distribution, trainable: Distribution) -> None:
    assert start(read(more)) == (embedding, trainable)


@pytest.mark.parametrize(
    "value", ["glove", "{path: glove, trainable: false}", "{values: [none, glove]}", "{path: {values: [none, glove]}}"]
)
def test_below_parameters_it_means_the_same(read: Load, value: str) -> None:
    top = read(f"embedding: {value}\nparameters: {{units: 3}}")
    assert read(f"parameters: {{embedding: {value}, units: 3}}").searches == top.searches
    assert read(f"parameters: {{units: 3, lstm: {{embedding: {value}}}}}").searches == top.searches


def test_the_top_level_is_for_every_architecture_that_reads_tokens(read: Load) -> None:
    found = read("embedding: {path: glove, trainable: false}", "[lstm, cnn, mlp]")
    assert start(found, "lstm") == start(found, "cnn") == (Constant("glove"), Constant(False))
    assert "embedding" not in dict(found.searches[2].space.distributions)


def test_one_architectures_own_stands_below_its_name(read: Load) -> None:
    found = read("parameters: {lstm: {embedding: glove}}", "[lstm, cnn]")
    assert start(found, "lstm")[0] == Constant("glove")
    assert start(found, "cnn")[0] == Constant("none")


def test_vectors_make_their_width_meaningless(read: Load) -> None:
    assert "embedding_dim" not in dict(read("embedding: glove").searches[0].space.distributions)
    space = read("embedding: {values: [none, glove]}").searches[0].space
    assert "embedding_dim" not in space.active({"embedding": "glove", "embedding_dim": 128})


@pytest.mark.parametrize(
    ("more", "architecture", "expected"),
    [
        ("embedding: glov", "lstm", ["yaml:5 embedding: there is no 'glov'; expected a path or none, glove", "glove?"]),
        ("embedding: {path: other.txt}", "lstm", ["yaml:5 embedding.path: there is no 'other.txt'", "definition's"]),
        ("embedding: {values: [none, x]}", "lstm", ["yaml:5 embedding.values[1]: there is no 'x'"]),
        ("embedding: {path: glove, trainable: maybe}", "lstm",
         ["yaml:5 embedding.trainable: the text 'maybe' is not valid"]),
        ("embedding: {path: glove, trainabel: false}", "lstm", ["yaml:5 embedding.trainabel:", "trainable?"]),
        ("embedding: {}", "lstm", ["yaml:5 embedding:"]),
        ("embedding: 3.5", "lstm", ["yaml:5 embedding: 3.5 is not valid; expected a path or none, glove"]),
        ("embedding: false", "lstm", ["yaml:5 embedding: false is not valid", "write none"]),
        ("enqueue: [{embedding: {path: glove}}]", "lstm",
         ["yaml:5 enqueue[0].embedding: a mapping is not valid", "write embedding: PATH alone"]),
        ("embedding: glove", "mlp", ["yaml:5 embedding: mlp cannot start from word vectors", "remove it"]),
        ("parameters: {embedding: glove}", "mlp", ["yaml:5 parameters.embedding:", "of lstm, cnn, not of mlp"]),
        ("embedding: glove\nparameters: {embedding: glove}", "lstm",
         ["yaml:6 parameters.embedding: it stands at the top level and below parameters"]),
        ("embedding: glove\nparameters:\n  cnn:\n    embedding: none", "[lstm, cnn]",
         ["yaml:8 parameters.cnn.embedding: it stands at the top level and below parameters"]),
        ("embedding: {trainable: false}\nparameters: {trainable: true}", "lstm",
         ["yaml:5 embedding.trainable: trainable stands here and in parameters.trainable"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_once_with_its_place(
    read: Load, more: str, architecture: str, expected: list[str]
) -> None:
    (problem,) = wrong(read, more, architecture)
    assert all(words in problem for words in expected), problem


@pytest.mark.parametrize(
    "more", ["embedding: nothing.txt", "embedding: {path: glove, x: 1}", "embedding: {trainable: 3}"]
)
def test_of_several_architectures_it_is_said_once(read: Load, more: str) -> None:
    assert len(wrong(read, more, "[lstm, cnn]")) == 1


def test_the_command_line_starts_from_the_current_folder(
    read: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "own.txt").touch()
    monkeypatch.chdir(tmp_path / "here")
    assert start(read("", "lstm", "embedding=own.txt"))[0] == Constant(str(tmp_path / "here" / "own.txt"))
    assert start(read("", "lstm", "embedding=glove"))[0] == Constant("glove")


ACCEPTED: tuple[Any, ...] = (
    "none",
    "glove",
    {"path": "glove"},
    {"path": "glove", "trainable": False},
    {"trainable": {"values": [True, False]}},
    {"value": "glove"},
    {"values": ["none", "glove"]},
    {"path": {"values": ["none", "glove"]}},
)
REJECTED: tuple[Any, ...] = (
    3,
    {"path": 3},
    {"trainable": "no"},
    True,
    [],
    ["glove"],
    {},
    {"path": "glove", "x": 1},
    {"values": []},
)


@pytest.mark.parametrize("place", ["top", "parameters", "section"])
@pytest.mark.parametrize(
    ("value", "valid"), [*((item, True) for item in ACCEPTED), *((item, False) for item in REJECTED)], ids=str
)
def test_the_schema_agrees(small: Catalogue, value: Any, place: str, *, valid: bool) -> None:
    document: dict[str, Any] = {"architecture": "lstm", "method": "random", "data": {"source": "uci_news"}}
    own: dict[str, Any] = {"embedding": value}
    document |= {"top": own, "parameters": {"parameters": own}, "section": {"parameters": {"lstm": own}}}[place]
    try:
        load(json.dumps(document), small, path=Path("a.yaml"))
        loaded = True
    except DefinitionError:
        loaded = False
    assert loaded is valid
    assert jsonschema.Draft202012Validator(json_schema(small)).is_valid(document) is valid
