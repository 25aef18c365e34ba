"""Findings about the label column."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from textclf_sweep.data.audit.labels import CHECKS, few_rows, imbalance, label_column_misread, rare_label, single_label

pytestmark = pytest.mark.unit

Make = Callable[..., Any]


def test_clean_labels_have_no_findings(subject: Make, clean: Make) -> None:
    assert [check(subject(clean(600))) for check in CHECKS] == [None] * len(CHECKS)


def test_single_label_is_named(subject: Make, clean: Make) -> None:
    finding = single_label(subject(clean(60, "a")))
    assert finding is not None
    assert (finding.severity, finding.count) == ("fatal", 60)
    assert "'a'" in finding.why


def test_label_column_misread(subject: Make) -> None:
    finding = label_column_misread(subject([(f"t{row}", f"id {row // 2}") for row in range(600)]))
    assert finding is not None
    assert finding.severity == "fatal"
    assert "300 different values in 600 rows" in finding.why
    a_third = [(f"t{row}", f"id {row // 3}") for row in range(600)]
    assert label_column_misread(subject(a_third)) is None


@pytest.mark.parametrize(
    ("rows", "labels", "found"), [(499, "ab", True), (500, "ab", False), (599, "abcdefghijkl", True), (5, "ab", True)]
)
def test_few_rows(subject: Make, clean: Make, rows: int, labels: str, found: bool) -> None:
    finding = few_rows(subject(clean(rows, labels)))
    assert (finding is not None) is found
    assert finding is None or (finding.severity, finding.patch) == ("warning", "data:\n  folds: 5")


def test_few_rows_with_folds_have_nothing_left_to_do(subject: Make, clean: Make) -> None:
    finding = few_rows(subject(clean(100), folds=5))
    assert finding is not None
    assert (finding.severity, finding.patch) == ("note", "")
    assert "nothing is left to do: `folds: 5`" in finding.fix


def test_a_handful_of_rows_says_nothing_of_the_column(subject: Make) -> None:
    for rows, found in ((3, False), (9, False), (10, True)):
        pairs = [(f"t{row}", f"l{row}") for row in range(rows)]
        assert (label_column_misread(subject(pairs)) is not None) is found


def test_rare_label_counts_distinct_texts(subject: Make, clean: Make) -> None:
    copies = [("same", "rare"), (" SAME", "rare"), ("same ", "rare"), ("other", "rare")]
    finding = rare_label(subject(clean(600) + copies))
    assert finding is not None
    assert (finding.severity, finding.affected) == ("warning", (600, 601, 602, 603))
    assert "'rare'" in finding.why
    assert finding.patch == 'data:\n  drop_labels: ["rare"]'
    assert rare_label(subject([*clean(600), *copies, ("third", "rare")])) is None


def test_rare_label_counts_groups(subject: Make, clean: Make) -> None:
    rows = clean(600) + [(f"r{row}", "rare") for row in range(9)]
    groups = tuple("" if row < 600 else f"g{row % 2}" for row in range(609))
    finding = rare_label(subject(rows, groups=groups))
    assert finding is not None
    assert finding.count == 9


def test_many_rare_labels_are_left_out_by_their_number(subject: Make, clean: Make) -> None:
    finding = rare_label(subject(clean(600) + [(f"r{row}", f"rare {row}") for row in range(9)]))
    assert finding is not None
    assert finding.patch == "data:\n  min_per_label: 3"


def test_rare_label_is_silent_where_the_column_is_the_wrong_one(subject: Make) -> None:
    assert rare_label(subject([(f"t{row}", f"l{row}") for row in range(12)])) is None


def test_own_split_needs_every_label_in_train(subject: Make, clean: Make) -> None:
    rows = clean(600, "abc")
    finding = rare_label(subject(rows, parts=tuple("test" if label == "c" else "train" for _, label in rows)))
    assert finding is not None
    assert (finding.severity, finding.count) == ("warning", 200)
    assert "'c'" in finding.why
    # Rows without a part of their own are mostly drawn into train.
    assert rare_label(subject(rows, parts=tuple("" if label == "c" else "train" for _, label in rows))) is None


@pytest.mark.parametrize(("rare", "severity"), [(90, "warning"), (99, "warning"), (100, None)])
def test_imbalance(subject: Make, rare: int, severity: str | None) -> None:
    rows = [(f"t{row}", "rare" if row < rare else "common") for row in range(600)]
    finding = imbalance(subject(rows))
    assert (finding and finding.severity) == severity
    if finding:
        assert finding.affected == tuple(range(rare))
        assert finding.patch == "metric:\n  name: val_macro_f1\n  goal: maximize"
        assert f"{1 - rare / 600:.1%}" in finding.why


def test_imbalance_without_a_majority_is_a_note(subject: Make) -> None:
    rows = [(f"t{row}", "rare" if row < 50 else f"l{row % 3}") for row in range(1000)]
    finding = imbalance(subject(rows))
    assert finding is not None
    assert (finding.severity, finding.count) == ("note", 50)
