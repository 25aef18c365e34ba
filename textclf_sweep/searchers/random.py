"""Independent random draws; a finite space is never drawn from twice.

Bergstra and Bengio, "Random Search for Hyper-Parameter Optimization", JMLR 13, 2012.
"""

from __future__ import annotations

import random
from dataclasses import replace

from textclf_sweep.definition.space import Categorical, Distribution, Parameter, Range, SearchSpace, draw
from textclf_sweep.searchers import Ask, key, used
from textclf_sweep.trial import Parameters, Scalar, derive_seed

FINITE = False
METHODS = ("random",)
DEFAULT = True
PARAMETERS: tuple[Parameter, ...] = ()

TRIES = 100
"""Draws before probabilities are left aside, which may make the combinations that are left too rare to come up."""

LISTED = 100_000
"""A space of at most so many combinations is listed when draws find none that is left."""

MORE_TRIES = 10_000
"""Draws from a larger or infinite space before it counts as used up."""


def propose(ask: Ask) -> Parameters | None:
    """A draw seeded by (seed, number) that no trial has; None when a finite space is used up."""
    generator = random.Random(derive_seed(ask.seed, ask.number, "random"))  # noqa: S311 - nothing secret
    taken, size = used(ask.history), ask.space.size
    listed = size is not None and size <= LISTED
    for space, tries in ((ask.space, TRIES), (_level(ask.space), TRIES if listed else MORE_TRIES)):
        for _ in range(tries):
            parameters = sample(space, generator)
            if key(parameters) not in taken:
                return parameters
    left = [parameters for parameters in ask.space.grid() if key(parameters) not in taken] if listed else []
    return generator.choice(left) if left else None


def sample(space: SearchSpace, generator: random.Random) -> dict[str, Scalar]:
    """One independent draw of every parameter that is there.

    Every parameter takes a number of the generator, there or not: a condition changes no other parameter's draw.
    """
    return space.active({name: draw(distribution, generator.random()) for name, distribution in space.distributions})


def _level(space: SearchSpace) -> SearchSpace:
    """The same space with every value of a parameter equally likely."""
    return replace(space, distributions=tuple((name, _flat(item)) for name, item in space.distributions))


def _flat(distribution: Distribution) -> Distribution:
    match distribution:
        case Categorical(values):
            return Categorical(values)
        case Range():
            return replace(distribution, prior=None)
        case _:
            return distribution
