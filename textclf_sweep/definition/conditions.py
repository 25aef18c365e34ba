"""``when`` -> the conditions of a search space: only those that can hold and need not.

A parameter is there while all its conditions hold. What its module declares (`Parameter.when`) is added by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from textclf_sweep.definition.distribution import typed
from textclf_sweep.definition.nodes import Field, MapNode, Problems, describe, quote
from textclf_sweep.definition.space import (
    Categorical,
    Condition,
    Constant,
    Distribution,
    Parameter,
    Range,
    SearchSpace,
    cardinality,
    ordered,
    possible,
)
from textclf_sweep.definition.suggest import nearest_parameter
from textclf_sweep.definition.values import scalars
from textclf_sweep.trial import Scalar

ARCHITECTURE = "architecture"
"""As a parent it stands for the architecture, which a space has one of."""

LONGEST = 200
"""Characters of a list of names that somebody would read."""


@dataclass(frozen=True, slots=True)
class Written:
    """A condition as a definition states it.

    Attributes:
        field: the parent's entry below ``when``, where problems are reported.
        condition: what it says.
    """

    field: Field
    condition: Condition


def written_of(field: Field, name: str, declared: Mapping[str, Parameter], problems: Problems) -> tuple[Written, ...]:
    """The conditions below ``when`` of one entry of ``parameters``, but for one on the architecture.

    Args:
        field: the entry.
        name: of the parameter.
        declared: the architecture's parameters.
        problems: gets what is wrong: unknown parents, values that a parent cannot have.
    """
    when = field.get("when")
    if when is None:
        return ()
    example = "e.g. when: {optimizer: sgd}"
    if not isinstance(when.node, MapNode) or not when.node.entries:
        what = "it is empty" if isinstance(when.node, MapNode) else f"{describe(when.node)} is no condition"
        problems.add(when, what, "a mapping of other parameters to their values", example)
        return ()
    return tuple(_each(when, name, declared, problems))


def _each(when: Field, name: str, declared: Mapping[str, Parameter], problems: Problems) -> Iterator[Written]:
    for parent, child in when.entries():
        if parent == ARCHITECTURE:
            continue
        if parent == name:
            problems.add(child, f"{name} depends on itself", "another parameter", "remove it")
        elif parent not in declared:
            near = nearest_parameter(parent, declared)
            fix = f"did you mean {near}?" if near else "remove it"
            what = f"there is no parameter {quote(parent)} beside {name}"
            others = ", ".join(sorted(set(declared) - {name}))
            listed = f"one of {others}"
            if len(others) > LONGEST:
                listed = "another of the architecture's parameters (`sweep architectures NAME` lists them)"
            problems.add(child, what, listed, fix)
        else:
            values = scalars(child, declared[parent], problems)
            if values:
                yield Written(child, Condition(parent, values))


def conditioned(
    distributions: Mapping[str, Distribution],
    declared: Mapping[str, Parameter],
    entries: Mapping[str, Field],
    problems: Problems,
) -> SearchSpace | None:
    """The space of these distributions under the conditions that are declared and written.

    Args:
        distributions: of every parameter of the architecture.
        declared: the parameters' declarations.
        entries: what the definition says of some of them.
        problems: gets what is wrong: circles, conditions that never hold.

    Returns:
        The space, without parameters that can never be there and with no condition that always holds. None when
        something is wrong.
    """
    before = len(problems.found)
    written = {name: written_of(field, name, declared, problems) for name, field in entries.items()}
    if len(problems.found) > before:
        return None
    parents = {
        name: (*(parent for parent, _ in item.when), *(own.condition.parent for own in written.get(name, ())))
        for name, item in declared.items()
    }
    circle = _circle(parents)
    if circle:
        field = next(entries[name] for name in circle if written.get(name))
        what = f"the conditions go round in a circle: {' -> '.join((*circle, circle[0]))}"
        problems.add(field.get("when") or field, what, "a parameter that depends on none of them", "remove one")
        return None
    stated = _Stated(distributions, declared, entries, written)
    found = _Found({}, {})
    for name in ordered(parents):
        _place(name, stated, found, problems)
    return SearchSpace.of(found.there, found.needed) if len(problems.found) == before else None


@dataclass(frozen=True, slots=True)
class _Stated:
    """What `conditioned` goes by: its arguments, and the conditions of each entry."""

    distributions: Mapping[str, Distribution]
    declared: Mapping[str, Parameter]
    entries: Mapping[str, Field]
    written: Mapping[str, tuple[Written, ...]]

    def of(self, name: str) -> tuple[tuple[Condition, ...], tuple[Written, ...]]:
        """The conditions of a parameter: those declared and those written."""
        return tuple(Condition(*item) for item in self.declared[name].when), self.written.get(name, ())


@dataclass(frozen=True, slots=True)
class _Found:
    """The space as far as it is known: parameters that can be there, and the conditions they need."""

    there: dict[str, Distribution]
    needed: dict[str, tuple[Condition, ...]]

    def verdict(self, condition: Condition) -> str:
        """Whether it holds always, sometimes or never; ``unlisted`` when its parent is a continuous range."""
        if condition.parent not in self.there:
            return "never"
        parent = self.there[condition.parent]
        count = cardinality(parent)
        if count is None:
            return "unlisted"
        distinct = possible(parent, condition.values)
        if not distinct:
            return "never"
        return "always" if len(distinct) == count and condition.parent not in self.needed else "sometimes"

    def possible(self, conditions: tuple[Condition, ...]) -> bool:
        """Whether conditions, none of which never holds, can hold together, those of their parents included."""
        if len(conditions) < 2:  # a parent that is there can have each of its values
            return True
        above = dict.fromkeys(condition.parent for condition in conditions)
        for name in (names := list(above)):
            names += (item.parent for item in self.needed.get(name, ()) if item.parent not in names)
        distributions = {name: self.there[name] for name in names}
        needed = {name: self.needed[name] for name in names if name in self.needed}
        # A child with two values makes more parameter sets than one with a single value, if it is ever there.
        one, two = (
            SearchSpace.of({**distributions, "": child}, {**needed, "": conditions}).size
            for child in (Constant(0), Categorical((0, 1)))
        )
        return one != two


def _place(name: str, stated: _Stated, found: _Found, problems: Problems) -> None:
    """Add a parameter whose parents are known to what is found, if it can be there."""
    own, written = stated.of(name)
    merged = _merged([*own, *(item.condition for item in written)])
    verdicts = {condition: found.verdict(condition) for condition in merged}
    if name in stated.entries:
        _complain(name, stated, found, problems)
    needed = tuple(condition for condition, verdict in verdicts.items() if verdict == "sometimes")
    if not {"never", "unlisted"} & {*verdicts.values()} and found.possible(needed):
        found.there[name] = stated.distributions[name]
        if needed:
            found.needed[name] = needed


def _merged(conditions: list[Condition]) -> tuple[Condition, ...]:
    """One condition for each parent: with the values that all of the parent's conditions allow."""
    merged: dict[str, Condition] = {}
    for condition in conditions:
        other = merged.get(condition.parent, condition)
        allowed = set(map(typed, other.values))
        values = tuple(value for value in condition.values if typed(value) in allowed)
        merged[condition.parent] = Condition(condition.parent, values)
    return tuple(merged.values())


def _complain(name: str, stated: _Stated, found: _Found, problems: Problems) -> None:
    """Of conditions of a parameter that the definition names and that never hold."""
    before, field = len(problems.found), stated.entries[name]
    own, written = stated.of(name)
    for item in (*(Written(field, condition) for condition in own), *written):
        parent, values = item.condition.parent, either(item.condition.values)
        verdict, now = found.verdict(item.condition), _now(found.there.get(parent))
        if verdict == "unlisted":
            what = f"{parent} is a continuous range, without single values that {name} could depend on"
            problems.add(item.field, what, "a parent with listed values", f"write {parent}: {{values: [...]}}")
        elif verdict == "never" and item.field is field:
            fix = f"remove {name}, or let {parent} be {values}"
            problems.add(field, f"{name} means nothing while {parent} is {now}", f"{parent}: {values}", fix)
        elif verdict == "never":
            what = f"{parent} is never {values} in this sweep: it is {now}"
            problems.add(item.field, what, f"values that {parent} can have", f"list {values} in parameters.{parent}")
    merged = _merged([*own, *(item.condition for item in written)])
    together = "never" not in map(found.verdict, merged)
    if len(problems.found) == before and not (together and found.possible(merged)):
        what = f"the conditions exclude each other, so {name} is never there"
        problems.add(field.get("when") or field, what, "conditions that can hold together", "remove one")


def _now(distribution: Distribution | None) -> str:
    """What a distribution can give, in words."""
    match distribution:
        case None:
            return "never there"
        case Constant(value):
            return shown(value)
        case Categorical(values):
            return either(values)
        case Range(low, high):
            return f"{low:g} to {high:g}"


def either(values: tuple[Scalar, ...]) -> str:
    """``a, b or c``."""
    texts = [shown(value) for value in values[:8]] + (["..."] if len(values) > 8 else [])
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} or {texts[-1]}"


def shown(value: Scalar) -> str:
    """A value as a definition writes it, at no great length."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _circle(parents: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The names of a circle, each depending on the next and the last on the first; empty when there is none."""
    safe = set[str]()

    def follow(path: tuple[str, ...]) -> tuple[str, ...]:
        name = path[-1]
        for parent in parents.get(name, ()):
            if parent in path:
                return path[path.index(parent) :]
            if parent not in safe and (found := follow((*path, parent))):
                return found
        safe.add(name)
        return ()

    return next((found for name in sorted(parents) if name not in safe and (found := follow((name,)))), ())
