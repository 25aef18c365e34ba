"""What is said about a running sweep, on the screen and in the plain lines."""

from __future__ import annotations

from collections.abc import Sequence

from textclf_sweep.analysis import words
from textclf_sweep.cli import _format
from textclf_sweep.cli._progress import Progress, seconds_left
from textclf_sweep.definition.types import SweepDefinition


def header(progress: Progress) -> tuple[str, ...]:
    """What runs on what data, in two lines."""
    if progress.started is None:
        return ()
    definition, metric = progress.started.definition, progress.metric
    labels, counts = progress.started.labels, progress.started.rows
    rows = ", ".join(f"{count:,} {part}" for part, count in counts.items())
    if definition.data.folds is not None:
        learned = counts["train"] + counts["validation"]
        rows = f"{definition.data.folds} folds of {learned:,} rows together, {counts['test']:,} test"
    return (
        f"{definition.name}: {searching(definition)}, {metric.goal} {metric.name}",
        f"{rows} rows; {_format.plural(len(labels), 'label')}: {', '.join(labels)}",
    )


def searching(definition: SweepDefinition) -> str:
    """``architecture lstm, method bayes (tpe)``: what is searched and how."""
    names = f"architecture{'s' if definition.several else ''} {', '.join(definition.architectures)}"
    sampler = "" if definition.sampler == definition.method else f" ({definition.sampler})"
    race = ", allocate race" if definition.allocate == "race" else ""
    return f"{names}, method {definition.method}{sampler}{race}"


def checking(names: Sequence[str]) -> str:
    """What is going on before the first trial."""
    return f"measuring what to beat, and trying on a few texts whether {', '.join(names)} can learn ..."


def footer(progress: Progress, now: float) -> tuple[tuple[str, str], ...]:
    """Floors, checks that are going on, the best trial and the progress, as (name, text)."""
    lines = []
    if progress.floors:
        lines.append(("to beat", _format.floors(progress.floors)))
    if progress.checking:
        lines.append(("checks", checking(progress.checking)))
    best = progress.rows.get(progress.best) if progress.best is not None else None
    if best is not None:
        found = words.parameters(best.trial.parameters, progress.searched)
        number = _format.metric(best.value)
        lines.append(("best", f"{number} by trial {best.trial.number}" + (f": {found}" if found else "")))
    lines.append(("progress", f"{done(progress)}; {times(progress, now)}"))
    return tuple(lines)


def done(progress: Progress) -> str:
    """``4 of 12 trials done, 1 failed``."""
    total = progress.started.total if progress.started else None
    counts = progress.counts
    parts = [f"{progress.finished} of {total} trials done" if total else f"{progress.finished} trials done"]
    parts += [f"{counts[state]} {state}" for state in ("pruned", "failed") if counts.get(state)]
    return ", ".join(parts)


def times(progress: Progress, now: float) -> str:
    """``3.2 min, about 6 min left``."""
    left = None if progress.ended else seconds_left(progress, now)
    elapsed = _format.duration(max(0.0, now - progress.began))
    return elapsed if left is None else f"{elapsed}, about {_format.duration(left)} left"
