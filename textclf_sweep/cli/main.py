"""The console script ``sweep``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import typer

from textclf_sweep.cli import _output
from textclf_sweep.cli._commands import app
from textclf_sweep.cli._errors import exit_code


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; never raises.

    Args:
        arguments: what stands after ``sweep``; the process's own arguments when None.

    Returns:
        The exit code, see `textclf_sweep.cli._errors.exit_code`.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    _output.tolerate_any_text()

    def action() -> Any:
        return typer.main.get_command(app)(args=words, prog_name="sweep", standalone_mode=False)

    return exit_code(action, words)
