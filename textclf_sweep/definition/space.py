"""The search space: parameter declarations, conditions, and the frozen `SearchSpace`.

Architectures, features, training, searchers and sources declare what they take with `Parameter`; a definition turns
those declarations into a `SearchSpace`. Everything here is pure and light.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Literal

from textclf_sweep.definition.distribution import (
    Beta,
    Categorical,
    Constant,
    Distribution,
    Normal,
    Range,
    cardinality,
    contains,
    draw,
    each_value,
    enumerate_values,
    greatest,
    possible,
    share,
    snap,
    spaced,
    typed,
)
from textclf_sweep.trial import Parameters, Scalar

__all__ = [
    "Beta", "Categorical", "Condition", "Constant", "Distribution", "Kind", "Normal", "Parameter", "Range",
    "SearchSpace", "cardinality", "contains", "draw", "enumerate_values", "greatest", "ordered", "possible", "share",
    "snap", "spaced",
]  # fmt: skip

Kind = Literal["int", "float", "bool", "str"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a module says of one parameter it takes.

    Attributes:
        name: the key in a definition; one word per concept across all modules.
        kind: the type of its values. An ``int`` literal is accepted where a ``float`` is asked.
        default: the value when a definition does not name it; None, of an option alone, leaves it out.
        doc: one sentence, with the unit.
        search: the range searched when a definition has no ``parameters`` at all; None keeps the default.
        minimum, maximum: inclusive bounds of valid values; None is unbounded.
        above: exclusive lower bound, e.g. 0 for a learning rate; None is unbounded.
        below: exclusive upper bound, e.g. 1 for dropout; None is unbounded.
        choices: the valid values, when they are a fixed list.
        when: what other parameters must be for this one to mean anything: ``(("optimizer", ("sgd",)),)``. Where it
            does not hold, a trial does not have the parameter.
        path: whether its values are paths of files or folders; relative ones start from the definition's folder.
        names: of a path, the values that are none: names that the module knows.
    """

    name: str
    kind: Kind
    default: Scalar | None
    doc: str
    search: Distribution | None = None
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    choices: tuple[Scalar, ...] = ()
    when: tuple[tuple[str, tuple[Scalar, ...]], ...] = ()
    path: bool = False
    names: tuple[str, ...] = ()

    @property
    def preset(self) -> Scalar:
        """The default, of a parameter that has one.

        Raises:
            ValueError: it has none.
        """
        if self.default is None:
            raise ValueError(f"{self.name} has no default")
        return self.default

    def reject(self, value: object) -> str | None:
        """What a valid value would be, in words, if `value` is not one; None if it is."""
        if not self._has_kind(value) or not self._in_bounds(value):
            return self.expected()
        return None

    def coerce(self, value: Scalar) -> Scalar:
        """`value` (valid, see `reject`) in this parameter's own type: 1 becomes 1.0 for a float, 64.0 becomes 64."""
        if self.kind == "float":
            return float(value)
        if self.kind == "int":
            return int(value)
        return value

    def expected(self) -> str:
        """The valid values in words, e.g. ``a number >= 0 and < 1``."""
        if self.choices:
            return "one of " + ", ".join(str(choice) for choice in self.choices)
        if self.path:
            return " or ".join(filter(None, ("a path", ", ".join(self.names))))
        noun = {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "a text"}[self.kind]
        bounds = [
            f"{sign} {bound:g}"
            for sign, bound in ((">=", self.minimum), (">", self.above), ("<=", self.maximum), ("<", self.below))
            if bound is not None
        ]
        return " ".join([noun, " and ".join(bounds)]).strip()

    def _has_kind(self, value: object) -> bool:
        match self.kind:
            case "bool":
                return isinstance(value, bool)
            case "str":
                return isinstance(value, str) and bool(not self.choices or value in self.choices)
            case "int":
                whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
                return whole and not isinstance(value, bool) and (not self.choices or value in self.choices)
            case "float":
                return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)

    def _in_bounds(self, value: Any) -> bool:
        if self.kind not in ("int", "float"):
            return True
        return (
            (self.minimum is None or value >= self.minimum)
            and (self.maximum is None or value <= self.maximum)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )


@dataclass(frozen=True, slots=True)
class Condition:
    """A parameter is there only while another one, its parent, has one of some values.

    Attributes:
        parent: the other parameter's name.
        values: the values under which this one is there.
    """

    parent: str
    values: tuple[Scalar, ...]

    def holds(self, parameters: Parameters) -> bool:
        """Whether the parent is there and has one of the values."""
        return self.parent in parameters and self.allows(parameters[self.parent])

    def allows(self, value: Scalar) -> bool:
        """Whether the parent may have this value."""
        return typed(value) in set(map(typed, self.values))


@dataclass(frozen=True, slots=True)
class SearchSpace:
    """Every parameter of a trial and where its value comes from, by name in sorted order.

    Attributes:
        distributions: of each parameter.
        conditions: of the parameters that are not always there; all conditions of one must hold. They form no circle,
            and every parent is a parameter of the space.
    """

    distributions: tuple[tuple[str, Distribution], ...]
    conditions: tuple[tuple[str, tuple[Condition, ...]], ...] = ()

    @classmethod
    def of(
        cls,
        distributions: Mapping[str, Distribution],
        conditions: Mapping[str, tuple[Condition, ...]] | None = None,
    ) -> SearchSpace:
        """The space of these distributions under these conditions."""
        return cls(tuple(sorted(distributions.items())), tuple(sorted((conditions or {}).items())))

    @property
    def searched(self) -> dict[str, Categorical | Range]:
        """The parameters that have more than one value."""
        return {name: item for name, item in self.distributions if not isinstance(item, Constant)}

    @property
    def constants(self) -> dict[str, Scalar]:
        """The parameters that have one value (while they are there)."""
        return {name: item.value for name, item in self.distributions if isinstance(item, Constant)}

    @property
    def order(self) -> tuple[str, ...]:
        """The names, parents before their children, else sorted."""
        conditions = dict(self.conditions)
        return ordered(
            {name: [condition.parent for condition in conditions.get(name, ())] for name, _ in self.distributions}
        )

    @property
    def size(self) -> int | None:
        """How many parameter sets there are; None when infinite."""
        counts = {name: cardinality(item) for name, item in self.distributions}
        if any(count is None for count in counts.values()):
            return None
        return _count(self)

    def active(self, values: Parameters) -> dict[str, Scalar]:
        """`values`, in sorted order, without the parameters whose conditions don't hold.

        Args:
            values: of every parameter that can be there, at least.
        """
        conditions, there = dict(self.conditions), dict[str, Scalar]()
        for name in self.order:
            if name in values and all(condition.holds(there) for condition in conditions.get(name, ())):
                there[name] = values[name]
        return dict(sorted(there.items()))

    def holds(self, parameters: Parameters) -> bool:
        """Whether `parameters` is one of the space's parameter sets: exactly the active ones, each within its range."""
        distributions = dict(self.distributions)
        if not parameters.keys() <= distributions.keys():
            return False
        whole = {name: parameters.get(name, _any(item)) for name, item in self.distributions}
        return self.active(whole).keys() == parameters.keys() and all(
            contains(distributions[name], value) for name, value in parameters.items()
        )

    def fix(self, parameters: Parameters) -> SearchSpace:
        """This space with some parameters held at the given values."""
        held = {name: Constant(value) for name, value in parameters.items()}
        return SearchSpace.of(dict(self.distributions) | held, dict(self.conditions))

    def grid(self) -> Iterator[dict[str, Scalar]]:
        """Every parameter set once, the last name (in `order`) varying fastest.

        Raises:
            ValueError: a distribution is continuous.
        """
        distributions, conditions = dict(self.distributions), dict(self.conditions)

        def expand(sets: Iterator[dict[str, Scalar]], name: str) -> Iterator[dict[str, Scalar]]:
            for chosen in sets:
                if all(condition.holds(chosen) for condition in conditions.get(name, ())):
                    for value in each_value(distributions[name]):
                        yield {**chosen, name: value}
                else:
                    yield chosen

        empty: Iterator[dict[str, Scalar]] = iter([{}])
        for chosen in reduce(expand, self.order, empty):
            yield dict(sorted(chosen.items()))


def ordered(parents: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """The names, parents before their children, else sorted.

    Args:
        parents: of every name; without circles.
    """
    placed: dict[str, None] = {}

    def place(name: str) -> None:
        if name not in placed:
            for parent in parents.get(name, ()):
                place(parent)
            placed[name] = None

    for name in sorted(parents):
        place(name)
    return tuple(placed)


def _count(space: SearchSpace) -> int:
    """How many parameter sets a space without continuous ranges has.

    Parameter by parameter it is counted how many ways lead to each set of later parameters that are out: the values of
    a parent differ in nothing else.
    """
    conditions = dict(space.conditions)
    distributions = dict(space.distributions)
    ways: dict[frozenset[str], int] = {frozenset(): 1}
    for name in space.order:
        children = {
            child: [condition for condition in items if condition.parent == name]
            for child, items in conditions.items()
            if any(condition.parent == name for condition in items)
        }
        effects = _effects(distributions[name], children)
        after: dict[frozenset[str], int] = {}
        for out, number in ways.items():
            steps = {frozenset(children): 1} if name in out else effects
            for more, count in steps.items():
                then = (out | more) - {name}
                after[then] = after.get(then, 0) + number * count
        ways = after
    return sum(ways.values())


def _effects(distribution: Distribution, children: Mapping[str, list[Condition]]) -> dict[frozenset[str], int]:
    """Which of a parent's children are out, and for how many of its values."""
    stated = (value for items in children.values() for condition in items for value in condition.values)
    named = possible(distribution, stated)
    allowed = {child: [set(map(typed, condition.values)) for condition in items] for child, items in children.items()}
    effects: dict[frozenset[str], int] = {}
    for value in named:
        out = frozenset(child for child, sets in allowed.items() if not all(value in listed for listed in sets))
        effects[out] = effects.get(out, 0) + 1
    others = (cardinality(distribution) or 0) - len(named)
    if others:
        out = frozenset(children)
        effects[out] = effects.get(out, 0) + others
    return effects


def _any(distribution: Distribution) -> Scalar:
    return draw(distribution, 0.0)
