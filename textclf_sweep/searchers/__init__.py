"""Who proposes: one contract, one file per method.

A searcher module is named as in a definition (``method: bayes``), has only light top-level imports, and declares
`PARAMETERS`, `FINITE` (whether it enumerates a discrete space) and the function ``propose(ask) -> Parameters | None``.
A proposal is a function of the `Ask` alone: nothing is kept between calls, so resume needs no code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from textclf_sweep.definition.space import SearchSpace
from textclf_sweep.definition.types import Metric
from textclf_sweep.trial import History, Parameters, Scalar


@dataclass(frozen=True, slots=True)
class Ask:
    """Everything a proposal may depend on.

    Attributes:
        space: where parameters come from.
        metric: the objective.
        seed: the sweep's seed.
        number: the trial's number, from 1.
        history: every earlier trial; those not final are pending.
        fixed: parameters that are given (an enqueued set); the searcher completes them.
    """

    space: SearchSpace
    metric: Metric
    seed: int
    number: int
    history: History
    fixed: Parameters = field(default_factory=dict)


class Searcher(Protocol):
    """The shape of a searcher module."""

    def propose(self, ask: Ask) -> Mapping[str, Scalar] | None:
        """The parameters of trial `ask.number`, all of `ask.space`; None when the space is exhausted."""
