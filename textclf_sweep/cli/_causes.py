"""A diagnosis for a reader: the verdict, then each cause with its evidence, what it means, and the lines that help."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from textclf_sweep.analysis.words import number
from textclf_sweep.cli._draw import UNLIMITED
from textclf_sweep.sweep.patch import as_yaml

COLOURS = {"cause": "bold red", "note": "bold cyan"}
READABLE = 100
"""Columns of a line of prose at the most."""


def render(found: Mapping[str, Any], width: int) -> RenderableType:
    """All of it, as wide as `width` columns.

    Args:
        found: the object of ``sweep diagnose --json``.
        width: columns; `UNLIMITED` where there is no terminal.
    """
    room = READABLE if width >= UNLIMITED else min(width, READABLE)
    blocks: list[RenderableType] = [Text(line, style="bold") for line in textwrap.wrap(_head(found), room)]
    for cause in found["causes"]:
        blocks += [Text(""), *_cause(cause, room)]
    if not found["causes"] and found["verdict"]:
        blocks += [Text(""), Text("nothing speaks for a fault in data, architecture or hyperparameters", style="green")]
    return Group(*blocks)


def plain(found: Mapping[str, Any]) -> tuple[str, ...]:
    """The same in lines of text, for a log."""
    lines = [_head(found)]
    for cause in found["causes"]:
        lines += ["", *(text.plain for text in _cause(cause, READABLE))]
    return tuple(lines)


def _head(found: Mapping[str, Any]) -> str:
    verdict = found["verdict"] or "no verdict"
    told = f"{found['sweep']}, trial {found['trial']}: {verdict}"
    words = found.get("why")
    return f"{told} ({words})" if words else told


def _cause(cause: Mapping[str, Any], room: int) -> Iterator[Text]:
    heading = Text(f"{cause['severity']}: {cause['name']}", style=COLOURS[cause["severity"]])
    yield heading.append(f"  (score {cause['score']:.2f})", style="not bold dim")
    for line in textwrap.wrap(cause["explanation"], room - 2, break_long_words=False):
        yield Text(f"  {line}")
    evidence = ", ".join(f"{name} {number(value)}" for name, value in cause["evidence"].items())
    for line in textwrap.wrap(f"evidence: {evidence}", room - 2, break_long_words=False, subsequent_indent="  "):
        yield Text(f"  {line}", style="dim")
    if cause["patch"]:
        yield Text("  in the definition:")
        for line in as_yaml(cause["patch"]).splitlines():
            yield Text(f"    {line}", style="green")
