"""Columns that nobody named, and what they could be good for."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from textclf_sweep.definition.types import DataSettings
from textclf_sweep.sweep.columns import Columns, proposed

pytestmark = pytest.mark.unit

ROWS = 100


def columns(folder: Path, *, others: bool = False, **more: list[str]) -> Columns:
    """What is proposed for a file with a text, a label and `more` columns, which its test file has when `others`."""
    own = {
        "body": [f"a longer text of row {number}" if number % 10 else "" for number in range(ROWS)],
        "label": ["a", "b"] * (ROWS // 2),
    }
    paths = [(folder / "train.csv", {**own, **more}), (folder / "test.csv", own)]
    for path, content in paths[: 1 + others]:
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([list(content), *zip(*content.values(), strict=True)])
    test = str(paths[1][0]) if others else None
    return proposed(DataSettings("csv", str(paths[0][0]), test_path=test, text=("body",), options={}))


TITLES = ["" if number == 10 else f"the title of {number}" for number in range(ROWS)]


def test_a_second_text(tmp_path: Path) -> None:
    assert columns(tmp_path, title=TITLES) == Columns(("body", "title"), "title", 9)
    assert columns(tmp_path, title=TITLES, others=True) == Columns()
    assert columns(tmp_path, street=TITLES) == Columns(("body", "street"))


@pytest.mark.parametrize(
    "values",
    [
        [f"2024-01-{1 + number % 28:02} 10:{number % 60:02}" for number in range(ROWS)],
        [f"id {number}" for number in range(ROWS)],
        ["always the same"] * ROWS,
        [f"https://www.example.org/page/{number}" for number in range(ROWS)],
        [f"Jane Roe{chr(97 + number % 26)}{number}" for number in range(ROWS)],
        [""] * ROWS,
        ["word"] * ROWS,
        [f"{number % 30}.5" for number in range(ROWS)],
    ],
)
def test_what_is_neither_a_text_nor_a_group(tmp_path: Path, values: list[str]) -> None:
    assert columns(tmp_path, other=values) == Columns()


def test_groups(tmp_path: Path) -> None:
    codes, few = [f"c{number % 30}" for number in range(ROWS)], [f"c{number % 3}" for number in range(ROWS)]
    assert columns(tmp_path, code=codes).group == "code"
    assert columns(tmp_path, code=codes, customerId=few).group == "customerId"
    assert not columns(tmp_path, priority=few).group


def test_data_that_are_no_file() -> None:
    assert proposed(DataSettings("uci_news")) == Columns()
