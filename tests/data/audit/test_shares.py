"""Splits whose parts are not as large as asked for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from textclf_sweep.data.audit._shares import uneven_split
from textclf_sweep.data.corpus import Corpus, Splits
from textclf_sweep.data.findings import Finding
from textclf_sweep.data.splits import split
from textclf_sweep.definition.types import DataSettings

pytestmark = pytest.mark.unit

Make = Callable[..., Corpus]
SETTINGS = DataSettings("uci_news")


def found(corpus: Corpus, splits: Splits | None = None) -> Finding | None:
    return uneven_split(corpus, splits or split(corpus, SETTINGS, 0), SETTINGS, 0)


def pairs(rows: int) -> list[tuple[str, str]]:
    return [(f"text {row} {row * 7919}", "ab"[row % 2]) for row in range(rows)]


def test_parts_as_asked_are_no_finding(corpus: Make) -> None:
    assert found(corpus(pairs(300))) is None
    assert found(corpus(pairs(12))) is None


def test_large_clusters_leave_little_for_the_other_parts(corpus: Make) -> None:
    groups = ("big",) * 270 + tuple(str(row) for row in range(30))
    finding = found(corpus(pairs(300), groups=groups))
    assert finding is not None
    assert (finding.name, finding.severity, finding.count) == ("uneven_split", "warning", 270)
    assert "the largest of 1 such clusters has 270 rows (90.0%)" in finding.why
    assert "instead of 15%" in finding.why
    assert "data.group" in finding.fix


@pytest.mark.parametrize(("rows", "kept"), [(150, False), (190, True)])
def test_a_cluster_of_most_rows_leaves_little_to_draw_from(corpus: Make, rows: int, kept: bool) -> None:
    groups = ("big",) * rows + tuple(str(row) for row in range(300 - rows))
    finding = found(corpus(pairs(300), groups=groups))
    assert (finding is not None) is kept
    if finding:
        assert (finding.severity, finding.count) == ("note", 190)
        assert "drawn from the other 36.7%" in finding.why


def test_copies_are_named_where_there_are_no_groups(corpus: Make) -> None:
    same = [("one and the same sentence in every row", "ab"[row % 2]) for row in range(270)]
    finding = found(corpus([*same, *pairs(30)]))
    assert finding is not None
    assert finding.count == 270
    assert "copies" in finding.fix


def test_many_rare_labels_are_named(corpus: Make) -> None:
    finding = found(corpus([(text, f"label {row // 3}") for row, (text, _) in enumerate(pairs(300))]))
    assert finding is not None
    assert (finding.severity, finding.count) == ("warning", 300)
    assert "100 of 100 have too few rows" in finding.why


@pytest.mark.parametrize(("rows", "severity"), [(18, "note"), (22, "warning")])
def test_how_far_off_tells_how_grave_it_is(corpus: Make, rows: int, severity: str) -> None:
    whole = corpus(pairs(200))
    sides = ["test"] * (30 + rows) + ["validation"] * 30 + ["train"] * (140 - rows)
    finding = found(whole, Splits.of(whole, sides))  # type: ignore[arg-type]
    assert finding is not None
    assert finding.severity == severity


def test_parts_that_the_data_bring_themselves_are_as_they_are(corpus: Make) -> None:
    own = ("train",) * 20 + ("validation",) * 100 + ("test",) * 100
    assert found(corpus(pairs(220), parts=own)) is None
    # Only the test part is drawn: from rows without a part.
    assert found(corpus(pairs(220), parts=("validation",) * 100 + ("",) * 120)) is None
