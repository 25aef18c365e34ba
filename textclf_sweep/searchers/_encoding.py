"""How the model-based searchers see a parameter: as the index of a level, or as a number.

What has a fixed list of values is searched by index, so that the values of a stepped range are as far apart as any
two neighbours, and no rounding favours one of them. A value from outside (an enqueued one) counts as the nearest
one inside: leaving it out would lose the whole trial to an estimate of all parameters together.
"""

from __future__ import annotations

from textclf_sweep.definition.space import Categorical, Range, SearchSpace, cardinality, draw, enumerate_values, snap
from textclf_sweep.definition.types import Metric
from textclf_sweep.trial import History, Scalar, TrialRecord

Searched = Categorical | Range
UNIT_END = 1 - 2**-53
"""The largest number below 1, the end of what `draw` takes."""


def varied(space: SearchSpace) -> dict[str, Searched]:
    """The parameters of `space` that have more than one value, parents before their children."""
    searched = space.searched
    return {name: searched[name] for name in space.order if name in searched and cardinality(searched[name]) != 1}


def settled(space: SearchSpace) -> dict[str, Scalar]:
    """The other parameters, there or not, with the one value each has."""
    moving = varied(space)
    return {name: draw(item, 0.0) for name, item in space.distributions if name not in moving}


def levels(distribution: Searched) -> int | None:
    """How many values there are to index; None for a range that is searched as a number."""
    if isinstance(distribution, Range) and (not distribution.step or distribution.log or distribution.prior):
        return None
    return cardinality(distribution)


def index_of(distribution: Searched, value: Scalar) -> int | None:
    """The index of the level nearest to `value`; None when it is nothing like them.

    Args:
        distribution: one that has `levels`.
        value: any.
    """
    if isinstance(distribution, Range):
        if isinstance(value, bool | str) or not distribution.step:
            return None
        nearest = round(min(max(value, distribution.low), distribution.high) / distribution.step)
        return min(max(nearest - _first(distribution), 0), (levels(distribution) or 1) - 1)
    listed = _listed(distribution)
    if not distribution.ordered:
        same = (index for index, item in enumerate(listed) if type(item) is type(value) and item == value)
        return next(same, None)
    if isinstance(value, bool | str):
        return None
    number = value
    return min(range(len(listed)), key=lambda index: abs(float(listed[index]) - number))


def at_index(distribution: Searched, index: int) -> Scalar:
    """The value of a level; the inverse of `index_of`."""
    if isinstance(distribution, Range):
        return snap(distribution, (_first(distribution) + index) * (distribution.step or 1))
    return _listed(distribution)[index]


def number_of(distribution: Range, value: Scalar) -> float | None:
    """`value` as a number of the range, the nearest end when it is outside; None when it is no number."""
    if isinstance(value, bool | str):
        return None
    return float(min(max(value, distribution.low), distribution.high))


def loss(record: TrialRecord, metric: Metric) -> float | None:
    """The value of a trial so that less is better; None while or when it has none."""
    if record.value is None:
        return None
    return -record.value if metric.goal == "maximize" else record.value


def valued(history: History) -> int:
    """How many trials have a value to learn from."""
    return sum(record.value is not None for record in history)


def _first(distribution: Range) -> int:
    """The factor of `step` that makes the first level."""
    return round(distribution.low / (distribution.step or 1))


def _listed(distribution: Categorical) -> tuple[Scalar, ...]:
    values = enumerate_values(distribution)
    return tuple(sorted(values)) if distribution.ordered else values
