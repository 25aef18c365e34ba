"""The Parquet source: strings, whole numbers and categories are texts, anything else is named."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from textclf_sweep.data import sources
from textclf_sweep.data.sources import _arrow
from textclf_sweep.definition.types import DataSettings
from textclf_sweep.errors import DataError

pytestmark = pytest.mark.unit


def write(folder: Path, rows: Sequence[tuple[str, str, str]]) -> Path:
    texts, labels, numbers = zip(*rows, strict=True)
    path = folder / "data.parquet"
    pq.write_table(pa.table({"text": texts, "label": labels, "id": list(map(int, numbers))}), path)
    return path


def settings(folder: Path, text: Any, label: Any) -> DataSettings:
    path = folder / "data.parquet"
    pq.write_table(pa.table({"text": text, "label": label}), path)
    return DataSettings("parquet", str(path))


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (pa.array([1, None, -3]), ("1", "", "-3")),
        (pa.array([0, 2**64 - 1, 7], pa.uint64()), ("0", "18446744073709551615", "7")),
        (pa.array(["a", None, "a"]).dictionary_encode(), ("a", "", "a")),
        (pa.array([5, 6, None]).dictionary_encode(), ("5", "6", "")),
        (pa.array(["NA", "01", ""], pa.large_string()), ("NA", "01", "")),
        (pa.array([True, False, None]), ("true", "false", "")),
        (pa.nulls(3), ("", "", "")),
    ],
)
def test_what_is_text(tmp_path: Path, values: Any, labels: tuple[str, ...]) -> None:
    corpus = sources.load(settings(tmp_path, ["a", "b", "c"], values))
    assert corpus.labels == labels
    assert corpus.lines == (1, 2, 3)


@pytest.mark.parametrize("values", [pa.array([1.5]), pa.array([["a"]]), pa.array([b"a"]), pa.array([{"a": 1}])])
def test_other_types_are_named(tmp_path: Path, values: Any) -> None:
    data = settings(tmp_path, ["a"], values)
    with pytest.raises(DataError) as caught:
        sources.load(data)
    assert f"'label' is of the type {str(values.type)[:4]}" in caught.value.problems[0].what
    assert set(sources.read_table("parquet", data.path, {}).columns) == {"text"}


def test_rows_of_many_batches_keep_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_arrow, "BATCH", 7)
    texts = [f"text {row}" for row in range(50)]
    assert sources.load(settings(tmp_path, texts, ["a"] * 50)).texts == tuple(texts)


def test_files_that_are_no_parquet(tmp_path: Path) -> None:
    path = Path(str(settings(tmp_path, ["a"], ["b"]).path))
    whole = path.read_bytes()
    for content, what in (
        (b"", "empty"),
        (b"text,label\n", "no Parquet file"),
        (b"PK\x03\x04", "zip"),
        (gzip.compress(whole), "gzip"),
        (whole[:-20], "cannot be read"),
        (whole.replace(b"label", b"labe\xff"), "cannot be read"),
        (whole[: len(whole) // 2] + whole[-30:], "cannot be read"),
    ):
        path.write_bytes(content)
        with pytest.raises(DataError, match=what):
            sources.load(DataSettings("parquet", str(path)))


def test_no_rows_and_double_names(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no rows"):
        sources.load(settings(tmp_path, pa.array([], pa.string()), pa.array([], pa.string())))
    path = tmp_path / "double.parquet"
    pq.write_table(pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["text", "text"]), path)
    with pytest.raises(DataError, match="'text' more than once"):
        sources.load(DataSettings("parquet", str(path)))
