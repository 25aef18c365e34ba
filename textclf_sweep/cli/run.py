"""Run a sweep until it ends; the same command again resumes it.

The first Ctrl-C stops cleanly, the second at once. Either way nothing that was finished is lost.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from textclf_sweep.cli import _output
from textclf_sweep.cli._display import guarded, watching
from textclf_sweep.cli._loading import INTERRUPTED
from textclf_sweep.cli._options import (
    HERE,
    BestOfOption,
    ExtendOption,
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
from textclf_sweep.definition.load import load, read_file
from textclf_sweep.errors import TrackingError
from textclf_sweep.store import Store
from textclf_sweep.sweep.catalogue import discover
from textclf_sweep.sweep.context import Options
from textclf_sweep.sweep.run import no_success, run

ForceOption = Annotated[
    bool, typer.Option("--force", help="Go on in spite of fatal findings in the data and in the smoke test.")
]
PlainOption = Annotated[bool, typer.Option("--plain", help="Print lines instead of a screen.")]


def command(  # noqa: PLR0913, PLR0917 - one argument per option of the command line
    file: FileArgument = None,
    settings: SetOption = None,
    store: StoreOption = HERE,
    name: SweepNameOption = None,
    workers: WorkersOption = None,
    extend: ExtendOption = False,
    best_of: BestOfOption = "",
    force: ForceOption = False,
    plain: PlainOption = False,
    json: JsonOption = False,
) -> int:
    """Read the definition, run it, and say how it ended; returns the exit code."""
    path, place, changes = definition_file(file), Store(store), overrides(settings, name, workers)
    content = read_file(path)
    definition = load(content, discover(), path=path, overrides=changes)
    try:
        with (
            watching(sys.stderr if json else sys.stdout, plain=plain or json) as display,
            stop_signals(display.announce, display.leave) as stop,
        ):
            text = for_the_record(content, changes)
            options = Options(extend, best_of, force, str(path.absolute()), changes)
            status = run(definition, text, place, guarded(display), stop, options)
    except KeyboardInterrupt:
        _output.warn("interrupted before the first trial; nothing was written")
        return stop.exit_code or INTERRUPTED
    except TrackingError as error:
        if json and error.status is not None:
            _output.say_json(error.status)
        raise
    if json:
        _output.say_json(status)
    if status["state"] == "failed":
        raise no_success(status, place)
    if status["state"] != "interrupted":
        return 0
    _output.warn(f"interrupted; go on with: {resume_command(path, settings, name, workers, place)}")
    return stop.exit_code


def for_the_record(content: bytes, changes: Iterable[str]) -> str:
    """A definition's text below one comment line for each override, so that it tells the whole story."""
    lines = [f"# run with --set {' '.join(change.splitlines())}\n" for change in changes]
    return "".join(lines) + content.decode("utf-8-sig")


def resume_command(
    path: Path, settings: Iterable[str] | None, name: str | None, workers: int | None, store: Store
) -> str:
    """The command line that goes on with this sweep, quoted for a shell."""
    words = ["run", str(path)]
    for setting in settings or ():
        words += ["--set", setting]
    if name is not None:
        words += ["--name", name]
    if workers is not None:
        words += ["--workers", str(workers)]
    return store.command(*words)
