from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from textclf_sweep.definition.catalogue import Catalogue
from textclf_sweep.definition.load import load
from textclf_sweep.definition.types import DataSettings, Missing, SweepDefinition
from textclf_sweep.errors import DefinitionError
from textclf_sweep.sweep.catalogue import discover

pytestmark = pytest.mark.unit
Read = Callable[..., SweepDefinition]

HEAD = "architecture: [lstm, cnn]\nmethod: random\nrun_cap: 4\n"


@pytest.fixture(scope="module")
def everything() -> Catalogue:
    return discover()


@pytest.fixture
def read(everything: Catalogue, tmp_path: Path) -> Read:
    """Load a definition with this ``data``, as a file of `tmp_path`."""

    def call(data: str, *overrides: str, more: str = "") -> SweepDefinition:
        text = f"{HEAD}{more}data: {data}\n"
        return load(text, everything, path=tmp_path / "a.yaml", overrides=overrides)

    return call


@pytest.fixture
def refused(read: Read) -> Callable[..., list[str]]:
    def call(data: str, *overrides: str, more: str = "") -> list[str]:
        with pytest.raises(DefinitionError) as caught:
            read(data, *overrides, more=more)
        return [str(problem) for problem in caught.value.problems]

    return call


def test_every_key_arrives(read: Read, tmp_path: Path) -> None:
    found = read(
        "{train: a.tsv, validation: ../dev.csv, test: t.jsonl.gz, text: [title, body], label: queue, group: thread, "
        "split: part, missing: {from: summary}, trim_labels: true, label_case: lower, labels: {Spam: spam, '01': '1'}, "
        "drop_labels: [x, y, x], min_per_label: 3, log_text: false, encoding: latin-1}"
    )
    assert found.data == DataSettings(
        "tsv", str(tmp_path / "a.tsv"), str(tmp_path.parent / "dev.csv"), str(tmp_path / "t.jsonl.gz"),
        text=("title", "body"), label="queue", group="thread", split="part", missing=Missing("from", "summary"),
        trim_labels=True, label_case="lower", labels=(("Spam", "spam"), ("01", "1")), drop_labels=("x", "y"),
        min_per_label=3, log_text=False, options=found.data.options,
    )  # fmt: skip
    assert found.data.options["encoding"] == "latin-1"


@pytest.mark.parametrize(
    ("written", "missing"),
    [
        ("drop", Missing()),
        ("empty", Missing("empty")),
        ("error", Missing("error")),
        ("{fill: '?'}", Missing("fill", "?")),
        ("{from: title}", Missing("from", "title")),
    ],
)
def test_what_is_done_about_missing_texts(read: Read, written: str, missing: Missing) -> None:
    assert read(f"{{path: a.csv, missing: {written}}}").data.missing == missing


@pytest.mark.parametrize("name", ["a.csv", "A.CSV.GZ", "b/c.jsonl", "x.ndjson.gz", "p.parquet", "t.tab", "two.csv.tsv"])
def test_the_ending_tells_the_source(read: Read, everything: Catalogue, name: str) -> None:
    source = everything.sources[read(f"{{path: {name}}}").data.source]
    assert name.lower().endswith(source.extensions)


@pytest.mark.parametrize("key", ["path", "train"])
@pytest.mark.parametrize(
    ("marks", "source"),
    [(None, "folder"), *((name, "huggingface") for name in ("dataset_info.json", "dataset_dict.json", "state.json"))],
)
def test_what_is_in_a_folder_tells_the_source(read: Read, tmp_path: Path, key: str, marks: str, source: str) -> None:
    folder = tmp_path / "data.v2"
    folder.mkdir()
    if marks:
        (folder / marks).write_text("{}")
    found = read(f"{{{key}: data.v2}}").data
    assert (found.source, found.path) == (source, str(folder))


def test_a_name_stays_a_name_unless_there_is_such_a_folder(read: Read, tmp_path: Path) -> None:
    named = "{path: owner/name, source: huggingface, subset: en, test: other}"
    found = read(named).data
    assert (found.path, found.test_path, found.options["subset"]) == ("owner/name", "other", "en")
    (tmp_path / "owner" / "name").mkdir(parents=True)
    assert read(named).data.path == str(tmp_path / "owner" / "name")
    assert read("{path: ./gone, source: huggingface}").data.path == str(tmp_path / "gone")
    assert read("{path: owner/name, source: huggingface, test: t.csv}").data.test_path == str(tmp_path / "t.csv")


def test_a_command_line_is_taken_as_it_is_written_and_from_the_current_folder(
    read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    changes = ("test=t.csv", "validation=0.2", "labels={a: 01}", "drop_labels=[1, no]", "missing={fill: 5}", "text=[7]")
    found = read("{path: a.csv}", *(f"data.{change}" for change in changes)).data
    assert (found.path, found.test_path) == (str(tmp_path / "a.csv"), str(tmp_path / "here" / "t.csv"))
    assert (found.validation, found.labels, found.drop_labels) == (0.2, (("a", "01"),), ("1", "no"))
    assert (found.missing, found.text) == (Missing("fill", "5"), ("7",))


def test_fixed_cleaning_is_a_constant_of_every_architecture(read: Read, everything: Catalogue) -> None:
    fixed = {"lowercase": False, "digits": "fold"}
    without = read("{path: a.csv}")
    found = read("{path: a.csv, cleaning: {lowercase: false, digits: fold}}")
    for search, other in zip(found.searches, without.searches, strict=True):
        assert search.space.constants == other.space.constants | fixed
        assert search.space.searched == other.space.searched
    below = read("{path: a.csv}", more="parameters: {lowercase: false, digits: {value: fold}}\n")
    assert {name: below.searches[0].space.constants[name] for name in fixed} == fixed
    assert found.data == without.data
    assert found.hash() != without.hash()


def test_fixed_cleaning_can_be_set_from_the_command_line(read: Read) -> None:
    found = read("{path: a.csv, cleaning: {urls: mask}}", "data.cleaning.digits=remove")
    assert found.searches[1].space.constants["digits"] == "remove"
    assert found.searches[1].space.constants["urls"] == "mask"
    assert read("{path: a.csv, cleaning: null}").searches[1].space.constants["urls"] == "keep"


@pytest.mark.parametrize("below", ["lowercase: {values: [true, false]}", "lowercase: true", "cnn: {lowercase: true}"])
def test_a_step_is_fixed_or_searched(refused: Callable[..., list[str]], below: str) -> None:
    (problem,) = refused("{path: a.csv, cleaning: {lowercase: true}}", more=f"parameters:\n  {below}\n")
    assert "a.yaml:6 data.cleaning.lowercase: lowercase is fixed here" in problem
    assert ".lowercase (line 5)" in problem


def test_folds_go_with_validation_data_of_their_own(read: Read, refused: Callable[..., list[str]]) -> None:
    assert read("{path: a.csv, folds: 3, validation: dev.csv}").data.folds == 3
    (problem,) = refused("{path: a.csv, folds: 3, validation: 0.2}")
    assert "data.validation: 3 folds leave no validation part" in problem


@pytest.mark.parametrize(
    ("data", "key", "words"),
    [
        ("{path: a.csv, train: b.csv}", "train", "path and train are two names of one key"),
        ("{path: gone}", "path", "there is no such folder"),
        ("{source: folder}", "source", "folder needs the path of a folder"),
        ("{source: huggingface}", "source", "a name such as owner/name"),
        ("{source: uci_news, train: a.csv}", "train", "brings its own data"),
        ("{path: a.csv, subset: x}", "subset", "an option of huggingface, not of csv"),
        ("{path: a.csv, validation: '0.2'}", "validation", "write 0.2, no quotes"),
        ("{path: a.csv, test: 1.5}", "test", "between 0 and 1, both excluded, or a path"),
        ("{path: a.csv, test: [b.csv]}", "test", "a list"),
        ("{path: a.csv, validation: 0.9, test: 0.2}", "validation", "leave nothing to train on"),
        ("{path: a.csv, text: []}", "text", "the list is empty"),
        ("{path: a.csv, text: [a, b, a]}", "text", "'a' stands in the list twice"),
        ("{path: a.csv, text: [a, label]}", "text", "texts and labels are both in column 'label'"),
        ("{path: a.csv, group: label}", "group", "labels and groups are both in column 'label'"),
        ("{path: a.csv, split: text}", "split", "texts and parts are both in column 'text'"),
        ("{path: a.csv, missing: {from: label}}", "missing", "both in column 'label'"),
        ("{path: a.csv, missing: fill}", "missing", "e.g. missing: {fill: none}"),
        ("{path: a.csv, missing: {fil: x}}", "missing.fil", "did you mean fill?"),
        ("{path: a.csv, missing: {fill: ' '}}", "missing.fill", "not blank"),
        ("{path: a.csv, missing: {fill: a, from: b}}", "missing", "it has 2 keys"),
        ("{path: a.csv, missing: skip}", "missing", "or {fill: TEXT} or {from: COLUMN}"),
        ("{path: a.csv, labels: {a: 01}}", "labels.a", 'put it in quotes: "01"'),
        ("{path: a.csv, labels: queue}", "labels", "the column of the labels is label:"),
        ("{path: a.csv, drop_labels: [a, 1]}", "drop_labels[1]", 'put it in quotes: "1"'),
        ("{path: a.csv, drop_labels: []}", "drop_labels", "the list is empty"),
        ("{path: a.csv, label_case: Lower}", "label_case", "did you mean lower?"),
        ("{path: a.csv, min_per_label: 0}", "min_per_label", ">= 1"),
        ("{path: a.csv, log_text: no}", "log_text", "write false"),
        ("{path: a.csv, trim_label: true}", "trim_label", "did you mean trim_labels?"),
        ("{path: a.csv, lowercase: true}", "lowercase", "write cleaning: {lowercase: ...}"),
        ("{path: a.csv, cleaning: true}", "cleaning", "a mapping of cleaning steps"),
        ("{path: a.csv, cleaning: {lower_case: true}}", "cleaning.lower_case", "did you mean lowercase?"),
        ("{path: a.csv, cleaning: {digits: fld}}", "cleaning.digits", "did you mean fold?"),
        ("{path: a.csv, cleaning: {urls: [keep, mask]}}", "cleaning.urls", "write it below parameters instead"),
        ("{path: a.csv, cleaning: {urls: {values: [keep]}}}", "cleaning.urls", "write it below parameters instead"),
    ],
)
def test_what_is_wrong_is_said_with_a_way_on(
    refused: Callable[..., list[str]], data: str, key: str, words: str
) -> None:
    (problem,) = refused(data)
    assert f"a.yaml:4 data.{key}: " in problem
    assert words in problem


def test_all_problems_are_reported_at_once(refused: Callable[..., list[str]]) -> None:
    found = refused("{path: a.csv, test: 2, text: [], labels: {a: 1, b: 2}, cleaning: {digits: 1, x: 2}, missing: 3}")
    assert len(found) == 7
