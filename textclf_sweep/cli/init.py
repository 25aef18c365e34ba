"""Write a definition for data: what to read, what to search.

The file runs as it is. What was chosen and why stands in its comments.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from textclf_sweep.cli import _output
from textclf_sweep.cli._findings import summary
from textclf_sweep.cli._format import plural
from textclf_sweep.cli._options import DEFAULT_FILE, JsonOption, LabelOption, TextOption
from textclf_sweep.errors import InputError
from textclf_sweep.sweep.init import Draft, draft

DataArgument = Annotated[
    str, typer.Argument(metavar="DATA", help="A data file, a folder, or a source such as uci_news.")
]
OutputOption = Annotated[
    Path, typer.Option("--output", "-o", metavar="FILE", help="The definition to write.", show_default=True)
]
ForceOption = Annotated[bool, typer.Option("--force", help="Overwrite FILE, and go on in spite of fatal findings.")]


def command(  # noqa: PLR0913, PLR0917 - one argument per option of the command line
    target: DataArgument,
    output: OutputOption = DEFAULT_FILE,
    text: TextOption = None,
    label: LabelOption = "",
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Look at the data and write the definition."""
    check_output(output, force=force)
    drafted = draft(target, output, tuple(text or ()), label, force=force)
    write(output, drafted.text)
    if json:
        _output.say_json(to_json(drafted, output))
    else:
        show(drafted, output)


def check_output(file: Path, *, force: bool) -> None:
    """Whether the definition can be written there, before the data are looked at.

    Raises:
        InputError: it cannot.
    """
    if file.suffix.lower() not in (".yaml", ".yml"):
        raise InputError(f"{file}: a definition's name ends in .yaml", fix=f"write -o {file.with_suffix('.yaml')}")
    if file.is_dir() or not file.parent.is_dir():
        what = "there is a folder of this name" if file.is_dir() else f"there is no folder {file.parent}"
        raise InputError(f"{file}: {what}", fix="name a file in a folder that there is: -o FILE")
    if file.exists() and not force:
        raise InputError(f"{file} exists already", fix="write another file (-o FILE), or overwrite it (--force)")


def write(file: Path, text: str) -> None:
    """Write the definition, whole or not at all.

    Raises:
        InputError: it cannot be written there.
    """
    part = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise InputError(f"{file} cannot be written: {error.strerror}", fix="name another file: -o FILE") from error


def to_json(drafted: Draft, file: Path) -> dict[str, object]:
    """The object of ``sweep init --json``."""
    return {
        "file": str(file),
        "sweep": drafted.name,
        "rows": drafted.rows,
        "labels": dict(drafted.labels),
        "findings": [finding.to_json() for finding in drafted.findings],
        "handled": list(drafted.handled),
    }


def show(drafted: Draft, file: Path) -> None:
    """What was done, for a reader."""
    _output.say(f"{plural(drafted.rows, 'row')}, {plural(len(drafted.labels), 'label')}; {drafted.chosen}")
    found = summary(drafted.findings) or "nothing was found in the data"
    handled = f"; dealt with in the definition: {', '.join(drafted.handled)}" if drafted.handled else ""
    _output.say(f"{found}{handled}")
    for finding in drafted.findings:
        if finding.name == "missing_header":
            _output.tagged("warning", f"{finding.why}\n  hint: {finding.fix}")
    _output.say(f"wrote {file}\n")
    default = file == DEFAULT_FILE
    words = {
        f"sweep check {file}": "what was found, with lines and reasons",
        f"sweep run{'' if default else f' {file}'}": "runs it",
    }
    width = max(map(len, words))
    for line, what in words.items():
        _output.say(f"  {line:<{width}}  {what}")
