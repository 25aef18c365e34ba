"""Hyperband by KerasTuner: many sets for few epochs, the best third of them again for three times as many, and so on.

Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization", JMLR 18, 2018. Every rung trains
from scratch, as a trial of its own. The search ends by itself after one full Hyperband.
"""

from __future__ import annotations

from textclf_sweep.definition.space import Constant, Parameter, Range, snap
from textclf_sweep.searchers import Ask, Wait, _keras_tuner
from textclf_sweep.searchers import random as random_search
from textclf_sweep.trial import Parameters

FINITE = False
LIBRARY = "keras_tuner"
METHODS = ("bayes",)
PACES = True
PARAMETERS: tuple[Parameter, ...] = ()


def propose(ask: Ask) -> Parameters | Wait | None:
    """A fresh random set, or a good one again with more epochs; None after one Hyperband.

    `Wait` when the next rung depends on pending trials. A space that holds ``epochs`` (a trial that was enqueued) or
    has nothing else to search is drawn from at random.
    """
    epochs = dict(ask.space.distributions).get("epochs", Constant(0))
    if not isinstance(epochs, Range):
        return random_search.propose(ask)
    if ask.space.searched.keys() == {"epochs"}:
        held = ask.space.fix({"epochs": snap(epochs, epochs.high)})
        return random_search.propose(Ask(held, ask.metric, ask.seed, ask.number, ask.history))
    return _keras_tuner.propose("hyperband", ask)
