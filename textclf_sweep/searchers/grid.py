"""Every combination exactly once, in a fixed order."""

from __future__ import annotations

from textclf_sweep.definition.space import Parameter
from textclf_sweep.searchers import Ask, key, used
from textclf_sweep.trial import Parameters

FINITE = True
METHODS = ("grid",)
DEFAULT = True
PARAMETERS: tuple[Parameter, ...] = ()


def propose(ask: Ask) -> Parameters | None:
    """The first combination that no trial has; None when every one has been proposed."""
    taken = used(ask.history)
    return next((parameters for parameters in ask.space.grid() if key(parameters) not in taken), None)
