"""Run a sweep until it ends; the same command again resumes it.

The first Ctrl-C stops cleanly, the second at once. Either way nothing that was finished is lost.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from textclf_sweep.cli import _output
from textclf_sweep.cli._display import guarded, watching
from textclf_sweep.cli._options import (
    HERE,
    FileArgument,
    JsonOption,
    SetOption,
    StoreOption,
    SweepNameOption,
    WorkersOption,
    definition_file,
    overrides,
)
from textclf_sweep.cli._signals import stop_signals
from textclf_sweep.definition.load import load_file
from textclf_sweep.store import Store
from textclf_sweep.sweep.catalogue import discover
from textclf_sweep.sweep.run import run

PlainOption = Annotated[bool, typer.Option("--plain", help="Print lines instead of a screen.")]


def command(  # noqa: PLR0913, PLR0917 - one argument per option of the command line
    file: FileArgument = None,
    settings: SetOption = None,
    store: StoreOption = HERE,
    name: SweepNameOption = None,
    workers: WorkersOption = None,
    plain: PlainOption = False,
    json: JsonOption = False,
) -> int:
    """Read the definition, run it, and say how it ended; returns the exit code."""
    path = definition_file(file)
    definition = load_file(path, discover(), overrides(settings, name, workers))
    # A pipe can be read once only, and then there is no file to keep for the record.
    text = path.read_text(encoding="utf-8-sig") if path.is_file() else ""
    with (
        watching(sys.stderr if json else sys.stdout, plain=plain or json) as display,
        stop_signals(display.announce, display.leave) as stop,
    ):
        status = run(definition, text, Store(store), guarded(display), stop)
    if json:
        _output.say_json(status)
    if status["state"] != "interrupted":
        return 0
    _output.warn(f"interrupted; go on with: {resume_command(path, settings, name, store)}")
    return stop.exit_code


def resume_command(path: Path, settings: Sequence[str] | None, name: str | None, store: Path) -> str:
    """The command line that goes on with this sweep, quoted for a shell."""
    words = ["sweep", "run", str(path)]
    for setting in settings or ():
        words += ["--set", setting]
    if name is not None:
        words += ["--name", name]
    if store != HERE:
        words += ["--store", str(store)]
    return shlex.join(words)
