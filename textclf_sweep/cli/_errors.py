"""Errors in words on stderr, ``error: place: what; expected ...`` with ``hint:`` lines below, and exit codes."""

from __future__ import annotations

import os
import platform
import shlex
import tempfile
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import typer

from textclf_sweep import __version__
from textclf_sweep.cli._loading import INTERRUPTED
from textclf_sweep.cli._output import tagged, warn
from textclf_sweep.errors import SweepError

BUG = 1
USAGE = 2


def exit_code(action: Callable[[], Any], arguments: Sequence[str]) -> int:
    """Do `action` and turn whatever it raises into words and an exit code.

    Args:
        action: a whole command.
        arguments: of the command line, for the report of a bug.

    Returns:
        The exit code of the error's branch (`textclf_sweep.errors`), 2 for a wrong command line, 1 for our bug, 130
        after Ctrl-C; else what `action` returns when that is a number, and 0 when it is not.
    """
    try:
        code = action()
    except SweepError as error:
        report_problems(error)
        code = error.exit_code
    except typer.TyperException as error:
        report_usage(error)
        code = USAGE
    except (KeyboardInterrupt, typer.Abort):
        warn("interrupted")
        code = INTERRUPTED
    except Exception as error:
        report_bug(error, arguments)
        code = BUG
    return code if isinstance(code, int) else 0


def report_problems(error: SweepError) -> None:
    """Every problem of an error we raised on purpose; no traceback."""
    for problem in error.problems:
        tagged("error", str(problem))


def report_usage(error: typer.TyperException) -> None:
    """A command line that cannot be understood."""
    tagged("error", error.format_message())
    context = getattr(error, "ctx", None)
    if context is not None:
        warn(f"  hint: {context.command_path} --help shows what is possible")


def report_bug(error: BaseException, arguments: Sequence[str]) -> None:
    """An error nobody expected: say so, and keep the traceback in a file for the report."""
    details = "\n".join(
        (
            f"textclf-sweep {__version__}, Python {platform.python_version()}, {platform.platform()}",
            f"sweep {shlex.join(arguments)}",
            "".join(traceback.format_exception(error)),
        )
    )
    summary = traceback.format_exception_only(error)[-1].strip()
    tagged("error", f"this is a bug in textclf-sweep: {summary}")
    try:
        warn(f"  hint: please report it with the file {_keep(details)}")
    except OSError:
        warn(f"  hint: please report it with these details:\n{details}")


def _keep(details: str) -> Path:
    descriptor, name = tempfile.mkstemp(prefix="textclf-sweep-bug-", suffix=".txt")
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(details)
    return Path(name)
