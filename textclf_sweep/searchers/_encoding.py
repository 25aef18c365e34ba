"""How the model-based searchers see a parameter: as the index of a level, or as a number.

What has a fixed list of values is searched by index, so that the values of a stepped range are as far apart as any
two neighbours, and no rounding favours one of them. A value from outside (an enqueued one) counts as the nearest
one inside: leaving it out would lose the whole trial to an estimate of all parameters together.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from textclf_sweep.definition.space import Categorical, Range, SearchSpace, cardinality, draw, enumerate_values, snap
from textclf_sweep.definition.types import Metric
from textclf_sweep.trial import History, Scalar

STARTUP_TRIALS = 10
"""Results before an estimate takes over from random search, whose very proposals come first."""

UNIT_END = 1 - 2**-53
"""The largest number below 1, the end of what `draw` takes."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A parameter with more than one value, as it is searched.

    Attributes:
        distribution: the parameter's own.
        ordered: whether a neighbour tells something of a value.
        levels: how many values there are to index; None for a range that is searched as a number.
        listed: the levels of a list, ascending when it is ordered.
        places: the index of each of those, by type and value (True is not 1).
    """

    distribution: Categorical | Range
    ordered: bool
    levels: int | None
    listed: tuple[Scalar, ...] = ()
    places: Mapping[tuple[type, Scalar], int] = field(default_factory=dict)

    def index_of(self, value: Scalar) -> int | None:
        """The index of the level nearest to `value`; None when it is nothing like them."""
        if isinstance(self.distribution, Categorical):
            place = self.places.get((type(value), value))
            if place is not None or not self.ordered or isinstance(value, bool | str):
                return place
            return min(range(len(self.listed)), key=lambda index: abs(float(self.listed[index]) - value))
        number = self.number_of(value)
        if number is None or self.levels is None:
            return None
        nearest = round(number / (self.distribution.step or 1)) - self._first
        return min(max(nearest, 0), self.levels - 1)

    def at_index(self, index: int) -> Scalar:
        """The value of a level; the inverse of `index_of`."""
        if isinstance(self.distribution, Categorical):
            return self.listed[index]
        return snap(self.distribution, (self._first + index) * (self.distribution.step or 1))

    def number_of(self, value: Scalar) -> float | None:
        """`value` as a number of the range, the nearest end when it is outside; None when it is no number."""
        if isinstance(value, bool | str) or isinstance(self.distribution, Categorical):
            return None
        return float(min(max(value, self.distribution.low), self.distribution.high))

    @property
    def _first(self) -> int:
        """The factor of the step that makes the first level."""
        low, step = (self.distribution.low, self.distribution.step) if isinstance(self.distribution, Range) else (0, 1)
        return round(low / (step or 1))


def axes(space: SearchSpace) -> dict[str, Axis]:
    """The parameters of `space` that have more than one value, parents before their children."""
    searched = space.searched
    return {
        name: _axis(searched[name]) for name in space.order if name in searched and cardinality(searched[name]) != 1
    }


def settled(space: SearchSpace) -> dict[str, Scalar]:
    """The other parameters, there or not, with the one value each has."""
    return {name: draw(item, 0.0) for name, item in space.distributions if cardinality(item) == 1}


def valued(history: History) -> int:
    """How many trials have a value to learn from."""
    return sum(record.value is not None for record in history)


def failure_value(history: History, metric: Metric) -> float:
    """What a failed trial counts as: worse than every result, by a tenth of what lies between best and worst.

    An estimate that is told nothing of failures takes their region for unknown, and comes back to it.

    Args:
        history: at least one trial with a value, else the answer is 0.
        metric: says what is worse.

    Returns:
        A finite number: a step that is small beside the results keeps an estimate of their values as fine as it was.
    """
    sign = -1 if metric.goal == "maximize" else 1
    losses = [sign * record.value for record in history if record.value is not None]
    if not losses:
        return 0.0
    step = max(losses) / 10 - min(losses) / 10
    return sign * min(max(losses) + (step or 1.0), sys.float_info.max)


def _axis(distribution: Categorical | Range) -> Axis:
    if isinstance(distribution, Range):
        by_step = distribution.step and not distribution.log and not distribution.prior
        return Axis(distribution, ordered=True, levels=cardinality(distribution) if by_step else None)
    ordered, values = distribution.ordered, enumerate_values(distribution)
    listed = tuple(sorted(values)) if ordered else values
    places = {(type(value), value): index for index, value in enumerate(listed)}
    return Axis(distribution, ordered, len(listed), listed, places)
