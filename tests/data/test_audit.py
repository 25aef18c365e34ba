"""Each finding, on data that has it and on data that does not."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from textclf_sweep.data import audit
from textclf_sweep.data.audit import findings, missing
from textclf_sweep.data.corpus import Corpus
from textclf_sweep.data.findings import Finding, Row

pytestmark = pytest.mark.unit

Make = Callable[..., Corpus]


def clean(rows: int, labels: str = "ab") -> list[tuple[str, str]]:
    return [(f"text {row}", labels[row % len(labels)]) for row in range(rows)]


def names(found: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(finding.name, finding.severity) for finding in found]


def test_clean_data_has_no_findings(corpus: Make) -> None:
    assert findings(corpus(clean(600))) == ()
    assert missing(corpus(clean(600))) == ()


def test_no_rows_no_findings(corpus: Make) -> None:
    assert findings(corpus([])) == ()
    assert missing(corpus([])) == ()


def test_json_has_the_promised_shape(corpus: Make) -> None:
    finding = Finding("rare_label", "fatal", 2, 0.5, 1, (Row(7, "t", "x"),), "because", "do this")
    assert json.loads(json.dumps(finding.to_json())) == {
        "name": "rare_label", "severity": "fatal", "count": 2, "share": 0.5, "texts": 1,
        "rows": [{"line": 7, "text": "t", "label": "x"}], "why": "because", "fix": "do this",
    }  # fmt: skip


@pytest.mark.parametrize(("blank", "severity"), [(1, "note"), (10, "warning"), (50, "warning"), (51, "fatal")])
def test_missing(corpus: Make, blank: int, severity: str) -> None:
    pairs = [("t", " " if row < blank else "x") for row in range(100)]
    (finding,) = missing(corpus(pairs))
    assert (finding.name, finding.severity, finding.count, finding.share) == (
        "missing_label", severity, blank, blank / 100,
    )  # fmt: skip
    assert "first in line 2" in finding.why
    (finding,) = missing(corpus([(label, text) for text, label in pairs]))
    assert (finding.name, finding.severity) == ("missing_text", severity)
    assert len(finding.rows) == min(blank, audit.EXAMPLES)


def test_single_label_is_named(corpus: Make) -> None:
    (finding,) = findings(corpus(clean(600, "a")))
    assert (finding.name, finding.severity) == ("single_label", "fatal")
    assert "'a'" in finding.why


def test_label_column_misread(corpus: Make) -> None:
    (finding,) = findings(corpus([(f"t{row}", f"id {row // 2}") for row in range(600)]))
    assert (finding.name, finding.severity) == ("label_column_misread", "fatal")
    assert "300 different values in 600 rows" in finding.why
    exactly_a_third = corpus([(f"t{row}", f"id {row // 3}") for row in range(600)])
    assert "label_column_misread" not in dict(names(findings(exactly_a_third)))


def test_too_few_rows_says_how_many_are_needed(corpus: Make) -> None:
    found = {finding.name: finding for finding in findings(corpus(clean(5)))}
    assert found["few_rows"].severity == "fatal"
    assert "5 rows for 2 labels; at least 6 are needed" in found["few_rows"].why
    assert "few_rows" in dict(names(findings(corpus(clean(1)))))


def test_texts_as_labels_are_not_too_few_rows(corpus: Make) -> None:
    assert names(findings(corpus([(f"t{row}", f"l{row}") for row in range(12)]))) == [("label_column_misread", "fatal")]


@pytest.mark.parametrize(
    ("rows", "labels", "found"), [(499, "ab", True), (500, "ab", False), (599, "abcdefghijkl", True)]
)
def test_few_rows_warns(corpus: Make, rows: int, labels: str, found: bool) -> None:
    assert (("few_rows", "warning") in names(findings(corpus(clean(rows, labels))))) is found


def test_rare_label_counts_distinct_texts(corpus: Make) -> None:
    copies = [("same", "rare"), (" SAME", "rare"), ("same ", "rare"), ("other", "rare")]
    (finding,) = (item for item in findings(corpus(clean(600) + copies)) if item.severity == "fatal")
    assert finding.name == "rare_label"
    assert "'rare'" in finding.why
    assert finding.count == 4
    enough = clean(600) + copies + [("third", "rare")]
    assert not [item for item in findings(corpus(enough)) if item.severity == "fatal"]


def test_rare_label_counts_groups(corpus: Make) -> None:
    rows = clean(600) + [(f"r{row}", "rare") for row in range(9)]
    groups = tuple("" if row < 600 else f"g{row % 2}" for row in range(609))
    assert ("rare_label", "fatal") in names(findings(corpus(rows, groups=groups)))


def test_own_split_needs_every_label_in_train_and_no_empty_part(corpus: Make) -> None:
    rows = clean(600, "abc")
    parts = tuple("test" if label == "c" else "train" for _, label in rows)
    found = {finding.name: finding for finding in findings(corpus(rows, parts=parts))}
    assert (found["rare_label"].severity, found["empty_part"].severity) == ("fatal", "fatal")
    assert "'c'" in found["rare_label"].why
    assert "validation" in found["empty_part"].why


def test_label_variants(corpus: Make) -> None:
    rows = [(f"t{row}", ("Pos", "pos ", "neg")[row % 3]) for row in range(600)]
    (finding,) = findings(corpus(rows))
    assert (finding.name, finding.severity, finding.count) == ("label_variants", "warning", 400)
    assert "'Pos', 'pos '" in finding.why


def test_imbalance(corpus: Make) -> None:
    rows = [(f"t{row}", "rare" if row < 90 else "common") for row in range(600)]
    (finding,) = findings(corpus(rows))
    assert (finding.name, finding.severity, finding.count) == ("imbalance", "warning", 90)
    assert "85.0%" in finding.why
    assert findings(corpus([(f"t{row}", "rare" if row < 100 else "common") for row in range(600)])) == ()


def test_exact_duplicates(corpus: Make) -> None:
    (finding,) = findings(corpus([*clean(600), (" TEXT 0", "a"), ("text 1", "b"), ("text 1", "b")]))
    assert (finding.name, finding.severity, finding.count, finding.texts) == ("exact_duplicates", "note", 5, 2)
    assert [row.line for row in finding.rows] == [2, 3, 602, 603, 604]


def test_conflicting_labels(corpus: Make) -> None:
    (finding,) = findings(corpus([*clean(600), ("Text 0 ", "b"), ("text 0", "c"), ("c1", "c"), ("c2", "c")]))[-1:]
    assert (finding.name, finding.severity, finding.count, finding.texts) == ("conflicting_labels", "warning", 3, 1)
    assert "at least 2 rows" in finding.why


def test_split_overlap(corpus: Make) -> None:
    rows = [*clean(600), ("Text 0", "a")]
    parts = ("train",) * 400 + ("validation",) * 100 + ("test",) * 101
    found = {finding.name: finding for finding in findings(corpus(rows, parts=parts))}
    assert (found["split_overlap"].severity, found["split_overlap"].count) == ("warning", 2)
    assert "split_overlap" not in {finding.name for finding in findings(corpus(rows))}
