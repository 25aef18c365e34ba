"""Texts in several languages, and those in one that look otherwise."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from textclf_sweep.data.audit import Subject
from textclf_sweep.data.audit.languages import mixed_languages
from textclf_sweep.data.corpus import Corpus

pytestmark = pytest.mark.unit

FILES = Path(__file__).parents[1] / "files"

GERMAN = "Das Wetter bleibt bis zum Wochenende kühl und regnerisch"
RUSSIAN = "До конца недели погода останется прохладной"
JAPANESE = "明日の夜に四人分の席を予約したいのですが"


def texts(name: str, rows: int) -> list[str]:
    with (FILES / name).open(encoding="utf-8", newline="") as file:
        return [row["text"] for row in csv.DictReader(file)][:: 4_500 // rows]


def subject(lines: list[str]) -> Subject:
    return Subject(Corpus(tuple(lines), ("a",) * len(lines), tuple(range(2, len(lines) + 2))))


@pytest.mark.parametrize("name", ["clinc150.csv", "hwu64.csv", "dirty_natural.csv"])
def test_short_english_texts_are_english(name: str) -> None:
    assert mixed_languages(subject(texts(name, 900))) is None


@pytest.mark.parametrize(("sentence", "language"), [(GERMAN, "German"), (RUSSIAN, "Russian"), (JAPANESE, "Japanese")])
def test_a_tenth_in_another_language(sentence: str, language: str) -> None:
    lines = texts("clinc150.csv", 400)
    rows = list(range(5, len(lines), 10))
    for row in rows:
        lines[row] = f"{sentence} {row}"
    finding = mixed_languages(subject(lines))
    assert finding is not None
    assert (finding.name, finding.severity) == ("mixed_languages", "warning")
    assert list(finding.affected) == rows
    assert "in English, " in finding.why
    assert f"in {language}" in finding.why
    assert finding.rows[0].detail.startswith(language)


def test_a_few_sentences_are_no_mixture() -> None:
    lines = texts("clinc150.csv", 400)
    lines[:4] = [GERMAN] * 4
    assert mixed_languages(subject(lines)) is None


def test_one_language_other_than_english_is_one() -> None:
    assert mixed_languages(subject([f"{GERMAN} {row}" for row in range(100)])) is None


def test_texts_too_short_to_tell() -> None:
    assert mixed_languages(subject(["ja", "oui", "si", "да", "...", ""] * 20)) is None
