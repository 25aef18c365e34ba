"""Independent random draws; a finite space is never drawn from twice.

Bergstra and Bengio, "Random Search for Hyper-Parameter Optimization", JMLR 13, 2012.
"""

from __future__ import annotations

import random

from textclf_sweep.definition.space import Parameter, SearchSpace, draw
from textclf_sweep.searchers import Ask, key, used
from textclf_sweep.trial import Parameters, Scalar, derive_seed

FINITE = False
METHODS = ("random",)
DEFAULT = True
PARAMETERS: tuple[Parameter, ...] = ()

TRIES = 100
"""Draws before the combinations that are left are listed: few are left by then."""


def propose(ask: Ask) -> Parameters | None:
    """A draw seeded by (seed, number) that no trial has; None when a finite space is used up."""
    generator = random.Random(derive_seed(ask.seed, ask.number, "random"))  # noqa: S311 - nothing secret
    taken = used(ask.history)
    for _ in range(TRIES):
        parameters = sample(ask.space, generator)
        if key(parameters) not in taken:
            return parameters
    if ask.space.size is None:
        return parameters
    left = [parameters for parameters in ask.space.grid() if key(parameters) not in taken]
    return generator.choice(left) if left else None


def sample(space: SearchSpace, generator: random.Random) -> dict[str, Scalar]:
    """One independent draw of every parameter that is there.

    Every parameter takes a number of the generator, there or not: a condition changes no other parameter's draw.
    """
    return space.active({name: draw(distribution, generator.random()) for name, distribution in space.distributions})
