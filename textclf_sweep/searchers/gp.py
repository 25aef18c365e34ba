"""Bayesian search: KerasTuner's Gaussian process (Matern 5/2) with the upper confidence bound.

Snoek, Larochelle and Adams, "Practical Bayesian Optimization of Machine Learning Algorithms", NeurIPS 2012; Srinivas
et al., "Gaussian Process Optimization in the Bandit Setting", ICML 2010. A proposal takes about a second.

It begins as random search does, for as many results as `tpe`, so that the two can be compared; KerasTuner's own
default, three results for each parameter, would spend a short sweep at random.
"""

from __future__ import annotations

from textclf_sweep.definition.space import Parameter
from textclf_sweep.searchers import Ask, Wait, _keras_tuner
from textclf_sweep.searchers import random as random_search
from textclf_sweep.searchers._encoding import STARTUP_TRIALS
from textclf_sweep.trial import Parameters

FINITE = False
WEIGHS = False
LIBRARY = "keras_tuner"
METHODS = ("bayes",)
DEFAULT = True
AHEAD = True
PARAMETERS: tuple[Parameter, ...] = ()


def propose(ask: Ask) -> Parameters | Wait | None:
    """The set with the best confidence bound, failed trials counted as the worst; None when used up."""
    results = sum(record.value is not None and ask.space.holds(record.trial.parameters) for record in ask.history)
    if results >= STARTUP_TRIALS and ask.space.searched:
        return _keras_tuner.propose("gp", ask)
    if results:
        # The libraries load while the first trials train.
        _keras_tuner.start()
    return random_search.propose(ask)
