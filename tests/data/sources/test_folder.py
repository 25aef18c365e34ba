"""The folder source: a folder for each label, and nothing else in silence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from textclf_sweep.data import sources
from textclf_sweep.data.corpus import Corpus
from textclf_sweep.definition.types import DataSettings
from textclf_sweep.errors import DataError, Problem

pytestmark = pytest.mark.unit


def write(folder: Path, rows: Sequence[tuple[str, str, str]]) -> Path:
    for text, label, number in rows:
        place = folder / "data" / label
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number}.txt").write_bytes(text.encode())
    return folder / "data"


def load(folder: Path, **options: str) -> Corpus:
    return sources.load(DataSettings("folder", str(folder), options=options))


def only_problem(folder: Path, **options: str) -> Problem:
    with pytest.raises(DataError) as caught:
        load(folder, **options)
    (problem,) = caught.value.problems
    return problem


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path, [("no", "neg", "2"), ("bad\r\n", "neg", "10"), ("yes", "pos", "1"), ("", "pos", "3")])


def test_texts_by_label_and_name(root: Path) -> None:
    corpus = load(root)
    assert corpus.texts == ("bad\r\n", "no", "yes", "")
    assert corpus.labels == ("neg", "neg", "pos", "pos")
    assert corpus.lines == (1, 2, 3, 4)
    assert corpus.files is not None
    assert corpus.files[0] == str(root / "neg" / "10.txt")
    assert corpus.notes == ()


def test_what_is_left_out_is_noted_unless_it_is_hidden(root: Path) -> None:
    (root / ".git").mkdir()
    (root / "pos" / ".DS_Store").write_text("x", encoding="utf-8")
    (root / "README").write_text("x", encoding="utf-8")
    (root / "neg" / "5.html").write_text("x", encoding="utf-8")
    (root / "neg" / "6.TXT").write_text("loud", encoding="utf-8")
    (root / "unsup").mkdir()
    corpus = load(root)
    assert len(corpus) == 5
    assert corpus.notes == (
        "1 file was left out, being in no label's folder (first: README)",
        "1 file was left out, not ending in .txt (first: neg/5.html)",
        "1 folder was left out, having no .txt file (first: unsup)",
    )


def test_folders_within_labels(root: Path) -> None:
    problem = only_problem(root.parent)
    assert "'neg' is a folder within" in problem.what
    assert "test: " in problem.fix


@pytest.mark.parametrize("folder", ["link", "pos/9.txt"])
def test_links_that_lead_outside(root: Path, tmp_path: Path, folder: str) -> None:
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    (root / folder).symlink_to(tmp_path if folder == "link" else tmp_path / "secret.txt")
    problem = only_problem(root)
    assert "outside" in problem.what
    assert problem.where == str(root / folder)


def test_links_within(root: Path) -> None:
    (root / "neg" / "9.txt").symlink_to(root / "pos" / "1.txt")
    assert load(root).texts[2] == "yes"


def test_dangling_link(root: Path) -> None:
    (root / "neg" / "9.txt").symlink_to(root / "nothing.txt")
    assert "no such file" in only_problem(root).what


def test_no_texts(tmp_path: Path) -> None:
    assert "a folder for each label" in only_problem(tmp_path).expected
    (tmp_path / "a.txt").write_text("x", encoding="utf-8")
    assert "LABEL" in only_problem(tmp_path).fix
    for name in ("dev.csv", "train.csv"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    assert only_problem(tmp_path).fix == f"name the file itself: {tmp_path.name}/train.csv"


def test_encoding_names_the_file(root: Path) -> None:
    (root / "neg" / "2.txt").write_bytes(b"caf\xe9")
    problem = only_problem(root)
    assert problem.where == f"{root / 'neg' / '2.txt'}:1"
    assert load(root, encoding="cp1252").texts[1] == "café"


def test_names_that_cannot_be_shown(root: Path) -> None:
    (root / "bad\udcff").mkdir()
    assert "cannot be shown" in only_problem(root).what
