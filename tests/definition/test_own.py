"""Architectures of the user's own: a file that is read as an entry of the catalogue."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from textclf_sweep.definition.catalogue import Catalogue
from textclf_sweep.definition.load import load
from textclf_sweep.definition.schema import json_schema
from textclf_sweep.definition.space import Categorical, Constant, Parameter, Range
from textclf_sweep.definition.types import OwnArchitecture, SweepDefinition
from textclf_sweep.errors import DefinitionError

pytestmark = pytest.mark.unit

SOURCE = 'def build(info, *, width: int = 8, gate: float = 0.5, kind: Literal["a", "b"] = "a"):\n    return info\n'
MINE = "architecture: {file: mine.py}\n"
Problems = Callable[..., list[str]]


@pytest.fixture(scope="module")
def whole(catalogue: Catalogue) -> Catalogue:
    """The small catalogue with what architectures share."""
    lstm = catalogue.architectures["lstm"]
    return replace(
        catalogue,
        training=tuple(item for item in lstm.parameters if item.name in ("learning_rate", "epochs")),
        features={
            "tokens": (
                Parameter("max_length", "int", 64, "tokens kept", minimum=1),
                Parameter("embedding", "str", "none", "word vectors", path=True, names=("none", "glove")),
            ),
            "tfidf": (Parameter("ngrams", "int", 2, "words", search=Categorical((1, 2)), minimum=1),),
        },
        broken={"other": "ImportError: no module named nets"},
    )


@pytest.fixture
def define(whole: Catalogue, tmp_path: Path) -> Callable[..., SweepDefinition]:
    """Load a definition that stands beside mine.py."""
    (tmp_path / "mine.py").write_text(SOURCE)

    def call(more: str = "", *overrides: str, head: str = MINE, source: str = SOURCE) -> SweepDefinition:
        (tmp_path / "mine.py").write_text(source)
        text = f"{head}method: random\ndata: {{source: uci_news}}\n{more}"
        return load(text, whole, path=tmp_path / "sweep.yaml", overrides=overrides)

    return call


@pytest.fixture
def problems(define: Callable[..., SweepDefinition], tmp_path: Path) -> Problems:
    """What is wrong, with places relative to the folder."""

    def call(*arguments: str, **options: str) -> list[str]:
        with pytest.raises(DefinitionError) as caught:
            define(*arguments, **options)
        return [str(problem).replace(f"{tmp_path}/", "") for problem in caught.value.problems]

    return call


def test_it_is_searched_like_any_other(define: Callable[..., SweepDefinition], tmp_path: Path) -> None:
    found = define("parameters: {width: {min: 4, max: 16}, gate: 0.1, kind: {values: [a, b]}, epochs: 2}\n"
                   "enqueue: [{width: 4}]")  # fmt: skip
    (search,) = found.searches
    assert search.architecture == "mine"
    assert search.own == OwnArchitecture("mine.py", "build", "tokens", hashlib.sha256(SOURCE.encode()).hexdigest())
    assert found.folder == str(tmp_path)
    assert search.space.searched == {"width": Range(4, 16, integer=True), "kind": Categorical(("a", "b"))}
    assert search.space.constants == {
        "gate": 0.1, "epochs": 2, "learning_rate": 0.001, "max_length": 64, "embedding": "none", "lowercase": True,
        "digits": "keep",
    }  # fmt: skip
    assert search.enqueue == ({"width": 4},)


def test_without_parameters_only_what_is_shared_has_a_range(define: Callable[..., SweepDefinition]) -> None:
    space = define().searches[0].space
    assert set(space.searched) == {"learning_rate"}
    assert space.constants["width"] == 8


@pytest.mark.parametrize(
    ("head", "source", "features"),
    [
        (MINE, SOURCE, "tokens"),
        ("architecture: {file: mine.py, features: tfidf}\n", SOURCE, "tfidf"),
        (MINE, f'FEATURES = "tfidf"\n{SOURCE}', "tfidf"),
        ("architecture: {file: mine.py, features: tokens}\n", f'FEATURES = "tfidf"\n{SOURCE}', "tokens"),
    ],
)
def test_the_definition_or_the_file_says_what_it_reads(
    define: Callable[..., SweepDefinition], head: str, source: str, features: str
) -> None:
    found = define(head=head, source=source).searches[0]
    assert found.own is not None
    assert found.own.features == features
    assert ("ngrams" in dict(found.space.distributions)) == (features == "tfidf")


def test_several_each_with_parameters_of_its_own(define: Callable[..., SweepDefinition]) -> None:
    found = define(
        """
run_cap: {lstm: 1, mine: 2, two: 3}
parameters:
  units: 5
  width: 3
  two: {width: 4, gate: {min: 0, max: 1}}
  epochs: {value: 1, when: {architecture: mine}}
enqueue: [{architecture: two, gate: 0.2}]
""",
        head="architecture: [lstm, {file: mine.py}, {file: mine.py, name: two}]\n",
    )
    assert found.architectures == ("lstm", "mine", "two")
    assert [search.run_cap for search in found.searches] == [1, 2, 3]
    assert [search.space.constants.get("width") for search in found.searches] == [None, 3, 4]
    assert [search.space.constants["epochs"] for search in found.searches] == [10, 1, 10]
    assert [search.enqueue for search in found.searches] == [(), (), ({"gate": 0.2},)]
    assert [search.own is None for search in found.searches] == [True, False, False]


class TestIdentity:
    def test_a_changed_file_is_another_sweep(self, define: Callable[..., SweepDefinition]) -> None:
        assert define().hash() == define().hash()
        assert define().hash() != define(source=f"{SOURCE}# changed\n").hash()

    def test_a_moved_one_is_not(
        self, define: Callable[..., SweepDefinition], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = define().hash()
        (tmp_path / "models").mkdir()
        (tmp_path / "models" / "mine.py").write_text(SOURCE)
        monkeypatch.chdir(tmp_path / "models")
        there = define(head="architecture: {file: models/mine.py}\n")
        assert there.hash() == before
        given = define("", "architecture.file=mine.py")
        assert given.hash() == before
        assert given.searches[0].own == replace(there.searches[0].own, location=str(tmp_path / "models" / "mine.py"))

    def test_another_function_or_other_features_are(self, define: Callable[..., SweepDefinition]) -> None:
        source = f"{SOURCE}def other(info, width=8): pass\n"
        hashes = {
            define(head=f"architecture: {{file: mine.py{more}}}\n", source=source).hash()
            for more in ("", ", function: other", ", features: tfidf", ", name: two")
        }
        assert len(hashes) == 4


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("architecture: mine.py\n", "sweep.yaml:1 architecture: 'mine.py' is a file; .*write {file: mine.py}"),
        ("architecture: {fil: mine.py}\n", "sweep.yaml:1 architecture: a mapping without file .*instead of fil$"),
        ("architecture: {}\n", "sweep.yaml:1 architecture: a mapping without file .*e.g. {file: my_model.py}"),
        ("architecture: {file: mne.py}\n", r"architecture\.file: there is no 'mne.py'; .*did you mean mine.py\?"),
        ("architecture: {file: x/y.py}\n", r"architecture\.file: there is no 'x/y.py'; .*from the definition's folder"),
        ("architecture: {file: .}\n", r"architecture\.file: .* is a folder; .*e.g. mine.py"),
        (f"architecture: {{file: {'x' * 300}.py, name: long}}\n", r"architecture\.file: .* cannot be read"),
        ("architecture: {file: }\n", r"architecture\.file: nothing is not valid"),
        ("architecture: {file: mine.py, funtion: f}\n", r"architecture\.funtion: .*did you mean function\?"),
        ("architecture: {file: mine.py, function: a b}\n", r"architecture\.function: .*the name of a function"),
        ("architecture: {file: mine.py, function: bild}\n", "mine.py:1: there is no function bild; .*function: build"),
        ("architecture: {file: mine.py, features: token}\n", r"architecture\.features: .*did you mean tokens\?"),
        ("architecture: {file: mine.py, name: lstm}\n", r"architecture\.name: there is an architecture lstm already"),
        ("architecture: {file: mine.py, name: a b}\n", r"architecture\.name: .*1 to 64 letters"),
        ("architecture: [{file: mine.py}, {file: mine.py}]\n", "mine stands in the list twice; .*a name: of its own"),
        ("architecture: [lstm, {file: mine.py, name: epochs}]\n",
         "epochs is an architecture here, and a parameter of epochs; .*name: my_epochs"),
        ("architecture: other\n", "architecture: other cannot be used: ImportError: no module named nets"),
        ("architecture: mien\n", "architecture: .*one of lstm, cnn, bert$"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_mapping(problems: Problems, head: str, message: str) -> None:
    (found,) = [" ".join(item.split()) for item in problems(head=head)]
    assert re.search(message, found), found


@pytest.mark.parametrize(
    ("name", "message"),
    [("lstm.py", "there is an architecture lstm already"), ("my model.py", "'my model', cannot be the architecture's")],
)
def test_a_file_whose_name_cannot_be_the_architectures(
    problems: Problems, tmp_path: Path, name: str, message: str
) -> None:
    (tmp_path / name).write_text(SOURCE)
    (found,) = problems(head=f"architecture: {{file: {name}}}\n")
    assert message in found
    assert "add" in found.partition("hint: ")[2]
    assert "name: " in found.partition("hint: ")[2]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("\ndef build(info, epochs=3): pass", "mine.py:2: epochs is a parameter of training already"),
        ("def build(info, lowercase=True): pass", "mine.py:1: lowercase is a parameter of cleaning already"),
        ("def build(info, max_length=3): pass", "mine.py:1: max_length is a parameter of features already"),
        ("def build(info, parameters=3): pass", "parameters is a parameter of the definition itself already"),
        ('FEATURES = "tfid"\ndef build(info): pass', "FEATURES is 'tfid'; expected one of tokens, tfidf"),
        ("def build(info, x): pass", "mine.py:1: x has no type"),
        ("def build(info:", "mine.py:1: this is not Python"),
        ("#" + "x" * 1_000_001, "is larger than 1,000,000 bytes"),
    ],
)
def test_what_is_wrong_with_the_file(problems: Problems, source: str, message: str) -> None:
    (found,) = problems(source=source)
    assert message in found
    assert "hint: " in found


class TestParameters:
    @pytest.mark.parametrize(
        ("more", "message"),
        [
            ("parameters: {witdh: 3}", "mine has no parameter 'witdh'; expected one of gate, kind, width, or a "
             "parameter of features, cleaning or training\n  hint: did you mean width?"),
            ("parameters: {units: 3}", "'units' is a parameter of lstm, not of mine"),
            ("parameters: {width: 0.5}", "expected a whole number"), ("parameters: {kind: c}", "expected one of a, b"),
            ("parameters: {kind: {min: 1, max: 2}}", "kind"), ("enqueue: [{witdh: 3}]", "did you mean width?"),
            ("parameters: {mine: {units: 3}}", "'units' is a parameter of lstm, not of mine"),
            ("width: 3", "width: is a hyperparameter, not a key of the top level"),
        ],
    )  # fmt: skip
    def test_they_are_checked_as_those_of_any_other(self, problems: Problems, more: str, message: str) -> None:
        (found,) = problems(more)
        assert message in found

    def test_one_without_a_default_must_be_given(self, problems: Problems, define: Callable[..., Any]) -> None:
        source = "def build(info, width: int): pass"
        (found,) = problems("parameters: {epochs: 3}", source=source)
        assert found.startswith("sweep.yaml:4 parameters.width: mine has no default for it; expected a whole number")
        assert define("parameters: {width: 4}", source=source).searches[0].space.constants["width"] == 4
        conditional = "parameters: {width: {min: 1, max: 4, when: {kind: a}}, kind: {values: [a, b]}}"
        (found,) = problems(conditional, source='def build(info, width: int, kind: Literal["a", "b"] = "a"): pass')
        assert "width has no default, so every trial needs it" in found

    def test_one_that_is_one_thing_here_and_another_there(self, define: Callable[..., Any]) -> None:
        """A name of other architectures is the file's own to use: its type is what its signature says."""
        found = define("parameters: {dropout: {values: [none, some]}}", source="def build(info, dropout='none'): pass")
        assert found.searches[0].space.searched == {"dropout": Categorical(("none", "some"))}
        assert isinstance(dict(found.searches[0].space.distributions)["epochs"], Constant)


@pytest.mark.parametrize("more", ["embedding: {path: glove, trainable: false}",
                                  "parameters: {embedding: {path: glove, trainable: false}}"])  # fmt: skip
def test_whether_vectors_are_learned_is_the_files_own_to_take(
    define: Callable[..., SweepDefinition], problems: Problems, more: str
) -> None:
    (said,) = problems(more)
    assert "trainable: mine has no parameter trainable" in said
    assert "let its build function take trainable: bool = True" in said
    found = define(more, source="def build(info, trainable: bool = True): pass").searches[0].space.constants
    assert (found["embedding"], found["trainable"]) == ("glove", False)
    assert define("embedding: glove").searches[0].space.constants["embedding"] == "glove"


DOCUMENT: dict[str, Any] = {"method": "random", "data": {"source": "uci_news"}}


@pytest.mark.parametrize(
    ("change", "valid"),
    [
        ({"architecture": {"file": "mine.py"}}, True),
        ({"architecture": {"file": "mine.py", "function": "build", "name": "x", "features": "tfidf"}}, True),
        ({"architecture": {"file": "mine.py"}, "parameters": {"width": {"min": 1, "max": 3}}, "run_cap": 3}, True),
        ({"architecture": ["lstm", {"file": "mine.py"}], "parameters": {"width": 3, "units": 4}}, True),
        ({"architecture": ["lstm", {"file": "mine.py"}], "run_cap": {"lstm": 3, "mine": 4}}, True),
        ({"architecture": ["lstm", {"file": "mine.py"}], "run_cap": {"lstm": 0, "mine": 4}}, False),
        ({"architecture": ["lstm", "cnn"], "run_cap": {"lstm": 3, "mine": 4}}, False),
        ({"architecture": {"file": 3}}, False),
        ({"architecture": {"file": "mine.py", "function": "a b"}}, False),
        ({"architecture": {"file": "mine.py", "features": "words"}}, False),
        ({"architecture": {"function": "build"}}, False),
        ({"architecture": {"file": "mine.py", "path": "x"}}, False),
        ({"architecture": ["lstm", 3]}, False),
    ],
)
def test_the_schema_accepts_what_load_does(
    whole: Catalogue, tmp_path: Path, change: dict[str, Any], *, valid: bool
) -> None:
    (tmp_path / "mine.py").write_text(SOURCE)
    schema = jsonschema.Draft202012Validator(json_schema(whole))
    assert schema.is_valid(DOCUMENT | change) == valid
    try:
        load(json.dumps(DOCUMENT | change), whole, path=tmp_path / "a.yaml")
    except DefinitionError:
        assert not valid
    else:
        assert valid
