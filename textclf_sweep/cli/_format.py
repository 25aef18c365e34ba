"""Numbers and times as people read them."""

from __future__ import annotations

import math
from collections.abc import Mapping

from textclf_sweep.analysis import words
from textclf_sweep.trial import Scalar

STATES = ("complete", "pruned", "failed", "running", "waiting", "interrupted", "left_out")
"""Trial states in the order they are counted in."""


def exact(scalar: Scalar) -> str:
    """A hyperparameter as YAML reads it back, with all its digits."""
    return words.number(scalar) if isinstance(scalar, bool) else str(scalar)


def metric(number: float | None) -> str:
    """A metric with four decimals (four significant digits from 1000 on); ``-`` when there is none."""
    if number is None:
        return "-"
    return f"{number:.4f}" if not math.isfinite(number) or abs(number) < 1000 else f"{number:.4g}"


def clock(seconds: float | None) -> str:
    """A time for a table: ``1.9 s``, ``45 s``, ``2:05``, ``1:02:05``; ``-`` when there is none."""
    if seconds is None:
        return "-"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def duration(seconds: float) -> str:
    """A time for a sentence: ``45 s``, ``3.2 min``, ``14 min``, ``2 h 5 min``."""
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    if minutes < 9.95:
        return f"{minutes:.1f} min"
    hours, rest = divmod(round(minutes), 60)
    return f"{hours} h {rest} min" if hours else f"{rest} min"


def plural(count: int, noun: str) -> str:
    """``1 trial``, ``2 trials``, ``4,000 rows``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def counts(by_state: Mapping[str, int]) -> str:
    """``10 complete, 1 failed``; states without a trial are left out."""
    found = [f"{by_state[state]} {state.replace('_', ' ')}" for state in STATES if by_state.get(state)]
    return ", ".join(found) or "none yet"


def floors(values: Mapping[str, float | None]) -> str:
    """What a model has to beat: ``chance 0.2500, commonest label 0.2625, linear baseline 0.8175``."""
    words = {"chance": "chance", "majority": "commonest label", "linear": "linear baseline"}
    known = [(words.get(name, name), number) for name, number in values.items() if number is not None]
    return ", ".join(f"{name} {metric(number)}" for name, number in known)
