"""Definitions that are made up for data: they are accepted, read the data as meant, and can be split."""

from __future__ import annotations

import csv
import dataclasses
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from textclf_sweep import data
from textclf_sweep.definition.load import load
from textclf_sweep.definition.types import DataSettings, Missing, SweepDefinition
from textclf_sweep.errors import DataError
from textclf_sweep.sweep.assumptions import assumptions
from textclf_sweep.sweep.catalogue import discover
from textclf_sweep.sweep.init import Draft, draft, sweep_name

pytestmark = pytest.mark.unit

CLINC = Path(__file__).parents[1] / "data" / "files" / "clinc150.csv"
WORDS = {"sport": "match goal team coach league", "money": "bank share price market bond"}
Rows = Sequence[Sequence[str]]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes rows, the first of them the header, to a CSV file."""

    def to_file(rows: Rows, name: str = "news.csv", delimiter: str = ",") -> Path:
        path = tmp_path / name
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=delimiter).writerows(rows)
        return path

    return to_file


@pytest.fixture
def rows() -> list[list[str]]:
    """A header and 120 rows of two labels that differ in their words."""
    found = [["body", "topic"]]
    for number in range(120):
        label = ("sport", "money")[number % 2]
        words = WORDS[label].split()
        picked = [words[number * step % 5] for step in (1, 2, 3)]
        found.append([f"the {' '.join(picked)} of day {number} is {'good' if number % 3 else 'bad'} news", label])
    return found


def accepted(drafted: Draft, file: Path) -> SweepDefinition:
    """The definition, as a run would have it."""
    file.write_text(drafted.text, encoding="utf-8")
    return load(file.read_bytes(), discover(), path=file)


def test_it_is_accepted_and_reads_the_data_as_they_were_looked_at(
    write: Callable[..., Path], rows: list[list[str]], tmp_path: Path
) -> None:
    path = write(rows, delimiter=";")
    drafted = draft(str(path), tmp_path / "sweep.yaml")
    definition = accepted(drafted, tmp_path / "sweep.yaml")
    assert definition.name == "news"
    assert definition.data.path == str(path)
    assert definition.data.options["delimiter"] == ";"
    assert definition.data.folds == 5
    assert len(data.load(definition.data, definition.seed).folds) == 5
    assert drafted.labels == {"sport": 60, "money": 60}
    assert "  path: news.csv " in drafted.text
    assert "few_rows" in drafted.handled
    assert set(definition.searched) >= {"learning_rate", "batch_size", "dropout"}


def test_findings_are_dealt_with(write: Callable[..., Path], rows: list[list[str]], tmp_path: Path) -> None:
    for number in range(1, len(rows), 10):
        rows[number] = [f"<b>{rows[number][0]}</b> &amp; more", f" {rows[number][1].upper()}"]
    rows[5][0] = ""
    rows.extend([f"a row that nobody knows {number}", "odd"] for number in range(2))
    drafted = draft(str(write(rows)), tmp_path / "sweep.yaml")
    definition = accepted(drafted, tmp_path / "sweep.yaml")
    assert {"label_variants", "html_debris", "missing_text", "imbalance"} <= set(drafted.handled)
    assert definition.metric.name == "val_macro_f1"
    assert all(search.space.constants["strip_html"] is True for search in definition.searches)
    splits = data.load(definition.data, definition.seed)
    assert splits.labels == ("money", "odd", "sport") == tuple(sorted(drafted.labels))
    assert "\n  # drop_labels: [odd]" in drafted.text
    again = {finding.name for finding in data.examine(definition.data).findings}
    assert "label_variants" not in again


def test_a_fatal_finding_is_an_error_unless_forced(write: Callable[..., Path], tmp_path: Path) -> None:
    path = write(
        [["text", "label"], *([f"text number {number}", "ab"[number % 2] * (number < 40)] for number in range(90))]
    )
    with pytest.raises(DataError, match="missing_label"):
        draft(str(path), tmp_path / "sweep.yaml")
    assert "fatal: missing_label" in draft(str(path), tmp_path / "sweep.yaml", force=True).text


def test_rows_that_cannot_be_split_are_an_error(write: Callable[..., Path], tmp_path: Path) -> None:
    path = write([["text", "label"], ["one text", "a"], ["another text", "b"], ["a third one", "a"]])
    with pytest.raises(DataError):
        draft(str(path), tmp_path / "sweep.yaml", force=True)


def test_separate_files_are_the_parts(write: Callable[..., Path], rows: list[list[str]], tmp_path: Path) -> None:
    (tmp_path / "mails").mkdir()
    train = write(rows[:91], "mails/train.csv")
    write([rows[0], *rows[91:106]], "mails/val.csv")
    write([rows[0], *rows[106:]], "mails/test.csv")
    drafted = draft(str(train), tmp_path / "sweep.yaml")
    definition = accepted(drafted, tmp_path / "sweep.yaml")
    splits = data.load(definition.data, definition.seed)
    assert [len(splits.part(name)) for name in ("train", "validation", "test")] == [90, 15, 15]
    assert definition.name == "mails"
    assert "  validation: mails/val.csv" in drafted.text


def test_what_is_said_is_of_the_data_as_they_will_be(
    write: Callable[..., Path], rows: list[list[str]], tmp_path: Path
) -> None:
    for number in (1, 4, 7):
        rows[number][1] = f" {rows[number][1].upper()}"
    drafted = draft(str(write(rows)), tmp_path / "sweep.yaml")
    definition = accepted(drafted, tmp_path / "sweep.yaml")
    again = data.examine(definition.data, assumptions(definition)).findings
    left = [finding for finding in drafted.findings if finding.name not in drafted.handled]
    assert left == [finding for finding in again if finding.name not in drafted.handled]
    assert left
    before = data.examine(dataclasses.replace(definition.data, trim_labels=False, label_case="keep", labels=()))
    assert [finding for finding in drafted.findings if finding.name == "label_variants"] == [
        finding for finding in before.findings if finding.name == "label_variants"
    ]


def test_one_architecture_can_be_tried_with_the_command_in_the_file(
    write: Callable[..., Path], rows: list[list[str]], tmp_path: Path
) -> None:
    file = tmp_path / "my sweep.yaml"
    drafted = draft(str(write(rows)), file)
    accepted(drafted, file)
    (line,) = (line for line in drafted.text.splitlines() if "--set" in line)
    sweep, run, name, *options = shlex.split(line.removeprefix("# "))
    assert (sweep, run, name) == ("sweep", "run", "my sweep.yaml")
    definition = load(file.read_bytes(), discover(), path=file, overrides=options[1::2])
    assert (definition.name, definition.architectures, definition.run_cap) == ("news-quick", ("tfidf_mlp",), 1)


def test_other_columns_are_proposed(write: Callable[..., Path], rows: list[list[str]], tmp_path: Path) -> None:
    more = [["customer", "title"], *([f"c{number % 30}", f"about day {number} in short"] for number in range(120))]
    wide = [[*row, *other] for row, other in zip(rows, more, strict=True)]
    wide[9][0] = ""
    drafted = draft(str(write(wide)), tmp_path / "sweep.yaml")
    definition = accepted(drafted, tmp_path / "sweep.yaml")
    assert definition.data.missing == Missing("from", "title")
    assert len(data.examine(definition.data).corpus) == 120
    assert "\n  # text: [body, title] # instead of text and missing" in drafted.text
    assert "\n  # group: customer #" in drafted.text


def test_a_file_without_a_header(write: Callable[..., Path], rows: list[list[str]], tmp_path: Path) -> None:
    drafted = draft(str(write(rows[1:])), tmp_path / "sweep.yaml", (rows[1][0],), rows[1][1])
    assert "missing_header" in {finding.name for finding in drafted.findings}
    assert "# - warning: missing_header, 1 row" in drafted.text


def test_many_labels_and_real_texts(tmp_path: Path) -> None:
    definition = accepted(draft(str(CLINC), tmp_path / "sweep.yaml"), tmp_path / "sweep.yaml")
    assert definition.data.path == str(CLINC)
    assert definition.run_cap == 24


NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6).filter(
    lambda name: name.isprintable() and name == name.strip()
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(NAMES, min_size=2, max_size=2, unique_by=str.lower))
@example(names=["no: #", "null"])
@example(names=['"1', "'[x]'"])
def test_any_column_and_file_name_can_be_written(
    write: Callable[..., Path], rows: list[list[str]], tmp_path: Path, names: list[str]
) -> None:
    text, label = names
    path = write([names, *rows[1:60]], f"{text.translate({ord('/'): '-', ord('.'): '-'})}.csv")
    definition = accepted(draft(str(path), tmp_path / "sweep.yaml", (text,), label), tmp_path / "sweep.yaml")
    assert (definition.data.path, definition.data.text, definition.data.label) == (str(path), (text,), label)
    path.unlink()


@pytest.mark.parametrize(
    ("target", "name"),
    [("a/Meine Daten.csv.gz", "Meine-Daten"), ("mails/train.csv", "mails"), ("/x/\u00e9\u00e9.csv", "mine")],
)
def test_a_sweep_is_named_after_its_data(target: str, name: str) -> None:
    assert sweep_name(target, DataSettings("csv", target)) == name
