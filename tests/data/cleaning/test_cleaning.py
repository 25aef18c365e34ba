"""What holds for all steps: off they do nothing, on they are taken in the order that is promised."""
# ruff: noqa: RUF001 - look-alikes are what cleaning is about

from __future__ import annotations

import importlib.util
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textclf_sweep.data import cleaning
from textclf_sweep.data.cleaning import PARAMETERS

pytestmark = pytest.mark.unit

OFF = {"lowercase": False}
STEPS = [
    {item.name: value}
    for item in PARAMETERS
    if item.name != "language"
    for value in (item.choices[1:] if item.choices else [True])
]
PIECES = st.sampled_from([
    "the", "THE", "don't", "Don’t", "l'", "café", "cafÃ©", "İ", "Σ", "ﬁ", "é", "e\u0301", "й", "हि", "می", "ไท", "US",
    "<b>", "</b>", "<br/>", "<3", "<a href=", "<!--", "-->", "<script>", "</script>", "&amp;", "&lt;", "amp;", "#39;",
    "http://", "www.", "a.co/x", "@", "&", ";", "<", ">", '"', "'", ".", ",", ")", "(", "x", "7", "٣", "_", "-", " ",
    "\n", "\x0b", "\x00", "\x85", "\u200b", "\u200c", "\u200d", "\ufe0f", "\u20e3", "👩", "🏴", "\U000e0067", "\ufeff",
    "\ue000", "\ud83d", "\udc00",
])  # fmt: skip
TEXTS = st.one_of(st.lists(PIECES, max_size=12).map("".join), st.text(st.characters(), max_size=20))


def clean(text: str, **parameters: bool | str) -> str:
    return cleaning.clean([text], {**OFF, **parameters})[0]


@given(TEXTS)
@settings(max_examples=50, deadline=None)
def test_off_is_as_it_was(text: str) -> None:
    assert clean(text) == text


@given(TEXTS)
@settings(max_examples=50, deadline=None)
def test_by_default_texts_are_lower_cased_and_no_more(text: str) -> None:
    assert cleaning.clean([text], {}) == [text.lower()]


LASTING = [step for step in STEPS if not step.keys() & {"lemmatisation", "stemming"}]
"""Those after which there is nothing left to do; what is left of a word may be another word."""


@pytest.mark.parametrize("step", LASTING, ids=str)
def test_again_changes_nothing(step: dict[str, bool | str]) -> None:
    @given(st.lists(TEXTS, max_size=8))
    @settings(max_examples=40, deadline=None)
    def check(texts: list[str]) -> None:
        once = cleaning.clean(texts, {**OFF, **step})
        assert cleaning.clean(once, {**OFF, **step}) == once

    check()


@given(st.lists(TEXTS, max_size=20), st.sampled_from(["english", "french", "turkish"]))
@settings(max_examples=15, deadline=None)
def test_any_text_goes_through_all_steps(texts: list[str], language: str) -> None:
    everything = dict(itertools.chain.from_iterable(step.items() for step in STEPS))
    everything["lemmatisation"] = language == "english"  # the other dictionaries are slow to load
    cleaned = cleaning.clean(texts, {**everything, "language": language})
    assert len(cleaned) == len(texts)
    assert all(text == " ".join(text.split()) for text in cleaned)


def test_what_cleaning_does_not_know_is_ignored() -> None:
    assert cleaning.clean(["A b"], {"learning_rate": 0.1, "cleaning_version": 7}) == ["a b"]
    assert cleaning.clean([], {}) == []


@pytest.mark.parametrize(
    ("text", "parameters", "expected"),
    [
        ("&Atilde;&copy;", {"fix_mojibake": True, "strip_html": True}, "Ã©"),
        ("a&#8203;b", {"strip_html": True, "strip_control": True}, "ab"),
        ("<a href='http://x.y'>z</a>", {"strip_html": True, "urls": "mask"}, "z"),
        ("htt\u200bp://x.y", {"strip_control": True, "urls": "mask"}, "xxurl"),
        ("http://the.org/not", {"urls": "mask", "stop_words": "remove"}, "xxurl"),
        ("The mice", {"stop_words": "remove", "lemmatisation": True}, "mouse"),
        ("meetings", {"lemmatisation": True, "stemming": True}, "meet"),
        ("don't", {"stop_words": "remove", "punctuation": "remove"}, ""),
        ("don't", {"stop_words": "remove_but_negations", "punctuation": "remove"}, "dont"),
        ("WHO's US it", {"stop_words": "remove", "lowercase": True}, "us "),
        ("İ", {"lowercase": True, "strip_accents": True}, "i"),
        ("3.5", {"digits": "remove", "punctuation": "remove"}, " "),
        (" a - b ", {"punctuation": "remove", "collapse_whitespace": True}, "a b"),
        ("&nbsp;a<br>", {"strip_html": True, "collapse_whitespace": True}, "a"),
    ],
)
def test_order_of_steps(text: str, parameters: dict[str, bool | str], expected: str) -> None:
    assert clean(text, **parameters) == expected


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = [("lowercase", True), ("lemmatisation", False), ("lemmatisation", True)]
    assert cleaning.lacking(wanted) == ""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert "pip install 'textclf-sweep[lemmas]'" in cleaning.lacking(wanted)
    assert cleaning.lacking(wanted[:2]) == ""


def test_that_negations_go_is_said() -> None:
    (warning,) = cleaning.warnings([("stop_words", "keep"), ("stop_words", "remove")])
    assert "remove_but_negations" in warning
    assert cleaning.warnings([("stop_words", "remove_but_negations"), ("language", "remove")]) == ()
