"""Who watches a sweep: the live screen of a terminal, or plain lines. A display that fails never ends a sweep."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol, TextIO

from textclf_sweep.cli import _lines, _output
from textclf_sweep.cli._progress import Progress, fold
from textclf_sweep.sweep.events import Notice, Observer, SweepEvent

Clock = Callable[[], float]


class Display(Protocol):
    """What watching needs."""

    def observe(self, event: SweepEvent) -> None:
        """Show an event."""

    def announce(self, text: str) -> None:
        """Say that a stop was asked for; called from a signal handler."""

    def leave(self) -> None:
        """Put the terminal in order, the process is about to end; called from a signal handler."""


class Lines:
    """Plain lines: events on `stream`, warnings on stderr."""

    def __init__(self, stream: TextIO, clock: Clock = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._progress = Progress(began=clock())

    def observe(self, event: SweepEvent) -> None:
        """Print the event's lines."""
        now = self._clock()
        if isinstance(event, Notice):
            self._say(event)
        for line in _lines.lines(self._progress, event, now):
            _output.write(self._stream, f"{line}\n")
        self._progress = fold(self._progress, event, now)

    def _say(self, notice: Notice) -> None:
        if notice.level == "warning":
            _output.tagged("warning", notice.text)
        else:
            _output.write(self._stream, f"note: {notice.text}\n")

    def announce(self, text: str) -> None:
        """Write past Python's buffers: the handler may have interrupted a write to them."""
        write_raw(sys.stderr, f"{text}\n")

    def leave(self) -> None:
        """Nothing to put in order."""


@contextmanager
def watching(stream: TextIO, *, plain: bool) -> Iterator[Display]:
    """The display for `stream`: a live screen where that is a terminal that can redraw, unless `plain`."""
    if plain or not stream.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        yield Lines(stream)
        return
    from textclf_sweep.cli._live import Screen  # noqa: PLC0415 - only the live screen pays for rich

    with Screen(stream) as screen:
        yield screen


def guarded(display: Display) -> Observer:
    """`display.observe`, which falls silent for good at its first failure instead of ending the sweep."""
    failed = False

    def observe(event: SweepEvent) -> None:
        nonlocal failed
        if failed:
            return
        try:
            display.observe(event)
        except Exception as error:
            failed = True  # whatever it is, training is worth more than its picture
            with suppress(Exception):
                _output.tagged("warning", f"the display failed ({type(error).__name__}: {error}); the sweep goes on")

    return observe


def write_raw(stream: TextIO, text: str) -> None:
    """Write to the stream's descriptor at once; nothing happens when it has none or nobody reads it."""
    with suppress(OSError, ValueError):
        os.write(stream.fileno(), text.encode(errors="replace"))
