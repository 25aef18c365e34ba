"""Bayesian search: KerasTuner's Gaussian process (Matern 5/2) with the upper confidence bound.

Snoek, Larochelle and Adams, "Practical Bayesian Optimization of Machine Learning Algorithms", NeurIPS 2012; Srinivas
et al., "Gaussian Process Optimization in the Bandit Setting", ICML 2010. A proposal takes about a second.
"""

from __future__ import annotations

from textclf_sweep.definition.space import Parameter
from textclf_sweep.searchers import Ask, Wait, _keras_tuner
from textclf_sweep.searchers import random as random_search
from textclf_sweep.trial import Parameters

FINITE = False
WEIGHS = False
LIBRARY = "keras_tuner"
METHODS = ("bayes",)
DEFAULT = True
AHEAD = True
PARAMETERS: tuple[Parameter, ...] = ()

STARTUP_TRIALS = 6
"""Results before the process takes over: until then its proposals are those of `random`, a start that other samplers
share. KerasTuner's own default, three for each parameter, would spend a short sweep at random."""


def propose(ask: Ask) -> Parameters | Wait | None:
    """The set with the best confidence bound, pending trials counted as worse than expected; None when used up."""
    results = sum(record.value is not None and ask.space.holds(record.trial.parameters) for record in ask.history)
    if results >= STARTUP_TRIALS and ask.space.searched:
        return _keras_tuner.propose("gp", ask)
    if results:
        # The libraries load while the first trials train.
        _keras_tuner.start()
    return random_search.propose(ask)
