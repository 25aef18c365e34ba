"""Bayesian search: Optuna's tree-structured Parzen estimator.

Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NeurIPS 2011; multivariate as in Falkner et al., "BOHB",
ICML 2018.
"""

from __future__ import annotations

from itertools import islice

from textclf_sweep.definition.space import Parameter
from textclf_sweep.searchers import Ask, key, used
from textclf_sweep.searchers import random as random_search
from textclf_sweep.searchers._encoding import STARTUP_TRIALS, axes, valued
from textclf_sweep.trial import Parameters, derive_seed

FINITE = False
WEIGHS = False
"""Optuna's categorical distribution has no probabilities, so a definition with both is an error."""
METHODS = ("bayes",)
DEFAULT = True
PARAMETERS: tuple[Parameter, ...] = ()

TRIES = 8
"""Proposals drawn before a repeated one is replaced by a random one."""


def propose(ask: Ask) -> Parameters | None:
    """The estimator's choice, pending and failed trials counted as poor; None when the space is used up."""
    if valued(ask.history) < STARTUP_TRIALS or not axes(ask.space):
        return random_search.propose(ask)
    from textclf_sweep.searchers import _optuna  # noqa: PLC0415 - heavy, and needed by this method alone

    taken = used(ask.history)
    drawn = islice(_optuna.suggestions(ask, derive_seed(ask.seed, ask.number, "tpe")), TRIES)
    fresh = (parameters for parameters in drawn if key(parameters) not in taken)
    return next(fresh, None) or random_search.propose(ask)
