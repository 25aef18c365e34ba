"""Ends trials outside the best 1/eta at epochs that grow by eta, as Weights & Biases does.

After Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization", JMLR 18, 2018: one
successive halving, without its synchronous rounds. Rungs are the epochs ``min_iter``, ``min_iter * eta``, ...; or, with
``max_iter`` and ``s``, the ``s`` epochs ``max_iter / eta``, ``max_iter / eta**2``, ... From its first rung on, a trial
is held after each epoch against what the n trials that have come to its last rung, itself included, had reached there:
its best value so far must be no worse than the one with ``floor(n / eta)`` values before it. ``strict`` takes its value
at that rung instead of its best so far.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from textclf_sweep.definition.space import Parameter
from textclf_sweep.pruners import Look
from textclf_sweep.pruners._compare import ETA, MIN_TRIALS, at, best, powers, ranked, rungs, share, verdict
from textclf_sweep.trial import Scalar

PARAMETERS = (
    Parameter("min_iter", "int", None, "the first rung, in epochs", minimum=1),
    Parameter("max_iter", "int", None, "the epochs that rungs are counted down from; goes with s", minimum=1),
    Parameter("s", "int", None, "how many rungs there are below max_iter", minimum=1),
    ETA,
    Parameter("strict", "bool", False, "compare the value at the rung, not the best so far; ends more trials"),
    MIN_TRIALS,
)


def check(options: Mapping[str, Scalar]) -> str:
    """What is wrong with options that are each valid; empty when nothing is."""
    if {"max_iter", "s"} <= options.keys():
        if not _counted_down(int(options["max_iter"]), int(options["s"]), float(options["eta"])):
            return f"max_iter {options['max_iter']} leaves no rung: max_iter / eta is below 1"
        return ""
    return "" if "min_iter" in options else "does not say when to prune: min_iter is missing, or max_iter and s"


def idle(options: Mapping[str, Scalar]) -> tuple[str, ...]:
    """Options without an effect beside the others: a file of Weights & Biases may have both forms."""
    both = {"max_iter", "s"} <= options.keys()
    return tuple(name for name in (("min_iter",) if both else ("max_iter", "s")) if name in options)


def first_epoch(options: Mapping[str, Scalar]) -> int:
    """The first epoch after which a trial can end."""
    if {"max_iter", "s"} <= options.keys():
        return min(_counted_down(int(options["max_iter"]), int(options["s"]), float(options["eta"])))
    return int(options["min_iter"])


def prune(  # noqa: PLR0913 - the options
    look: Look,
    *,
    min_iter: int | None = None,
    max_iter: int | None = None,
    s: int | None = None,
    eta: float = 3.0,
    strict: bool = False,
    min_trials: int = 4,
) -> str:
    """Why the trial ends here; empty when it goes on.

    Args:
        look: at the trial and its peers.
        min_iter: the first rung.
        max_iter: the epochs from which rungs are counted down; with `s` it goes before `min_iter`.
        s: how many rungs there are below `max_iter`.
        eta: the ratio of rungs, and of trials to those that go on.
        strict: whether the value at the rung counts, not the best so far.
        min_trials: peers that must have come to the rung.

    Returns:
        The reason in words, or an empty text.
    """
    epoch, metric = len(look.curve), look.metric
    rung = max((rung for rung in _rungs(min_iter, max_iter, s, eta, epoch) if rung <= epoch), default=0)
    peers = [at(rung, curve, metric) for curve in look.peers if len(curve) >= rung]
    if not rung or epoch >= look.epochs or len(peers) < min_trials:
        return ""
    reached = at(rung, look.curve, metric)
    own = reached if strict else best(look.curve, metric)
    values = ranked([*peers, reached], metric)
    limit = values[int(len(values) / eta)]
    then = "" if rung == epoch else f" at epoch {rung}"
    return verdict(look, own, limit, f"{share(eta)} ({{}}) of {len(values)} trials{then}")


def _rungs(min_iter: int | None, max_iter: int | None, s: int | None, eta: float, epoch: int) -> Iterable[int]:
    """The rungs up to `epoch`, and perhaps some above."""
    if max_iter is not None and s is not None:
        return _counted_down(max_iter, s, eta)
    return () if min_iter is None else rungs(min_iter, eta, epoch)


def _counted_down(max_iter: int, s: int, eta: float) -> list[int]:
    """``max_iter / eta``, ``max_iter / eta**2``, ..., rounded down: `s` of them, or those that are epochs."""
    found: list[int] = []
    rung = max_iter / eta
    while rung >= 1 and len(found) < min(s, powers(max_iter)):
        found.append(int(rung))
        rung /= eta
    return found
