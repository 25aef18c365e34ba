"""Corpora and files for the tests of the data room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from textclf_sweep.data.corpus import Corpus
from textclf_sweep.definition.types import DataSettings


@pytest.fixture
def corpus() -> Callable[..., Corpus]:
    """Makes a corpus of (text, label) pairs; lines count from 2, as in a CSV file."""

    def make(pairs: Sequence[tuple[str, str]], **fields: object) -> Corpus:
        lines = tuple(range(2, len(pairs) + 2))
        texts = tuple(text for text, _ in pairs)
        return Corpus(texts, tuple(label for _, label in pairs), lines, **{"name": "made", **fields})  # type: ignore[arg-type]

    return make


@pytest.fixture
def csv_file(tmp_path: Path) -> Callable[..., DataSettings]:
    """Writes a CSV file of this content and returns the settings that name it."""

    def write(content: str | bytes, **fields: object) -> DataSettings:
        path = tmp_path / "data.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return DataSettings("csv", str(path), **fields)  # type: ignore[arg-type]

    return write
