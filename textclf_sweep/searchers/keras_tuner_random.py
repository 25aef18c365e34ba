"""Independent random draws by KerasTuner; a finite space is never drawn from twice."""

from __future__ import annotations

from textclf_sweep.definition.space import Parameter
from textclf_sweep.searchers import Ask, Wait, _keras_tuner
from textclf_sweep.searchers import random as random_search
from textclf_sweep.trial import Parameters

FINITE = False
LIBRARY = "keras_tuner"
METHODS = ("random",)
DEFAULT = True
PARAMETERS: tuple[Parameter, ...] = ()


def propose(ask: Ask) -> Parameters | Wait | None:
    """A draw seeded by (seed, number) that no trial has; None when a finite space is used up."""
    return _keras_tuner.propose("random", ask) if ask.space.searched else random_search.propose(ask)
