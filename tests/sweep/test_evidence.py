"""What is measured of data, on made and on real rows."""

from __future__ import annotations

import random

import pytest

from textclf_sweep import data
from textclf_sweep.data.corpus import Part
from textclf_sweep.definition.types import DataSettings
from textclf_sweep.sweep.evidence import measure, thinned

pytestmark = pytest.mark.unit

WORDS = {"sport": ("goal", "match", "coach", "league"), "money": ("bank", "stock", "market", "euro")}
FILLER = [f"word{number}" for number in range(200)]


def part(rows: int, seed: int, *, shuffled: bool = False, filler: list[str] = FILLER) -> Part:
    """Texts of a word that tells the label between five that tell nothing."""
    draw = random.Random(seed)
    labels = [("sport", "money")[row % 2] for row in range(rows)]
    texts = [" ".join([*draw.sample(filler, 5), draw.choice(WORDS[label])]) for label in labels]
    if shuffled:
        draw.shuffle(labels)
    return Part(tuple(texts), tuple(labels), tuple(range(2, rows + 2)))


def test_clean_rows() -> None:
    found = measure(part(600, 1), part(200, 2), 0.99, 0)
    assert found.train == {"sport": 300, "money": 300}
    assert found.linear == 0.99
    assert found.held_out is not None
    assert found.held_out > 0.95
    assert 0.4 < found.shift < 0.6
    assert (found.overlap, found.conflicting, found.singles, found.numeric) == (0, 0, 0, 0)
    assert found.label_shift_p == pytest.approx(1.0)
    assert found.giveaway < 0.5  # four words for each label


def test_shuffled_labels() -> None:
    found = measure(part(600, 1, shuffled=True), part(200, 2), None, 0)
    assert found.evidence is not None
    assert found.evidence < 3
    assert found.held_out == pytest.approx(0.5, abs=0.1)


def test_parts_of_different_kinds() -> None:
    other = [f"mot{number}" for number in range(200)]
    found = measure(part(600, 1), part(200, 2, filler=other), None, 0)
    assert found.shift > 0.95
    assert found.unseen > 0.7


def test_labels_that_differ_between_parts() -> None:
    train, held = part(600, 1), part(200, 2)
    rows = [row for row in range(200) if held.labels[row] == "sport"]
    one = Part(*(tuple(column[row] for row in rows) for column in (held.texts, held.labels, held.lines)))
    found = measure(train, one, None, 0)
    assert found.label_shift == pytest.approx(0.5)
    assert found.label_shift_p < 1e-6


def test_leaks() -> None:
    train = part(600, 1)
    told = Part(
        tuple(f"{text} {label}" for text, label in zip(train.texts, train.labels, strict=True)), *train_rest(train)
    )
    found = measure(told, thinned(told, 100), None, 0)
    assert found.giveaway == 1
    assert found.overlap == 1


def train_rest(train: Part) -> tuple[tuple[str, ...], tuple[int, ...]]:
    return train.labels, train.lines


def test_one_text_under_two_labels() -> None:
    texts = tuple(f"text {row // 2}" for row in range(40))
    both = Part(texts, ("a", "b") * 20, tuple(range(40)))
    assert measure(both, both, None, 0).conflicting == 1


def test_ids_for_labels() -> None:
    ids = Part(tuple(f"text {row}" for row in range(90)), tuple(map(str, range(90))), tuple(range(90)))
    found = measure(ids, ids, None, 0)
    assert (found.singles, found.numeric, found.held_out) == (1, 1, None)


def test_the_sample() -> None:
    splits = data.again(DataSettings(source="uci_news"), 0)
    found = measure(splits.train, splits.validation, 0.81, 0)
    assert found.held_out == pytest.approx(0.8, abs=0.04)
    assert found.shift < 0.65
    assert found.conflicting < 0.01
    assert found.mislabelled < 0.08
    assert found.giveaway < 0.6


def test_thinned() -> None:
    assert len(thinned(part(100, 1), 30)) == 25
    assert thinned(part(100, 1), 100) == part(100, 1)
