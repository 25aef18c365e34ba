"""Tables that fit: headings break before columns are dropped, and what was dropped is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from textclf_sweep.cli import _format
from textclf_sweep.trial import Parameters

GAP = 2
"""Spaces between columns."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        heading: its name; may break at underscores.
        cells: one text per row.
        number: aligned to the right.
        drop: 0 keeps it always; of the others, the highest goes first.
        shrink: may be cut to `SHRUNK` characters before any column is dropped.
    """

    heading: str
    cells: tuple[str, ...]
    number: bool = False
    drop: int = 0
    shrink: bool = False

    @property
    def body(self) -> int:
        """Width of the widest cell."""
        return max(map(len, self.cells), default=0)

    @property
    def width(self) -> int:
        """Width of heading and cells."""
        return max(self.body, *map(len, self.heading.split("\n")))


DROP_FIRST = 10
"""`Column.drop` of the first parameter; columns below it outlast all parameters, see `parameter_columns`."""

SHRUNK = 12
"""The least width of a column that may shrink."""


def fit(columns: Sequence[Column], width: int) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    """The columns as they fit into `width`, and the names of those that do not.

    Headings of parameters break at underscores first, then columns with a `drop` go, the highest first.
    """
    kept = list(columns)
    if _total(kept) > width:
        kept = [replace(column, heading=_broken(column.heading, column.body)) for column in kept]
    dropped: list[str] = []
    while _total(kept) > width and any(column.drop for column in kept):
        victim = max(kept, key=lambda column: column.drop)
        kept.remove(victim)
        dropped.append(victim.heading.replace("\n", ""))
    return tuple(kept), tuple(reversed(dropped))


def table(columns: Sequence[Column], width: int, styles: Sequence[str] = ()) -> Table:
    """The fitted columns as a rich table without lines.

    Args:
        columns: of equal length.
        width: columns of the terminal; a column that may shrink takes what is left.
        styles: one rich style per row; no style when empty.
    """
    drawn = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="bold")
    spare = width - _total([column for column in columns if not column.shrink])
    for column in columns:
        drawn.add_column(
            Text(column.heading),
            justify="right" if column.number else "left",
            vertical="bottom",
            no_wrap=True,
            overflow="ellipsis",
            max_width=max(SHRUNK, spare - GAP) if column.shrink else None,
            min_width=None if column.shrink else column.width,
        )
    for index, cells in enumerate(zip(*(column.cells for column in columns), strict=True)):
        drawn.add_row(*map(Text, cells), style=styles[index] if styles else None)
    return drawn


def fitted(columns: Sequence[Column], width: int) -> RenderableType:
    """The columns as they fit, with a line about those that do not."""
    kept, dropped = fit(columns, width)
    drawn = table(kept, width)
    if not dropped:
        return drawn
    return Group(drawn, Text(f"not shown: {', '.join(dropped)} (--json has everything)", style="dim"))


def pairs(rows: Sequence[tuple[str, str]]) -> Table:
    """Names and what they stand for, aligned; long texts wrap under themselves."""
    drawn = Table(box=None, show_header=False, padding=(0, GAP, 0, 0), pad_edge=False)
    drawn.add_column(no_wrap=True, style="bold")
    drawn.add_column(overflow="fold")
    for name, text in rows:
        drawn.add_row(Text(name), Text(text))
    return drawn


def parameter_columns(rows: Sequence[Parameters], names: Sequence[str]) -> tuple[Column, ...]:
    """One column per parameter; the last ones are dropped first where space is short."""
    return tuple(
        Column(
            name,
            tuple(_format.value(row[name]) if name in row else "-" for row in rows),
            number=not any(isinstance(row.get(name), str | bool) for row in rows),
            drop=DROP_FIRST + position,
        )
        for position, name in enumerate(names)
    )


def _total(columns: Sequence[Column]) -> int:
    widths = [min(column.width, SHRUNK) if column.shrink else column.width for column in columns]
    return sum(widths) + GAP * (len(widths) - 1)


def _broken(heading: str, body: int) -> str:
    """Two lines broken after the underscore that makes the widest of them narrowest: ``learning_`` over ``rate``."""
    cuts = [index + 1 for index, letter in enumerate(heading) if letter == "_"]
    if len(heading) <= body or not cuts:
        return heading
    cut = min(cuts, key=lambda index: max(index, len(heading) - index))
    return f"{heading[:cut]}\n{heading[cut:]}"
