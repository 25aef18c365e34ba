"""Every combination exactly once, in KerasTuner's order: the last name varies fastest."""

from __future__ import annotations

from textclf_sweep.definition.space import Parameter, cardinality
from textclf_sweep.searchers import Ask, Wait, _keras_tuner, grid
from textclf_sweep.trial import Parameters

FINITE = True
LIBRARY = "keras_tuner"
METHODS = ("grid",)
DEFAULT = True
PARAMETERS: tuple[Parameter, ...] = ()

LISTED = 1_000
"""Values of one parameter that KerasTuner, which lists them all at every step, is asked to go through."""


def propose(ask: Ask) -> Parameters | Wait | None:
    """The first combination that no trial has; None when every one has been proposed."""
    counts = [cardinality(item) or 0 for item in ask.space.searched.values()]
    if not counts or max(counts) > LISTED:
        return grid.propose(ask)
    return _keras_tuner.propose("grid", ask)
