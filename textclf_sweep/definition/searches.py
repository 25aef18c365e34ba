"""``architecture``, ``run_cap``, ``allocate``, ``parameters`` and ``enqueue`` -> the search of each architecture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from textclf_sweep.definition import keys
from textclf_sweep.definition.catalogue import Catalogue, Entry
from textclf_sweep.definition.conditions import conditioned, written_of
from textclf_sweep.definition.data import cleaning_of
from textclf_sweep.definition.embedding import shared
from textclf_sweep.definition.enqueue import Sweep, enqueued
from textclf_sweep.definition.grids import Places, check_grid, check_probabilities, paced
from textclf_sweep.definition.nodes import BrokenNode, Field, ListNode, MapNode, Problems, ScalarNode, quote
from textclf_sweep.definition.own import own_of
from textclf_sweep.definition.parameters import distributions_of, entries_of
from textclf_sweep.definition.space import Parameter, SearchSpace
from textclf_sweep.definition.suggest import nearest
from textclf_sweep.definition.types import Allocate, Search
from textclf_sweep.definition.values import missing, setting_value
from textclf_sweep.trial import Parameters


@dataclass(frozen=True, slots=True)
class Caps:
    """How many trials there are at the most; None is no limit.

    Attributes:
        total: of all architectures.
        own: of some architectures by name.
    """

    total: int | None = None
    own: Mapping[str, int | None] | None = None

    def of(self, architecture: str) -> int | None:
        """The trials of one architecture that are its own."""
        return (self.own or {}).get(architecture)


def architectures_of(root: Field, catalogue: Catalogue, problems: Problems) -> tuple[Entry, ...]:
    """The architectures that a definition names, one or a list; empty when that is wrong, which is reported."""
    field = root.get("architecture")
    if field is None:
        missing(root, keys.architecture(catalogue), problems)
        return ()
    if not isinstance(field.node, ListNode):
        found = None if isinstance(field.node, BrokenNode) else _architecture(field, catalogue, problems)
        return () if found is None else (found,)
    if not field.node.items:
        problems.add(field, "the list is empty", "one architecture or more", "e.g. architecture: [lstm, cnn]")
    entries = [_architecture(item, catalogue, problems) for item in field.items()]
    valid = tuple(entry for entry in entries if entry is not None)
    twice = sorted(name for name, times in Counter(entry.name for entry in valid).items() if times > 1)
    if twice:
        files = any(entry.own is not None and entry.name in twice for entry in valid)
        fix = "remove one, or give one a name: of its own" if files else "remove one"
        problems.add(field, f"{', '.join(twice)} stands in the list twice", "each architecture once", fix)
    clear = _check_sections(field, valid, problems)
    return valid if len(valid) == len(field.node.items) and not twice and clear else ()


def _check_sections(field: Field, chosen: Sequence[Entry], problems: Problems) -> bool:
    """Whether a key below ``parameters`` is either one architecture's section or a parameter; complains of others."""
    parameters = {item.name: entry.name for entry in chosen for item in entry.parameters}
    both = [entry.name for entry in chosen if entry.name in parameters] if len(chosen) > 1 else []
    for name in both:
        what = f"{name} is an architecture here, and a parameter of {parameters[name]}"
        fix = f"give the file another name in the definition, e.g. name: my_{name}, or rename its parameter"
        problems.add(field, what, "names that differ, because both stand below parameters", fix)
    return not both


def _architecture(field: Field, catalogue: Catalogue, problems: Problems) -> Entry | None:
    """One architecture by its name, or the user's own; None when that is wrong, which is reported."""
    if isinstance(field.node, MapNode) and "file" in field.node.entries:
        return own_of(field, catalogue, problems)
    if isinstance(field.node, MapNode):
        near = nearest("file", field.node.entries)
        fix = f"write file instead of {near}" if near else "for a model of your own, e.g. {file: my_model.py}"
        expected = "the name of an architecture, a list of them, or a mapping with a file"
        problems.add(field, "a mapping without file is not valid", expected, fix)
        return None
    written = field.node.value if isinstance(field.node, ScalarNode) else None
    if isinstance(written, str) and written.endswith(".py"):
        fix = f"write {{file: {written}}}"
        problems.add(
            field, f"{quote(written)} is a file", "the name of an architecture, or a mapping with its file", fix
        )
        return None
    if isinstance(written, str) and written in catalogue.broken:
        fix = "mend or remove the package that brings it"
        problems.add(field, f"{written} cannot be used: {catalogue.broken[written]}", "an architecture that works", fix)
        return None
    name = setting_value(field, keys.architecture(catalogue), problems).get("architecture")
    return None if name is None else catalogue.architectures[name]


def knowing(catalogue: Catalogue, chosen: Sequence[Entry]) -> Catalogue:
    """`catalogue` with the user's own architectures among the others."""
    own = {entry.name: entry for entry in chosen if entry.own is not None}
    return replace(catalogue, architectures={**catalogue.architectures, **own}) if own else catalogue


def caps_of(root: Field, chosen: Sequence[Entry], allocate: Allocate | None, problems: Problems) -> Caps:
    """How many trials a sweep of these architectures has.

    Args:
        root: the definition.
        chosen: its architectures; none when they are invalid.
        allocate: how trials are shared; None when that is invalid.
        problems: gets what is wrong.
    """
    field, names = root.get("run_cap"), [entry.name for entry in chosen]
    if field is not None and isinstance(field.node, BrokenNode):
        return Caps()
    if field is not None and isinstance(field.node, MapNode) and allocate != "race":
        own = _cap_each(field, names, problems) if names else {}
        return Caps(_total([own.get(name) for name in names]), own)
    if field is not None and isinstance(field.node, MapNode):
        problems.add(field, "allocate: race has one number for all architectures", "a whole number >= 1",
                     "write one number, or allocate: each")  # fmt: skip
        return Caps()
    before = len(problems.found)
    cap: int | None = None if field is None else setting_value(field, keys.RUN_CAP, problems).get("run_cap")
    if allocate == "race":
        place = root.child("allocate")
        if chosen and len(chosen) < 2:
            fix = "list them below architecture, or remove allocate"
            problems.add(place, f"there is only {names[0]} to race", "two architectures or more", fix)
        if cap is None and len(problems.found) == before:
            what = "a race shares out a number of trials, but there is no run_cap"
            problems.add(place, what, "a run_cap for all architectures together", "add e.g. run_cap: 40")
        return Caps(cap)
    own = dict.fromkeys(names, cap)
    return Caps(_total(list(own.values())), own)


def _cap_each(field: Field, names: Sequence[str], problems: Problems) -> dict[str, int | None]:
    """A ``run_cap`` that is a mapping of architectures."""
    own: dict[str, int | None] = {}
    if isinstance(field.node, MapNode) and not field.node.entries:
        problems.add(field, "it is empty", "a whole number, or one for each architecture", f"e.g. {{{names[0]}: 12}}")
    for name, child in field.entries():
        if name not in names:
            near = nearest(name, names)
            fix = f"did you mean {near}?" if near else "remove it, or add it to architecture"
            problems.add(child, f"{name!r:.60} is not among the architectures", f"one of {', '.join(names)}", fix)
        else:
            own[name] = setting_value(child, keys.RUN_CAP, problems).get("run_cap")
    return own


def _total(caps: Sequence[int | None]) -> int | None:
    """The sum; None when one is open."""
    known = [cap for cap in caps if cap is not None]
    return sum(known) if known and len(known) == len(caps) else None


@dataclass(frozen=True, slots=True)
class Scope:
    """What a definition searches, and who.

    Attributes:
        chosen: the architectures; none when they are invalid.
        caps: how many trials they have.
        searcher: who proposes; None when that is invalid.
        catalogue: of all architectures and searchers.
        defaults: whether parameters that are not named are searched in the architectures' own ranges.
    """

    chosen: tuple[Entry, ...]
    caps: Caps
    searcher: Entry | None
    catalogue: Catalogue
    defaults: bool


def searches_of(root: Field, scope: Scope, problems: Problems) -> tuple[Search, ...]:
    """The search of each architecture; what is invalid is left out and reported."""
    parameters, first, chosen = root.get("parameters"), root.get("enqueue"), scope.chosen
    if not chosen or (parameters is not None and isinstance(parameters.node, BrokenNode)):
        return ()  # nothing can be said of their parameters
    entries = entries_of(parameters, chosen, scope.catalogue, problems) or {}
    entries = shared(root, entries, chosen, problems)
    cleaning = cleaning_of(root, scope.catalogue, problems)
    entries = {name: {**cleaning, **own} for name, own in entries.items()}
    rest = parameters or root.get("method") or root
    spaces: dict[str, SearchSpace] = {}
    for entry in chosen:
        if entry.name in entries:
            space = _space(entry, Places(entries[entry.name], rest), scope, problems)
            spaces |= {} if space is None else {entry.name: space}
    sets: Mapping[str, tuple[Parameters, ...]] = {}
    if first is not None and not isinstance(first.node, BrokenNode):
        sets = enqueued(first, Sweep(chosen, spaces, scope.catalogue, problems))
    return tuple(
        Search(
            entry.name,
            spaces.get(entry.name, SearchSpace(())),
            scope.caps.of(entry.name),
            sets.get(entry.name, ()),
            own=entry.own,
        )
        for entry in chosen
    )


def _check_always(
    space: SearchSpace | None, declared: Mapping[str, Parameter], places: Places, problems: Problems
) -> None:
    """A parameter without a default cannot be left out of a trial."""
    for name, _ in space.conditions if space is not None else ():
        if declared[name].default is None and name in places.entries:
            what = f"{name} has no default, so every trial needs it"
            problems.add(places.entries[name], what, "no condition", "remove when, or give it a default in the file")


def _space(entry: Entry, places: Places, scope: Scope, problems: Problems) -> SearchSpace | None:
    """The search space of one architecture; None when something is wrong with it."""
    before = len(problems.found)
    searcher, declared = scope.searcher, {item.name: item for item in entry.parameters}
    for item in entry.parameters:
        if item.default is None and item.name not in places.entries:
            what = f"{entry.name} has no default for it"
            fix = f"add e.g. parameters: {{{item.name}: {{value: ...}}}}, or give it a default where it is defined"
            problems.add_at(places.rest.place, f"parameters.{item.name}", what, item.expected(), fix)
    distributions = distributions_of(places.entries, entry, problems, defaults=scope.defaults)
    if distributions is None:
        for name, field in places.entries.items():  # all problems at once
            written_of(field, name, declared, problems)
        return None
    if searcher is not None and searcher.paces:
        distributions = paced(distributions, places, searcher, problems)
    space = conditioned(distributions, declared, places.entries, problems)
    _check_always(space, declared, places, problems)
    if space is None or searcher is None:
        return space
    check_probabilities(space, places, searcher, scope.catalogue, problems)
    if searcher.finite:
        check_grid(space, places, scope.caps.of(entry.name) or scope.caps.total, problems)
    return space if len(problems.found) == before else None
