"""Opening the sealed test part for a sweep's winner, and the floors it is compared with."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from textclf_sweep.data.corpus import ALL, Part, Splits
from textclf_sweep.definition.types import BASELINES, Metric, SweepDefinition
from textclf_sweep.engines import Engine, EngineEvent, TaskCrashed, TaskFinished, WorkerReady
from textclf_sweep.floors import Floors, mean_floors
from textclf_sweep.ledger import Ledger
from textclf_sweep.ranking import best
from textclf_sweep.store import SweepFolder
from textclf_sweep.sweep.loop import CRASHES, Ending, Watch, pump
from textclf_sweep.training.tasks import EvaluateTask, Evaluation, Refit
from textclf_sweep.trial import Trial, TrialRecord, TrialResult

EVALUATION_LIMIT = 1800.0
"""Seconds the winner's evaluation may take."""


class FloorsThread(threading.Thread):
    """Measures the floors beside everything else. A daemon: on large data Ctrl-C must not wait for it.

    Args:
        pairs: (train, evaluation), one or one for each fold; the floors are their means.
        chosen: which baselines.

    Attributes:
        found: the floors; none before `done`.
        done: whether `found` is final.
        problem: why the floors could not be measured, or empty.
    """

    def __init__(self, pairs: Sequence[tuple[Part, Part]], chosen: Collection[str] = BASELINES) -> None:
        super().__init__(daemon=True, name="floors")
        self._pairs, self._chosen = pairs, chosen
        self.found = Floors()
        self.done, self.problem = False, ""

    def run(self) -> None:
        """Measure; never raises."""
        try:
            self.found = mean_floors(self._pairs, self._chosen)
        except Exception as error:  # a comparison that fails must not end the sweep
            self.problem = f"{type(error).__name__}: {error}"
        self.done = True


def untested(ledger: Ledger, metric: Metric) -> TrialRecord | None:
    """The winner, unless the test part has been opened for it."""
    leader = best(ledger.history(), metric)
    opened = [opening.trial for opening in ledger.openings() if opening.figures is not None]
    return leader if leader is not None and leader.number not in opened[-1:] else None


def open_test(  # noqa: PLR0913, PLR0917 - what the evaluation needs, each once
    ledger: Ledger, definition: SweepDefinition, folder: SweepFolder, splits: Splits, engine: Engine, watch: Watch
) -> Ending | None:
    """Score the winner on the test part: first the opening is committed, then the figures.

    With folds there is no model yet to score: the winner's is trained first, on the rows of all folds. One whose
    weights are gone is trained again.

    Returns:
        None when that is done, else how the sweep ends.
    """
    leader = untested(ledger, definition.metric)
    if leader is None or leader.result is None:
        return None
    task = replace(
        _task(leader.trial, leader.result, folder, folds=bool(splits.folds)),
        folder=Path(definition.folder),
        own=definition.own(leader.trial.architecture),
    )
    opening = _opening(ledger, leader.number)
    measured = FloorsThread([splits.final()], definition.baselines)
    measured.start()
    found = _evaluated(task, measured, engine, watch)
    if isinstance(found, Ending):
        return found
    figures = {**found.metrics, "rows": found.rows, "floors": measured.found.to_json(), "confusion": found.confusion}
    ledger.record_test(opening, figures)
    return None


def _evaluated(task: EvaluateTask, measured: FloorsThread, engine: Engine, watch: Watch) -> Evaluation | Ending:
    """What the task found, once the floors are there too; or how the sweep ends."""
    ends: list[EngineEvent] = []

    def handle(event: EngineEvent) -> None:
        if not isinstance(event, WorkerReady):
            ends.append(event)

    for _ in range(CRASHES):
        ends.clear()
        engine.submit(task)
        ending = pump(engine, watch, handle, lambda: not ends or not measured.done)
        if ending is not None:
            return ending
        match ends[0]:
            case TaskFinished(_, Evaluation() as found):
                return found
            case TaskCrashed():
                continue
            case failed:
                return _stopped(", ".join(f"{key} {value}" for key, value in asdict(failed).items() if key != "key"))
    return _stopped(f"its worker crashed {CRASHES} times")


def _task(trial: Trial, result: TrialResult, folder: SweepFolder, *, folds: bool) -> EvaluateTask:
    weights = folder.results / f"{trial.number}.{result.attempt}.npz"
    if not folds and weights.is_file():
        return EvaluateTask(trial, weights, folder.corpus, folder.cache, folder.model, EVALUATION_LIMIT)
    # A trial over folds has no model of its own yet. Of the others only the best one's weights are kept, and another
    # search space can have another best: trained again on the same rows with its seed, it is the same model.
    # The folds together trained on more rows than the final model is to, for at least as many epochs.
    limit, refit = EVALUATION_LIMIT + result.seconds, Refit(result.best_epoch, trial.seed)
    corpus = folder.corpus / ALL if folds else folder.corpus
    return EvaluateTask(trial, None, corpus, folder.cache, folder.model, limit, refit)


def _opening(ledger: Ledger, trial: int) -> int:
    """The number of the opening: one for this trial that was cut short, or a new one."""
    cut_short = [item.number for item in ledger.openings() if item.figures is None and item.trial == trial]
    return cut_short[-1] if cut_short else ledger.open_test(trial)


def _stopped(cause: str) -> Ending:
    return Ending("stopped", f"the winner could not be scored on the test part: {cause}")
