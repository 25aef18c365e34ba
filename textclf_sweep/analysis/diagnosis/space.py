"""Causes in what was searched: the best lies at a border of the search space."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from textclf_sweep.analysis.diagnosis._case import Case, Cause
from textclf_sweep.analysis.words import number
from textclf_sweep.trial import TrialRecord

NEAR = 0.1
"""Share of a range that counts as its border."""
LEAST = 4
"""Trials below which nothing can be said."""


def border_of_space(case: Case) -> Cause | None:
    """The better a trial, the nearer it lies to an end of what was searched: the best is probably beyond."""
    ranked = _ranked(case)
    if len(ranked) < LEAST:
        return None
    found = [pull for name, space in case.space.items() if (pull := _pull(case, ranked, name, space)) is not None]
    if not found:
        return None
    score, name, side, best, end, extended = max(found, key=lambda item: item[0])
    space = case.space[name]
    item = {"min": space["low"], "max": space["high"], side: extended}
    patch = {"parameters": {name: {"distribution": "log_uniform_values", **item} if space.get("log") else item}}
    explanation = (
        f"The best trial has {name} {number(best)}, at the {'lower' if side == 'min' else 'upper'} end of what was "
        f"searched ({number(end)}), and trials get better towards it: the best value probably lies beyond."
    )
    evidence: dict[str, float | str] = {"parameter": name, "best": best, "end": end, "trials": len(ranked)}
    return Cause("border_of_space", score, evidence, explanation, patch, "cause" if case.bad else "note")


def _ranked(case: Case) -> list[TrialRecord]:
    """Trials of the same architecture with a value, best first."""
    own = case.record.trial.architecture
    found = [record for record in case.history if record.trial.architecture == own and record.value is not None]
    return sorted(found, key=lambda record: record.value or 0.0, reverse=case.metric.goal == "maximize")


def _pull(
    case: Case, ranked: list[TrialRecord], name: str, space: Mapping[str, Any]
) -> tuple[float, str, str, float, float, float] | None:
    """(score, parameter, ``min`` or ``max``, best value, the end's value, where to extend it to)."""
    if space.get("kind") != "range" or space["low"] >= space["high"]:
        return None
    pairs = [(_place(record.trial.parameters[name], space), record.value or 0.0)
             for record in ranked if isinstance(record.trial.parameters.get(name), int | float)]  # fmt: skip
    if len(pairs) < LEAST:
        return None
    places, trend = [place for place, _ in pairs], _correlation(pairs) * (1 if case.metric.goal == "maximize" else -1)
    high = places[0] > 0.5
    distance = 1 - places[0] if high else places[0]
    along = trend if high else -trend
    if distance > 2 * NEAR or along < 0.5:
        return None
    leaders = places[: max(2, len(places) // 4)]
    close = sum((1 - place if high else place) <= 2.5 * NEAR for place in leaders) / len(leaders)
    score = min(0.9, 0.2 + 0.35 * along + 0.25 * close + (0.1 if distance <= NEAR else 0.0))
    end, best = float(space["high" if high else "low"]), float(ranked[0].trial.parameters[name])
    return score, name, "max" if high else "min", best, end, _beyond(space, high=high)


def _place(value: Any, space: Mapping[str, Any]) -> float:
    low, high = float(space["low"]), float(space["high"])
    if space.get("log"):
        low, high, value = math.log(low), math.log(high), math.log(max(float(value), 1e-300))
    return (float(value) - low) / (high - low)


def _beyond(space: Mapping[str, Any], *, high: bool) -> float:
    low, top = float(space["low"]), float(space["high"])
    if space.get("log"):
        return top * 10 if high else low / 10
    wider = top + (top - low) if high else low - (top - low)
    whole = isinstance(space["low"], int) and isinstance(space["high"], int)
    return round(wider) if whole else wider


def _correlation(pairs: list[tuple[float, float]]) -> float:
    """Spearman's, in [-1, 1]; 0 when one side does not vary."""
    left, right = (_ranks([pair[side] for pair in pairs]) for side in (0, 1))
    mean = (len(pairs) - 1) / 2
    spread = math.sqrt(sum((rank - mean) ** 2 for rank in left) * sum((rank - mean) ** 2 for rank in right))
    return (
        sum((one - mean) * (other - mean) for one, other in zip(left, right, strict=True)) / spread if spread else 0.0
    )


def _ranks(values: list[float]) -> list[float]:
    """Ranks from 0, equal values with the mean of theirs."""
    order = sorted(values)
    return [order.index(value) + (order.count(value) - 1) / 2 for value in values]


CHECKS = (border_of_space,)
