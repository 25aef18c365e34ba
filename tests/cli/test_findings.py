"""What `sweep check` draws."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from textclf_sweep.cli._draw import UNLIMITED
from textclf_sweep.cli._findings import named, render, summary, visible
from textclf_sweep.data.findings import Finding, Row
from textclf_sweep.definition.types import DataSettings
from textclf_sweep.errors import Problem
from textclf_sweep.sweep.check import Checked

pytestmark = pytest.mark.unit

ROWS = (Row(12, "Free \u200bmoney\nnow", "spam", "mail.csv", "U+200B"), Row(1300, "word " * 80, "a label " * 9))
WHY = "two rows with characters that nobody sees; they cut words, so that the model meets tokens that it can't know"
FINDING = Finding(
    "rogue_characters", "warning", 2, 0.0004, 1, ROWS, WHY, "remove them", "data:\n  cleaning:\n    strip_control: true"
)
CHECKED = Checked(
    name="mail.csv",
    chosen="",
    rows=5000,
    labels={f"label {number}": 400 - number for number in range(14)},
    parts={"train": 3500, "validation": 750, "test": 750},
    notes=("3 rows without a text were dropped",),
    findings=(FINDING, replace(FINDING, name="cut_texts", severity="note", patch="")),
    problems=(),
)


def drawn(checked: Checked, width: int) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False, markup=False)
    console.print(render(checked, width))
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def test_everything_a_reader_needs_is_there() -> None:
    text = drawn(CHECKED, 120)
    assert "mail.csv: 5,000 rows, 14 labels\ntrain / validation / test: 3,500 / 750 / 750" in text
    assert "note: 3 rows without a text were dropped" in text
    assert "1 warning, 1 note" in text
    assert "warning  rogue_characters  2 rows (0.04%), 1 text" in text
    assert "mail.csv:12" in text
    assert "line 1300" in text
    assert "Free <U+200B>money\\nnow  (U+200B)" in text
    assert "  fix: remove them:\n      data:\n        cleaning:\n          strip_control: true" in text
    assert "and 2 labels more with 775 rows" in text


def test_labels_that_cannot_be_told_apart_are_in_quotes() -> None:
    assert named(["pos", "pos ", "neg", "a  b", "pos\u200b", "n\u00a0a", ""]) == {
        "pos": "'pos'", "pos ": "'pos '", "neg": "neg", "a  b": "'a  b'", "pos\u200b": "'pos<U+200B>'",
        "n\u00a0a": "'n<U+00A0>a'", "": "",
    }  # fmt: skip
    rows = (Row(2, "good", "pos"), Row(3, "fine", "pos "))
    text = drawn(replace(CHECKED, labels={"pos": 9, "pos ": 4}, findings=(replace(FINDING, rows=rows),)), 80)
    assert re.search(r"'pos' +9", text)
    assert "line 2  'pos'   good" in text
    assert "line 3  'pos '  fine" in text


def test_a_text_ends_where_it_can_be_seen_to_end() -> None:
    short, long = "it ends in the mid", "word " * 50 + "and then mid\r\n"
    rows = (Row(2, f"{short}\n", "a", detail=f"ends: {short}"), Row(3, long, "a", detail="ends: and then mid\r\n"))
    text = drawn(replace(CHECKED, findings=(replace(FINDING, rows=rows),)), UNLIMITED)
    assert f"line 2  a  {short}\n" in text
    assert re.search(r"line 3  a  [word ]{80,119}\u2026\n +\(ends: and then mid\)\n", text)


def test_a_file_for_each_text_has_no_lines() -> None:
    rows = (Row(47, "shares fell", "business", "/data/bbc/business/0189.txt"),)
    checked = replace(CHECKED, findings=(replace(FINDING, rows=rows),))
    assert "business/0189.txt:47 " in drawn(checked, 120)
    folder = DataSettings("folder", "/data/bbc")
    assert "    business/0189.txt  business" in drawn(replace(checked, settings=folder), 120)
    folder = replace(folder, test_path="/data/other")
    assert "    bbc/business/0189.txt  business" in drawn(replace(checked, settings=folder), 120)


def test_data_that_cannot_be_split_say_so_at_once() -> None:
    text = drawn(replace(CHECKED, parts={}, problems=(Problem("no row is left"),)), 120)
    assert text.startswith("mail.csv: 5,000 rows, 14 labels\ncannot be split: see the error below\n")


def test_nothing_found_is_said() -> None:
    assert "nothing was found" in drawn(replace(CHECKED, findings=()), 80)


@pytest.mark.parametrize("width", [40, 80, 120])
def test_it_fits(width: int) -> None:
    assert max(cell_len(line.rstrip()) for line in drawn(CHECKED, width).splitlines()) <= width


def test_without_a_terminal_a_sentence_is_one_line() -> None:
    assert f"  {WHY}\n" in drawn(CHECKED, UNLIMITED)


@given(st.text(max_size=40))
@settings(max_examples=50)
def test_what_is_visible_is_one_line_that_any_terminal_can_draw(text: str) -> None:
    shown = visible(text)
    assert len(shown.splitlines()) <= 1
    assert all(character.isprintable() or character == "\u00a0" for character in shown)


def test_a_summary_counts() -> None:
    assert summary([FINDING, FINDING, replace(FINDING, severity="fatal")]) == "1 fatal finding, 2 warnings"
