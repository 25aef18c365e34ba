"""The faults that the benchmark of the audit injects: seeded, in as many rows as asked, and nothing else changes."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

from textclf_sweep.data.corpus import Corpus

pytestmark = pytest.mark.unit

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
ROWS = 200
NAMES = (
    "missing_text", "missing_label", "label_variants", "exact_duplicates", "near_duplicates", "conflicting_labels",
    "rogue_characters", "mojibake", "html_debris", "label_leak", "mixed_languages", "out_of_vocabulary", "truncation",
    "cut_texts", "constant_length", "mislabelled",
)  # fmt: skip
ADDING = ("exact_duplicates", "near_duplicates", "conflicting_labels")


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("faults")


@pytest.fixture
def clean() -> Corpus:
    texts = tuple(f"the quick brown fox number {row} jumps over a dog" for row in range(ROWS))
    return Corpus(texts, tuple("abcd"[row % 4] for row in range(ROWS)), tuple(range(2, ROWS + 2)))


@pytest.mark.parametrize("name", NAMES)
def test_rows_with_the_fault_and_no_others_change(faults: ModuleType, clean: Corpus, name: str) -> None:
    injected, rows = getattr(faults, name)(clean, 0.1, 7)
    assert rows == sorted(set(rows))
    assert len(rows) == 20
    assert (injected, rows) == getattr(faults, name)(clean, 0.1, 7)
    assert rows != getattr(faults, name)(clean, 0.1, 8)[1]
    assert len(set(injected.lines)) == len(injected)
    pairs = list(zip(injected.texts, injected.labels, strict=True))
    changed = {row for row in range(ROWS) if pairs[row] != (clean.texts[row], clean.labels[row])}
    if name in ADDING:
        assert not changed
        assert set(range(ROWS, len(injected))) < set(rows)
    else:
        assert len(injected) == ROWS
        assert changed == set(rows)


def test_every_fault_is_tried(faults: ModuleType) -> None:
    named = {*faults.ROW_FAULTS, *faults.STATISTICAL_FAULTS, *faults.WHOLE_FAULTS, "mislabelled"}
    assert named == {
        *NAMES, "imbalance", "sorted_by_label", "order_leak", "shuffled_labels", "single_label",
        "label_column_misread", "few_rows",
    }  # fmt: skip


def test_order_and_shares(faults: ModuleType, clean: Corpus) -> None:
    ordered, rows = faults.order_leak(clean, 0.5, 1)
    assert sorted(ordered.texts) == sorted(clean.texts)
    assert all(ordered.labels[row] == "abcd"[row % 4] for row in rows)
    assert list(faults.sorted_by_label(clean, 1.0, 1)[0].labels) == sorted(clean.labels)
    fewer, rows = faults.imbalance(clean, 0.3, 1)
    assert len(rows) == 5
    assert len(fewer) == 155
    shuffled, rows = faults.shuffled_labels(clean, 1.0, 1)
    assert len(rows) == ROWS
    assert sorted(shuffled.labels) == sorted(clean.labels)
    assert shuffled.labels != clean.labels
    assert set(faults.single_label(clean, 1.0, 1)[0].labels) == {"a"}
    assert len(set(faults.label_column_misread(clean, 1.0, 1)[0].labels)) == ROWS
    assert len(faults.few_rows(clean, 1.0, 1)[0]) == 100
