"""What the pruners share: the best of a curve, a place among peers, and the reason in words. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from textclf_sweep.definition.space import Parameter
from textclf_sweep.definition.types import Metric
from textclf_sweep.pruners import Look

MIN_TRIALS = Parameter(
    "min_trials", "int", 4, "other trials that must have come as far before one is given up", minimum=1
)
LEAST_ETA = 1.1
"""Nearer to 1 every epoch is a rung, and next to no trial ends there."""
ETA = Parameter(
    "eta", "float", 3.0, "one trial in eta goes on at each rung; also the ratio of a rung to the one before",
    minimum=LEAST_ETA,
)  # fmt: skip

SHARES = {2.0: "half", 3.0: "third", 4.0: "quarter", 5.0: "fifth", 10.0: "tenth"}


def best(values: Iterable[float], metric: Metric) -> float:
    """The best of `values`, those that are no finite numbers left out; the worst possible value when none is left."""
    finite = [value for value in values if math.isfinite(value)]
    if metric.goal == "maximize":
        return max(finite, default=-math.inf)
    return min(finite, default=math.inf)


def at(rung: int, curve: Sequence[float], metric: Metric) -> float:
    """The value after epoch `rung` (from 1) of a curve that has come so far; the worst possible one if not finite."""
    return best(curve[rung - 1 : rung], metric)


def ranked(values: Iterable[float], metric: Metric) -> list[float]:
    """`values`, the best first."""
    return sorted(values, reverse=metric.goal == "maximize")


def rungs(first: int, eta: float, last: int) -> Iterator[int]:
    """``first``, ``first * eta``, ``first * eta**2``, ... rounded down, as far as `last`; some perhaps twice.

    Args:
        first: the first rung, an epoch >= 1.
        eta: their ratio, at least `LEAST_ETA`; with a smaller one, too, there is an end.
        last: the last epoch that can be a rung.
    """
    rung = float(first)
    for _ in range(powers(last / first)):
        if int(rung) > last:
            return
        yield int(rung)
        rung *= eta


def powers(ratio: float) -> int:
    """An upper bound on how many powers of eta (from 0 on), each rounded down, are at most `ratio`."""
    return int(math.log(ratio + 1, LEAST_ETA)) + 1 if ratio >= 1 else 0


def verdict(look: Look, own: float, limit: float, measure: str) -> str:
    """Why a trial ends, in words; empty when `own` is no worse than `limit`.

    Args:
        look: at the trial.
        own: its value that counts.
        limit: the value that it should have reached.
        measure: what that is, with ``{}`` in place of the value: ``best third ({}) of 9 trials``.

    Returns:
        E.g. ``behind at epoch 4: val_accuracy 0.41, below the best third (0.62) of 9 trials``.
    """
    if not look.metric.better(limit, own):
        return ""
    side = "below" if look.metric.goal == "maximize" else "above"
    value = f"{own:.4g}" if math.isfinite(own) else "not finite"
    where = f"behind at epoch {len(look.curve)}: {look.metric.name} {value}"
    return f"{where}, {side} the {measure.format(f'{limit:.4g}')}"


def share(eta: float) -> str:
    """The part of the trials that goes on, in words: ``best third``."""
    return f"best {SHARES.get(eta, f'1/{eta:g}')}"
