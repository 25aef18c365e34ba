"""Tokens that training does not meet, and texts without any."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from textclf_sweep.data.audit.vocabulary import CHECKS, empty_after_cleaning, out_of_vocabulary

pytestmark = pytest.mark.unit

Make = Callable[..., Any]


def gibberish(draw: random.Random, words: int = 8, letters: str = "abcdefghijklmnopqrstuvwxyz") -> str:
    return " ".join("".join(draw.choices(letters, k=8)) for _ in range(words))


def test_texts_of_common_words_have_no_findings(subject: Make, clean: Make) -> None:
    assert [check(subject(clean(1000))) for check in CHECKS] == [None] * len(CHECKS)


@pytest.mark.parametrize(("share", "severity"), [(0.1, "note"), (0.2, "note"), (0.5, "warning")])
def test_strange_rows_are_found(subject: Make, clean: Make, share: float, severity: str) -> None:
    draw, pairs = random.Random(0), clean(1000)
    rows = tuple(range(0, 1000, round(1 / share)))
    for row in rows:
        pairs[row] = (gibberish(draw), "a")
    finding = out_of_vocabulary(subject(pairs))
    assert finding is not None
    assert (finding.severity, finding.affected) == (severity, rows)
    assert finding.rows[0].detail.startswith("unknown: ")
    assert out_of_vocabulary(subject(pairs)) == finding


def test_one_giant_text_decides_nothing(subject: Make, clean: Make) -> None:
    pairs = [*clean(300), (gibberish(random.Random(0), 5_000), "a")]
    assert out_of_vocabulary(subject(pairs)) is None
    assert out_of_vocabulary(subject(pairs, max_length=5_000)) is not None


def test_few_rows_say_nothing(subject: Make) -> None:
    draw = random.Random(0)
    assert out_of_vocabulary(subject([(gibberish(draw), "a") for _ in range(199)])) is None


def test_the_own_parts_decide(subject: Make, clean: Make) -> None:
    draw = random.Random(0)
    other = [f"{gibberish(draw, 1)} " * 5 for _ in range(20)] * 5
    pairs = clean(500) + [(text, "a") for text in other]
    parts = ("train",) * 500 + ("test",) * 100
    finding = out_of_vocabulary(subject(pairs, parts=parts))
    assert finding is not None
    assert finding.severity == "warning"
    assert set(finding.affected) == set(range(500, 600))
    mixed = tuple("test" if row % 7 == 0 else "train" for row in range(600))
    assert out_of_vocabulary(subject(pairs, parts=mixed)) is None


def test_groups_stay_together(subject: Make, clean: Make) -> None:
    draw = random.Random(0)
    stories = [gibberish(draw) for _ in range(20)]
    pairs = clean(500) + [(f"{story} {copy}", "a") for story in stories for copy in range(5)]
    groups = ("",) * 500 + tuple(f"g{story}" for story in range(20) for _ in range(5))
    assert out_of_vocabulary(subject(pairs)) is None
    finding = out_of_vocabulary(subject(pairs, groups=groups))
    assert finding is not None
    assert set(finding.affected) == set(range(500, 600))


def test_a_small_vocabulary_is_named_as_the_cause(subject: Make, clean: Make) -> None:
    finding = out_of_vocabulary(subject(clean(500), vocabulary_size=12))
    assert finding is not None
    assert finding.severity == "warning"
    assert finding.patch == "parameters:\n  vocabulary_size: {value: 1000}"


def test_numbers_are_named_as_the_cause(subject: Make, clean: Make) -> None:
    draw = random.Random(0)
    pairs = [(f"{text[:20]} {gibberish(draw, 6, '0123456789')}", label) for text, label in clean(500)]
    finding = out_of_vocabulary(subject(pairs))
    assert finding is not None
    assert finding.patch == "data:\n  cleaning:\n    digits: fold"
    assert out_of_vocabulary(subject(pairs, cleaning={"digits": "fold"})) is None


def test_texts_without_a_token_after_cleaning(subject: Make, clean: Make) -> None:
    pairs = [*clean(100), ("123", "a"), ("4 5", "b"), ("", "b")]
    assert empty_after_cleaning(subject(pairs)) is None
    finding = empty_after_cleaning(subject(pairs, cleaning={"digits": "remove"}))
    assert finding is not None
    assert (finding.severity, finding.affected) == ("note", (100, 101))
    assert "(digits)" in finding.why
