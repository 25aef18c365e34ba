"""The state of a running sweep as a frozen value: what the screen and the plain lines are drawn from."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from textclf_sweep.analysis import words
from textclf_sweep.definition.types import Metric, SweepDefinition
from textclf_sweep.ranking import best
from textclf_sweep.sweep.events import (
    ChecksEnded,
    ChecksStarted,
    EpochEnded,
    FloorsMeasured,
    SweepEnded,
    SweepEvent,
    SweepStarted,
    TrialEnded,
    TrialStarted,
)
from textclf_sweep.trial import EpochEvent, Trial, TrialRecord, TrialState


@dataclass(frozen=True, slots=True)
class Row:
    """One trial as a watcher sees it.

    Attributes:
        trial: what is trained.
        state: where it stands.
        attempt: the current or counted attempt, from 1.
        epochs: those of that attempt.
        began: when this attempt was dispatched, on the watcher's clock; None when it was before the watcher.
        seconds: training wall time, once final.
        value: the objective of the restored weights, once final with success.
        reason: why it is in this state.
    """

    trial: Trial
    state: TrialState
    attempt: int = 1
    epochs: tuple[EpochEvent, ...] = ()
    began: float | None = None
    seconds: float | None = None
    value: float | None = None
    reason: str = ""

    @property
    def limit(self) -> int | None:
        """The most epochs it trains; None when its parameters do not say."""
        epochs = self.trial.parameters.get("epochs")
        return epochs if isinstance(epochs, int) else None

    def now(self, metric: Metric) -> float | None:
        """The objective at the last epoch."""
        return self.epochs[-1].metrics.get(metric.name) if self.epochs else None

    def best(self, metric: Metric) -> float | None:
        """The objective of the restored weights, or the best so far while it runs."""
        if self.value is not None:
            return self.value
        return best_of((epoch.metrics.get(metric.name) for epoch in self.epochs), metric)

    def elapsed(self, now: float) -> float | None:
        """Seconds it has trained."""
        if self.state is TrialState.RUNNING and self.began is not None:
            return max(0.0, now - self.began)
        return self.seconds


@dataclass(frozen=True, slots=True)
class Progress:
    """Everything the events have said so far.

    Attributes:
        began: when watching began, on the watcher's clock.
        started: None until definition, data and store are accepted.
        rows: every trial by number.
        checking: the architectures that are being tried before any trial; empty before and after.
        floors: see `FloorsMeasured`; empty until measured.
        best: number of the best trial so far.
        stopping: what is being waited for after the user asked to stop; empty before.
        ended: the end.
    """

    began: float
    started: SweepStarted | None = None
    rows: Mapping[int, Row] = field(default_factory=dict)
    checking: tuple[str, ...] = ()
    floors: Mapping[str, float | None] = field(default_factory=dict)
    best: int | None = None
    stopping: str = ""
    ended: SweepEnded | None = None

    @property
    def definition(self) -> SweepDefinition | None:
        """What runs."""
        return self.started.definition if self.started else None

    @property
    def metric(self) -> Metric:
        """The objective."""
        return self.definition.metric if self.definition else Metric()

    @property
    def searched(self) -> tuple[str, ...]:
        """Names of the parameters that have more than one value, as they are shown."""
        return words.ordered(self.definition.searched) if self.definition else ()

    @property
    def several(self) -> bool:
        """Whether more than one architecture is searched."""
        return self.definition is not None and self.definition.several

    @property
    def counts(self) -> Mapping[str, int]:
        """Trials by state."""
        return Counter(row.state.value for row in self.rows.values())

    @property
    def finished(self) -> int:
        """How many trials are final."""
        return sum(row.state.final for row in self.rows.values())


def fold(progress: Progress, event: SweepEvent, now: float) -> Progress:
    """The state after `event`, which arrived at `now` (seconds on the watcher's clock)."""
    match event:
        case SweepStarted(definition=definition, history=history):
            rows = {record.number: _known(record) for record in history if record.counted}
            leader = best(history, definition.metric)
            progress = replace(progress, started=event, rows=rows, best=leader.number if leader else None)
        case FloorsMeasured(floors=floors):
            progress = replace(progress, floors=floors)
        case ChecksStarted(architectures=names):
            progress = replace(progress, checking=names)
        case ChecksEnded():
            progress = replace(progress, checking=())
        case TrialStarted(trial=trial, attempt=attempt):
            progress = _with(progress, Row(trial, TrialState.RUNNING, attempt, began=now))
        case EpochEnded(event=epoch):
            progress = _with_epoch(progress, epoch)
        case TrialEnded(record=record, best=leader):
            moved = _with(progress, _known(record))
            progress = replace(moved, best=leader.number if leader else None)
        case SweepEnded():
            progress = replace(progress, ended=event)
        case _:
            pass
    return progress


def seconds_left(progress: Progress, now: float) -> float | None:
    """An estimate from the time of the trials that succeeded; None without one, at an open end, and at the end."""
    total = progress.started.total if progress.started else None
    times = [
        row.seconds
        for row in progress.rows.values()
        if row.state in (TrialState.COMPLETE, TrialState.PRUNED) and row.seconds
    ]
    if progress.started is None or total is None or not times or progress.finished >= total:
        return None
    mean = sum(times) / len(times)
    running = [row.elapsed(now) or 0.0 for row in progress.rows.values() if row.state is TrialState.RUNNING]
    # A trial that runs longer than the mean is about to end, as far as anyone knows.
    work = mean * max(0, total - progress.finished) - sum(min(time, mean) for time in running)
    return max(0.0, work) / max(1, progress.started.workers)


def best_of(values: Iterable[float | None], metric: Metric) -> float | None:
    """The best finite value; None when there is none."""
    finite = [value for value in values if value is not None and math.isfinite(value)]
    if not finite:
        return None
    return max(finite) if metric.goal == "maximize" else min(finite)


def _with(progress: Progress, row: Row) -> Progress:
    return replace(progress, rows={**progress.rows, row.trial.number: row})


def _with_epoch(progress: Progress, epoch: EpochEvent) -> Progress:
    row = progress.rows.get(epoch.trial)
    if row is None:
        return progress
    return _with(progress, replace(row, epochs=(*row.epochs, epoch)))


def _known(record: TrialRecord) -> Row:
    return Row(
        trial=record.trial,
        state=record.state,
        attempt=record.attempts,
        epochs=record.epochs,
        seconds=record.result.seconds if record.result else None,
        value=record.value,
        reason=record.reason,
    )
