"""The search space: distributions, parameter declarations, and the frozen `SearchSpace`.

Architectures, features, training, searchers and sources declare what they take with `Parameter`; a definition turns
those declarations into a `SearchSpace`. Everything here is pure and light: no third-party import.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from textclf_sweep.trial import Parameters, Scalar

Kind = Literal["int", "float", "bool", "str"]


@dataclass(frozen=True, slots=True)
class Constant:
    """One value, never searched."""

    value: Scalar


@dataclass(frozen=True, slots=True)
class Categorical:
    """A finite list of values, equally likely unless `probabilities` (same length, sum 1) says otherwise."""

    values: tuple[Scalar, ...]
    probabilities: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `low` to `high`, both included.

    Attributes:
        low, high: the bounds; low <= high, and low > 0 when `log`.
        integer: whole numbers only.
        log: uniform in the logarithm.
        step: values are rounded to multiples of it (W&B's ``q``), then clipped to the bounds; None is continuous
            (or every whole number, when `integer`).
    """

    low: float
    high: float
    integer: bool = False
    log: bool = False
    step: float | None = None


Distribution = Constant | Categorical | Range


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a module says of one parameter it takes.

    Attributes:
        name: the key in a definition; one word per concept across all modules.
        kind: the type of its values. An ``int`` literal is accepted where a ``float`` is asked.
        default: the value when a definition does not name it.
        doc: one sentence, with the unit.
        search: the range searched when a definition has no ``parameters`` at all; None keeps the default.
        minimum, maximum: inclusive bounds of valid values; None is unbounded.
        above: exclusive lower bound, e.g. 0 for a learning rate; None is unbounded.
        below: exclusive upper bound, e.g. 1 for dropout; None is unbounded.
        choices: the valid values, when they are a fixed list.
    """

    name: str
    kind: Kind
    default: Scalar
    doc: str
    search: Distribution | None = None
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    choices: tuple[Scalar, ...] = ()

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
class SearchSpace:
    """Every parameter of a trial and where its value comes from, by name in sorted order."""

    distributions: tuple[tuple[str, Distribution], ...]

    @classmethod
    def of(cls, distributions: Mapping[str, Distribution]) -> SearchSpace:
        """The space of these distributions."""
        return cls(tuple(sorted(distributions.items())))

    @property
    def searched(self) -> dict[str, Categorical | Range]:
        """The parameters that have more than one value."""
        return {name: item for name, item in self.distributions if not isinstance(item, Constant)}

    @property
    def constants(self) -> dict[str, Scalar]:
        """The parameters that have one value."""
        return {name: item.value for name, item in self.distributions if isinstance(item, Constant)}

    @property
    def size(self) -> int | None:
        """How many parameter sets there are; None when infinite."""
        total = 1
        for _, distribution in self.distributions:
            count = cardinality(distribution)
            if count is None:
                return None
            total *= count
        return total

    def fix(self, parameters: Parameters) -> SearchSpace:
        """This space with some parameters held at the given values."""
        return SearchSpace.of(dict(self.distributions) | {name: Constant(value) for name, value in parameters.items()})

    def grid(self) -> Iterator[dict[str, Scalar]]:
        """Every parameter set, the last name (in sorted order) varying fastest.

        Raises:
            ValueError: a distribution is continuous.
        """
        names = [name for name, _ in self.distributions]
        for values in itertools.product(*(enumerate_values(item) for _, item in self.distributions)):
            yield dict(zip(names, values, strict=True))


def cardinality(distribution: Distribution) -> int | None:
    """How many distinct values it has; None when it is continuous."""
    match distribution:
        case Constant():
            return 1
        case Categorical(values):
            return len(set(map(_typed, values)))
        case Range(low, high, integer, _, step):
            if low == high:
                return 1
            if step:
                return len(_multiples(low, high, step))
            return int(high) - int(low) + 1 if integer else None


def enumerate_values(distribution: Distribution) -> tuple[Scalar, ...]:
    """Every value in definition order, numbers ascending.

    Raises:
        ValueError: it is continuous.
    """
    match distribution:
        case Constant(value):
            return (value,)
        case Categorical(values):
            return tuple({_typed(value): value for value in values}.values())
        case Range(low, high, integer, _, step):
            if low == high or (integer and not step):
                return tuple(range(int(low), int(high) + 1)) if integer else (low,)
            if not step:
                raise ValueError("a continuous range has no list of values")
            return tuple(snap(distribution, index * step) for index in _multiples(low, high, step))


def draw(distribution: Distribution, unit: float) -> Scalar:
    """The value at `unit` (in [0, 1)) of the distribution's inverse cumulative distribution function."""
    match distribution:
        case Constant(value):
            return value
        case Categorical(values, probabilities):
            if probabilities is None:
                return values[min(int(unit * len(values)), len(values) - 1)]
            for value, bound in zip(values, itertools.accumulate(probabilities), strict=True):
                if unit < bound:
                    return value
            return values[-1]
        case Range(low, high, integer, log, step):
            # A whole number owns half a unit on each side, so that both ends are as likely as the others.
            left, right = (low - 0.5, high + 0.5) if integer and not step else (low, high)
            if log:
                left, right = math.log(left), math.log(right)
            number = left + unit * (right - left)
            return snap(distribution, math.exp(number) if log else number)


def contains(distribution: Distribution, value: Scalar) -> bool:
    """Whether `value` can be drawn from `distribution` (types included: True is not 1)."""
    match distribution:
        case Constant(only):
            return _typed(only) == _typed(value)
        case Categorical(values):
            return _typed(value) in set(map(_typed, values))
        case Range(low, high, integer, _, _):
            if isinstance(value, bool | str) or not low <= value <= high or (integer and value != int(value)):
                return False
            return math.isclose(float(snap(distribution, float(value))), value, rel_tol=1e-9)


def snap(distribution: Range, number: float) -> Scalar:
    """The value of `distribution` nearest to `number`."""
    number = min(max(number, distribution.low), distribution.high)
    if distribution.step:
        # In decimal, as a person wrote the step: 3 * 0.1 is 0.3.
        multiple = Decimal(repr(distribution.step)) * round(number / distribution.step)
        number = min(max(float(multiple), distribution.low), distribution.high)
    return round(number) if distribution.integer else float(number)


def _multiples(low: float, high: float, step: float) -> range:
    """The factors k for which k * step, clipped to the bounds, is a value."""
    return range(round(low / step), round(high / step) + 1)


def _typed(value: Scalar) -> tuple[bool, Scalar]:
    return isinstance(value, bool), value
