"""Say why a trial is as bad as it is, and how to change that.

Causes are ranked, each with its evidence and, where the definition can be changed, the lines that do it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from textclf_sweep.cli import _output
from textclf_sweep.cli._causes import render
from textclf_sweep.cli._draw import draw
from textclf_sweep.cli._options import HERE, JsonOption, StoreOption
from textclf_sweep.errors import InputError
from textclf_sweep.store import Store
from textclf_sweep.sweep.cure import apply
from textclf_sweep.sweep.diagnose import diagnose
from textclf_sweep.sweep.patch import as_yaml

SweepArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="The sweep's name, or the id of the MLflow run of one of its trials.")
]
TrialArgument = Annotated[
    int | None, typer.Argument(metavar="TRIAL", help="The trial's number; the best when not given.", show_default=False)
]
PatchOption = Annotated[bool, typer.Option("--patch", help="Print only the lines of YAML that remove the first cause.")]
ApplyOption = Annotated[bool, typer.Option("--apply", help="Write a new definition with these lines in it.")]
ToOption = Annotated[
    Path | None,
    typer.Option("--to", metavar="FILE", help="Where --apply writes it; beside the old one when not given."),
]


def command(  # noqa: PLR0913, PLR0917 - one argument per option of the command line
    name: SweepArgument,
    trial: TrialArgument = None,
    store: StoreOption = HERE,
    patch: PatchOption = False,
    apply_it: ApplyOption = False,
    to: ToOption = None,
    json: JsonOption = False,
) -> None:
    """Print what speaks for which cause."""
    if sum((patch, apply_it, json)) > 1:
        raise InputError("--patch, --apply and --json exclude each other", fix="give one of them")
    if to is not None and not apply_it:
        raise InputError("--to says where --apply writes", fix="add --apply")
    place = Store(store)
    if apply_it:
        written = apply(place, name, trial, to)
        _output.say(f"{written.path}: {written.what}\nrun it: {place.command('run', str(written.path))}")
        return
    found = diagnose(place, name, trial)
    if json:
        _output.say_json(found)
    elif patch:
        cure = next((cause["patch"] for cause in found["causes"] if cause["patch"]), None)
        if cure is None:
            raise InputError(
                "nothing in the definition would change it", fix="`sweep diagnose` without --patch says why"
            )
        _output.say_as_is(as_yaml(cure))
    else:
        draw(lambda width: render(found, width))
