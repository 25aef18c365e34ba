"""From settings to splits: what is dropped is noted, what is fatal stops."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from textclf_sweep import data
from textclf_sweep.data import sources
from textclf_sweep.data.splits import split
from textclf_sweep.definition.types import DataSettings, Missing
from textclf_sweep.errors import DataError

pytestmark = pytest.mark.unit

Write = Callable[..., DataSettings]


def rows(count: int, labels: str = "ab") -> str:
    return "text,label\n" + "".join(f"text {row},{labels[row % len(labels)]}\n" for row in range(count))


def test_sample_keeps_its_own_split() -> None:
    settings = DataSettings("uci_news")
    splits = data.load(settings, 3)
    assert [len(part) for part in (splits.train, splits.validation, splits.test)] == [4_000, 800, 2_000]
    assert splits.labels == ("business", "entertainment", "health", "sci_tech")
    assert splits.data_hash == split(sources.load(settings), settings, 4).data_hash
    assert {finding.severity for finding in splits.findings} <= {"warning", "note"}


def test_incomplete_rows_are_dropped_with_a_note(csv_file: Write) -> None:
    splits = data.load(csv_file(rows(30) + "no label,\nneither one, \n ,a\n,\n"), 0)
    assert splits.notes == (
        "2 rows without a text were dropped (first: line 34)",
        "2 rows without a label were dropped (first: line 32)",
    )
    counts = {finding.name: finding.count for finding in splits.findings}
    assert (counts["missing_text"], counts["missing_label"]) == (2, 3)
    kept = {line for part in (splits.train, splits.validation, splits.test) for line in part.lines}
    assert kept == set(range(2, 32))


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (rows(60, "a"), "single_label"),
        ("text,label\n" + "".join(f"t{row},id{row}\n" for row in range(60)), "label_column_misread"),
        (rows(60) + "x,\n" * 61, "missing_label"),
        (rows(60) + ",a\n" * 61, "missing_text"),
    ],
)
def test_fatal_findings_stop_with_their_place(csv_file: Write, content: str, name: str) -> None:
    settings = csv_file(content)
    with pytest.raises(DataError) as caught:
        data.load(settings, 0)
    (problem,) = [problem for problem in caught.value.problems if problem.what.startswith(f"{name}: ")]
    assert problem.where.startswith(f"{settings.path}:")
    assert problem.fix


def test_all_rows_incomplete(csv_file: Write) -> None:
    with pytest.raises(DataError, match="missing_label"):
        data.load(csv_file("text,label\na,\nb,\n"), 0)
    with pytest.raises(DataError, match="missing_text"):
        data.load(csv_file("text,label\n,a\n,b\n"), 0, force=True)


def test_a_fatal_finding_may_be_overridden_unless_nothing_can_be_learned(csv_file: Write) -> None:
    content = rows(60) + "x,\n" * 61
    assert len(data.load(csv_file(content), 0, force=True).train) == 42
    with pytest.raises(DataError, match="single_label"):
        data.load(csv_file(rows(60, "a")), 0, force=True)


def test_rows_prepared_as_asked_are_what_is_examined(csv_file: Write) -> None:
    content = "text,label,title\n" + "".join(f",{' AB'[row % 3]}{row % 2},title {row}\n" for row in range(60))
    asked = csv_file(content, missing=Missing("from", "title"), trim_labels=True, labels=(("A1", "1"), ("B1", "1")))
    examined = data.examine(asked)
    assert examined.corpus.texts[0] == "title 0"
    assert set(examined.corpus.labels) == {"0", "1", "A0", "B0"}
    assert "missing_text" in [finding.name for finding in examined.findings]


def test_examine_reports_fatal_findings_without_raising(csv_file: Write) -> None:
    examined = data.examine(csv_file(rows(60, "a") + "no label,\n"))
    assert (len(examined.corpus), examined.rows) == (60, 61)
    assert examined.findings[0].name == "single_label"
    severities = [finding.severity for finding in examined.findings]
    assert severities == sorted(severities, key=["fatal", "warning", "note"].index)


def test_a_split_far_from_what_was_asked_is_a_finding(csv_file: Write) -> None:
    content = "text,label,group\n" + "".join(f"text {row},{row % 2},g{min(row, 30)}\n" for row in range(300))
    settings = csv_file(content, group="group")
    splits = data.load(settings, 0)
    (finding,) = (item for item in splits.findings if item.name == "uneven_split")
    assert (finding.severity, finding.count) == ("warning", 270)
    severities = [item.severity for item in splits.findings]
    assert severities == sorted(severities, key=["fatal", "warning", "note"].index)
    assert "uneven_split" not in [item.name for item in data.examine(settings).findings]


def test_folds_are_known_to_the_audit(csv_file: Write) -> None:
    found = {item.name: item for item in data.examine(csv_file(rows(60), folds=3)).findings}
    assert (found["few_rows"].severity, found["few_rows"].patch) == ("note", "")


def test_smallest_data_that_is_accepted(csv_file: Write) -> None:
    splits = data.load(csv_file(rows(6)), 0)
    for part in (splits.train, splits.validation, splits.test):
        assert sorted(part.labels) == ["a", "b"]


@pytest.mark.parametrize(("action", "severity"), [("drop", "fatal"), ("fill", "warning"), ("empty", "warning")])
def test_missing_texts_that_are_seen_to_are_not_fatal(csv_file: Write, action: str, severity: str) -> None:
    content = "text,label\n" + "".join(f"some text {row},{row % 2}\n" for row in range(20)) + ",0\n,1\n" * 15
    settings = csv_file(content, missing=Missing(action, "nothing"))  # type: ignore[arg-type]
    (found,) = (item for item in data.examine(settings).findings if item.name == "missing_text")
    assert found.severity == severity
