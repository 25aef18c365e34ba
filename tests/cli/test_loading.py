"""Ctrl-C before a command has begun: one word, whatever is being imported."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from textclf_sweep.cli._loading import ending_at_once

pytestmark = pytest.mark.contract

SCRIPT = """
import os, signal, sys

class Interrupter:
    def find_spec(self, name, path, target=None):
        if name == sys.argv[1]:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupter())
signal.signal(signal.SIGINT, signal.default_int_handler)
from textclf_sweep.cli.main import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize(
    "module",
    [
        "typer", "textclf_sweep.cli._commands", "textclf_sweep.cli.plan", "textclf_sweep.definition.load", "rich",
        "textclf_sweep.searchers.tpe",
    ],
)  # fmt: skip
def test_ctrl_c_while_a_module_loads_is_one_word(module: str, tmp_path: Path) -> None:
    file = tmp_path / "sweep.yaml"
    file.touch()
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, module, "plan", str(file)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")


@pytest.mark.parametrize("handler", [signal.SIG_IGN, lambda *_: None])
def test_who_handles_the_signal_otherwise_keeps_doing_so(handler: signal.Handlers) -> None:
    before = signal.signal(signal.SIGINT, handler)
    try:
        with ending_at_once():
            assert signal.getsignal(signal.SIGINT) is handler
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_usual_handler_comes_back() -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with ending_at_once():
            assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
