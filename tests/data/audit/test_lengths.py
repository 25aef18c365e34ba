"""Texts that are too long, cut, or all of one length."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from textclf_sweep.data.audit.lengths import CHECKS, constant_length, cut_texts, outlier_length, truncation

pytestmark = pytest.mark.unit

Make = Callable[..., Any]
FILES = Path(__file__).parents[1] / "files"


def test_texts_of_usual_lengths_have_no_findings(subject: Make, clean: Make) -> None:
    assert [check(subject(clean(1000))) for check in CHECKS] == [None] * len(CHECKS)


@pytest.mark.parametrize(
    ("share", "severity"), [(0.005, None), (0.05, None), (0.06, "note"), (0.1, "note"), (0.3, "warning")]
)
def test_truncation(subject: Make, clean: Make, share: float, severity: str | None) -> None:
    long = int(1000 * share)
    pairs = [("word " * (100 + row), "a") for row in range(long)] + clean(1000 - long)
    finding = truncation(subject(pairs))
    assert (finding and finding.severity) == severity
    if finding:
        assert finding.affected == tuple(range(long))
        assert finding.rows[0].detail == f"{99 + long} words"
        assert f"{share:.1%} of the texts are longer than max_length = 64 words" in finding.why


def test_truncation_says_what_length_would_do(subject: Make, clean: Make) -> None:
    finding = truncation(subject([("word " * 100, "a")] * 500 + clean(500)))
    assert finding is not None
    assert finding.patch == "parameters:\n  max_length: {value: 104}"
    finding = truncation(subject([("word " * 600, "a")] * 500 + clean(500)))
    assert finding is not None
    assert finding.patch == "parameters:\n  max_length: {value: 512}\n  truncate: {value: head_tail}"


def test_truncation_has_nothing_left_to_do_where_the_values_are_those_proposed(subject: Make, clean: Make) -> None:
    few = [("word " * 100, "a")] * 40 + clean(960)
    assert truncation(subject(few, max_length=16)) is None
    many = subject([("word " * 900, "a")] * 500 + clean(500), max_length=512, truncate="head_tail")
    finding = truncation(many)
    assert finding is not None
    assert (finding.severity, finding.patch) == ("note", "")
    assert "nothing is left to do" in finding.fix
    finding = truncation(subject([("word " * 900, "a")] * 500 + clean(500), max_length=600))
    assert finding is not None
    assert finding.patch == "parameters:\n  truncate: {value: head_tail}"


@pytest.mark.parametrize(("words", "found"), [(990, False), (1_010, True)])
def test_a_text_far_longer_than_all_others(subject: Make, clean: Make, words: int, found: bool) -> None:
    pairs = [*clean(1000), ("abcd " * words, "a")]
    finding = outlier_length(subject(pairs))
    assert (finding is not None) is found
    if finding:
        assert (finding.severity, finding.affected) == ("note", (1000,))
        assert finding.rows[0].detail == f"{5 * words:,} characters"
    assert outlier_length(subject([("abcd " * 2_000, "a")] * 5 + [("abcd " * 9_000, "a")])) is None


def test_truncation_counts_what_is_left_after_cleaning(subject: Make) -> None:
    pairs = [("!" * 100 + "one", "a")] * 10
    assert truncation(subject(pairs)) is not None
    assert truncation(subject(pairs, cleaning={"punctuation": "remove"})) is None
    assert truncation(subject(pairs, max_length=101)) is None


def test_a_little_over_the_length_loses_little(subject: Make) -> None:
    finding = truncation(subject([("word " * 70, "a")] * 100))
    assert finding is not None
    assert finding.severity == "note"


def test_all_of_one_length(subject: Make) -> None:
    finding = constant_length(subject([(f"{row:05d}", "a") for row in range(100)]))
    assert finding is not None
    assert (finding.severity, finding.count) == ("warning", 100)
    assert "5 characters" in finding.why
    assert constant_length(subject([("same text", "a")] * 100)) is None


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5])
def test_some_filled_up_to_one_length(subject: Make, clean: Make, share: float) -> None:
    pairs = clean(2000)
    rows = tuple(row for row in range(0, 2000, round(1 / share)) if len(pairs[row][0]) < 60)
    for row in rows:
        pairs[row] = (pairs[row][0].ljust(60, "x"), "a")
    finding = constant_length(subject(pairs))
    assert finding is not None
    assert finding.severity == "note"
    assert set(rows) <= set(finding.affected)


@pytest.mark.parametrize("end", ["...", " ...", "…", '..."', "[...]", " [Read more]", "... read more »"])
def test_texts_that_end_as_cut_ones_do(subject: Make, clean: Make, end: str) -> None:
    pairs = clean(1000)
    pairs[7] = (pairs[7][0] + end, "a")
    finding = cut_texts(subject(pairs))
    assert finding is not None
    assert (finding.severity, finding.affected) == ("note", (7,))
    assert finding.rows[0].detail.endswith(end.strip())


@pytest.mark.parametrize("end", [".", "..", ". . .", "... and more words that follow", "!"])
def test_other_ends(subject: Make, clean: Make, end: str) -> None:
    pairs = clean(1000)
    pairs[7] = (pairs[7][0] + end, "a")
    assert cut_texts(subject(pairs)) is None


def test_texts_cut_at_a_length(subject: Make, clean: Make) -> None:
    pairs = [(text[:60], label) for text, label in clean(2000)]
    cut = tuple(row for row, (text, _) in enumerate(pairs) if len(text) == 60)
    finding = cut_texts(subject(pairs))
    assert finding is not None
    assert finding.affected == cut
    assert "exactly 60 characters" in finding.why
    assert constant_length(subject(pairs)) is None
    assert cut_texts(subject([(f"{text[:59]}.", label) for text, label in pairs])) is None


def test_many_cut_texts_are_grave(subject: Make, clean: Make) -> None:
    pairs = [(f"{text}..." if row % 2 else text, label) for row, (text, label) in enumerate(clean(1000))]
    finding = cut_texts(subject(pairs))
    assert finding is not None
    assert finding.severity == "warning"
    assert "100% of these rows have the label" in finding.why


def test_real_dirt(subject: Make) -> None:
    with (FILES / "dirty_natural.csv").open(encoding="utf-8", newline="") as file:
        pairs = [(row["text"], row["label"]) for row in csv.DictReader(file)]
    finding = cut_texts(subject(pairs))
    assert finding is not None
    assert finding.severity == "note"
    assert '530 rows ending in "..."' in finding.why
    assert {row for row, (text, _) in enumerate(pairs) if text.endswith("...")} <= set(finding.affected)
    assert finding.count == 534
