"""Labels against a linear model: shuffled ones, wrong ones, and those that are in order."""

from __future__ import annotations

import dataclasses
import random

import numpy as np
import pytest

from textclf_sweep.data.audit import Subject
from textclf_sweep.data.audit._linear import FOLDS, OutOfFold, evidence, judge, sample
from textclf_sweep.data.audit.linear import mislabelled, shuffled_labels, suspects
from textclf_sweep.data.corpus import Corpus

pytestmark = pytest.mark.unit

WORDS = {
    "sport": ["match", "goal", "team", "coach", "league", "cup"],
    "money": ["bank", "stock", "price", "market", "tax", "fund"],
    "food": ["soup", "bread", "oven", "salt", "recipe", "cheese"],
}
COMMON = ["today", "new", "big", "again", "says", "first", "after", "report"]


def made(rows: int, *, common: int = 4, own: int = 2, seed: int = 0, shares: tuple[int, ...] = (1, 1, 1)) -> Corpus:
    """Texts of common words and of words of their label."""
    draw = random.Random(seed)
    labels = draw.choices(sorted(WORDS), shares, k=rows)
    texts = [
        " ".join(draw.choices(COMMON, k=common) + draw.choices(WORDS[label], k=own)) + f" {row}"
        for row, label in enumerate(labels)
    ]
    return Corpus(tuple(texts), tuple(labels), tuple(range(2, rows + 2)), name="made")


def shuffled(corpus: Corpus, seed: int, share: float = 1.0) -> Corpus:
    draw = random.Random(seed)
    rows = [row for row in range(len(corpus)) if draw.random() < share]
    labels = list(corpus.labels)
    for row, other in zip(rows, draw.sample(rows, len(rows)), strict=True):
        labels[row] = corpus.labels[other]
    return dataclasses.replace(corpus, labels=tuple(labels))


def flipped(corpus: Corpus, share: float, seed: int) -> tuple[Corpus, set[int]]:
    draw = random.Random(seed)
    rows = draw.sample(range(len(corpus)), round(share * len(corpus)))
    labels = list(corpus.labels)
    for row in rows:
        labels[row] = draw.choice([label for label in WORDS if label != labels[row]])
    return dataclasses.replace(corpus, labels=tuple(labels)), set(rows)


def test_true_labels_are_not_shuffled() -> None:
    subject = Subject(made(600))
    assert shuffled_labels(subject) is None
    assert mislabelled(subject) is None  # the words leave no doubt


@pytest.mark.parametrize("seed", range(4))
def test_shuffled_labels_are_fatal_and_name_no_wrong_rows(seed: int) -> None:
    subject = Subject(shuffled(made(600), seed))
    finding = shuffled_labels(subject)
    assert finding is not None
    assert (finding.name, finding.severity, finding.count) == ("shuffled_labels", "fatal", 600)
    assert mislabelled(subject) is None


@pytest.mark.parametrize("seed", range(3))
def test_shuffled_labels_where_one_is_rare(seed: int) -> None:
    """Always answering the commonest label scores 95 %, and tells nothing."""
    rare = made(1_000, shares=(1, 20, 0))
    assert shuffled_labels(Subject(rare)) is None
    assert shuffled_labels(Subject(shuffled(rare, seed))) is not None


def test_a_fifth_of_true_labels_is_enough_not_to_be_fatal() -> None:
    assert shuffled_labels(Subject(shuffled(made(1_500), 1, share=0.8))) is None


def test_few_rows_are_a_note_or_nothing() -> None:
    finding = shuffled_labels(Subject(shuffled(made(400), 1)))
    assert finding is not None
    assert finding.severity == "note"
    assert shuffled_labels(Subject(shuffled(made(150), 1))) is None


def test_labels_that_only_characters_tell() -> None:
    """Texts without spaces are one word each, and no word occurs twice."""
    draw = random.Random(0)
    pairs = [
        ("".join(draw.choices("abcdefgh" if row % 2 else "efghijkl", k=12)) + f"{row}", "ab"[row % 2])
        for row in range(600)
    ]
    corpus = Corpus(*zip(*pairs, strict=True), tuple(range(600)))
    assert shuffled_labels(Subject(corpus)) is None
    assert shuffled_labels(Subject(shuffled(corpus, 1))) is not None


def test_labels_that_only_the_order_of_words_tells() -> None:
    """Every word is as frequent under either label."""
    draw = random.Random(0)
    pairs = [(COMMON + sorted(WORDS["sport"], reverse=row % 2 == 1), "ab"[row % 2]) for row in range(600)]
    texts = [" ".join(word for word in words if draw.random() < 0.7) for words, _ in pairs]
    corpus = Corpus(tuple(texts), tuple(label for _, label in pairs), tuple(range(600)))
    assert shuffled_labels(Subject(corpus)) is None
    assert shuffled_labels(Subject(shuffled(corpus, 1))) is not None


def test_texts_without_words_tell_nothing() -> None:
    corpus = Corpus(("...",) * 600, ("a", "b") * 300, tuple(range(600)))
    assert shuffled_labels(Subject(corpus)) is not None


@pytest.mark.parametrize(("share", "severity"), [(0.02, "note"), (0.15, "warning")])
def test_wrong_labels_are_ranked(share: float, severity: str) -> None:
    corpus, rows = flipped(made(2_100), share, seed=3)
    finding = mislabelled(Subject(corpus))
    assert finding is not None
    assert finding.severity == severity
    assert finding.count == len(finding.affected) > 0.4 * len(rows)
    assert len(rows.intersection(finding.affected)) > 0.9 * finding.count
    first = finding.rows[0]
    assert first.line == corpus.lines[finding.affected[0]]
    assert "a rough guess" not in finding.why
    few = mislabelled(Subject(flipped(made(600), 0.15, seed=3)[0]))
    assert few is not None
    assert "a rough guess: 600 rows only" in few.why
    expected = first.detail.split("'")[1]
    assert expected != first.label
    assert set(first.text.split()) & set(WORDS[expected])


def test_a_label_written_in_another_way_is_not_wrong() -> None:
    corpus = made(600)
    labels = tuple(label.upper() if row % 3 else label for row, label in enumerate(corpus.labels))
    assert mislabelled(Subject(dataclasses.replace(corpus, labels=labels))) is None


def test_equal_and_grouped_texts_share_a_fold() -> None:
    corpus = made(200)
    texts = tuple(corpus.texts[row] if row % 2 == 0 else corpus.texts[row - 1].upper() for row in range(200))
    groups = tuple(f"g{row // 10}" if row < 100 else "" for row in range(200))
    corpus = dataclasses.replace(corpus, texts=texts, groups=groups)
    chosen = sample(corpus, Subject(corpus).comparable, 0)
    folds = chosen.folds.tolist()
    assert all(folds[row] == folds[row + 1] for row in range(0, 200, 2))
    assert all(len(set(folds[first : first + 10])) == 1 for first in range(0, 100, 10))
    assert set(folds) == set(range(FOLDS))


def test_a_sample_of_many_labels_keeps_the_commonest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textclf_sweep.data.audit._linear.LABELS", 2)
    monkeypatch.setattr("textclf_sweep.data.audit._linear.ROWS", 100)
    corpus = made(600, shares=(5, 5, 1))
    chosen = sample(corpus, Subject(corpus).comparable, 0)
    assert chosen.labels == ("food", "money")
    assert len(chosen.rows) == 100
    assert [chosen.labels[code] for code in chosen.given] == [corpus.labels[row] for row in chosen.rows]
    finding = shuffled_labels(Subject(shuffled(corpus, 1)))
    assert finding is None or finding.severity == "note"  # too few rows of the sample to be sure


def test_evidence_is_standard_normal_at_chance_and_blind_to_shares() -> None:
    draw = np.random.default_rng(0)
    folds = np.arange(500) % FOLDS
    found = []
    for _ in range(300):
        given = (draw.random(500) < 0.1).astype(int)
        right = draw.dirichlet((1, 9), 500)
        found.append(evidence(given, folds, right) * 2**0.5)  # no two rows tell of each other here
    assert abs(np.mean(found)) < 0.25
    assert 0.85 < np.std(found) < 1.15
    assert evidence(given, folds, np.tile([0.9, 0.1], (500, 1))) == 0.0


def test_suspects_by_hand() -> None:
    """Row 3 reaches the threshold of label 1 (0.9) and not that of its own (0.62)."""
    probabilities = np.array([[0.8, 0.2], [0.8, 0.2], [0.8, 0.2], [0.08, 0.92], [0.1, 0.9], [0.1, 0.9]])
    model = OutOfFold(np.arange(6), ("a", "b"), np.array([0, 0, 0, 0, 1, 1]), np.zeros(6), probabilities, 9.0)
    found = suspects(model)
    assert found.rows.tolist() == [3]
    assert found.expected.tolist() == [1, 1, 1, 1, 0, 0]
    assert found.share == pytest.approx(1 / 6)
    assert found.least < found.share


def test_nothing_to_tell_apart() -> None:
    one = Corpus(("a b", "c d", "e f"), ("x",) * 3, (2, 3, 4))
    many = Corpus(("a b", "c d", "e f"), ("x", "y", "z"), (2, 3, 4))
    for corpus in (one, many):
        assert judge(corpus, corpus.texts, 0) is None
        assert shuffled_labels(Subject(corpus)) is None
        assert mislabelled(Subject(corpus)) is None
