"""Evolution strategy: CMA-ES over the numbers of the space, for searches of a hundred trials and more.

Hansen, "The CMA Evolution Strategy: A Tutorial", arXiv:1604.00772; restarts with larger populations as in Auger and
Hansen, "A Restart CMA Evolution Strategy with Increasing Population Size", CEC 2005.
"""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any

from textclf_sweep.definition.distribution import position
from textclf_sweep.definition.space import Categorical, Parameter, Range, SearchSpace, draw
from textclf_sweep.searchers import Ask, key, used
from textclf_sweep.searchers import random as random_search
from textclf_sweep.searchers._encoding import (
    UNIT_END,
    Searched,
    at_index,
    index_of,
    levels,
    loss,
    number_of,
    varied,
)
from textclf_sweep.trial import Parameters, Scalar, derive_seed

if TYPE_CHECKING:
    from cmaes import CMA

FINITE = False
METHODS = ("bayes",)
PARAMETERS: tuple[Parameter, ...] = ()

SIGMA = 0.25
"""Standard deviation of the first generations in each parameter, as a share of its range."""

TRIES = 20
"""Proposals drawn before a repeated one is replaced by a random one."""


def propose(ask: Ask) -> Parameters | None:
    """A draw from the distribution that the finished trials have shaped; None when a finite space is used up.

    Lists of anything but three or more numbers have no direction to go; their values are drawn at random.
    """
    numbers = _numbers(ask.space)
    if not numbers:
        return random_search.propose(ask)
    # The package itself and not Optuna's sampler: that one keeps its state pickled in the study, this is rebuilt.
    optimizer = _evolved(ask, numbers)
    optimizer.reseed_rng(derive_seed(ask.seed, ask.number, "cmaes"))
    generator = random.Random(derive_seed(ask.seed, ask.number, "cmaes lists"))  # noqa: S311 - nothing secret
    taken = used(ask.history)
    for _ in range(TRIES):
        whole = {name: draw(item, generator.random()) for name, item in ask.space.distributions}
        units = optimizer.ask().tolist()
        whole |= {name: _value(item, unit) for (name, item), unit in zip(numbers.items(), units, strict=True)}
        parameters = ask.space.active(whole)
        if key(parameters) not in taken:
            return parameters
    return random_search.propose(ask)


def _numbers(space: SearchSpace) -> dict[str, Searched]:
    """The parameters with a direction."""
    return {name: item for name, item in varied(space).items() if isinstance(item, Range) or item.ordered}


def _evolved(ask: Ask, numbers: dict[str, Searched]) -> CMA:
    """The optimizer after every whole generation of the history, taken in the order of the trials' numbers."""
    optimizer, restarts = _start(ask, len(numbers), 0), 0
    generation: list[tuple[Any, float]] = []
    for parameters, value in _losses(ask):
        # What a trial lacks (it is not there under its conditions, or new in an extended space) is drawn for it, so
        # that this parameter's mean and spread stay as they are.
        optimizer.reseed_rng(derive_seed(ask.seed, len(generation), restarts, optimizer.generation, "cmaes fill"))
        point = optimizer.ask()
        for index, (name, item) in enumerate(numbers.items()):
            unit = _unit(item, parameters[name]) if name in parameters else None
            point[index] = point[index] if unit is None else unit
        generation.append((point, value))
        if len(generation) == optimizer.population_size:
            optimizer.tell(generation)
            generation = []
            if optimizer.should_stop():
                restarts += 1
                optimizer = _start(ask, len(numbers), restarts)
    return optimizer


def _start(ask: Ask, dimensions: int, restarts: int) -> CMA:
    """The first optimizer in the middle of the space; each later one elsewhere, with twice the population."""
    import numpy as np  # noqa: PLC0415 - heavy, and needed by this method alone
    from cmaes import CMA  # noqa: PLC0415 - as above

    generator = random.Random(derive_seed(ask.seed, restarts, "cmaes start"))  # noqa: S311 - nothing secret
    middle = [generator.uniform(0.2, 0.8) if restarts else 0.5 for _ in range(dimensions)]
    return CMA(
        mean=np.array(middle),
        sigma=SIGMA,
        bounds=np.array([[0.0, 1.0]] * dimensions),
        population_size=(4 + math.floor(3 * math.log(dimensions))) * 2 ** min(restarts, 5),
    )


def _losses(ask: Ask) -> list[tuple[Parameters, float]]:
    """The parameters of every final trial and its loss; a failed one is as bad as the worst."""
    final = [record for record in ask.history if record.state.final]
    losses = [loss(record, ask.metric) for record in final]
    worst = max((value for value in losses if value is not None), default=0.0)
    return [
        (record.trial.parameters, worst if value is None else value)
        for record, value in zip(final, losses, strict=True)
    ]


def _unit(item: Searched, value: Scalar) -> float | None:
    """A value's place in [0, 1]; None when it is no number."""
    count = levels(item)
    if count is not None:
        index = index_of(item, value)
        return None if index is None else (index + 0.5) / count
    if isinstance(item, Categorical):
        return None
    number = number_of(item, value)
    return None if number is None else position(item, number)


def _value(item: Searched, unit: float) -> Scalar:
    """The inverse of `_unit`."""
    count = levels(item)
    unit = min(unit, UNIT_END)
    return draw(item, unit) if count is None else at_index(item, min(int(unit * count), count - 1))
