"""The screen of a running sweep: a pure function from its progress to a rich renderable."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from textclf_sweep.cli import _format
from textclf_sweep.cli._progress import Progress, Row
from textclf_sweep.cli._table import DROP_FIRST, Column, fit, parameter_columns, table
from textclf_sweep.cli._words import footer, header
from textclf_sweep.trial import TrialState

STYLES = {
    TrialState.RUNNING: "cyan",
    TrialState.PRUNED: "dim",
    TrialState.FAILED: "red",
    TrialState.WAITING: "yellow",
    TrialState.INTERRUPTED: "yellow",
}
BEST = "bold green"
LABEL = 10
"""Columns of the names in the footer."""


def render(progress: Progress, now: float, width: int, height: int) -> RenderableType:
    """The whole screen, at most `width` columns and `height` lines.

    Args:
        progress: what is known.
        now: seconds on the clock of `progress`.
        width: columns of the terminal.
        height: lines of the terminal.
    """
    if progress.started is None:
        return _line(progress.stopping or "preparing the data and the workers ...")
    head = [_line(text, "bold" if not index else "") for index, text in enumerate(header(progress))]
    foot = [_line(text) for pair in footer(progress, now) for text in wrapped(*pair, width)]
    if progress.stopping:
        foot += [_line(text, "bold yellow") for text in textwrap.wrap(progress.stopping, width)]
    if not progress.rows:
        return Group(*head, Text(), *foot)
    # Two empty lines, two of headings, one about hidden trials, and one for the cursor.
    room = height - len(head) - len(foot) - 6
    return Group(*head, Text(), *_trials(progress, now, width, max(1, room)), Text(), *foot)


def visible(progress: Progress, room: int) -> tuple[Row, ...]:
    """The rows that fit, by number: those that run come first, then the best, then the newest."""

    def urgency(row: Row) -> tuple[bool, bool, int]:
        return row.state is not TrialState.RUNNING, row.trial.number != progress.best, -row.trial.number

    chosen = sorted(progress.rows.values(), key=urgency)[:room]
    return tuple(sorted(chosen, key=lambda row: row.trial.number))


def wrapped(name: str, text: str, width: int) -> list[str]:
    """``name  text`` in two lines at the most, the second under the text of the first."""
    return textwrap.wrap(
        f"{name:<{LABEL}}{text}", width, subsequent_indent=" " * LABEL, max_lines=2, placeholder=" ..."
    )


def _trials(progress: Progress, now: float, width: int, room: int) -> list[RenderableType]:
    rows = visible(progress, room)
    columns, dropped = fit(_columns(progress, rows, now), width)
    styles = [BEST if row.trial.number == progress.best else STYLES.get(row.state, "") for row in rows]
    drawn: list[RenderableType] = [table(columns, styles)]
    notes = []
    if len(rows) < len(progress.rows):
        notes.append(_format.plural(len(progress.rows) - len(rows), "more trial"))
    if dropped:
        notes.append(f"not shown: {', '.join(dropped)}")
    if notes:
        drawn.append(_line("; ".join(notes), "dim"))
    return drawn


def _columns(progress: Progress, rows: Sequence[Row], now: float) -> tuple[Column, ...]:
    metric = progress.metric
    return (
        Column("trial", tuple(f"{'*' if _is_best(progress, row) else ' '}{row.trial.number:>4}" for row in rows)),
        Column("state", tuple(row.state.value for row in rows)),
        *([Column("architecture", tuple(row.trial.architecture for row in rows))] if progress.several else []),
        Column("epoch", tuple(_epoch(row) for row in rows), number=True),
        Column("now", tuple(_format.metric(row.now(metric)) for row in rows), number=True, drop=DROP_FIRST + 3),
        Column("best", tuple(_format.metric(row.best(metric)) for row in rows), number=True),
        Column("time", tuple(_format.clock(row.elapsed(now)) for row in rows), number=True),
        *parameter_columns([row.trial.parameters for row in rows], progress.searched),
    )


def _is_best(progress: Progress, row: Row) -> bool:
    return row.trial.number == progress.best


def _epoch(row: Row) -> str:
    return f"{len(row.epochs)}/{row.limit}" if row.limit else str(len(row.epochs))


def _line(text: str, style: str = "") -> Text:
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")
