"""Searches on recorded learning curves: the program's own searchers and pruners, without training.

Time is counted in epochs. The workers of a replay are equally fast: in each turn every one of them finishes one epoch,
in the order of their trials; one that is free takes the next proposal.
"""

from __future__ import annotations

import csv
import gzip
import importlib
import io
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from textclf_sweep.definition.load import load_file
from textclf_sweep.definition.space import Categorical, SearchSpace
from textclf_sweep.definition.types import Metric
from textclf_sweep.pruners import Curve, Look
from textclf_sweep.searchers import Ask, Wait, key
from textclf_sweep.sweep.catalogue import discover
from textclf_sweep.sweep.propose import masked
from textclf_sweep.trial import EpochEvent, Parameters, Scalar, Trial, TrialRecord, TrialResult, TrialState

CURVES = Path(__file__).with_name("curves")
"""Where the definitions of the recordings are."""
METRIC = Metric("val_accuracy", "maximize")
Key = frozenset[tuple[str, str, Scalar]]
Pruner = Callable[[Look], str]


@dataclass(frozen=True, slots=True)
class Recorded:
    """One configuration's training.

    Attributes:
        curve: val_accuracy after each epoch.
        losses: val_loss after each epoch.
        failed: whether it diverged in the epoch after the last one.
    """

    curve: Curve
    losses: Curve
    failed: bool = False

    @property
    def epochs(self) -> int:
        """The epochs that it costs to train it to its end."""
        return len(self.curve) + self.failed


@dataclass(frozen=True, slots=True)
class Recording:
    """Every configuration of one architecture's grid.

    Attributes:
        architecture: its name.
        space: the grid.
        trainings: by `textclf_sweep.searchers.key` of their parameters.
        epochs: of a whole trial.
        size: how many configurations the whole grid has, those that are not recorded too.
    """

    architecture: str
    space: SearchSpace
    trainings: Mapping[Key, Recorded]
    epochs: int
    size: int

    @property
    def best(self) -> float:
        """The best value there is."""
        return max(max(item.curve) for item in self.trainings.values() if not item.failed)

    @property
    def is_whole(self) -> bool:
        """Whether every combination of the grid has been recorded."""
        return self.size == self.space.size == len(self.trainings)


@dataclass(slots=True)
class Replay:
    """One search, as far as it has come.

    Attributes:
        spent: epochs trained, of all trials.
        best: the best value so far.
        hit: epochs trained when the target was reached; None when it was not.
        history: every trial.
    """

    spent: int = 0
    best: float = -math.inf
    hit: int | None = None
    history: list[TrialRecord] = field(default_factory=list)


def read(path: Path) -> dict[str, Recording]:
    """The recordings of a table that `benchmarks/record.py` wrote, by architecture."""
    rows = list(csv.DictReader(io.StringIO(gzip.decompress(path.read_bytes()).decode())))
    return {
        name: recording_of(name, [row for row in rows if row["architecture"] == name], grid_size(name))
        for name in dict.fromkeys(row["architecture"] for row in rows)
    }


def grid_size(architecture: str) -> int:
    """How many configurations the definition of an architecture's recording has."""
    (search,) = load_file(CURVES / f"{architecture}.yaml", discover()).searches
    return search.space.size or 0


def recording_of(architecture: str, rows: list[dict[str, str]], size: int) -> Recording:
    """The recording of one architecture's rows; its space has each value where it first occurs.

    Args:
        architecture: its name.
        rows: of the table, at least one.
        size: how many there are of the whole grid.
    """
    sets: list[dict[str, Scalar]] = [json.loads(row["parameters"]) for row in rows]
    values = {name: Categorical(tuple(dict.fromkeys(item[name] for item in sets))) for name in sets[0]}
    trainings = {
        key(parameters): Recorded(
            tuple(map(float, row["val_accuracy"].split())),
            tuple(map(float, row["val_loss"].split())),
            row["state"] == "failed",
        )
        for parameters, row in zip(sets, rows, strict=True)
    }
    epochs = max(len(training.curve) for training in trainings.values())
    return Recording(architecture, SearchSpace.of(values), trainings, epochs, size)


def run(  # noqa: PLR0913 - a search's settings
    recording: Recording,
    searcher: str,
    seed: int,
    *,
    workers: int = 1,
    pruner: Pruner | None = None,
    trials: int | None = None,
    target: float | None = None,
) -> Replay:
    """Search until the target is reached, `trials` trials have ended, or every configuration has been trained.

    Args:
        recording: what training would give.
        searcher: a module of `textclf_sweep.searchers`.
        seed: the sweep's.
        workers: trials that train at the same time, >= 1.
        pruner: asked after each epoch of a trial; None lets all go on.
        trials: how many; None is no limit.
        target: a value of METRIC; None is never reached.
    """
    replay, running, exhausted = Replay(), list[int](), False
    while True:
        while len(running) < workers and not exhausted and len(replay.history) != trials:
            trial = _next(replay, recording, searcher, seed, workers)
            if isinstance(trial, Wait):
                break
            exhausted = trial is None
            if trial is not None:
                replay.history.append(TrialRecord(trial, TrialState.RUNNING, attempts=1))
                running.append(trial.number)
        if not running:
            return replay
        for number in tuple(running):
            record = _train(replay, recording, number, pruner)
            if record.state.final:
                running.remove(number)
            if target is not None and replay.best >= target:
                replay.hit = replay.spent
                return replay


def _next(replay: Replay, recording: Recording, name: str, seed: int, workers: int) -> Trial | Wait | None:
    """What the program would propose now."""
    searcher, history = importlib.import_module(f"textclf_sweep.searchers.{name}"), tuple(replay.history)
    if getattr(searcher, "AHEAD", False):
        # It is asked while the last trials run, and does not see how they end.
        history = masked(history, workers)
    number = len(history) + 1
    parameters: Parameters | Wait | None = searcher.propose(Ask(recording.space, METRIC, seed, number, history))
    if parameters is None or isinstance(parameters, Wait):
        return parameters
    seen = tuple(record.number for record in history if record.state.final)
    return Trial(number, recording.architecture, parameters, seed=number, seen=seen)


def _train(replay: Replay, recording: Recording, number: int, pruner: Pruner | None) -> TrialRecord:
    """One more epoch of a trial."""
    record = replay.history[number - 1]
    training = recording.trainings[key(record.trial.parameters)]
    epoch = len(record.epochs) + 1
    replay.spent += 1
    if epoch > len(training.curve):
        record = _ended(record, TrialState.FAILED, "diverged")
    else:
        metrics = {"val_accuracy": training.curve[epoch - 1], "val_loss": training.losses[epoch - 1]}
        epochs = (*record.epochs, EpochEvent(number, 1, epoch, metrics, 0.0))
        record = TrialRecord(record.trial, TrialState.RUNNING, attempts=1, epochs=epochs)
        if not training.failed:
            # The weights of one that is going to diverge are never kept.
            replay.best = max(replay.best, metrics["val_accuracy"])
        reason = pruner(_look(replay, record, recording)) if pruner and epoch < recording.epochs else ""
        if reason:
            record = _ended(record, TrialState.PRUNED, reason)
        elif epoch == training.epochs:
            record = _ended(record, TrialState.COMPLETE, "all epochs")
    replay.history[number - 1] = record
    return record


def _ended(record: TrialRecord, state: TrialState, reason: str) -> TrialRecord:
    curve = curve_of(record)
    best = max(curve, default=None)
    result = TrialResult(
        trial=record.number,
        attempt=1,
        state=state,
        reason=reason,
        epochs=record.epochs,
        best_epoch=curve.index(best) + 1 if best is not None else 0,
        metrics=record.epochs[curve.index(best)].metrics if best is not None else {},
        value=None if state is TrialState.FAILED else best,
    )
    return TrialRecord(record.trial, state, reason, attempts=1, epochs=record.epochs, result=result)


def _look(replay: Replay, record: TrialRecord, recording: Recording) -> Look:
    peers = tuple(
        curve_of(other)
        for other in replay.history
        if other.number != record.number and other.state is not TrialState.FAILED
    )
    return Look(curve_of(record), peers, METRIC, recording.epochs)


def curve_of(record: TrialRecord) -> Curve:
    """The objective after each epoch that a trial has trained."""
    return tuple(epoch.metrics["val_accuracy"] for epoch in record.epochs)
