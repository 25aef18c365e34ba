"""Draw a sweep: its trials and their curves, with the floors.

Two SVG files; `sweep run` logs them to MLflow, too, as artifacts of the sweep's own run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from textclf_sweep.cli import _output
from textclf_sweep.cli._options import HERE, NameArgument, StoreOption
from textclf_sweep.store import Store
from textclf_sweep.sweep.plots import plot

OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="The folder to write to; the sweep's own when not given."),
]


def command(name: NameArgument, store: StoreOption = HERE, out: OutOption = None) -> None:
    """Write the files and print where they are."""
    for path in plot(Store(store), name, out):
        _output.say(str(path))
