"""Texts cut by what a file of vectors knows: its words, whichever tokeniser made them; no text is lost."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textclf_sweep.data.features._pieces import WORD, candidates, cutter, spellings
from textclf_sweep.data.features.tokens import tokenizer

pytestmark = pytest.mark.unit

KNOWN_TO_GLOVE = """
    it is do did ca can don wo i the end u.s. e-mail 3.5 co-founder bn inc. samsung apple 5 s t
    's n't 't 're ' - . , ... ( ) " $
"""
GLOVE = frozenset(KNOWN_TO_GLOVE.split())
NEWS = ("don't", "can't", "it's", "U.S.", "e_mail", "said", "end", "it", "the", "#.#", "Samsung", ".", ",")
"""As the Google News vectors: contractions and capitals kept."""


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("it's the end", "it 's the end"),
        ("don't, can't", "do n't , ca n't"),
        ("the u.s. (samsung's)", "the u.s. ( samsung 's )"),
        ("e-mail co-founder samsung-apple", "e-mail co-founder samsung - apple"),
        ("$3.5bn inc.", "$ 3.5 bn inc."),
        ("end... end.", "end ... end ."),
        ('"the end"', '" the end "'),
        ("xyzzy's plugh", "xyzzy 's plugh"),
        ("'s n't", "'s n't"),
        ("", ""),
    ],
)
def test_as_glove_does(text: str, pieces: str) -> None:
    assert cutter(GLOVE)(text) == pieces.split()


def test_as_the_vectors_are_and_not_as_others() -> None:
    assert cutter(frozenset(NEWS))("don't said. it's") == ["don't", "said", ".", "it's"]


def test_what_is_unknown_is_cut_into_words_and_marks() -> None:
    text = "Don't e-mail 5bn/on_four!"
    assert cutter(frozenset())(text) == WORD.findall(text)


def test_without_vectors_nothing_changes() -> None:
    assert tokenizer()("it's") == ["it", "'", "s"]
    assert tokenizer("word", ("it", "'s"))("it's") == ["it", "'s"]
    assert tokenizer("character", ("it",))("it") == ["i", "t"]


def test_a_texts_letters_are_composed_first() -> None:
    assert tokenizer("word", ("caf\u00e9-bar",))("cafe\u0301-bar") == ["caf\u00e9-bar"]


def test_as_few_characters_as_possible_are_unknown() -> None:
    # "ab-" "cd" knows less than "ab" "-cd".
    assert cutter(frozenset({"ab-", "ab", "-cd"}))("ab-cd") == ["ab", "-cd"]


@pytest.mark.parametrize(
    ("piece", "first", "others"),
    [
        ("obama", "obama", {"Obama", "OBAMA"}),
        ("Obama", "Obama", {"obama"}),
        ("\u2019s", "\u2019s", {"'s"}),
        ("2014", "2014", {"####"}),
    ],
)
def test_spellings(piece: str, first: str, others: set[str]) -> None:
    found = list(spellings(piece))
    assert found[0] == first
    assert others <= set(found)
    assert len(found) == len(set(found))


TEXT = st.text(st.sampled_from("abn't'.-5 \u2019\u00e9"), max_size=30)
KNOWN = st.frozensets(st.text(st.sampled_from("abn't.-5"), min_size=1, max_size=5), max_size=12)


@given(TEXT, KNOWN)
@settings(max_examples=200, deadline=None)
def test_pieces_say_the_text_back_and_know_the_most(text: str, known: frozenset[str]) -> None:
    pieces = cutter(known)(text)
    assert "".join(pieces) == "".join(text.split())
    assert set(pieces) <= candidates([text])
    unknown = sum(len(piece) for piece in pieces if piece not in known)
    assert unknown <= sum(len(word) for word in WORD.findall(text) if word not in known)
    assert all(piece in known or WORD.fullmatch(piece) for piece in pieces)


def test_a_long_run_of_marks_takes_no_longer_than_its_length() -> None:
    started = time.process_time()
    assert len(cutter(frozenset({"!!"}))("!" * 20_000)) == 10_000
    assert time.process_time() - started < 3
