from __future__ import annotations

import io
import os
import pty
from typing import Any

import pytest

from textclf_sweep.cli._display import Lines, guarded, watching
from textclf_sweep.sweep.events import Notice, SweepEnded, SweepEvent, TrialEnded
from textclf_sweep.trial import TrialState

pytestmark = pytest.mark.unit

END = SweepEnded({}, ("Trial 2 is best.",), (("browse", "sweep ui news"),))


def test_lines_go_to_the_stream_and_warnings_to_stderr(story: Any, capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    display = Lines(stream, clock=lambda: 0.0)
    for event in (Notice("good to know"), Notice("mind this", "warning"), *story.events(1), END):
        display.observe(event)
    text = stream.getvalue()
    assert text.startswith("note: good to know\nnews: architecture lstm")
    assert text.endswith("Trial 2 is best.\n\nbrowse  sweep ui news\n")
    assert capsys.readouterr().err == "warning: mind this\n"


def test_what_is_no_terminal_gets_lines(story: Any) -> None:
    with watching(io.StringIO(), plain=False) as display:
        assert isinstance(display, Lines)


class Broken:
    """A display that fails, and counts how often it was asked."""

    asked = 0

    def observe(self, event: SweepEvent) -> None:
        self.asked += 1
        raise RuntimeError("no paint left")

    def announce(self, text: str) -> None: ...

    def leave(self) -> None: ...


def test_a_display_that_fails_falls_silent(capsys: pytest.CaptureFixture[str]) -> None:
    display = Broken()
    observe = guarded(display)
    observe(END)
    observe(END)
    assert display.asked == 1
    assert capsys.readouterr().err == "warning: the display failed (RuntimeError: no paint left); the sweep goes on\n"


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A pseudo-terminal: a stream to write to, and a function that ends it and returns what was written."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    master, slave = pty.openpty()
    stream = os.fdopen(slave, "w")

    def written() -> str:
        stream.close()
        chunks = []
        while True:
            try:
                chunk = os.read(master, 65536)
            except OSError:  # how Linux says that the other end is closed
                chunk = b""
            if not chunk:
                os.close(master)
                return b"".join(chunks).decode()
            chunks.append(chunk)

    return stream, written


def test_a_terminal_gets_a_screen_and_the_end_in_words(story: Any, terminal: Any) -> None:
    stream, written = terminal
    with watching(stream, plain=False) as display:
        for event in (*story.events(2), TrialEnded(story.record(3, TrialState.FAILED), story.record(2))):
            display.observe(event)
        display.announce("stopping")
        display.observe(END)
    text = written()
    assert "trial 3 failed: the loss is nan at epoch 3" in text
    assert "3 of 7 trials done, 1 failed" in text
    assert "stopping" in text
    assert text.rstrip().endswith("browse  sweep ui news")
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")


def test_plain_and_dumb_terminals_get_lines(terminal: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    stream, written = terminal
    with watching(stream, plain=True) as display:
        assert isinstance(display, Lines)
    monkeypatch.setenv("TERM", "dumb")
    with watching(stream, plain=False) as display:
        assert isinstance(display, Lines)
    written()


def test_leaving_a_screen_brings_the_cursor_back(terminal: Any) -> None:
    stream, written = terminal
    with watching(stream, plain=False) as display:
        display.leave()
        shown = display
    assert not isinstance(shown, Lines)
    assert "\x1b[?25h\r\n" in written()
