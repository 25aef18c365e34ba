"""Rogue characters, mojibake and HTML: found where they are, and cured by the patch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from textclf_sweep.data.audit import _subject, characters
from textclf_sweep.data.audit.characters import called, html_debris, mojibake, rogue_characters
from textclf_sweep.data.cleaning import clean as cleaned

pytestmark = pytest.mark.unit

Make = Callable[..., Any]
FAULTS = {
    rogue_characters: ("strip_control", "apple\u200b tree"),
    mojibake: ("fix_mojibake", "the cafÃ© is open"),
    html_debris: ("strip_html", "salt &amp; <b>pepper</b>"),
}
"""The cleaning step that cures each, and a text that has it."""


@pytest.mark.parametrize("check", FAULTS)
def test_good_texts_have_none(subject: Make, check: Make) -> None:
    good = [
        "plain", "naïve café — “quotes” … €5", "a < b & c > d", "AT&T", "I <3 you", "👩‍👩‍👧 ❤️", "می‌خواهم", "क्‍ष",
        "tab\there", "two\nlines", "Привет, как дела", "Ελληνικά", "10\xa0000", "ÅÄÖ", "Ça été là", "日本語テキスト",
    ]  # fmt: skip
    assert check(subject([(text, "a") for text in good])) is None


@pytest.mark.parametrize("check", FAULTS)
@pytest.mark.parametrize("share", [0.005, 0.02, 0.1, 0.5])
def test_the_right_rows_are_found_and_the_patch_cures_them(
    subject: Make, clean: Make, check: Make, share: float
) -> None:
    step, fault = FAULTS[check]
    pairs = clean(1000)
    faulty = tuple(range(0, 1000, round(1 / share)))
    for row in faulty:
        pairs[row] = (f"{pairs[row][0]} {fault}", pairs[row][1])
    finding = check(subject(pairs))
    assert finding.affected == faulty
    assert finding.severity == ("note" if share < 0.01 else "warning")
    assert finding.patch == f"data:\n  cleaning:\n    {step}: true"
    assert all(row.detail for row in finding.rows)
    texts = cleaned([text for text, _ in pairs], {step: True})
    assert check(subject([(text, "a") for text in texts])) is None


@pytest.mark.parametrize("check", FAULTS)
def test_what_every_trial_cleans_is_a_note(subject: Make, check: Make) -> None:
    step, fault = FAULTS[check]
    finding = check(subject([(fault, "a")] * 9, cleaning={step: True}))
    assert (finding.severity, finding.patch) == ("note", "")
    assert f"{step}: true" in finding.fix


@pytest.mark.parametrize(
    ("character", "name"),
    [
        ("\u200b", "U+200B ZERO WIDTH SPACE"), ("\x07", "U+0007 CONTROL CHARACTER"), ("\ue000", "U+E000 PRIVATE USE"),
        ("\ufeff", "U+FEFF ZERO WIDTH NO-BREAK SPACE"), ("\ud800", "U+D800 LONE SURROGATE"),
        ("\uffff", "U+FFFF NO CHARACTER"), ("\u202e", "U+202E RIGHT-TO-LEFT OVERRIDE"),
    ],
)  # fmt: skip
def test_rogue_characters_are_named(subject: Make, character: str, name: str) -> None:
    finding = rogue_characters(subject([(f"a{character}b{character}", "a"), ("c", "b")]))
    assert finding is not None
    assert called(character) == name
    assert finding.rows[0].detail == f"{name} (2 times)"
    assert f"{name} in 1 row" in finding.why


def test_a_character_that_gives_a_label_away(subject: Make, clean: Make) -> None:
    pairs = [
        (f"{text}\u200b" if row % 20 == 0 else text, label) for row, (text, label) in enumerate(clean(1000, "abcd"))
    ]
    finding = rogue_characters(subject(pairs))
    assert finding is not None
    assert "100% of these rows have the label 'a'" in finding.why


def test_repairs_are_shown(subject: Make) -> None:
    finding = mojibake(subject([("In the middle of nowhere, the cafÃ© is open", "a"), ("c", "b")]))
    assert finding is not None
    assert finding.rows[0].detail == "would be ... of nowhere, the café is open"


def test_a_repair_that_leaves_wrong_characters_is_none(subject: Make) -> None:
    lost = mojibake(subject([("migration ï¿½ by truck", "a"), ("c", "b")]))
    assert lost is not None
    assert "can be repaired" not in lost.why
    damaged = "â€œValidatesâ€ Vulture"
    finding = mojibake(subject([(damaged, "a"), ("c", "b")]))
    assert finding is not None
    assert "can be repaired" not in finding.why
    assert finding.rows[0].detail.startswith("damaged: even repaired it is “Validates†")
    assert finding.patch == ""
    finding = mojibake(subject([(damaged, "a"), ("cafÃ©", "b"), ("itâ€™s", "b")]))
    assert finding is not None
    assert "2 rows can be repaired, 1 row damaged further" in finding.why
    assert finding.patch == "data:\n  cleaning:\n    fix_mojibake: true"


def test_lost_characters_have_no_cure(subject: Make) -> None:
    finding = mojibake(subject([("caf\ufffd", "a"), ("c", "b")]))
    assert finding is not None
    assert "U+FFFD REPLACEMENT CHARACTER" in finding.why
    assert finding.patch == ""
    assert "data.encoding" in finding.fix


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Привет, как дела сегодня", "cp1251"),
        ("Привет, как дела сегодня", "koi8-r"),
        ("Καλημέρα σε όλους", "cp1253"),
        ("שלום עולם מה שלומך", "cp1255"),
    ],
)
def test_another_alphabet_names_its_encoding(subject: Make, text: str, encoding: str) -> None:
    wrong = text.encode(encoding).decode("latin-1")
    finding = mojibake(subject([(wrong, "a"), ("c", "b")]))
    assert finding is not None
    assert finding.affected == (0,)
    assert finding.patch == f"data:\n  encoding: {encoding}"


def test_kinds_of_html_are_counted_and_say_nothing_of_the_text(subject: Make) -> None:
    pairs = [('a <A href="mailto:me@example.org">b</a>', "a"), ("c <a title=x>d", "b"), ("e <!-- note --> f", "b")]
    finding = html_debris(subject(pairs))
    assert finding is not None
    assert "(<a> in 2 rows, <!--> in 1 row)" in finding.why


def test_much_text_is_looked_at_by_sample(subject: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (characters, _subject):
        monkeypatch.setattr(module, "SAMPLE_CHARACTERS", 2_000)
    pairs = [("the cafÃ© is open" if row % 2 else "the café is open", "a") for row in range(1000)]
    finding = mojibake(subject(pairs))
    assert finding is not None
    assert 20 < len(finding.affected) < 100
    assert 300 < finding.count < 700
    assert "rows drawn at random" in finding.why
