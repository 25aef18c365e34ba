"""Arguments and options that several commands share."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from textclf_sweep.errors import InputError

DEFAULT_FILE = Path("sweep.yaml")

FileArgument = Annotated[
    Path | None,
    typer.Argument(metavar="FILE", help=f"The sweep definition; {DEFAULT_FILE} when not given.", show_default=False),
]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The sweep's name (`sweep list` shows them).")]
StoreOption = Annotated[
    Path,
    typer.Option(
        "--store",
        metavar="DIR",
        help="The folder that holds mlflow.db and mlruns/; the current one.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Replace a value of the definition, e.g. --set run_cap=20. Repeatable."
    ),
]
TextOption = Annotated[
    list[str] | None,
    typer.Option("--text", metavar="COLUMN", help="The column of the texts, of a data file. Repeatable."),
]
LabelOption = Annotated[
    str, typer.Option("--label", metavar="COLUMN", help="The column of the labels, of a data file.", show_default=False)
]
SweepNameOption = Annotated[str | None, typer.Option("--name", metavar="NAME", help="Short for --set name=NAME.")]
WorkersOption = Annotated[
    int | None,
    typer.Option("--workers", metavar="N", min=1, help="Trials to train at once; short for --set workers=N."),
]
ExtendOption = Annotated[
    bool, typer.Option("--extend", help="Go on although the search space has changed; what still fits counts.")
]
BestOfOption = Annotated[
    str,
    typer.Option(
        "--enqueue-best-of",
        metavar="SWEEP",
        help="Try the best parameter sets of another sweep first.",
        show_default=False,
    ),
]

HERE = Path()
"""The default store."""


def definition_file(file: Path | None) -> Path:
    """The file to read: the one named, else `DEFAULT_FILE` of the current folder.

    Raises:
        InputError: neither was named nor is there.
    """
    if file is not None:
        return file
    if DEFAULT_FILE.is_file():
        return DEFAULT_FILE
    raise InputError(
        f"no FILE was given and there is no {DEFAULT_FILE} in this folder",
        fix="name the definition, e.g. sweep run sweeps/lstm.yaml",
    )


def overrides(settings: Iterable[str] | None, name: str | None = None, workers: int | None = None) -> tuple[str, ...]:
    """All ``key=value`` overrides; the options that are short for one come last and so win."""
    # A name in quotes stays a text, even 2024 or true.
    named = [f"name={json.dumps(name, ensure_ascii=False)}"] if name is not None else []
    return (*(settings or ()), *named, *([f"workers={workers}"] if workers is not None else []))
