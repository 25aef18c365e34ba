"""Look for what is wrong with data before anything is trained.

Exit code 2 when a finding is fatal, or the data cannot be used at all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from textclf_sweep.cli import _output
from textclf_sweep.cli._draw import draw
from textclf_sweep.cli._errors import report_problems
from textclf_sweep.cli._findings import render
from textclf_sweep.cli._options import DEFAULT_FILE, JsonOption, LabelOption, SetOption, TextOption, overrides
from textclf_sweep.definition.load import load, read_file
from textclf_sweep.errors import DataError, InputError
from textclf_sweep.sweep.catalogue import discover
from textclf_sweep.sweep.check import Checked, check_data, check_definition

DataArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="FILE|DATA",
        help="A definition (.yaml), a data file, a folder, or a source such as uci_news; sweep.yaml when not given.",
        show_default=False,
    ),
]
FATAL = 2


def command(
    target: DataArgument = None,
    settings: SetOption = None,
    text: TextOption = None,
    label: LabelOption = "",
    json: JsonOption = False,
) -> int:
    """Read the data and print the findings; returns the exit code."""
    checked = _checked(target, settings, tuple(text or ()), label)
    if json:
        _output.say_json(checked.to_json())
    else:
        draw(lambda width: render(checked, width))
    if checked.problems:
        report_problems(DataError(*checked.problems))
    return FATAL if checked.fatal else 0


def _checked(target: Path | None, settings: list[str] | None, text: tuple[str, ...], label: str) -> Checked:
    if target is None or target.suffix.lower() in (".yaml", ".yml"):
        if text or label:
            fix = "use --set data.text=COLUMN and --set data.label=COLUMN, or name the data file itself"
            raise InputError("--text and --label are for data files; a definition names its columns", fix=fix)
        if target is None and not DEFAULT_FILE.is_file():
            fix = "name a definition or data, e.g. sweep check sweep.yaml or sweep check train.csv"
            raise InputError(f"nothing was named and there is no {DEFAULT_FILE} in this folder", fix=fix)
        path = target or DEFAULT_FILE
        return check_definition(load(read_file(path), discover(), path=path, overrides=overrides(settings)))
    if settings:
        fix = "name a definition (.yaml), or use --text and --label"
        raise InputError("--set changes a definition, but this is a data file", fix=fix)
    return check_data(str(target), text, label)
