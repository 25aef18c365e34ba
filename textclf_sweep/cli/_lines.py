"""The plain account of a running sweep: one line per event, made to be read in a log and to be searched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from textclf_sweep.analysis import words
from textclf_sweep.cli import _causes, _format
from textclf_sweep.cli._progress import Progress, fold
from textclf_sweep.cli._words import checking, done, header, times
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


def lines(progress: Progress, event: SweepEvent, now: float) -> tuple[str, ...]:
    """What to print for `event`.

    Args:
        progress: the state before it.
        event: what happened; notices are not said here, they go to another stream.
        now: seconds on the clock of `progress`.
    """
    after = fold(progress, event, now)
    said: tuple[str, ...] = ()
    match event:
        case SweepStarted():
            said = (*header(after), *_plan(event))
        case FloorsMeasured(floors=floors):
            said = (f"to beat: {_format.floors(floors)}",)
        case ChecksStarted(architectures=names) if names:
            said = (f"checks: {checking(names)}",)
        case ChecksEnded(seconds=seconds, smoke=smoke):
            said = checks(seconds, smoke)
        case TrialStarted(trial=trial, attempt=attempt):
            said = (_start(after, trial, attempt),)
        case EpochEnded(event=epoch):
            said = (_epoch(after, epoch),)
        case TrialEnded(record=record):
            said = (_end(after, record), f"progress: {done(after)}; {times(after, now)}")
        case SweepEnded():
            why = () if event.diagnosis is None else ("", *_causes.plain(event.diagnosis))
            said = ("", *event.words, *why, *pairs(event.where))
        case _:
            pass
    return said


def checks(seconds: float, smoke: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """``checks: floors and smoke tests in 4.1 s; lstm: first loss 1.39 (ln 4 = 1.39), 32 texts learned in 21 steps``.

    Several architectures have a line each.
    """
    took, found = f"checks: floors and smoke tests in {seconds:.1f} s", tuple(map(_smoke, smoke, smoke.values()))
    return (f"{took}; {found[0]}",) if len(found) == 1 else (took, *(f"  {line}" for line in found))


def _smoke(name: str, found: Mapping[str, Any]) -> str:
    numbers = found["numbers"]
    if "initial_loss" not in numbers:
        return f"{name}: not tried"
    expected = f"ln {numbers['labels']:.0f} = {numbers['expected_loss']:.2f}"
    told = f"{name}: first loss {numbers['initial_loss']:.2f} ({expected})"
    if "steps" not in numbers:
        return told
    how = "learned in" if numbers["learned"] else "not learned in"
    return f"{told}, {numbers['rows']:.0f} texts {how} {numbers['steps']:.0f} steps"


def pairs(where: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Places and commands, aligned under one another; after an empty line when there are any."""
    width = max((len(what) for what, _ in where), default=0)
    return ("", *(f"{what:<{width}}  {text}" for what, text in where)) if where else ()


def _plan(event: SweepStarted) -> tuple[str, ...]:
    total = _format.plural(event.total, "trial") if event.total is not None else "trials without a limit"
    plan = f"{total}, {event.workers} at a time; folder {event.folder}"
    finished = sum(record.state.final and record.counted for record in event.history)
    return (plan, f"resuming: {_format.plural(finished, 'trial')} finished earlier") if event.history else (plan,)


def _start(progress: Progress, trial: Trial, attempt: int) -> str:
    again = f" (attempt {attempt})" if attempt > 1 else ""
    found = words.parameters(trial.parameters, progress.searched)
    told = ", ".join(text for text in (trial.architecture if progress.several else "", found) if text)
    return f"trial {trial.number} started{again}" + (f": {told}" if told else "")


def _epoch(progress: Progress, epoch: EpochEvent) -> str:
    row = progress.rows.get(epoch.trial)
    limit = f"/{row.limit}" if row and row.limit else ""
    name = progress.metric.name
    text = f"trial {epoch.trial} epoch {epoch.epoch}{limit} {name} {_format.metric(epoch.metrics.get(name))}"
    seconds = epoch.metrics.get("epoch_seconds")
    return text if seconds is None else f"{text} ({_format.clock(seconds)})"


def _end(progress: Progress, record: TrialRecord) -> str:
    text = f"trial {record.number} {record.state.value}"
    result = record.result
    if result is None or not record.state.final:
        return f"{text}{f': {record.reason}' if record.reason else ''}; it will run again"
    if record.state is TrialState.FAILED:
        return f"{text}: {result.failure.message if result.failure else record.reason}"
    text += f" {progress.metric.name} {_format.metric(record.value)} at epoch {result.best_epoch}"
    text += f"; {_format.plural(len(result.epochs), 'epoch')} in {_format.clock(result.seconds)}"
    text += f"; {record.reason}" if record.reason else ""
    return text + ("; best so far" if progress.best == record.number else "")
