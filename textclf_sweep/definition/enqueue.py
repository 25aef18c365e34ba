"""``enqueue`` -> the parameter sets that each architecture's first trials use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from textclf_sweep.definition.catalogue import Catalogue, Entry
from textclf_sweep.definition.conditions import ARCHITECTURE, either, shown
from textclf_sweep.definition.nodes import Field, ListNode, MapNode, Problems, describe
from textclf_sweep.definition.parameters import owners_of, unknown_parameter
from textclf_sweep.definition.space import Parameter, SearchSpace
from textclf_sweep.definition.values import parameter_value
from textclf_sweep.trial import Parameters, Scalar


@dataclass(frozen=True, slots=True)
class Sweep:
    """What enqueued parameter sets are checked against.

    Attributes:
        chosen: the sweep's architectures.
        spaces: of each architecture by name; absent when it is invalid.
        catalogue: of all architectures, to recognise another one's parameter.
        problems: gets what is wrong.
    """

    chosen: Sequence[Entry]
    spaces: Mapping[str, SearchSpace]
    catalogue: Catalogue
    problems: Problems


def enqueued(field: Field, sweep: Sweep) -> dict[str, tuple[Parameters, ...]]:
    """The parameter sets that the first trials of each architecture use, in order.

    A value may lie outside the range that is searched, but not outside what the parameter allows; a parameter that
    has one value keeps it. One that names no architecture goes to every one that has all its parameters.
    """
    found: dict[str, list[Parameters]] = {entry.name: [] for entry in sweep.chosen}
    if not isinstance(field.node, ListNode):
        what = f"{describe(field.node)} is no list"
        sweep.problems.add(field, what, "a list of mappings", "enqueue: [{dropout: 0.2}]")
    for item in field.items():
        for entry in _receivers(item, sweep):
            found[entry.name].append(dict(_set(item, entry, sweep)))
    return {name: tuple(sets) for name, sets in found.items()}


def _receivers(field: Field, sweep: Sweep) -> Sequence[Entry]:
    """The architectures that a parameter set is for; none when that is wrong, which is reported."""
    problems, chosen = sweep.problems, sweep.chosen
    names = [name for name, _ in field.entries() if name != ARCHITECTURE]
    if not isinstance(field.node, MapNode) or not set(field.node.entries) - {ARCHITECTURE}:
        what = f"{describe(field.node)} is no parameter set" if not isinstance(field.node, MapNode) else "it is empty"
        problems.add(field, what, "a mapping of names to values", "e.g. - {dropout: 0.2}")
        return ()
    named = field.get(ARCHITECTURE)
    if named is not None:
        rule = Parameter(ARCHITECTURE, "str", None, "", choices=tuple(entry.name for entry in chosen))
        value = parameter_value(named, rule, problems)
        chosen = [entry for entry in chosen if entry.name == value]
    having = [entry for entry in chosen if {item.name for item in entry.parameters}.issuperset(names)]
    if having or not chosen:
        return having
    strangers = [name for name in names if not owners_of(name, chosen)]
    for name in strangers:
        unknown_parameter(field.child(name), name, chosen, sweep.catalogue, problems)
    if not strangers:
        what = f"no architecture has all of {', '.join(names)}"
        parts = "; ".join(f"{name}: {', '.join(owners_of(name, chosen))}" for name in names)
        problems.add(
            field, what, f"parameters of one architecture ({parts})", "write a parameter set for each architecture"
        )
    return chosen if len(chosen) == 1 else ()


def _set(field: Field, entry: Entry, sweep: Sweep) -> Iterator[tuple[str, Scalar]]:
    """The valid values of a parameter set for one architecture."""
    declared = {item.name: item for item in entry.parameters}
    values = {
        name: parameter_value(child, declared[name], sweep.problems)
        for name, child in field.entries()
        if name in declared
    }
    valid = {name: value for name, value in values.items() if value is not None}
    space = sweep.spaces.get(entry.name)
    for name, value in valid.items():
        if space is not None and name in dict(space.distributions):
            _check(field, name, valid, space, sweep.problems)
        elif space is not None:
            parent, wanted = declared[name].when[0]
            what = f"{name} is not in this sweep, where {parent} is never {either(wanted)}"
            fix = f"list {either(wanted)} in parameters.{parent}, or remove it"
            sweep.problems.add(field.child(name), what, "a parameter that can be there", fix)
        yield name, value


def _check(item: Field, name: str, values: Parameters, space: SearchSpace, problems: Problems) -> None:
    """A parameter keeps the one value it has in the sweep, and is there with the parameter set's other values."""
    field, constants, value = item.child(name), space.constants, values[name]
    if name in constants and constants[name] != value:
        problems.add(
            field, f"{shown(value)} differs from the one value {name} has in this sweep", shown(constants[name]),
            f"list {shown(value)} in parameters.{name}, or leave it out here",
        )  # fmt: skip
        return
    conditions = dict(space.conditions)
    waiting = [name]
    while waiting:
        for condition in conditions.get(waiting.pop(), ()):
            parent, allowed = condition.parent, either(condition.values)
            given = values.get(parent, constants.get(parent))
            if given is None:
                what = f"{name} is there only while {parent} is {allowed}, and this parameter set has no {parent}"
                problems.add(field, what, f"{parent} beside it", f"add {parent}: {shown(condition.values[0])}")
                return
            if not condition.allows(given):
                what = f"{name} is there only while {parent} is {allowed}, but here it is {shown(given)}"
                problems.add(field, what, "parameters that are there together", f"remove {name}, or change {parent}")
                return
            waiting.append(parent)
