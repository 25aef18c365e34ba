"""Who proposes: one contract, one file per sampler.

A searcher module is named as in a definition (``sampler: tpe``), has only light top-level imports, and declares
`PARAMETERS`, `METHODS` (values of ``method`` it serves; what serves ``random`` goes by no results), `FINITE` (whether
it enumerates a discrete space) and the function ``propose(ask) -> Parameters | Wait | None``. It may declare

- ``LIBRARY``: the value of ``library`` it belongs to, ``optuna`` when absent;
- ``DEFAULT = True``: its library uses it for the first of `METHODS` when a definition names no sampler;
- ``WEIGHS = False``: it cannot follow the probabilities of listed values;
- ``PACES = True``: it chooses each trial's ``epochs``, which then is a range of its space from 1 to the definition's;
- ``AHEAD = True``: a proposal takes so long that it is made while earlier trials still train.

A proposal is a function of the `Ask` alone: nothing is kept between calls, so resume needs no code.
"""

from __future__ import annotations

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
        number: of the trial among those of this search, from 1; the search of one architecture counts its own.
        history: every earlier trial of this search, by number; those not final are pending. What each proposal had
            seen is in its trial's ``seen``.
    """

    space: SearchSpace
    metric: Metric
    seed: int
    number: int
    history: History


@dataclass(frozen=True, slots=True)
class Wait:
    """No proposal now: it depends on how pending trials end. Never the answer to a history without pending trials."""


class Searcher(Protocol):
    """The shape of a searcher module."""

    FINITE: bool
    METHODS: tuple[str, ...]
    PARAMETERS: tuple[Parameter, ...]

    def propose(self, ask: Ask) -> Parameters | Wait | None:
        """The parameters of trial `ask.number`, a point of `ask.space`; None when the space is exhausted."""


def key(parameters: Parameters) -> frozenset[tuple[str, str, Scalar]]:
    """What makes two parameter sets the same: names, types and values (True is not 1)."""
    return frozenset((name, type(value).__name__, value) for name, value in parameters.items())


def used(history: History) -> set[frozenset[tuple[str, str, Scalar]]]:
    """The keys of every parameter set proposed so far."""
    return {key(record.trial.parameters) for record in history}
