"""Quasi-random search: the points of a scrambled Sobol sequence, spread more evenly than independent draws.

Bergstra and Bengio, "Random Search for Hyper-Parameter Optimization", JMLR 13, 2012, section 4; Owen, "Scrambling
Sobol' and Niederreiter-Xing Points", Journal of Complexity 14, 1998.
"""

from __future__ import annotations

from textclf_sweep.definition.space import Parameter, draw
from textclf_sweep.searchers import Ask, key, used
from textclf_sweep.searchers import random as random_search
from textclf_sweep.searchers._encoding import axes, settled
from textclf_sweep.trial import Parameters, derive_seed

FINITE = False
METHODS = ("bayes", "random")
PARAMETERS: tuple[Parameter, ...] = ()


def propose(ask: Ask) -> Parameters | None:
    """Point `ask.number` of the seed's sequence, or a random one if a trial has it; None when used up."""
    searched = axes(ask.space)
    if not searched:
        return random_search.propose(ask)
    # SciPy's sequence and not Optuna's sampler of it: that one knows no conditions, begins with a random trial, and
    # counts its points in the study, which here is a new one for each proposal.
    from scipy.stats import qmc  # noqa: PLC0415 - heavy, and needed by this method alone

    sequence = qmc.Sobol(len(searched), scramble=True, rng=derive_seed(ask.seed, "qmc"))
    if ask.number > 1:
        sequence.fast_forward(ask.number - 1)
    point = sequence.random(1)[0].tolist()
    # Every parameter has a coordinate, there or not: a condition changes no other parameter's value.
    units = zip(sorted(searched.items()), point, strict=True)
    drawn = {name: draw(axis.distribution, unit) for (name, axis), unit in units}
    parameters = ask.space.active(settled(ask.space) | drawn)
    return parameters if key(parameters) not in used(ask.history) else random_search.propose(ask)
