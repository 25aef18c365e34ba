"""Evolution strategy: CMA-ES over the numbers of the space, for searches of a hundred trials and more.

Hansen, "The CMA Evolution Strategy: A Tutorial", arXiv:1604.00772; restarts with larger populations as in Auger and
Hansen, "A Restart CMA Evolution Strategy with Increasing Population Size", CEC 2005.
"""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any

from textclf_sweep.definition.distribution import position
from textclf_sweep.definition.space import Categorical, Parameter, SearchSpace, draw
from textclf_sweep.searchers import Ask, key, used
from textclf_sweep.searchers import random as random_search
from textclf_sweep.searchers._encoding import UNIT_END, Axis, axes, failure_value
from textclf_sweep.trial import Parameters, Scalar, derive_seed

if TYPE_CHECKING:
    from cmaes import CMA

FINITE = False
METHODS = ("bayes",)
PARAMETERS: tuple[Parameter, ...] = ()

SIGMA = 0.25
"""Standard deviation of the first generations in each parameter, as a share of its range."""

NARROW = 0.01
"""A generation within this share of every range has found what it can: closer, results differ by chance alone."""

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
        whole |= {name: _value(axis, unit) for (name, axis), unit in zip(numbers.items(), units, strict=True)}
        parameters = ask.space.active(whole)
        if key(parameters) not in taken:
            return parameters
    return random_search.propose(ask)


def _numbers(space: SearchSpace) -> dict[str, Axis]:
    """The parameters with a direction."""
    return {name: axis for name, axis in axes(space).items() if axis.ordered}


def _evolved(ask: Ask, numbers: dict[str, Axis]) -> CMA:
    """The optimizer after every whole generation of the history, taken in the order of the trials' numbers."""
    import numpy as np  # noqa: PLC0415 - heavy, and needed by this method alone

    optimizer, restarts = _start(ask, len(numbers), 0), 0
    generation: list[tuple[Any, float]] = []
    for number, (parameters, value) in enumerate(_losses(ask), start=1):
        units = [_unit(axis, parameters.get(name, "")) for name, axis in numbers.items()]
        if None in units:
            # What a trial lacks (it is not there under its conditions, or new in an extended space) is drawn for it,
            # so that this parameter's mean and spread stay as they are.
            optimizer.reseed_rng(derive_seed(ask.seed, number, "cmaes fill"))
            drawn = optimizer.ask().tolist()
            units = [unit if mine is None else mine for mine, unit in zip(units, drawn, strict=True)]
        generation.append((np.array(units), value))
        if len(generation) == optimizer.population_size:
            spread = float(np.ptp([point for point, _ in generation], axis=0).max())
            optimizer.tell(generation)
            generation = []
            if spread < NARROW or optimizer.should_stop():
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
    """The parameters of every final trial and its loss; a failed one is worse than all others."""
    final = [record for record in ask.history if record.state.final]
    sign, failed = -1 if ask.metric.goal == "maximize" else 1, failure_value(ask.history, ask.metric)
    return [(record.trial.parameters, sign * (failed if record.value is None else record.value)) for record in final]


def _unit(axis: Axis, value: Scalar) -> float | None:
    """A value's place in [0, 1]; None when it is no number."""
    item = axis.distribution
    if axis.levels is not None:
        index = axis.index_of(value)
        return None if index is None else (index + 0.5) / axis.levels
    number = axis.number_of(value)
    return None if number is None or isinstance(item, Categorical) else position(item, number)


def _value(axis: Axis, unit: float) -> Scalar:
    """The inverse of `_unit`."""
    unit = min(unit, UNIT_END)
    if axis.levels is None:
        return draw(axis.distribution, unit)
    return axis.at_index(min(int(unit * axis.levels), axis.levels - 1))
