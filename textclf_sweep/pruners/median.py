"""Ends trials whose best is worse than the median of the other trials' averages up to the same epoch.

The median stopping rule of Golovin et al., "Google Vizier: A Service for Black-Box Optimization", KDD 2017. Averages
over all epochs so far, rather than the last values, make it patient with noisy curves.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping

from textclf_sweep.definition.space import Parameter
from textclf_sweep.definition.types import Metric
from textclf_sweep.pruners import Curve, Look
from textclf_sweep.pruners._compare import MIN_TRIALS, best, verdict
from textclf_sweep.trial import Scalar

PARAMETERS = (
    Parameter("min_iter", "int", 3, "the first epoch after which a trial can end", minimum=1),
    MIN_TRIALS,
)


def first_epoch(options: Mapping[str, Scalar]) -> int:
    """The first epoch after which a trial can end."""
    return int(options["min_iter"])


def prune(look: Look, *, min_iter: int = 3, min_trials: int = 4) -> str:
    """Why the trial ends here; empty when it goes on.

    Args:
        look: at the trial and its peers.
        min_iter: the first epoch after which a trial can end.
        min_trials: peers that must have come as far.

    Returns:
        The reason in words, or an empty text.
    """
    epoch, metric = len(look.curve), look.metric
    averages = [_average(curve[:epoch], metric) for curve in look.peers if len(curve) >= epoch]
    if epoch < min_iter or epoch >= look.epochs or len(averages) < min_trials:
        return ""
    own, limit = best(look.curve, metric), statistics.median(averages)
    return verdict(look, own, limit, f"median ({{}}) of the averages of {len(averages)} other trials")


def _average(curve: Curve, metric: Metric) -> float:
    """The mean of the finite values; the worst possible value when there is none."""
    finite = [value for value in curve if math.isfinite(value)]
    if not finite:
        return best((), metric)
    try:
        return statistics.fmean(finite)
    except OverflowError:  # losses that are about to become infinite
        return math.ldexp(statistics.fmean(math.ldexp(value, -64) for value in finite), 64)
