"""Steps that look at words."""
# ruff: noqa: RUF001 - look-alikes are what cleaning is about

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from textclf_sweep.data import cleaning
from textclf_sweep.data.cleaning import words

pytestmark = pytest.mark.unit


def clean(text: str, **parameters: bool | str) -> str:
    return cleaning.clean([text], {"lowercase": False, **parameters})[0]


@pytest.mark.parametrize(
    ("text", "language", "removed", "negations_kept"),
    [
        ("This is not a test", "english", "test", "not test"),
        ("I don't, they CAN’T, dont", "english", ", , ", "don't, CAN’T, dont"),
        ("Never without U", "english", "U", "Never without U"),
        ("the US and WHO: it was IT", "english", "US WHO: IT", "US WHO: IT"),
        ("Microsoft is a good system", "english", "Microsoft good system", "Microsoft good system"),
        ("Das ist nicht für kein Haus", "german", "Haus", "nicht kein Haus"),
        ("L’homme n'est pas à l'école", "french", "homme école", "homme n'est pas école"),
        ("Это не дом", "russian", "дом", "не дом"),
        ("fu\u0308r Haus", "german", "Haus", "Haus"),
        ("xxurl xxemail", "english", "xxurl xxemail", "xxurl xxemail"),
    ],
)
def test_stop_words(text: str, language: str, removed: str, negations_kept: str) -> None:
    assert clean(text, stop_words="remove", language=language) == removed
    assert clean(text, stop_words="remove_but_negations", language=language) == negations_kept


@pytest.mark.parametrize("language", cleaning.LANGUAGES)
def test_every_language_has_all_it_takes(language: str) -> None:
    everything = words.stop_words(language, negations=True)
    assert len(everything) > 80
    assert everything - words.stop_words(language, negations=False)  # its negations are spelt as the list's are
    assert clean("1234", stemming=True, language=language) == "1234"
    # Loading all dictionaries would take half a minute.
    found = importlib.util.find_spec("simplemma")
    assert found is not None
    assert found.origin is not None
    assert list(Path(found.origin).parent.rglob(f"{words.CODES[language]}.plzma"))


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("The mice were running, Houses!", "english", "The mouse be run, House!"),
        ("US IT don't It's 2014 xxurl", "english", "US IT don't It's 2014 xxurl"),
        ("die Häuser gingen", "german", "der Haus gehen"),
    ],
)
def test_lemmatisation(text: str, language: str, expected: str) -> None:
    assert clean(text, lemmatisation=True, language=language) == expected


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Running houses' happily, HAPPILY!", "english", "Run hous' happili, HAPPILI!"),
        ("Google's don’t xxemail 42", "english", "Googl don't xxemail 42"),
        ("der Häuser", "german", "der Haus"),
    ],
)
def test_stemming(text: str, language: str, expected: str) -> None:
    assert clean(text, stemming=True, language=language) == expected
