"""Show what a sweep would run, without training anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from textclf_sweep.analysis import words
from textclf_sweep.cli import _format, _output
from textclf_sweep.cli._draw import draw
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
from textclf_sweep.cli._table import Column, fitted, parameter_columns
from textclf_sweep.cli._words import searching
from textclf_sweep.definition.load import load, read_file
from textclf_sweep.definition.space import SearchSpace
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
    extend: ExtendOption = False,
    best_of: BestOfOption = "",
    json: JsonOption = False,
) -> None:
    """Read the definition and print its plan."""
    path = definition_file(file)
    definition = load(read_file(path), discover(), path=path, overrides=overrides(settings, name, workers))
    planned = plan(definition, Store(store), capacity(definition), extend=extend, best_of=best_of)
    if json:
        _output.say_json(planned)
    else:
        show(definition, planned, extend=extend)
        for warning in planned["warnings"]:
            _output.tagged("warning", warning)


def show(definition: SweepDefinition, planned: Mapping[str, Any], *, extend: bool = False) -> None:
    """The plan for a reader."""
    sample = planned["sample"]
    _output.say(f"{planned['sweep']}: {searching(definition)}, {definition.metric.goal} {definition.metric.name}")
    _output.say(f"{trials(definition, planned)}; {time_needed(planned)}")
    for line in (*combinations(planned), *reused(planned, extend=extend), *fixed(definition)):
        _output.say(line)
    if definition.ignored:
        _output.say(f"ignored: {', '.join(definition.ignored)}")
    if not sample or not (definition.searched or definition.several):
        return
    first = "the first trial" if len(sample) == 1 else f"the first {len(sample)} trials"
    _output.say(f"\n{first}:")
    columns = (
        Column("trial", tuple(str(trial["number"]) for trial in sample), number=True),
        *([Column("architecture", tuple(trial["architecture"] for trial in sample))] if definition.several else []),
        *parameter_columns([trial["parameters"] for trial in sample], words.ordered(definition.searched)),
    )
    draw(lambda width: fitted(columns, width))


def combinations(planned: Mapping[str, Any]) -> tuple[str, ...]:
    """How many parameter sets each architecture has, and how many trials."""
    found = planned["architectures"]
    lines = []
    for item in found:
        size = item["combinations"]
        told = "infinitely many combinations" if size is None else _format.plural(size, "combination")
        capped = f", {_format.plural(item['trials'], 'trial')}" if item["trials"] is not None and len(found) > 1 else ""
        lines.append(f"{item['architecture']}: {told}{capped}")
    return tuple(lines)


def reused(planned: Mapping[str, Any], *, extend: bool) -> tuple[str, ...]:
    """What the store has of this sweep already."""
    found = planned["reused"]
    out = f", {found['left_out']} outside the new space would not" if found["left_out"] else ""
    if found["extend"]:
        told = f"the search space has changed: with --extend {found['trials']} finished earlier would count{out}"
        return (told if extend else f"{told}; without it `sweep run` refuses",)
    return (f"{_format.plural(found['trials'], 'trial')} finished earlier",) if found["trials"] else ()


def fixed(definition: SweepDefinition) -> tuple[str, ...]:
    """The parameters that have one value: those that all architectures share, then the others of each."""
    spaces = {search.architecture: _fixed(search.space) for search in definition.searches}
    texts: dict[str, set[str]] = {}
    for name, text in (item for found in spaces.values() for item in found.items()):
        texts.setdefault(name, set()).add(text)
    same = [text for found in texts.values() if len(found) == 1 for text in found]
    shared = (f"fixed: {_listed(same)}",) if same else ()
    others = {
        architecture: [text for name, text in found.items() if len(texts[name]) > 1]
        for architecture, found in spaces.items()
    }
    return (*shared, *(f"fixed for {name}: {_listed(found)}" for name, found in others.items() if found))


def _listed(texts: Sequence[str]) -> str:
    """Those that are always there first."""
    always = ", ".join(text for text in texts if " when " not in text)
    return "; ".join(filter(None, (always, *(text for text in texts if " when " in text))))


def _fixed(space: SearchSpace) -> dict[str, str]:
    """What is to be said of each constant, by its name."""
    conditions = dict(space.conditions)
    # What is none is the absence of something.
    constants = {
        name: value for name, value in space.constants.items() if value != "none" and not words.usual(name, value)
    }
    found = {name: words.parameters({name: constants[name]}) for name in words.ordered(constants)}
    for name in found.keys() & conditions.keys():
        terms = (f"{item.parent} is {' or '.join(map(words.number, item.values))}" for item in conditions[name])
        found[name] += f" when {' and '.join(terms)}"
    return found


def trials(definition: SweepDefinition, planned: Mapping[str, Any]) -> str:
    """How many trials will run."""
    if planned["trials"] is None:
        budget, target = definition.budget, definition.metric.target
        ends = [
            text
            for limit, text in (
                (budget.time, "the time budget is spent"),
                (budget.patience, "budget.patience is used up"),
                (target, "the target is reached"),
            )
            if limit is not None
        ]
        return "trials until " + " or ".join([*ends, "someone stops it"])
    bound = "at most " if planned["up_to"] else ""
    return bound + _format.plural(planned["trials"], "trial")


def time_needed(planned: Mapping[str, Any]) -> str:
    """The estimate, or why there is none."""
    seconds = planned["estimate_seconds"]
    if seconds is None:
        return "no estimate of the time"
    return f"about {_format.duration(seconds)} at the pace of this store's finished trials"
