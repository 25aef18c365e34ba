"""Steps that look at characters."""
# ruff: noqa: RUF001 - look-alikes are what cleaning is about

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textclf_sweep.data.cleaning import characters

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cafÃ©", "café"),
        ("â€œquotedâ€\x9d", "“quoted”"),
        ("itâ€™s", "it’s"),
        ("ÃƒÂ©", "é"),
        ("Ð¿Ñ€Ð¸Ð²ÐµÑ‚", "привет"),
        ("café “quoted” Ã ©", "café “quoted” Ã ©"),
        ("SÃO PAULO", "SÃO PAULO"),
        ("lost \ufffd", "lost \ufffd"),
        ("R&amp;D", "R&amp;D"),
    ],
)
def test_mojibake(text: str, expected: str) -> None:
    assert characters.fix_mojibake(text) == expected
    assert characters.mojibake(text) == (text != expected)


@pytest.mark.parametrize(
    ("text", "rogue", "expected"),
    [
        ("a\x00b\x1bc\x7f", "\x00\x1b\x7f", "abc"),
        ("a\u200bb\ufeffc\u00add\u2060", "\u200b\ufeff\u00ad\u2060", "abcd"),
        ("\u202eevil\u202c \u2066x\u2069", "\u202e\u202c\u2066\u2069", "evil x"),
        ("a\x0bb\u2028c\x85", "\x0b\u2028\x85", "a b c "),
        ("\ue000\uf8ff\U000f0000\ufdd0\uffff\U0001ffff", "\ue000\uf8ff\U000f0000\ufdd0\uffff\U0001ffff", ""),
        ("\ud83d and \udc00", "\ud83d\udc00", " and "),
        ("e\u200d \u200cx", "\u200d\u200c", "e x"),
        ("\U0001f469\u200d", "\u200d", "\U0001f469"),
        ("a\ufe0fb", "\ufe0f", "ab"),
        ("x\U000e0041\U000e0042", "\U000e0041\U000e0042", "x"),
        ("a\ufe0f\u200d\U0001f4bb", "\ufe0f\u200d", "a\U0001f4bb"),
    ],
)
def test_rogue_characters_go(text: str, rogue: str, expected: str) -> None:
    assert characters.rogue(text) == list(rogue)
    assert characters.strip_control(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "tab\tline\r\nend\n",
        "no\u00a0break \u2003 em",
        "\U0001f469\U0001f3fd\u200d\U0001f4bb \u2764\ufe0f\u200d\U0001f525 1\ufe0f\u20e3",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "می\u200cخواهم",
        "क्\u200dष മലയാള\u200d",
        "ภาษา\u200bไทย",
        "e\u0301 ﬁ ｶﾞ \ufffd ½",
    ],
)
def test_characters_with_a_task_stay(text: str) -> None:
    assert characters.rogue(text) == []
    assert characters.strip_control(text) == text


@given(st.text(st.characters(), max_size=30))
@settings(max_examples=200, deadline=None)
def test_finding_and_cure_agree(text: str) -> None:
    assert bool(characters.rogue(text)) == (characters.strip_control(text) != text)
    assert characters.rogue(characters.strip_control(text)) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Malmö café Ñandú Ångström", "Malmo cafe Nandu Angstrom"),
        ("e\u0301e", "ee"),
        ("Łódź søt Đà", "Lodz sot Da"),
        ("Straße æ œ ß þ", "Straße æ œ ß þ"),
        ("άέΐ", "αει"),
        ("ёлка й", "елка и"),
        ("हिन्दी ไทยได้ عَرَبِي 한국어 が", "हिन्दी ไทยได้ عَرَبِي 한국어 が"),
        ("1\ufe0f\u20e3 ½ ²", "1\ufe0f\u20e3 ½ ²"),
    ],
)
def test_accents(text: str, expected: str) -> None:
    assert characters.strip_accents(text) == expected


def test_digits_of_any_script() -> None:
    assert characters.fold_digits("In 2014, ٣ x² ½ covid19") == "In 0000, 0 x² ½ covid00"
    assert characters.remove_digits("In 2014, ٣ x² ½ covid19") == "In ,  x² ½ covid"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("don't DON’T can't", "dont DONT cant"),
        ("we'll it's l'homme O'Neil", "we ll it s l homme O Neil"),
        ("well-known, e-mail", "well known  e mail"),
        ("a_b $5 100% x=y", "a b  5 100  x y"),
        ("«¿qué?» … – 。", "  qué        "),
        ("ok 👍🏽 ❤\ufe0f 👩\u200d💻!", "ok         "),
        ("1\ufe0f\u20e3st", "1st"),
        ("हिन्दी, می\u200cخواهم", "हिन्दी  می\u200cخواهم"),
        ("'tis rock 'n' roll", " tis rock  n  roll"),
    ],
)
def test_punctuation(text: str, expected: str) -> None:
    assert characters.remove_punctuation(text) == expected


def test_white_space() -> None:
    assert characters.collapse_whitespace(" a\t\tb\u00a0\u3000c\r\n") == "a b c"
    assert characters.collapse_whitespace("\n \u2003") == ""


@pytest.mark.parametrize("piece", ["\ufe0f", "\ufe0f\u200d", "\u200d\ufe0f", "\ufe0f\x00\u200c"])
def test_rogue_characters_in_a_row_take_no_long_time(piece: str) -> None:
    start = time.process_time()
    assert characters.strip_control(f"a{piece * 20_000}") == "a"
    assert time.process_time() - start < 1
