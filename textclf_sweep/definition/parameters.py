"""``parameters`` -> what it says of each architecture's parameters, and their distributions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from textclf_sweep.definition.catalogue import Catalogue, Entry
from textclf_sweep.definition.conditions import ARCHITECTURE
from textclf_sweep.definition.entries import distribution_of, nested
from textclf_sweep.definition.nodes import Field, MapNode, Problems, describe, quote
from textclf_sweep.definition.space import Constant, Distribution, Parameter
from textclf_sweep.definition.suggest import nearest_parameter
from textclf_sweep.definition.values import scalars

NESTED = "parameters"
"""The key below which Weights & Biases nests parameters; it is nobody's parameter."""
Entries = dict[str, Field]
"""The entries of ``parameters`` that are about one architecture, by parameter."""


@dataclass(frozen=True, slots=True)
class _Names:
    """What names below ``parameters`` can be.

    Attributes:
        chosen: the sweep's architectures.
        catalogue: of all architectures.
    """

    chosen: Sequence[Entry]
    catalogue: Catalogue

    def having(self, parameter: str) -> list[Entry]:
        """The chosen architectures that have a parameter."""
        return [entry for entry in self.chosen if parameter in {item.name for item in entry.parameters}]

    def is_section(self, name: str) -> bool:
        """Whether a name is an architecture's and not a parameter's."""
        return name in self.catalogue.architectures and not self.having(name)


def entries_of(
    field: Field | None, chosen: Sequence[Entry], catalogue: Catalogue, problems: Problems
) -> dict[str, Entries] | None:
    """Which entries are about which architecture: the shared ones that it has, and its own, which come first.

    Args:
        field: ``parameters``; None when the definition has none.
        chosen: the sweep's architectures.
        catalogue: of all architectures, to recognise another one's parameter.
        problems: gets what is wrong: names that no architecture has, sections of architectures not in the sweep.

    Returns:
        By architecture; None when `field` is no mapping.
    """
    entries: dict[str, Entries] = {entry.name: {} for entry in chosen}
    if field is None:
        return entries
    if not isinstance(field.node, MapNode):
        fix = "write one hyperparameter per line below it, or remove the key to search the architecture's own ranges"
        problems.add(field, f"{describe(field.node)} cannot stand here", "a mapping", fix)
        return None
    names = _Names(chosen, catalogue)
    if field.get(NESTED):
        nested(field, problems)
    for name, child in field.entries():
        having = names.having(name)
        if names.is_section(name) or name == NESTED:
            continue
        if not having:
            unknown_parameter(child, name, chosen, catalogue, problems)
        for entry in _restricted(child, name, having, names, problems):
            entries[entry.name][name] = child
    for name, child in field.entries():
        if names.is_section(name) and (owner := _named(child, name, chosen, problems)) is not None:
            entries[name] |= _own(child, owner, catalogue, problems)
    return entries


def _named(field: Field, name: str, chosen: Sequence[Entry], problems: Problems) -> Entry | None:
    """The architecture that a section is about."""
    entry = next((entry for entry in chosen if entry.name == name), None)
    if entry is None:
        what = f"{name} is not among the architectures of this sweep"
        fix = f"add {name} to architecture, or remove these parameters"
        problems.add(field, what, f"one of {', '.join(item.name for item in chosen)}", fix)
    return entry


def _own(field: Field, entry: Entry, catalogue: Catalogue, problems: Problems) -> Entries:
    """The entries of one architecture's section."""
    entries: Entries = {}
    if not isinstance(field.node, MapNode):
        problems.add(field, f"{describe(field.node)} cannot stand here", f"a mapping of {entry.name}'s parameters",
                     f"e.g. {entry.name}: {{{entry.parameters[0].name}: ...}}")  # fmt: skip
    names = _Names([entry], catalogue)
    if isinstance(field.node, MapNode) and field.get(NESTED):
        nested(field, problems, owner=entry.name)
    for name, child in field.entries():
        if name == NESTED:
            continue
        if not names.having(name):
            unknown_parameter(child, name, [entry], catalogue, problems)
        elif _restricted(child, name, [entry], names, problems):
            entries[name] = child
    return entries


def _restricted(field: Field, name: str, having: Sequence[Entry], names: _Names, problems: Problems) -> Sequence[Entry]:
    """Those of the architectures `having` a parameter that its ``when: {architecture: ...}`` names."""
    when = field.get("when")
    place = when and when.get(ARCHITECTURE)
    if place is None:
        return having
    rule = Parameter(ARCHITECTURE, "str", None, "", choices=tuple(names.catalogue.architectures))
    named = scalars(place, rule, problems)
    left = [entry for entry in having if entry.name in named]
    if named and having and not left:
        listed = ", ".join(map(str, named))
        there = any(entry.name in named for entry in names.chosen)
        what = f"{listed} has no parameter {name}" if there else f"{listed} is not among the architectures here"
        fix = "remove the condition, or the parameter"
        problems.add(place, what, f"one of {', '.join(entry.name for entry in having)}", fix)
    return left


def distributions_of(
    entries: Mapping[str, Field], architecture: Entry, problems: Problems, *, defaults: bool
) -> dict[str, Distribution] | None:
    """Where the value of every parameter of an architecture comes from; None when an entry is invalid or missing.

    Args:
        entries: what the definition says of some of them; of those without a default at least.
        architecture: whose parameters they are.
        problems: gets what is wrong.
        defaults: whether parameters that are not named are searched in the architecture's own ranges; else they keep
            their defaults.
    """
    before = len(problems.found)
    distributions: dict[str, Distribution] = {}
    for item in architecture.parameters:
        if item.name in entries:
            found = distribution_of(entries[item.name], item, problems)
            if found is not None:
                distributions[item.name] = found
        elif item.default is not None:
            searched = item.search if defaults else None
            distributions[item.name] = Constant(item.preset) if searched is None else searched
    complete = len(distributions) == len({item.name for item in architecture.parameters})
    return distributions if complete and len(problems.found) == before else None


def unknown_parameter(
    field: Field, name: str, chosen: Sequence[Entry], catalogue: Catalogue, problems: Problems
) -> None:
    """Complain of a name that is no parameter of the chosen architectures."""
    names = sorted({item.name for entry in chosen for item in entry.parameters})
    if isinstance(field.node, MapNode) and field.get(NESTED):
        nested(field, problems)
        return
    whose = " or ".join(entry.name for entry in chosen)
    owners = owners_of(name, catalogue.architectures.values())
    near = nearest_parameter(name, names)
    if owners:
        listed = ", ".join(owners[:3]) + (f" and {len(owners) - 3} more" if len(owners) > 3 else "")
        what = f"{quote(name)} is a parameter of {listed}, not of {whose}"
        fix = f"remove it, or {'write' if len(chosen) == 1 else 'add'} architecture: {owners[0]}"
    else:
        what = f"{whose} has no parameter {quote(name)}"
        fix = f"did you mean {near}?" if near else "remove it"
    problems.add(field, what, _known_names(names, chosen, catalogue), fix)


def _known_names(names: Sequence[str], chosen: Sequence[Entry], catalogue: Catalogue) -> str:
    """The parameters of some architectures in words: the models' own, and where the others are listed."""
    rooms = {"features": [item for entry in chosen for item in catalogue.features.get(entry.features, ())],
             "cleaning": catalogue.cleaning, "training": catalogue.training}  # fmt: skip
    shared = {item.name for items in rooms.values() for item in items}
    words = ", ".join(room for room, items in rooms.items() if items).replace(", training", " or training")
    own = ", ".join(name for name in names if name not in shared)
    shown = chosen[0].name if len(chosen) == 1 and chosen[0].own is None else ""
    where = f" (`sweep architectures {shown}` lists them)" if shown and shared else ""
    more = f"a parameter of {words}{where}" if shared else ""
    return ", or ".join(filter(None, (f"one of {own}" if own else "", more)))


def owners_of(name: str, entries: Iterable[Entry]) -> list[str]:
    """The architectures that have a parameter of this name."""
    return [entry.name for entry in entries if name in {item.name for item in entry.parameters}]
