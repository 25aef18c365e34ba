"""Which trial is best, and which architecture."""

from __future__ import annotations

from collections.abc import Sequence

from textclf_sweep.definition.types import Metric
from textclf_sweep.trial import History, TrialRecord, TrialState


def ranked(history: History, metric: Metric) -> tuple[TrialRecord, ...]:
    """The complete trials that count, best objective first; equal ones by number."""
    complete = [
        record
        for record in history
        if record.counted and record.state is TrialState.COMPLETE and record.value is not None
    ]
    sign = -1.0 if metric.goal == "maximize" else 1.0
    return tuple(sorted(complete, key=lambda record: (sign * (record.value or 0.0), record.number)))


def best(history: History, metric: Metric) -> TrialRecord | None:
    """The first of `ranked`; None without a complete trial."""
    return next(iter(ranked(history, metric)), None)


def best_by_architecture(
    history: History, metric: Metric, architectures: Sequence[str]
) -> dict[str, TrialRecord | None]:
    """Each architecture's best trial, None without a complete one; the order is that of `architectures`."""
    order = ranked(history, metric)
    return {
        name: next((record for record in order if record.trial.architecture == name), None) for name in architectures
    }


def standing(history: History, metric: Metric, architectures: Sequence[str]) -> tuple[str, ...]:
    """The architectures by their best trials, best first; those without one last, equal ones as given."""
    order = [record.trial.architecture for record in ranked(history, metric)]
    return tuple(dict.fromkeys([*order, *architectures]))
