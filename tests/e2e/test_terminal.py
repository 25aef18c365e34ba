"""`sweep run` in a terminal: the live table, Ctrl-C as typed, and the end in words."""

from __future__ import annotations

import os
import pty
import re
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e

SWEEP = Path(sys.executable).with_name("sweep")
TAKE_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)


class Terminal:
    """A terminal of 30 lines of 120 characters, and everything that was ever written to it."""

    def __init__(self) -> None:
        self._ours, self.theirs = pty.openpty()
        termios.tcsetwinsize(self.theirs, (30, 120))
        os.set_blocking(self._ours, False)
        self._text = b""

    @property
    def text(self) -> str:
        """What was written so far, without colours."""
        try:
            while part := os.read(self._ours, 65536):
                self._text += part
        except BlockingIOError:
            pass
        return re.sub(r"\x1b\[[0-9;]*m", "", self._text.decode(errors="replace"))

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._ours, keys)

    def close(self) -> None:
        os.close(self._ours)
        os.close(self.theirs)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    opened = Terminal()
    yield opened
    opened.close()


def test_the_table_lives_ctrl_c_is_understood_and_the_end_is_said(
    place: Any, base: Any, terminal: Terminal, wait_until: Any
) -> None:
    words = [str(SWEEP), "run", "base.yaml", "--set", "run_cap=1", "--name", "watched"]

    def start() -> Any:
        command = [sys.executable, "-c", TAKE_TERMINAL, *words]
        return place.commands.start(command, place.path, terminal=terminal.theirs, TERM="xterm-256color")

    running = start()
    wait_until(lambda: running.ended or re.search(r"\b[1-9]\d?/50\b", terminal.text), "an epoch is on the screen")
    assert "learning_rate" in terminal.text
    assert "running" in terminal.text
    terminal.type(b"\x03")
    wait_until(lambda: terminal.text and running.ended, "it has ended")
    assert running.end().code == 130
    assert running.gone()
    assert terminal.text.rfind("\x1b[?25h") > terminal.text.rfind("\x1b[?25l")  # the cursor is back
    assert f"go on with: sweep {' '.join(words[1:])}" in terminal.text

    resumed = start()
    wait_until(lambda: terminal.text and resumed.ended, "it has ended")
    assert resumed.end().code == 0
    assert "The only trial is trial 1 with val_accuracy " in terminal.text
    assert "sweep ui watched" in terminal.text
    assert "Traceback" not in terminal.text
    for noise in ("absl", "cuda", "oneDNN", "alembic"):
        assert noise not in terminal.text
