"""The Hugging Face source, on data sets that were saved: splits, class labels, and what cannot be loaded."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import datasets
import pytest

from textclf_sweep.data import sources
from textclf_sweep.data.corpus import Corpus
from textclf_sweep.definition.types import DataSettings
from textclf_sweep.errors import DataError, Problem

pytestmark = pytest.mark.unit


def write(folder: Path, rows: Sequence[tuple[str, str, str]]) -> Path:
    texts, labels, numbers = zip(*rows, strict=True)
    data = datasets.Dataset.from_dict({"text": texts, "label": labels, "id": list(map(int, numbers))})
    return save(folder, data)


def save(folder: Path, data: datasets.Dataset | datasets.DatasetDict) -> Path:
    datasets.disable_progress_bars()
    data.save_to_disk(str(folder / "data"))
    datasets.enable_progress_bars()
    return folder / "data"


def made(texts: Sequence[str], labels: Sequence[int]) -> datasets.Dataset:
    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["neg", "pos"])})
    return datasets.Dataset.from_dict({"text": texts, "label": labels}, features=features)


def load(folder: Path, parts: Mapping[str, datasets.Dataset]) -> Corpus:
    return sources.load(DataSettings("huggingface", str(save(folder, datasets.DatasetDict(parts)))))


def only_problem(path: str, **options: str) -> Problem:
    with pytest.raises(DataError) as caught:
        sources.load(DataSettings("huggingface", path, options=options))
    (problem,) = caught.value.problems
    return problem


def test_class_labels_are_their_names(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = save(tmp_path, made(["a", "b", "c"], [1, 0, -1]))
    capfd.readouterr()
    corpus = sources.load(DataSettings("huggingface", str(path)))
    assert (corpus.labels, corpus.parts, corpus.lines) == (("pos", "neg", ""), None, (1, 2, 3))
    assert capfd.readouterr() == ("", "")
    assert datasets.is_progress_bar_enabled()


def test_splits_are_parts(tmp_path: Path) -> None:
    parts = {"train": made(["a", "b"], [0, 1]), "test": made(["c"], [1]), "unsupervised": made(["d"], [-1])}
    corpus = load(tmp_path, parts)
    assert corpus.texts == ("a", "b", "c")
    assert corpus.parts == ("", "", "test")
    assert corpus.place(2) == f"{tmp_path / 'data'}/test:1"
    assert corpus.notes == ("1 row was left out, of the split 'unsupervised'",)


def test_a_single_split_is_all_there_is(tmp_path: Path) -> None:
    assert load(tmp_path, {"all": made(["a", "b"], [0, 1])}).parts == ("", "")


def test_splits_of_other_names(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="none of its splits"):
        load(tmp_path, {"a": made(["a"], [0]), "b": made(["b"], [1])})


def test_rows_that_were_selected_and_no_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path, made(["a", "b", "c"], [1, 0, 1]).select([2, 0]))
    assert sources.load(DataSettings("huggingface", str(path))).texts == ("c", "a")
    monkeypatch.setattr(datasets, "load_from_disk", lambda _: made([], []))
    assert "no rows" in only_problem(str(path)).what


def test_columns_of_other_types(tmp_path: Path) -> None:
    path = save(tmp_path, datasets.Dataset.from_dict({"text": ["a"], "label": [0.5]}))
    assert "of the type double" in only_problem(str(path)).what
    assert set(sources.read_table("huggingface", str(path), {}).columns) == {"text"}


def test_folders_without_a_data_set(tmp_path: Path) -> None:
    assert "no data set" in only_problem(str(tmp_path)).what
    (tmp_path / "state.json").write_text("{}", encoding="utf-8")
    (tmp_path / "dataset_info.json").write_text("{}", encoding="utf-8")
    assert "cannot be loaded" in only_problem(str(tmp_path)).what


def test_names_that_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> None:
        raise ConnectionError("Couldn't reach the hub")

    monkeypatch.setattr(datasets, "load_dataset", offline)
    problem = only_problem("someone/something", subset="x")
    assert "Couldn't reach the hub" in problem.what
    assert "save_to_disk" in problem.fix
    assert "neither a folder nor a name" in only_problem("some/where/else").what


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    assert "pip install 'textclf-sweep[huggingface]'" in only_problem("someone/something").fix


def test_splits_with_different_columns(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'label' is not in all of them"):
        load(tmp_path, {"train": made(["a"], [0]), "test": datasets.Dataset.from_dict({"text": ["b"]})})
