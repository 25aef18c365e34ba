"""What is said of data that have changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from textclf_sweep.data.changes import compare
from textclf_sweep.data.corpus import Corpus, PartName, Splits
from textclf_sweep.data.snapshot import write

pytestmark = pytest.mark.unit

Make = Callable[..., Corpus]
PAIRS = [("a", "x"), ("b", "y"), ("c", "x"), ("d", "y"), ("a", "x")]
SIDES: list[PartName] = ["train", "train", "validation", "test", "train"]


def test_new_gone_and_moved_rows_are_counted(corpus: Make, tmp_path: Path) -> None:
    write(Splits.of(corpus(PAIRS), SIDES), tmp_path / "corpus")
    assert compare(Splits.of(corpus(PAIRS), SIDES), tmp_path / "corpus") == (
        "0 rows are new, 0 are gone, and 0 of the 5 others are in another part"
    )
    # One of the two equal rows is gone, another label makes another row, and c trains now.
    pairs = [("new", "x"), ("a", "x"), ("b", "x"), ("c", "x"), ("d", "y")]
    now = Splits.of(corpus(pairs), ["test", "train", "train", "train", "test"])
    assert compare(now, tmp_path / "corpus") == ("2 rows are new, 2 are gone, and 1 of the 3 others is in another part")
    one = Splits.of(corpus([*PAIRS, ("e", "y")]), [*SIDES, "train"])
    assert compare(one, tmp_path / "corpus").startswith("1 row is new, 0 are gone, and 0 of the 5 others are")


def test_without_a_snapshot_there_is_nothing_to_say(corpus: Make, tmp_path: Path) -> None:
    assert compare(Splits.of(corpus(PAIRS), SIDES), tmp_path / "corpus") == ""
