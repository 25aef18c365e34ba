from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from textclf_sweep.cli._table import GAP, Column, fit, fitted, pairs, parameter_columns, table

pytestmark = pytest.mark.unit

NAMES = ("learning_rate", "batch_size", "dropout", "optimizer", "units")
ROWS = [
    {"learning_rate": 0.00123, "batch_size": 64, "dropout": 0.25, "optimizer": "rmsprop"},
    {"learning_rate": 0.01, "batch_size": 128, "dropout": 0.5, "optimizer": "sgd", "units": 32},
]
COLUMNS = (Column("trial", ("1", "2"), number=True), *parameter_columns(ROWS, NAMES))


def drawn(renderable: object, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    console.print(renderable)
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined]


@given(st.integers(1, 120))
def test_no_column_is_lost_unnamed_and_the_first_stays(width: int) -> None:
    kept, dropped = fit(COLUMNS, width)
    headings = [column.heading.replace("\n", "") for column in kept]
    assert headings[0] == "trial"
    assert (*headings[1:], *dropped) == NAMES
    assert len(kept) == 1 or sum(column.width + GAP for column in kept) - GAP <= width


def test_wide_enough_shows_everything_in_one_line_of_headings() -> None:
    assert drawn(table(fit(COLUMNS, 80)[0]), 80)[0].split() == ["trial", *NAMES]


def test_headings_break_before_columns_go() -> None:
    kept, dropped = fit(COLUMNS, 52)
    assert not dropped
    assert [column.heading for column in kept[1:3]] == ["learning_\nrate", "batch_\nsize"]


def test_what_was_dropped_is_said() -> None:
    lines = drawn(fitted(COLUMNS, 30), 80)
    assert lines[-1].startswith("not shown: dropout, optimizer, units")


def test_inactive_parameters_are_dashes_and_numbers_align_right() -> None:
    last = COLUMNS[-1]
    assert last.cells == ("-", "32")
    assert last.number
    assert not COLUMNS[4].number


def test_pairs_wrap_under_themselves() -> None:
    lines = drawn(pairs([("best", "word " * 20), ("MLflow run", "abc")]), 40)
    assert lines[0].startswith("best        word")
    assert lines[1].startswith("            word")
    assert lines[-1].rstrip() == "MLflow run  abc"
