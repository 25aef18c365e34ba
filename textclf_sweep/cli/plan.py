"""Show what a sweep would run, without training anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textclf_sweep.analysis import words
from textclf_sweep.cli import _format, _output
from textclf_sweep.cli._draw import draw
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
from textclf_sweep.cli._table import Column, fitted, parameter_columns
from textclf_sweep.definition.load import load, read_file
from textclf_sweep.definition.types import SweepDefinition
from textclf_sweep.store import Store
from textclf_sweep.sweep.catalogue import discover
from textclf_sweep.sweep.plan import capacity, plan


def command(  # noqa: PLR0913, PLR0917 - one argument per option of the command line
    file: FileArgument = None,
    settings: SetOption = None,
    store: StoreOption = HERE,
    name: SweepNameOption = None,
    workers: WorkersOption = None,
    json: JsonOption = False,
) -> None:
    """Read the definition and print its plan."""
    path = definition_file(file)
    definition = load(read_file(path), discover(), path=path, overrides=overrides(settings, name, workers))
    planned = plan(definition, Store(store), capacity(definition))
    if json:
        _output.say_json(planned)
    else:
        show(definition, planned)


def show(definition: SweepDefinition, planned: Mapping[str, Any]) -> None:
    """The plan for a reader."""
    sample = planned["sample"]
    _output.say(
        f"{planned['sweep']}: architecture {definition.architecture}, method {definition.method}, "
        f"{definition.metric.goal} {definition.metric.name}"
    )
    _output.say(f"{trials(planned)}; {time_needed(planned)}")
    fixed = words.parameters(definition.space.constants)
    if fixed:
        _output.say(f"fixed: {fixed}")
    if definition.ignored:
        _output.say(f"ignored: {', '.join(definition.ignored)}")
    if not sample:
        return
    _output.say(f"\nthe first {_format.plural(len(sample), 'trial')}:")
    columns = (
        Column("trial", tuple(str(trial["number"]) for trial in sample), number=True),
        *parameter_columns([trial["parameters"] for trial in sample], words.ordered(definition.space.searched)),
    )
    draw(lambda width: fitted(columns, width))


def trials(planned: Mapping[str, Any]) -> str:
    """How many trials will run."""
    if planned["trials"] is None:
        return "trials until the budget is spent, the target is reached or someone stops it"
    bound = "at most " if planned["up_to"] else ""
    return bound + _format.plural(planned["trials"], "trial")


def time_needed(planned: Mapping[str, Any]) -> str:
    """The estimate, or why there is none."""
    seconds = planned["estimate_seconds"]
    if seconds is None:
        return "no estimate of the time"
    return f"about {_format.duration(seconds)} at the pace of this store's finished trials"
