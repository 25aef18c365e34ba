"""Rich renderables to stdout. Imported by what draws only, so that nothing else pays for rich."""

from __future__ import annotations

import sys
from collections.abc import Callable

from rich.console import Console, RenderableType

from textclf_sweep.cli import _output

UNLIMITED = 4096
"""Columns of output that is not a terminal: nothing is cut, so that it can be searched."""


def draw(*renderables: RenderableType | Callable[[int], RenderableType]) -> None:
    """Draw to stdout, as wide as the terminal and uncut where there is none. Honours NO_COLOR.

    Args:
        renderables: what to draw; a function is called with the width in columns.
    """
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else UNLIMITED, highlight=False, markup=False)
    with console.capture() as capture:
        for item in renderables:
            console.print(item(console.width) if callable(item) else item)
    _output.write(sys.stdout, "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines()))
