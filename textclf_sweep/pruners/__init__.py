"""Who ends trials that fall behind: one contract, one file per pruner.

A pruner module is named as in a definition (``early_terminate: {type: hyperband}``), has only light imports, and
declares `PARAMETERS` (its options; one whose default is None need not be set), optionally ``check(options) -> str``
(what is wrong with options that are each valid, or empty) and ``idle(options)`` (the names of those that have no effect
beside the others), and the functions ``first_epoch(options) -> int`` and
``prune(look, **options) -> str``. What it answers is a function of the `Look` and the options alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from textclf_sweep.definition.space import Parameter
from textclf_sweep.definition.types import Metric
from textclf_sweep.trial import Scalar

Curve = tuple[float, ...]
"""The objective after each epoch of a trial, from the first on."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a decision about a running trial may depend on.

    Attributes:
        curve: the trial's own, up to the epoch that has just ended; at least one epoch.
        peers: the curves of the other trials of its architecture, running, complete and pruned ones, by number; failed
            ones are no measure.
        metric: the objective.
        epochs: how many epochs the trial would train.
    """

    curve: Curve
    peers: tuple[Curve, ...]
    metric: Metric
    epochs: int


class Pruner(Protocol):
    """The shape of a pruner module."""

    PARAMETERS: tuple[Parameter, ...]

    def first_epoch(self, options: Mapping[str, Scalar]) -> int:
        """The first epoch after which it can end a trial; `options` are valid, those that are not set absent."""

    def prune(self, look: Look, **options: Any) -> str:
        """Why the trial ends here, in a few words; empty when it goes on."""
