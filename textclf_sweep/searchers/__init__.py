"""Who proposes: one contract, one file per method.

A searcher module is named as in a definition (``method: bayes``), has only light top-level imports, and declares
`PARAMETERS`, `FINITE` (whether it enumerates a discrete space) and the function ``propose(ask) -> Parameters | None``;
``WEIGHS = False`` says that it cannot follow the probabilities of listed values.
A proposal is a function of the `Ask` alone: nothing is kept between calls, so resume needs no code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from textclf_sweep.definition.space import Parameter, SearchSpace
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
    """

    space: SearchSpace
    metric: Metric
    seed: int
    number: int
    history: History


class Searcher(Protocol):
    """The shape of a searcher module."""

    FINITE: bool
    PARAMETERS: tuple[Parameter, ...]

    def propose(self, ask: Ask) -> Mapping[str, Scalar] | None:
        """The parameters of trial `ask.number`, all of `ask.space`; None when the space is exhausted."""


def key(parameters: Parameters) -> frozenset[tuple[str, str, Scalar]]:
    """What makes two parameter sets the same: names, types and values (True is not 1)."""
    return frozenset((name, type(value).__name__, value) for name, value in parameters.items())


def used(history: History) -> set[frozenset[tuple[str, str, Scalar]]]:
    """The keys of every parameter set proposed so far."""
    return {key(record.trial.parameters) for record in history}
