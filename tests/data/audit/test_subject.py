"""What checks share: the sample, its tokens, findings and what they are written with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from textclf_sweep.data.audit import _subject
from textclf_sweep.data.audit._subject import amount, giveaway, quoted

pytestmark = pytest.mark.unit

Make = Callable[..., Any]


def test_a_small_corpus_is_its_own_sample(subject: Make) -> None:
    small = subject([("One two", "a"), ("three", "b")])
    assert small.sample == (0, 1)
    assert small.sampled == ""
    assert small.tokens == (("one", "two"), ("three",))


def test_tokens_are_cleaned_as_every_trial_cleans(subject: Make) -> None:
    pairs = [("One, 2", "a")]
    assert subject(pairs, cleaning={"lowercase": False}).tokens == (("One", ",", "2"),)
    assert subject(pairs, cleaning={"punctuation": "remove"}).tokens == (("one", "2"),)
    assert subject(pairs, unit="character").tokens == (("o", "n", "e", ",", " ", "2"),)


def test_a_sample_is_drawn_by_the_seed(subject: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_subject, "SAMPLE_ROWS", 10)
    pairs = [(f"text {row}", "a") for row in range(100)]
    drawn = subject(pairs).sample
    assert len(drawn) == 10
    assert list(drawn) == sorted(set(drawn))
    assert drawn == subject(pairs).sample != subject(pairs, seed=1).sample
    assert "10 rows drawn" in subject(pairs).sampled


def test_long_texts_make_a_smaller_sample_but_never_none(subject: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_subject, "SAMPLE_CHARACTERS", 50)
    assert len(subject([("x" * 20, "a")] * 10).sample) == 2
    assert len(subject([("x" * 200, "a")] * 10).sample) == 1


def test_a_finding_of_a_sample_is_an_estimate_for_all(subject: Make) -> None:
    found = subject([(f"t{row}", "a") for row in range(100)]).finding("x", "note", [1, 2], "why", "fix", looked=10)
    assert (found.count, found.share, found.affected) == (20, 0.2, (1, 2))


def test_examples_have_their_place_and_their_detail(subject: Make) -> None:
    pairs = [(f"t{row}", "a") for row in range(9)]
    files = tuple("one.csv" if row < 5 else "two.csv" for row in range(9))
    found = subject(pairs, files=files).finding(
        "x", "note", range(9), "why", "fix", shown=[7, 0], details=lambda row: f"row {row}"
    )
    assert [(row.line, row.file, row.text, row.detail) for row in found.rows] == [
        (9, "two.csv", "t7", "row 7"), (2, "one.csv", "t0", "row 0"),
    ]  # fmt: skip
    assert len(subject(pairs).finding("x", "note", range(9), "why", "fix").rows) == _subject.EXAMPLES


def test_amount() -> None:
    assert amount(1, 1) == "1 row (100.0%)"
    assert amount(17, 32_000) == "17 rows (0.05%)"


def test_a_giveaway_is_of_one_label_that_is_not_most_of_the_rows(subject: Make) -> None:
    pairs = [("t", "a" if row < 30 else "b") for row in range(100)]
    assert "'a'" in giveaway(subject(pairs), range(20))
    assert giveaway(subject(pairs), range(9)) == ""
    assert giveaway(subject(pairs), range(15, 45)) == ""
    assert giveaway(subject(pairs), range(40, 60)) == ""


@given(st.text(st.characters(exclude_categories=["Cs"])))
@settings(max_examples=60)
def test_quoted_text_is_one_line_of_yaml(text: str) -> None:
    written = quoted(text)
    assert written.isprintable()
    assert yaml.safe_load(f"a: {written}") == {"a": text}
