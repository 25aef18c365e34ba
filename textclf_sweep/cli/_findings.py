"""What was found in data, for a reader: labels, then each finding with its rows, its reason and its cure."""

from __future__ import annotations

import textwrap
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
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
LONGEST_TEXT = 120
"""Columns of a text at the most, however wide the terminal; also where there is none."""
_ENDS = " \t\r\n\v\f"
"""What is not shown at the ends of a text."""


def render(checked: Checked, width: int) -> RenderableType:
    """All of it, as wide as `width` columns."""
    labels = {*checked.labels, *(row.label for finding in checked.findings for row in finding.rows)}
    shown = named(labels)
    settings = checked.settings
    files = settings is not None and settings.source == "folder"
    # The last parts tell files of one data set apart: label and text, before them train or test.
    depth = 3 if files and settings and (settings.validation_path or settings.test_path) else 2
    blocks: list[RenderableType] = [_head(checked, shown, width)]
    for finding in checked.findings:
        rows = [replace(row, label=shown[row.label]) for row in finding.rows]
        blocks += [Text(""), _finding(finding, [(_place(row, depth, whole=files), row) for row in rows], width)]
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


def named(labels: Collection[str]) -> dict[str, str]:
    """Each label as it is shown: in quotes where one would not see it whole or tell it from another."""
    alike = Counter(map(_seen, labels))
    shown = {}
    for label in labels:
        text = visible(label).replace("\u00a0", "<U+00A0>")
        hidden = label != " ".join(label.split()) or alike[_seen(label)] > 1
        shown[label] = f"'{text}'" if label and hidden else text
    return shown


def _seen(label: str) -> str:
    """What a reader sees of a label: equal for labels that look alike."""
    plain = unicodedata.normalize("NFKC", "".join(filter(str.isprintable, label)))
    return " ".join(plain.split())


def _head(checked: Checked, shown: Mapping[str, str], width: int) -> RenderableType:
    lines: list[RenderableType] = [
        Text(f"{checked.name}: {plural(checked.rows, 'row')}, {plural(len(checked.labels), 'label')}")
    ]
    if checked.parts:
        parts = " / ".join(f"{count:,}" for count in checked.parts.values())
        lines.append(Text(f"{' / '.join(checked.parts)}: {parts}"))
    elif checked.problems:
        lines.append(Text("cannot be split: see the error below", style=COLOURS["fatal"]))
    if checked.chosen:
        lines.append(Text(checked.chosen, style="dim"))
    lines += [Text(""), *_labels({shown[label]: count for label, count in checked.labels.items()})]
    if checked.notes:
        lines.append(Text(""))
        lines += [_prose(f"note: {note}", width, 0) for note in checked.notes]
    if found := summary(checked.findings):
        lines += [Text(""), Text(found, style="bold")]
    return Group(*lines)


def _labels(labels: Mapping[str, int]) -> Iterator[Text]:
    """The commonest labels, each with its rows, its share and a bar."""
    shown = list(labels.items())[:LABELS]
    names = [_cut(label, NAME) for label, _ in shown]
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


def _finding(finding: Finding, rows: Sequence[tuple[str, Row]], width: int) -> RenderableType:
    head = Text(finding.severity, style=COLOURS[finding.severity])
    head.append(f"  {finding.name}", style="bold not dim")
    head.append(f"  {_extent(finding)}", style="dim")
    lines: list[RenderableType] = [head, _prose(finding.why, width, 2), *_rows(rows, width)]
    lines.append(_prose(f"fix: {finding.fix}{':' if finding.patch else ''}", width, 2))
    lines += [Text(f"      {line}", style="green") for line in finding.patch.splitlines()]
    return Group(*lines)


def _extent(finding: Finding) -> str:
    share = f"{finding.share:.2%}" if 0 < finding.share < 0.001 else f"{finding.share:.1%}"
    texts = f", {plural(finding.texts, 'text')}" if 0 < finding.texts < finding.count else ""
    return f"{plural(finding.count, 'row')} ({share}){texts}"


def _rows(placed: Sequence[tuple[str, Row]], width: int) -> Iterator[Text]:
    """Rows and their places, one a line; what is remarkable about one stands beside its text, or under it."""
    labels = [_cut(row.label, NAME) or "-" for _, row in placed]
    place_width = max((cell_len(place) for place, _ in placed), default=0)
    label_width = max(map(cell_len, labels), default=0)
    room = max(12, min(width - 4 - place_width - 2 - label_width - 2, LONGEST_TEXT))
    for (place, row), label in zip(placed, labels, strict=True):
        line = Text(f"    {set_cell_size(place, place_width)}  ", style="dim", no_wrap=True, overflow="ellipsis")
        line.append(f"{set_cell_size(label, label_width)}  ", style="not dim cyan")
        whole = visible(row.text.strip(_ENDS))
        text = _cut(whole, room) or "(blank)"
        line.append(text, style="not dim")
        detail = f"({_detail(row, cut=text != whole)})".removesuffix("()")
        beside = not detail or cell_len(text) + 2 + cell_len(detail) <= room
        if beside and detail:
            line.append(f"  {detail}")
        yield line
        if not beside:
            under = 4 + place_width + 2 + label_width + 2
            yield Text(f"{' ' * under}{_cut(detail, room)}", style="dim", no_wrap=True, overflow="ellipsis")


def _detail(row: Row, *, cut: bool) -> str:
    """What is remarkable about a row; nothing when it is the text's end, and that can be seen."""
    end = row.detail.removeprefix("ends: ")
    if end != row.detail:
        return f"ends: {visible(end.strip(_ENDS))}" if cut else ""
    return visible(row.detail)


def _place(row: Row, depth: int, *, whole: bool) -> str:
    """Where a row stands: its file's last `depth` parts; and its line, unless the row is the `whole` file."""
    if not row.file:
        return f"line {row.line}"
    file = "/".join(PurePath(row.file).parts[-depth:])
    return file if whole else f"{file}:{row.line}"


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
