"""Ends trials outside the best 1/eta of those that have come to the same rung, without waiting for the others.

The stopping variant of Li et al., "A System for Massively Parallel Hyperparameter Tuning", MLSys 2020. Rungs are the
epochs ``min_iter``, ``min_iter * eta``, ... below ``max_iter``. At a rung, and only there, a trial's best value so far
must be among the best ``ceil(n / eta)`` of the n trials that have come to it, each with its best value up to that rung.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from textclf_sweep.definition.space import Parameter
from textclf_sweep.pruners import Look
from textclf_sweep.pruners._compare import ETA, MIN_TRIALS, best, ranked, rungs, share, verdict
from textclf_sweep.trial import Scalar

PARAMETERS = (
    Parameter("min_iter", "int", 3, "the first rung, in epochs; the first epochs tell little", minimum=1),
    Parameter("max_iter", "int", None, "no rung from this epoch on; the trial's epochs when it is not set", minimum=1),
    ETA,
    MIN_TRIALS,
)


def check(options: Mapping[str, Scalar]) -> str:
    """What is wrong with options that are each valid; empty when nothing is."""
    first, last = first_epoch(options), options.get("max_iter")
    if last is not None and first >= int(last):
        return f"max_iter {last} leaves no rung: the first is min_iter, epoch {first}"
    return ""


def first_epoch(options: Mapping[str, Scalar]) -> int:
    """The first epoch after which a trial can end."""
    return int(options["min_iter"])


def prune(look: Look, *, min_iter: int = 3, max_iter: int | None = None, eta: float = 3.0, min_trials: int = 4) -> str:
    """Why the trial ends here; empty when it goes on.

    Args:
        look: at the trial and its peers.
        min_iter: the first rung.
        max_iter: no rung from this epoch on.
        eta: the ratio of rungs, and of trials to those that go on.
        min_trials: peers that must have come to the rung.

    Returns:
        The reason in words, or an empty text.
    """
    epoch, metric = len(look.curve), look.metric
    last = look.epochs if max_iter is None else min(max_iter, look.epochs)
    peers = [best(curve[:epoch], metric) for curve in look.peers if len(curve) >= epoch]
    if epoch >= last or epoch not in rungs(min_iter, eta, epoch) or len(peers) < min_trials:
        return ""
    own = best(look.curve, metric)
    values = ranked([*peers, own], metric)
    limit = values[math.ceil(len(values) / eta) - 1]
    return verdict(look, own, limit, f"{share(eta)} ({{}}) of {len(values)} trials")
