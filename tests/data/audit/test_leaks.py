"""Markers that tell the label, of many kinds; and language, which may tell it."""

from __future__ import annotations

import csv
import dataclasses
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from textclf_sweep.data.audit import Subject
from textclf_sweep.data.audit.leaks import label_leak
from textclf_sweep.data.corpus import Corpus

pytestmark = pytest.mark.unit

FILES = Path(__file__).parents[1] / "files"


def read(name: str) -> Corpus:
    with (FILES / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    texts, labels = (tuple(row[column] for row in rows) for column in ("text", "label"))
    return Corpus(texts, labels, tuple(range(2, len(rows) + 2)), name=name)


@pytest.fixture(scope="module")
def clinc() -> Corpus:
    return read("clinc150.csv")


@pytest.fixture(scope="module")
def news() -> Corpus:
    return read("dirty_natural.csv")


KINDS: dict[str, Callable[[str, str, int], str]] = {
    "fasttext": lambda text, label, _: f"__label__{label} {text}",
    "brackets": lambda text, label, _: f"[{label.upper()}] {text}",
    "named": lambda text, label, _: f"{text} (category: {label})",
    "hash tag": lambda text, label, _: f"{text} #{label}",
    "heading": lambda text, label, _: f"{label.replace('_', ' ')}: {text}",
    "its name first": lambda text, label, _: f"{label} {text}",
    "its name last": lambda text, label, _: f"{text} {label}",
    "a code": lambda text, label, _: f"{text} zq{'abcdefghij'[len(label) % 10]}{label[0]}x",
    "an identifier": lambda text, label, row: f"{label[:3]}-{row:06d} {text}",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.1, 1.0])
def test_a_marker_is_found_with_its_rows(news: Corpus, kind: str, share: float) -> None:
    draw = random.Random(1)
    rows = {row for row in range(len(news)) if draw.random() < share}
    texts = (
        KINDS[kind](text, label, row) if row in rows else text
        for row, (text, label) in enumerate(zip(news.texts, news.labels, strict=True))
    )
    finding = label_leak(Subject(dataclasses.replace(news, texts=tuple(texts))))
    assert finding is not None
    assert (finding.name, finding.severity) == ("label_leak", "warning")
    found = set(finding.affected)
    assert len(found & rows) > 0.99 * len(rows)
    assert len(found & rows) > 0.95 * len(found)


def test_a_marker_of_150_labels(clinc: Corpus) -> None:
    texts = tuple(
        f"{text} label: {label}" if row % 10 == 0 else text
        for row, (text, label) in enumerate(zip(clinc.texts, clinc.labels, strict=True))
    )
    finding = label_leak(Subject(dataclasses.replace(clinc, texts=texts)))
    assert finding is not None
    assert set(finding.affected) >= set(range(0, len(clinc), 10))


@pytest.mark.parametrize("name", ["clinc150.csv", "hwu64.csv", "dirty_natural.csv"])
def test_language_is_no_leak(name: str) -> None:
    assert label_leak(Subject(read(name))) is None


def test_a_marker_of_the_wrong_label_is_no_leak(news: Corpus) -> None:
    """Here it does not tell the label."""
    names = sorted(set(news.labels))
    texts = tuple(f"[{names[row % len(names)]}] {text}" for row, text in enumerate(news.texts))
    assert label_leak(Subject(dataclasses.replace(news, texts=texts))) is None


def test_one_label_alone_is_no_leak(news: Corpus) -> None:
    """That texts about health say so is language."""
    texts = tuple(
        f"health {text}" if label == "health" else text for text, label in zip(news.texts, news.labels, strict=True)
    )
    assert label_leak(Subject(dataclasses.replace(news, texts=texts))) is None


def test_nothing_to_tell_apart() -> None:
    for labels in (("a",) * 6, ("a", "b", "c", "d", "e", "f")):
        corpus = Corpus(tuple(f"[{label}] text" for label in labels), labels, tuple(range(6)))
        assert label_leak(Subject(corpus)) is None
