"""List the architectures there are, or the parameters of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from textclf_sweep.analysis import words
from textclf_sweep.cli import _output
from textclf_sweep.cli._draw import draw
from textclf_sweep.cli._options import JsonOption
from textclf_sweep.cli._table import pairs
from textclf_sweep.definition.catalogue import Catalogue, Entry
from textclf_sweep.definition.space import Categorical, Constant, Distribution, Parameter, Range
from textclf_sweep.definition.suggest import nearest
from textclf_sweep.errors import InputError, Problem
from textclf_sweep.sweep.catalogue import discover

ArchitectureArgument = Annotated[
    str | None,
    typer.Argument(metavar="NAME", help="Show the parameters of this one.", show_default=False),
]


def command(name: ArchitectureArgument = None, json: JsonOption = False) -> None:
    """Print every architecture, or one with its parameters."""
    catalogue = discover()
    entries = list(catalogue.architectures.values()) if name is None else [_named(name, catalogue)]
    if json:
        _output.say_json({"architectures": [described(entry, catalogue) for entry in entries]})
    elif name is None:
        draw(pairs([(entry.name, _summary(entry, catalogue)) for entry in entries]))
        _output.say("\n`sweep architectures NAME` shows the parameters of one")
    else:
        _show(entries[0], catalogue)
    for broken, why in catalogue.broken.items():
        _output.tagged("warning", f"the architecture {broken} of another package cannot be used: {why}")


def described(entry: Entry, catalogue: Catalogue) -> dict[str, Any]:
    """An architecture as JSON."""
    return {
        "name": entry.name,
        "doc": entry.doc,
        "features": entry.features,
        "parameters": [
            {
                "name": item.name,
                "group": group,
                "type": item.kind,
                "default": item.default,
                "search": None if item.search is None else as_written(item.search),
                "expected": item.expected(),
                "doc": item.doc,
                "when": {parent: list(values) for parent, values in item.when},
            }
            for group, items in grouped(entry, catalogue)
            for item in items
        ],
    }


def grouped(entry: Entry, catalogue: Catalogue) -> tuple[tuple[str, tuple[Parameter, ...]], ...]:
    """An architecture's parameters by whose they are: the model's own, and those of features, cleaning and training."""
    rooms = {
        "features": catalogue.features.get(entry.features, ()),
        "cleaning": catalogue.cleaning,
        "training": catalogue.training,
    }
    names = {room: {item.name for item in items} for room, items in rooms.items()}
    shared = set().union(*names.values())
    own = tuple(item for item in entry.parameters if item.name not in shared)
    others = ((room, tuple(item for item in entry.parameters if item.name in names[room])) for room in rooms)
    return (("model", own), *others)


def as_written(distribution: Distribution) -> dict[str, Any]:
    """A distribution as an entry below ``parameters`` says it, but for priors, which no default range has."""
    match distribution:
        case Constant(value):
            return {"value": value}
        case Categorical(values, probabilities):
            return {"values": list(values)} | ({} if probabilities is None else {"probabilities": list(probabilities)})
        case Range(low, high, integer, log, step):
            bounds = {"min": int(low), "max": int(high)} if integer else {"min": low, "max": high}
            kind = f"{'q_' if step else ''}{'log_uniform_values' if log else 'uniform'}"
            named = {"distribution": kind} if log or step else {}
            return {**named, **bounds, **({"q": step} if step else {})}


def _named(name: str, catalogue: Catalogue) -> Entry:
    """The architecture of this name.

    Raises:
        InputError: there is none, or it cannot be used.
    """
    names = catalogue.architectures
    if name in names:
        return names[name]
    if name in catalogue.broken:
        raise InputError(Problem(f"{name} cannot be used: {catalogue.broken[name]}", fix="mend the package it is in"))
    near = nearest(name, names)
    fix = f"did you mean {near}?" if near else "`sweep architectures` lists them"
    raise InputError(Problem(f"there is no architecture {name!r:.60}", f"one of {', '.join(names)}", fix))


def _summary(entry: Entry, catalogue: Catalogue) -> str:
    own = len(grouped(entry, catalogue)[0][1])
    counted = f"{own} parameters of its own, {len(entry.parameters)} with features, cleaning and training"
    return f"{entry.doc}\nreads {entry.features}; {counted}{_origin(entry)}"


def _origin(entry: Entry) -> str:
    return "" if entry.own is None else f"; from {entry.own.location}"


def _show(entry: Entry, catalogue: Catalogue) -> None:
    """One architecture's parameters for a reader, in groups."""
    _output.say(f"{entry.name}: {entry.doc}\nreads {entry.features}{_origin(entry)}")
    for group, items in grouped(entry, catalogue):
        if items:
            _output.say(f"\n{_HEADINGS[group].format(entry.features)}")
            draw(pairs([(f"  {item.name}", "\n".join(_lines(item))) for item in items]))
    _output.say("\nWithout `parameters` in a definition, what is searched here is searched; all else has its default.")


_HEADINGS = {
    "model": "model",
    "features": "features ({0}, the same for every architecture that reads them)",
    "cleaning": "cleaning of the texts (every architecture)",
    "training": "training (every architecture)",
}


def _lines(item: Parameter) -> Iterator[str]:
    """What is said of one parameter."""
    searched = "" if item.search is None else f"; searched: {_range(item.search)}"
    default = "no default" if item.default is None else f"default {words.number(item.default) or '(empty)'}"
    yield f"{default}{searched}"
    when = "".join(f"; only while {parent} is {_listed(values)}" for parent, values in item.when)
    yield f"{item.doc[0].upper()}{item.doc[1:].rstrip('.')}; {item.expected()}{when}"


def _range(distribution: Distribution) -> str:
    match distribution:
        case Range(low, high, integer, log, step):
            ends = f"{words.number(low)} to {words.number(high)}"
            whole = ", whole numbers" if integer else ""
            return f"{ends}{whole}{', in the logarithm' if log else ''}{f', steps of {step:g}' if step else ''}"
        case Categorical(values):
            return _listed(values)
        case Constant(value):
            return words.number(value)


def _listed(values: Sequence[Any]) -> str:
    """``32, 64 or 128``."""
    texts = [words.number(value) for value in values]
    return " or ".join(filter(None, (", ".join(texts[:-1]), texts[-1])))
