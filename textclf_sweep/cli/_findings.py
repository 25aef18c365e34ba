"""What was found in data, for a reader: labels, then each finding with its rows, its reason and its cure."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath

from rich.cells import cell_len, set_cell_size
from rich.console import Group, RenderableType
from rich.text import Text

from textclf_sweep.cli._draw import UNLIMITED
from textclf_sweep.cli._format import plural
from textclf_sweep.data.findings import Finding, Row
from textclf_sweep.sweep.check import Checked

COLOURS = {"fatal": "bold red", "warning": "bold yellow", "note": "bold cyan"}
LABELS = 12
"""Labels shown before it says how many more there are."""
NAME, BAR = 28, 24
"""Columns of a label's name, and of the longest bar."""
READABLE = 100
"""Columns of a line of prose at the most."""
UNLIMITED_TEXT = 200
"""Columns of a text where there is no terminal to fit."""


def render(checked: Checked, width: int) -> RenderableType:
    """All of it, as wide as `width` columns."""
    blocks: list[RenderableType] = [_head(checked, width)]
    for finding in checked.findings:
        blocks += [Text(""), _finding(finding, width)]
    if not checked.findings:
        blocks += [Text(""), Text("nothing was found", style="bold green")]
    return Group(*blocks)


def summary(findings: Sequence[Finding]) -> str:
    """``1 fatal finding, 2 warnings, 3 notes``."""
    counts = Counter[str](finding.severity for finding in findings)
    words = {"fatal": "fatal finding", "warning": "warning", "note": "note"}
    return ", ".join(plural(counts[severity], word) for severity, word in words.items() if counts[severity])


def visible(text: str) -> str:
    """`text` on one line, with what cannot be seen spelled out: ``<U+200B>``."""
    return "".join(map(_visible, text))


def _visible(character: str) -> str:
    if character in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[character]
    return character if character.isprintable() or character == "\u00a0" else f"<U+{ord(character):04X}>"


def _head(checked: Checked, width: int) -> RenderableType:
    lines: list[RenderableType] = [
        Text(f"{checked.name}: {plural(checked.rows, 'row')}, {plural(len(checked.labels), 'label')}")
    ]
    if checked.parts:
        parts = " / ".join(f"{count:,}" for count in checked.parts.values())
        lines.append(Text(f"{' / '.join(checked.parts)}: {parts}"))
    if checked.chosen:
        lines.append(Text(checked.chosen, style="dim"))
    lines += [Text(""), *_labels(checked.labels)]
    if checked.notes:
        lines.append(Text(""))
        lines += [_prose(f"note: {note}", width, 0) for note in checked.notes]
    if found := summary(checked.findings):
        lines += [Text(""), Text(found, style="bold")]
    return Group(*lines)


def _labels(labels: Mapping[str, int]) -> Iterator[Text]:
    """The commonest labels, each with its rows, its share and a bar."""
    shown = list(labels.items())[:LABELS]
    names = [_cut(visible(label), NAME) for label, _ in shown]
    widest, total = max(map(cell_len, names), default=0), max(1, sum(labels.values()))
    digits = len(f"{max(labels.values(), default=0):,}")
    for name, (_, count) in zip(names, shown, strict=True):
        bar = "\u2588" * max(1, round(BAR * count / shown[0][1]))
        line = Text(f"  {set_cell_size(name, widest)}  {count:>{digits},}  {count / total:6.1%}  ")
        line.append(bar, style="blue")
        yield line
    if len(labels) > len(shown):
        rest = sum(labels.values()) - sum(count for _, count in shown)
        yield Text(f"  and {plural(len(labels) - len(shown), 'label')} more with {plural(rest, 'row')}", style="dim")


def _finding(finding: Finding, width: int) -> RenderableType:
    head = Text(finding.severity, style=COLOURS[finding.severity])
    head.append(f"  {finding.name}", style="bold not dim")
    head.append(f"  {_extent(finding)}", style="dim")
    lines: list[RenderableType] = [head, _prose(finding.why, width, 2), *_rows(finding, width)]
    lines.append(_prose(f"fix: {finding.fix}{':' if finding.patch else ''}", width, 2))
    lines += [Text(f"      {line}", style="green") for line in finding.patch.splitlines()]
    return Group(*lines)


def _extent(finding: Finding) -> str:
    share = f"{finding.share:.2%}" if 0 < finding.share < 0.001 else f"{finding.share:.1%}"
    texts = f", {plural(finding.texts, 'text')}" if 0 < finding.texts < finding.count else ""
    return f"{plural(finding.count, 'row')} ({share}){texts}"


def _rows(finding: Finding, width: int) -> Iterator[Text]:
    places = [_place(row) for row in finding.rows]
    labels = [_cut(visible(row.label), NAME) or "-" for row in finding.rows]
    place_width, label_width = (max(map(cell_len, cells), default=0) for cells in (places, labels))
    room = min(width, READABLE + UNLIMITED_TEXT) - 4 - place_width - 2 - label_width - 2
    for row, place, label in zip(finding.rows, places, labels, strict=True):
        line = Text(f"    {set_cell_size(place, place_width)}  ", style="dim", no_wrap=True, overflow="ellipsis")
        line.append(f"{set_cell_size(label, label_width)}  ", style="not dim cyan")
        detail = f"({visible(row.detail)})" if row.detail else ""
        text = _cut(visible(row.text), max(12, room)) or "(blank)"
        line.append(text, style="not dim")
        beside = not detail or cell_len(text) + 2 + cell_len(detail) <= room
        if beside and detail:
            line.append(f"  {detail}")
        yield line
        if not beside:
            under = 4 + place_width + 2 + label_width + 2
            yield Text(f"{' ' * under}{_cut(detail, max(12, room))}", style="dim", no_wrap=True, overflow="ellipsis")


def _place(row: Row) -> str:
    # The last two parts tell files of one data set apart.
    return f"{'/'.join(PurePath(row.file).parts[-2:])}:{row.line}" if row.file else f"line {row.line:,}"


def _prose(text: str, width: int, indent: int) -> Text:
    """Wrapped at a width that reads well; on one line where there is no terminal."""
    lines = (
        [text]
        if width >= UNLIMITED
        else textwrap.wrap(text, max(20, min(width, READABLE) - indent), break_long_words=False, break_on_hyphens=False)
    )
    return Text("\n".join(" " * indent + line for line in lines), no_wrap=True)


def _cut(text: str, width: int) -> str:
    return text if cell_len(text) <= width else f"{set_cell_size(text, width - 1).rstrip()}\u2026"
