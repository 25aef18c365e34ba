"""The live screen: rich redraws it twice a second, and what should stay readable is printed above it."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live

from textclf_sweep.cli import _causes, _lines, _output
from textclf_sweep.cli._display import Clock, write_raw
from textclf_sweep.cli._progress import Progress, fold
from textclf_sweep.cli._screen import render
from textclf_sweep.sweep.events import ChecksEnded, Notice, SweepEnded, SweepEvent, TrialEnded
from textclf_sweep.trial import TrialState

REFRESH = 2
"""Screens per second; more would take time from training."""


class Screen:
    """A `Display` on a terminal; a context manager that starts and ends the redrawing."""

    def __init__(self, stream: TextIO, clock: Clock = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._progress = Progress(began=clock())
        self._stopping = ""
        self._console = Console(file=stream)
        # What libraries print to stderr goes above the screen, unless it goes to a file anyway.
        self._live = Live(self, console=self._console, refresh_per_second=REFRESH, redirect_stderr=sys.stderr.isatty())

    def __enter__(self) -> Screen:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Without a trial there is nothing worth keeping on the terminal.
        self._live.transient = not self._progress.rows
        self._live.stop()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The screen as of now."""
        progress = replace(self._progress, stopping=self._stopping)
        yield render(progress, self._clock(), options.max_width, console.height)

    def observe(self, event: SweepEvent) -> None:
        """Take the event in."""
        now = self._clock()
        match event:
            case Notice(text=text, level="warning"):
                _output.tagged("warning", text)
            case Notice(text=text):
                self._print(f"note: {text}")
            case ChecksEnded():
                self._print(*_lines.lines(self._progress, event, now))
            case TrialEnded(record=record) if record.state is TrialState.FAILED:
                self._print(_lines.lines(self._progress, event, now)[0])
        self._progress = fold(self._progress, event, now)
        if isinstance(event, SweepEnded):
            self._live.stop()
            self._print("", *event.words)
            if event.diagnosis is not None:
                self._console.print("", _causes.render(event.diagnosis, self._console.width))
            for line in _lines.pairs(event.where):
                # Addresses and commands stay in one piece, to be copied.
                self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def announce(self, text: str) -> None:
        """Shown at the next redraw; a separate value, because the handler may have interrupted a fold."""
        self._stopping = text

    def leave(self) -> None:
        """Bring the cursor back, below the screen."""
        write_raw(self._stream, "\x1b[?25h\n")

    def _print(self, *lines: str) -> None:
        for line in lines:
            self._console.print(line, markup=False, highlight=False)
