"""The frozen values and their snapshot."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from textclf_sweep.data.corpus import PARTS, Corpus, PartName, Splits, comparable
from textclf_sweep.data.snapshot import read_info, read_part, write
from textclf_sweep.errors import StorageError

pytestmark = pytest.mark.unit

Make = Callable[..., Corpus]
PAIRS = [("a b", "x"), ("c", "y"), ("d", "x"), ("e", "y")]
SIDES: list[PartName] = ["train", "validation", "test", "train"]


@pytest.fixture
def splits(corpus: Make) -> Splits:
    return Splits.of(corpus(PAIRS, notes=("1 row was dropped",)), SIDES)


def test_lengths_and_parts_are_checked(corpus: Make) -> None:
    with pytest.raises(ValueError, match="same length"):
        corpus(PAIRS, groups=("g",))
    with pytest.raises(ValueError, match="among"):
        corpus([("a", "x")], parts=("dev",))


def test_hash_covers_everything_but_name_and_notes(corpus: Make) -> None:
    plain = corpus(PAIRS)
    assert corpus(PAIRS, name="other", notes=("n",)).hash() == plain.hash()
    others = [
        corpus([("a b ", "x"), *PAIRS[1:]]),
        corpus([("a b", "x "), *PAIRS[1:]]),
        corpus([("a b", "c"), ("x", "y"), *PAIRS[2:]]),
        dataclasses.replace(plain, lines=(2, 3, 4, 6)),
        dataclasses.replace(plain, groups=("", "", "", "")),
        dataclasses.replace(plain, parts=("train",) * 4),
    ]
    assert len({item.hash() for item in (plain, *others)}) == len(others) + 1


def test_rows_that_are_selected_keep_everything(corpus: Make) -> None:
    made = corpus(PAIRS, files=("1", "2", "3", "4"), spare=("s1", "s2", "s3", "s4"), groups=("g1", "g2", "g3", "g4"))
    kept = made.select([2, 0], "two rows")
    assert (kept.texts, kept.groups, kept.spare, kept.notes) == (
        ("d", "a b"),
        ("g3", "g1"),
        ("s3", "s1"),
        ("two rows",),
    )
    assert (kept.place(0), made.place(1), corpus(PAIRS).place(1)) == ("3:4", "2:3", "made:3")
    with pytest.raises(ValueError, match="same length"):
        corpus(PAIRS, spare=("s",))


def test_data_hash_covers_the_sides(corpus: Make) -> None:
    one, other = (Splits.of(corpus(PAIRS), sides) for sides in (SIDES, SIDES[::-1]))
    assert one.data_hash != other.data_hash


def test_division(splits: Splits) -> None:
    assert splits.train.texts == ("a b", "e")
    assert splits.validation.labels == ("y",)
    assert splits.test.lines == (4,)
    assert splits.labels == ("x", "y")
    assert splits.notes == ("1 row was dropped",)


def test_snapshot_comes_back(splits: Splits, tmp_path: Path) -> None:
    folder = tmp_path / "sweep" / "corpus"
    write(splits, folder)
    assert {name: read_part(folder, name) for name in PARTS} == {name: splits.part(name) for name in PARTS}
    info = read_info(folder)
    assert (info.labels, info.data_hash, info.name, info.notes) == (
        splits.labels, splits.data_hash, splits.name, splits.notes,
    )  # fmt: skip
    assert info.counts == {"train": 2, "validation": 1, "test": 1}
    assert json.loads((folder / "test.jsonl").read_text()) == {"text": "d", "label": "x", "line": 4}
    assert [path.name for path in folder.parent.iterdir()] == ["corpus"]


def test_writing_again_does_nothing(splits: Splits, tmp_path: Path) -> None:
    write(splits, tmp_path / "corpus")
    before = {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in (tmp_path / "corpus").iterdir()}
    write(splits, tmp_path / "corpus")
    assert {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in (tmp_path / "corpus").iterdir()} == before


def test_other_or_damaged_snapshot_is_replaced(splits: Splits, corpus: Make, tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    write(Splits.of(corpus(PAIRS), SIDES[::-1]), folder)
    write(splits, folder)
    assert read_info(folder).data_hash == splits.data_hash
    (folder / "train.jsonl").unlink()
    write(splits, folder)
    assert read_part(folder, "train") == splits.train
    (folder / "corpus.json").write_text("{")
    write(splits, folder)
    assert read_info(folder).data_hash == splits.data_hash


def test_leftovers_of_a_killed_writer_do_no_harm(splits: Splits, tmp_path: Path) -> None:
    (tmp_path / "corpus.1.tmp").mkdir()
    (tmp_path / "corpus").mkdir()
    write(splits, tmp_path / "corpus")
    assert read_part(tmp_path / "corpus", "test") == splits.test


def test_training_needs_no_test_file(splits: Splits, tmp_path: Path) -> None:
    write(splits, tmp_path / "corpus")
    (tmp_path / "corpus" / "test.jsonl").unlink()
    assert read_part(tmp_path / "corpus", "train") == splits.train
    assert read_info(tmp_path / "corpus").counts["test"] == 1


def test_unreadable_snapshot(splits: Splits, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="No such file"):
        read_part(tmp_path / "corpus", "train")
    write(splits, tmp_path / "corpus")
    (tmp_path / "corpus" / "train.jsonl").write_text('{"text": "a"')
    with pytest.raises(StorageError, match=r"train\.jsonl"):
        read_part(tmp_path / "corpus", "train")


def test_unwritable_folder(splits: Splits, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        write(splits, tmp_path / "file" / "corpus")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(st.characters() | st.sampled_from("\u2028\x85\r\n\x1c\ud800")), min_size=1))
def test_any_text_survives_the_snapshot(texts: list[str], tmp_path: Path) -> None:
    made = Corpus(tuple(texts), tuple(texts), tuple(range(len(texts))))
    splits = Splits.of(made, ["train"] * len(texts))
    write(splits, tmp_path / "corpus")
    assert read_part(tmp_path / "corpus", "train") == splits.train
    assert read_info(tmp_path / "corpus").labels == splits.labels


def test_texts_are_compared_trimmed_and_lower_cased() -> None:
    assert comparable(" Stuck at\t25 %\n") == "stuck at\t25 %"
