"""Repeated texts: the right rows, the right words, on made and on real data."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from textclf_sweep.data.audit._subject import Subject
from textclf_sweep.data.audit.repeats import conflicting_labels, exact_duplicates, near_duplicates, split_overlap
from textclf_sweep.data.corpus import Corpus
from textclf_sweep.data.findings import Finding

pytestmark = pytest.mark.unit

Make = Callable[..., Corpus]
DIRTY = Path(__file__).parents[1] / "files" / "dirty_natural.csv"

DETROIT = "Detroit pension deal approved by one retirement system"
EBOLA = "West African nations hold crisis talks as Ebola spreads"


def clean(rows: int) -> list[tuple[str, str]]:
    return [(f"text {row}", "ab"[row % 2]) for row in range(rows)]


def look(check: Callable[[Subject], Finding | None], corpus: Corpus) -> Finding:
    found = check(Subject(corpus))
    assert found is not None
    return found


@pytest.mark.parametrize("check", [exact_duplicates, near_duplicates, conflicting_labels, split_overlap])
def test_clean_data_has_none(check: Callable[[Subject], Finding | None], corpus: Make) -> None:
    assert check(Subject(corpus(clean(600)))) is None
    parts = ("train",) * 400 + ("validation",) * 100 + ("",) * 100
    assert check(Subject(corpus(clean(600), parts=parts, groups=("",) * 600))) is None


def test_exact_duplicates(corpus: Make) -> None:
    found = look(exact_duplicates, corpus([*clean(600), (" TEXT 0", "a"), ("text 1", "b"), ("text 1", "a")]))
    assert (found.severity, found.count, found.texts, found.share) == ("note", 5, 2, 5 / 603)
    assert [row.line for row in found.rows] == [2, 602, 3, 603]  # each with a copy of it
    assert "3 of them copies of an earlier one (one text stands in 3 rows)" in found.why
    assert found.fix.startswith("nothing has to be done: equal texts stay on one side")


def test_near_duplicates_shows_the_largest_family_first(corpus: Make) -> None:
    rows = [*clean(600), (EBOLA, "a"), (EBOLA.replace("West", "W"), "a"), (EBOLA, "b")]
    rows += [(DETROIT, "a"), (f"{DETROIT}!", "a"), (f"UPDATE 2-{DETROIT}", "a"), (DETROIT.upper(), "b")]
    found = look(near_duplicates, corpus(rows))
    assert (found.severity, found.count, found.texts) == ("note", 7, 5)
    assert "in 2 groups, the largest of 4 rows" in found.why
    assert [row.text for row in found.rows] == [DETROIT, f"{DETROIT}!", EBOLA, EBOLA.replace("West", "W")]


def test_equal_texts_alone_are_no_near_duplicates(corpus: Make) -> None:
    assert near_duplicates(Subject(corpus([*clean(9), (DETROIT, "a"), (f" {DETROIT.upper()}", "a")]))) is None


def test_conflicting_labels_are_shown_together(corpus: Make) -> None:
    rows = [*clean(100), ("Text 1 ", "a"), ("text 0", "b"), ("text 0", "a"), ("text 0", "c"), ("text 2", "a")]
    found = look(conflicting_labels, corpus(rows))
    assert (found.severity, found.count, found.texts) == ("warning", 6, 2)
    assert [(row.line, row.detail) for row in found.rows] == [
        (2, "elsewhere 'b', 'c'"), (103, "elsewhere 'a', 'c'"), (3, "elsewhere 'a'"), (102, "elsewhere 'b'"),
    ]  # fmt: skip
    assert "2 texts under different labels" in found.why
    assert "at least 3 rows" in found.why


@pytest.mark.parametrize(("rows", "severity"), [(398, "warning"), (399, "note")])
def test_few_conflicts_are_a_note(rows: int, severity: str, corpus: Make) -> None:
    assert look(conflicting_labels, corpus([*clean(rows), ("same", "a"), ("Same", "b")])).severity == severity


def test_split_overlap_says_how_much_of_each_part(corpus: Make) -> None:
    rows = [*clean(600), ("Text 0", "a"), (DETROIT, "a"), (f"{DETROIT}!", "a")]
    parts = ("train",) * 400 + ("validation",) * 120 + ("test",) * 82 + ("train",)
    found = look(split_overlap, corpus(rows, parts=parts))
    assert (found.severity, found.count, found.texts) == ("warning", 4, 3)
    assert "4 rows (0.66%) are in another part, too (2 by equal texts, 4 by equal or nearly equal ones)" in found.why
    assert "2 rows (0.50%) of train, 2 rows (2.4%) of test" in found.why
    assert [(row.line, row.detail) for row in found.rows] == [
        (2, "train; also in made:602"), (602, "test; also in made:2"),
        (603, "test; also in made:604"), (604, "train; also in made:603"),
    ]  # fmt: skip


def test_split_overlap_of_groups_and_rows_still_to_be_split(corpus: Make) -> None:
    groups = ("g", *[""] * 58, "g")
    found = look(split_overlap, corpus(clean(60), parts=("",) * 50 + ("test",) * 10, groups=groups))
    assert (found.severity, found.count) == ("warning", 2)
    assert "(2 by groups)" in found.why
    assert "1 row (10.0%) of test, 1 row (2.0%) of what is still to be split" in found.why


@pytest.mark.parametrize(("alike", "severity"), [(4, "note"), (5, "warning")])
def test_a_little_nearness_between_parts_is_natural(alike: int, severity: str, corpus: Make) -> None:
    letters = random.Random(0)
    texts = [" ".join("".join(letters.choices("abcdefgh", k=5)) for _ in range(10)) for _ in range(300)]
    tests = [(f"{text}!" if row < alike else f"text {row}", "b") for row, text in enumerate(texts[:100])]
    parts = ("train",) * 300 + ("test",) * 100
    found = look(split_overlap, corpus([*[(text, "a") for text in texts], *tests], parts=parts))
    assert (found.count, found.severity) == (2 * alike, severity)


def test_real_dirt() -> None:
    with DIRTY.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    texts, labels = (tuple(row[name] for row in rows) for name in ("text", "label"))
    dirty = Corpus(texts, labels, tuple(range(2, len(rows) + 2)), name=str(DIRTY))
    found = look(conflicting_labels, dirty)
    assert (found.severity, found.texts, found.count) == ("warning", 148, 361)
    assert "'business', 'sci_tech'" in found.why
    found = look(exact_duplicates, dirty)
    assert (found.texts, found.count) == (452, 1_028)
    assert "576 of them copies of an earlier one" in found.why
    assert look(near_duplicates, dirty).count < 50
