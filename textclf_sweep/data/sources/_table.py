"""What a source reads: columns of text, and where each row stands."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from textclf_sweep.definition.space import Parameter
from textclf_sweep.trial import Scalar

PathKind = Literal["file", "folder", "name", "none"]
"""What a source's path is: a file, a folder, a folder or a name the source knows, or nothing at all."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows as a source has them, in order; every sequence has one item a row.

    Attributes:
        where: the file, folder or name, for messages.
        header: the names of all columns, all different.
        columns: of each column that was asked for, the texts as they stand in the file, blank where there is none.
        lines: the physical line where each record starts, header = 1; record numbers for sources without lines.
        notes: one sentence for everything that was left out.
        files: the file of each row, when there are several; None: all are from `where`.
        group, split: columns that are used as such when a definition names none. They are always in `columns`.
        advice: what may be wrong when a column is not there, e.g. another delimiter; may be empty.
    """

    where: str
    header: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    lines: tuple[int, ...]
    notes: tuple[str, ...] = ()
    files: tuple[str, ...] | None = None
    group: str | None = None
    split: str | None = None
    advice: str = ""

    def __post_init__(self) -> None:
        if any(len(column) != len(self.lines) for column in self.columns.values()):
            raise ValueError("every column must have one text a row")

    def place(self, row: int) -> str:
        """Where a row (an index from 0) stands: ``file:line``."""
        return f"{self.where if self.files is None else self.files[row]}:{self.lines[row]}"


@dataclass(slots=True)
class BlankLines:
    """Counts blank lines. Those at the end of a file lose nothing and are common; others may be a surprise.

    Attributes:
        first: the line of the first one; 0 before there is one.
        inner: how many come before the last row.
        since: how many have come since then.
    """

    first: int = 0
    inner: int = 0
    since: int = 0

    def add(self, line: int) -> None:
        """Count one."""
        self.first = self.first or line
        self.since += 1

    def row(self) -> None:
        """Note that a row has come."""
        self.inner, self.since = self.inner + self.since, 0

    def notes(self) -> tuple[str, ...]:
        """A sentence when blank lines stand before a row."""
        return (f"{counted(self.inner, 'blank line')} skipped (first: line {self.first})",) if self.inner else ()


def chosen(header: Iterable[str], columns: Collection[str] | None) -> tuple[str, ...]:
    """The names of `header` that are among `columns`; all when that is None."""
    return tuple(name for name in header if columns is None or name in columns)


def option(options: Mapping[str, Scalar], item: Parameter) -> Scalar:
    """The value of a source's option that has a default."""
    return options.get(item.name, item.preset)


def counted(count: int, word: str) -> str:
    """``1 row was``, ``2,000 rows were``."""
    return f"1 {word} was" if count == 1 else f"{count:,} {word}s were"
