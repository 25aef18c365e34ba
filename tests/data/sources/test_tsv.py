"""The TSV source: a quote is a character, unless it is said to enclose a field."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from textclf_sweep.data import sources
from textclf_sweep.definition.types import DataSettings
from textclf_sweep.errors import DataError

pytestmark = pytest.mark.unit

UNFIT = ("\n", "\t")


def write(folder: Path, rows: Sequence[tuple[str, str, str]]) -> Path:
    lines = ["text\tlabel\tid", *("\t".join(row) for row in rows)]
    path = folder / "data.tsv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")
    return path


def settings(folder: Path, content: str, **options: bool) -> DataSettings:
    path = folder / "data.tsv"
    path.write_text(content, encoding="utf-8")
    return DataSettings("tsv", str(path), options=options)


def test_quotes_are_text(tmp_path: Path) -> None:
    corpus = sources.load(settings(tmp_path, 'text\tlabel\n"Well\ta\n5" disk\tb\nsay "hi"\tb\n'))
    assert corpus.texts == ('"Well', '5" disk', 'say "hi"')
    assert corpus.notes == ()


def test_fields_that_look_quoted_are_noted(tmp_path: Path) -> None:
    content = 'text\tlabel\nplain\ta\n"say ""hi"""\ta\n'
    corpus = sources.load(settings(tmp_path, content))
    assert corpus.texts == ("plain", '"say ""hi"""')
    (note,) = corpus.notes
    assert "first: line 3" in note
    assert "quoting: true" in note
    corpus = sources.load(settings(tmp_path, content, quoting=True))
    assert (corpus.texts, corpus.notes) == (("plain", 'say "hi"'), ())


def test_quoted_fields_hold_tabs_and_lines(tmp_path: Path) -> None:
    content = 'text\tlabel\n"a\tb\nc"\tx\n'
    assert sources.load(settings(tmp_path, content, quoting=True)).texts == ("a\tb\nc",)
    with pytest.raises(DataError, match="expected 2 fields"):
        sources.load(settings(tmp_path, 'text\tlabel\n"a\nb"\tx\n'))


def test_another_delimiter_is_recognised(tmp_path: Path) -> None:
    with pytest.raises(DataError, match='write `source: csv` and `delimiter: ","`'):
        sources.load(settings(tmp_path, "text,label\na,b\n"))
