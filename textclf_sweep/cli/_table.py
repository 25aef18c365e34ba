"""Tables that fit: headings break before columns are dropped, and what was dropped is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from textclf_sweep.analysis import words
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
    """

    heading: str
    cells: tuple[str, ...]
    number: bool = False
    drop: int = 0

    @property
    def body(self) -> int:
        """Width of the widest cell."""
        return max(map(cell_len, self.cells), default=0)

    @property
    def width(self) -> int:
        """Width of heading and cells."""
        return max(self.body, *map(len, self.heading.split("\n")))


DROP_FIRST = 10
"""`Column.drop` of the first parameter; columns below it outlast all parameters, see `parameter_columns`."""

DROPPED_FIRST = 1000
"""`Column.drop` of what goes before any parameter."""


def fit(columns: Sequence[Column], width: int) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    """The columns as they fit into `width`, and the names of those that do not.

    Headings of parameters break at underscores first, then columns with a `drop` go, the highest first.
    """
    kept = list(columns)
    if natural(kept) > width:
        kept = [replace(column, heading=_broken(column.heading, column.body)) for column in kept]
    dropped: list[str] = []
    while natural(kept) > width and any(column.drop for column in kept):
        victim = max(kept, key=lambda column: column.drop)
        kept.remove(victim)
        dropped.append(victim.heading.replace("\n", ""))
    return tuple(kept), tuple(reversed(dropped))


def table(columns: Sequence[Column], styles: Sequence[str] = ()) -> Group:
    """The fitted columns, headings over rows, a line of text each.

    Args:
        columns: of equal length.
        styles: one rich style per row; no style when empty.
    """
    # A rich table takes ten times as long to draw, and the screen is drawn while others train.
    headings = [column.heading.split("\n") for column in columns]
    height = max(map(len, headings))
    above = zip(*([""] * (height - len(parts)) + parts for parts in headings), strict=True)
    rows = zip(*(column.cells for column in columns), strict=True)
    lines = [line(columns, cells, "bold") for cells in above]
    lines += [line(columns, cells, styles[index] if styles else "") for index, cells in enumerate(rows)]
    return Group(*lines)


def line(columns: Sequence[Column], cells: Sequence[str], style: str) -> Text:
    """One line of a table."""
    padded = []
    for column, cell in zip(columns, cells, strict=True):
        space = " " * (column.width - cell_len(cell))
        padded.append(space + cell if column.number else cell + space)
    return Text((" " * GAP).join(padded).rstrip(), style=style, no_wrap=True, overflow="ellipsis")


def fitted(columns: Sequence[Column], width: int) -> RenderableType:
    """The columns as they fit, with a line about those that do not."""
    kept, dropped = fit(columns, width)
    drawn = table(kept)
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
            tuple(words.number(row[name]) if name in row else "-" for row in rows),
            number=not any(isinstance(row.get(name), str | bool) for row in rows),
            drop=DROP_FIRST + position,
        )
        for position, name in enumerate(names)
    )


def natural(columns: Sequence[Column]) -> int:
    """The width of all columns side by side."""
    return sum(column.width for column in columns) + GAP * (len(columns) - 1)


def _broken(heading: str, body: int) -> str:
    """Two lines broken after the underscore that makes the widest of them narrowest: ``learning_`` over ``rate``."""
    cuts = [index + 1 for index, letter in enumerate(heading) if letter == "_"]
    if len(heading) <= body or not cuts:
        return heading
    cut = min(cuts, key=lambda index: max(index, len(heading) - index))
    return f"{heading[:cut]}\n{heading[cut:]}"
