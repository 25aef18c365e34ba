"""Where one parameter's value comes from: a constant, a list of values, or a range. Pure and light.

A range is uniform unless it has a prior; everything that proposes values can treat every range alike by going
through `draw` (from a number in [0, 1) to a value) and `position` (back).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from statistics import NormalDist

from textclf_sweep.trial import Scalar


@dataclass(frozen=True, slots=True)
class Constant:
    """One value, never searched."""

    value: Scalar


@dataclass(frozen=True, slots=True)
class Categorical:
    """A finite list of values, equally likely unless `probabilities` (same length, sum 1) says otherwise."""

    values: tuple[Scalar, ...]
    probabilities: tuple[float, ...] | None = None

    @property
    def ordered(self) -> bool:
        """Whether the values are numbers, three or more, so that a neighbour tells something of a value."""
        numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in self.values)
        return numbers and len(set(self.values)) > 2


@dataclass(frozen=True, slots=True)
class Normal:
    """A prior: normal, with mean `mu` and standard deviation `sigma` > 0, of the value or (in `log`) its logarithm."""

    mu: float
    sigma: float


@dataclass(frozen=True, slots=True)
class Beta:
    """A prior: the beta distribution with shapes `a` > 0 and `b` > 0, over [0, 1]."""

    a: float
    b: float


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `low` to `high`, both included.

    Attributes:
        low, high: the bounds; low <= high, and low > 0 when `log`.
        integer: whole numbers only.
        log: uniform (or the prior) in the logarithm.
        step: values are rounded to multiples of it (W&B's ``q``), then clipped to the bounds; None is continuous
            (or every whole number, when `integer`).
        prior: how likely values are, cut off at the bounds; None is uniform.
    """

    low: float
    high: float
    integer: bool = False
    log: bool = False
    step: float | None = None
    prior: Normal | Beta | None = None


Distribution = Constant | Categorical | Range


def cardinality(distribution: Distribution) -> int | None:
    """How many distinct values it has; None when it is continuous."""
    match distribution:
        case Constant():
            return 1
        case Categorical(values):
            return len(set(map(typed, values)))
        case Range(low, high, integer, _, step):
            if low == high:
                return 1
            if step:
                return len(_multiples(low, high, step))
            return int(high) - int(low) + 1 if integer else None


def greatest(distribution: Distribution | None) -> float | None:
    """The largest number it gives; None when it gives no numbers."""
    match distribution:
        case Range(high=high):
            return high
        case Constant() | Categorical():
            values = (distribution.value,) if isinstance(distribution, Constant) else distribution.values
            return max((value for value in values if not isinstance(value, bool | str)), default=None)
        case _:
            return None


def enumerate_values(distribution: Distribution) -> tuple[Scalar, ...]:
    """Every value in definition order, numbers ascending.

    Raises:
        ValueError: it is continuous.
    """
    return tuple(each_value(distribution))


def each_value(distribution: Distribution) -> Iterable[Scalar]:
    """The same, made while they are iterated over: there may be more than memory could hold.

    Raises:
        ValueError: it is continuous.
    """
    match distribution:
        case Constant(value):
            return (value,)
        case Categorical(values):
            return {typed(value): value for value in values}.values()
        case Range(low, high, integer, _, step):
            if low == high or (integer and not step):
                return range(int(low), int(high) + 1) if integer else (low,)
            if not step:
                raise ValueError("a continuous range has no list of values")
            return (snap(distribution, index * step) for index in _multiples(low, high, step))


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
        case Range(log=log):
            left, right = _edges(distribution)
            number = _inverse(distribution.prior, left, right, unit)
            return snap(distribution, math.exp(number) if log else number)


def position(distribution: Range, value: float) -> float:
    """The number in [0, 1] at which `draw` gives `value` (or, of a rounded one, the middle of those numbers)."""
    left, right = _edges(distribution)
    if left == right:
        return 0.0
    number = math.log(value) if distribution.log else value
    low, high, at = (_cumulative(distribution.prior, item) for item in (left, right, min(max(number, left), right)))
    return (at - low) / (high - low) if high > low else 0.5


def share(prior: Normal | Beta, left: float, right: float) -> float:
    """How much of a prior, in [0, 1], lies between two numbers (logarithms, where the prior is of those)."""
    return _cumulative(prior, right) - _cumulative(prior, left)


def spaced(distribution: Range, count: int) -> tuple[Scalar, ...]:
    """`count` (>= 2) values at evenly spaced quantiles, ascending, each once, so perhaps fewer.

    Without a prior both ends are among them; with one they are the middles of `count` equally likely parts.
    """
    low, high = distribution.low, distribution.high
    if distribution.prior is not None:
        numbers = [float(draw(distribution, (index + 0.5) / count)) for index in range(count)]
    else:
        left, right = (math.log(low), math.log(high)) if distribution.log else (low, high)
        inner = (left + index / (count - 1) * (right - left) for index in range(1, count - 1))
        numbers = [low, *(math.exp(number) if distribution.log else number for number in inner), high]
    # Twelve digits: what arithmetic adds behind them is noise that a person would not have written.
    return tuple(dict.fromkeys(snap(distribution, float(f"{number:.12g}")) for number in numbers))


def contains(distribution: Distribution, value: Scalar) -> bool:
    """Whether `value` can be drawn from `distribution` (types included: True is not 1)."""
    match distribution:
        case Constant(only):
            return typed(only) == typed(value)
        case Categorical(values):
            return typed(value) in set(map(typed, values))
        case Range(low, high, integer, _, _):
            if isinstance(value, bool | str) or not low <= value <= high or (integer and value != int(value)):
                return False
            return math.isclose(float(snap(distribution, float(value))), value, rel_tol=1e-9)


def possible(distribution: Distribution, values: Iterable[Scalar]) -> set[tuple[bool, Scalar]]:
    """Those of `values` that can be drawn, `typed`."""
    if isinstance(distribution, Categorical):
        return set(map(typed, values)) & set(map(typed, distribution.values))
    return {typed(value) for value in values if contains(distribution, value)}


def snap(distribution: Range, number: float) -> Scalar:
    """The value of `distribution` nearest to `number`."""
    number = min(max(number, distribution.low), distribution.high)
    if distribution.step:
        # In decimal, as a person wrote the step: 3 * 0.1 is 0.3.
        multiple = Decimal(repr(distribution.step)) * round(number / distribution.step)
        number = min(max(float(multiple), distribution.low), distribution.high)
    return round(number) if distribution.integer else float(number)


def typed(value: Scalar) -> tuple[bool, Scalar]:
    """`value` so that True and 1 differ."""
    return isinstance(value, bool), value


def _edges(distribution: Range) -> tuple[float, float]:
    """The ends of the numbers that `snap` makes into values, in the logarithm when the range is."""
    left, right = distribution.low, distribution.high
    if distribution.integer and not distribution.step and distribution.prior is None:
        # A whole number owns half a unit on each side, so that both ends are as likely as the others.
        left, right = left - 0.5, right + 0.5
    return (math.log(left), math.log(right)) if distribution.log else (left, right)


def _inverse(prior: Normal | Beta | None, left: float, right: float, unit: float) -> float:
    """The number at `unit` of the prior cut off at `left` and `right`."""
    if prior is None:
        return left + unit * (right - left)
    low, high = _cumulative(prior, left), _cumulative(prior, right)
    # Neither end itself: the inverse is infinite there.
    share = min(max(low + unit * (high - low), 1e-12), 1 - 1e-12)
    if isinstance(prior, Normal):
        number = NormalDist(prior.mu, prior.sigma).inv_cdf(share)
    else:
        from scipy.special import betaincinv  # noqa: PLC0415 - heavy, and needed by this prior alone

        number = float(betaincinv(prior.a, prior.b, share))
    return min(max(number, left), right)


def _cumulative(prior: Normal | Beta | None, number: float) -> float:
    if prior is None:
        return number
    if isinstance(prior, Normal):
        return NormalDist(prior.mu, prior.sigma).cdf(number)
    if not 0 < number < 1:
        return float(number >= 1)
    from scipy.special import betainc  # noqa: PLC0415 - as above

    return float(betainc(prior.a, prior.b, number))


def _multiples(low: float, high: float, step: float) -> range:
    """The factors k for which k * step, clipped to the bounds, is a value."""
    return range(round(low / step), round(high / step) + 1)
