"""Which trial is best."""

from __future__ import annotations

from textclf_sweep.definition.types import Metric
from textclf_sweep.trial import History, TrialRecord, TrialState


def ranked(history: History, metric: Metric) -> tuple[TrialRecord, ...]:
    """The complete trials, best objective first; equal ones by number."""
    complete = [record for record in history if record.state is TrialState.COMPLETE and record.value is not None]
    sign = -1.0 if metric.goal == "maximize" else 1.0
    return tuple(sorted(complete, key=lambda record: (sign * (record.value or 0.0), record.number)))


def best(history: History, metric: Metric) -> TrialRecord | None:
    """The first of `ranked`; None without a complete trial."""
    return next(iter(ranked(history, metric)), None)
