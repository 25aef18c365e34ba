"""The only loop: propose, commit, dispatch, decide, record.

Every step is committed to the ledger before it takes effect, so that a sweep killed at any line goes on from there:
propose -> commit the trial -> commit the attempt -> dispatch -> the worker writes its result file -> commit the result.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from textclf_sweep.analysis.words import WHOLE
from textclf_sweep.definition.types import SweepDefinition
from textclf_sweep.engines import (
    Engine,
    EngineEvent,
    EpochReported,
    TaskCrashed,
    TaskErrored,
    TaskFinished,
    TaskTimedOut,
    WorkerReady,
)
from textclf_sweep.errors import StorageError
from textclf_sweep.ledger import Ledger
from textclf_sweep.ranking import best
from textclf_sweep.searchers import Wait
from textclf_sweep.store import SweepFolder
from textclf_sweep.sweep.ahead import Ahead
from textclf_sweep.sweep.events import EpochEnded, Notice, Observer, TrialEnded, TrialStarted
from textclf_sweep.sweep.propose import limit_reached, masked, next_trial, searcher_of
from textclf_sweep.sweep.prune import prune
from textclf_sweep.sweep.resume import read_result
from textclf_sweep.training.tasks import Decision, TrainTask
from textclf_sweep.trial import EpochEvent, Failure, Trial, TrialResult, TrialState
from textclf_sweep.verdicts import STUCK, stuck

POLL_SECONDS = 0.2
CRASHES = 3
"""Attempts a trial has before crashes fail it."""

SAME_FAILURES = 5
"""Failures in a row with the same message that end the sweep."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a sweep ended.

    Attributes:
        state: complete, stopped, interrupted or failed.
        reason: why, in a few words.
    """

    state: str
    reason: str


def exhausted(definition: SweepDefinition) -> list[str | int | None]:
    """What is kept in the ledger when nothing was left to propose: which definition that is true of."""
    return [definition.hash(), definition.run_cap, *(search.run_cap for search in definition.searches)]


@dataclass(frozen=True, slots=True)
class Validation:
    """The rows that trials are scored on, in all folds together.

    Attributes:
        rows: how many; 0 when that is not known, and no trial is ended as stuck.
        commonest: how many have the commonest label.
    """

    rows: int = 0
    commonest: int = 0


Watch = Callable[[], Ending | None]
"""Called several times a second; returns an `Ending` to end the sweep at once, or raises to fail it."""


def pump(
    engine: Engine, watch: Watch, handle: Callable[[EngineEvent], None], busy: Callable[[], bool]
) -> Ending | None:
    """Hand every event of the engine to `handle` while `busy`; returns early with what `watch` returns."""
    while busy():
        ending = watch()
        if ending is not None:
            return ending
        for event in engine.poll(POLL_SECONDS):
            handle(event)
    return None


class Loop:
    """One run of one sweep, from its first dispatch to the end of its last trial.

    Args:
        definition: what runs.
        ledger: open for writing.
        folder: of the sweep.
        engine: started.
        observe: told of everything.
        watch: see `Watch`.
        validation: what `stuck` is judged by.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the parts that this loop, and nothing else, brings together
        self,
        definition: SweepDefinition,
        ledger: Ledger,
        folder: SweepFolder,
        engine: Engine,
        observe: Observer,
        watch: Watch,
        validation: Validation = Validation(),
    ) -> None:
        self._definition = definition
        self._ledger = ledger
        self._folder = folder
        self._engine = engine
        self._observe = observe
        self._watch = watch
        self._validation = validation
        self._running: dict[str, Trial] = {}
        self._failures: deque[str] = deque(maxlen=SAME_FAILURES)
        self._repeated = ""  # the failure that ended the sweep by happening again and again
        self._closing = ""  # why no new trial starts; running ones end with their epoch
        self._exhausted = False  # whether no trial is left to propose
        self._slow = getattr(searcher_of(definition), "AHEAD", False)
        self._ahead: Ahead[Trial | Wait | None] = Ahead()
        self._held = False  # whether the next proposal waits for running trials

    def run(self) -> Ending:
        """Run until the definition is satisfied or `watch` ends it; then nothing is in flight.

        Raises:
            StorageError: a worker cannot read or write its files.
        """
        self._drop_weights()
        ending = self._watch()
        if ending is None:
            self._fill()
            ending = pump(self._engine, self._watch, self._step, self._busy)
        if ending is not None:
            self._engine.close()
            self.interrupt(ending.reason)
            return ending
        if self._repeated:
            succeeded = best(self._ledger.history(), self._definition.metric) is not None
            return Ending("stopped" if succeeded else "failed", f"{self._closing}: {self._repeated}")
        self._ledger.withdraw()
        self._ledger.put(limit=self._closing)
        if not self._closing:
            self._ledger.put(exhausted=exhausted(self._definition))
        return Ending("complete", self._closing or self._done())

    def _done(self) -> str:
        """Why no trial is left: all there were to be, or the search has come to its end before."""
        cap = self._definition.run_cap
        counted = sum(record.counted for record in self._ledger.history())
        return WHOLE if cap is None or counted >= cap else f"the search is exhausted after {counted} of {cap} trials"

    def interrupt(self, reason: str) -> None:
        """Record that every running attempt was cut short, unless its result is written already."""
        for key, trial in self._running.items():
            written = self._written(key)
            if written is not None:
                self._ledger.finish(written)
            else:
                self._ledger.interrupt(trial.number, reason)
            self._tell(trial.number)
        self._running.clear()

    def _step(self, event: EngineEvent) -> None:
        self._handle(event)
        self._fill()

    def _busy(self) -> bool:
        if self._ahead.ready and not self._closing:
            self._commit(self._ahead.take())
            self._fill()
        return bool(self._running) or (self._ahead.busy and not self._closing)

    def _check_limits(self) -> None:
        history, seconds = self._ledger.history(), self._ledger.active_seconds()
        self._closing = self._closing or limit_reached(self._definition, history, seconds)

    def _fill(self) -> None:
        self._check_limits()
        while len(self._running) < self._engine.workers and not self._closing:
            trial = self._next()
            if trial is None:
                break
            attempt = self._ledger.begin_attempt(trial.number)
            task = self._task(trial, attempt)
            self._running[task.key] = trial
            self._engine.submit(task)
            self._observe(TrialStarted(trial, attempt))
        self._look_ahead()

    def _next(self) -> Trial | None:
        """The trial to start now: one that waits, or a new one."""
        waiting = self._waiting()
        if waiting is not None or self._slow or self._exhausted:
            return waiting
        return self._commit(next_trial(self._definition, self._ledger.history()))

    def _waiting(self) -> Trial | None:
        states = (TrialState.WAITING, TrialState.INTERRUPTED)
        return next((item.trial for item in self._ledger.history() if item.counted and item.state in states), None)

    def _commit(self, proposal: Trial | Wait | None) -> Trial | None:
        # A searcher that waits although nothing runs would wait for ever.
        stuck = isinstance(proposal, Wait) and self._held and not self._running
        self._held, self._exhausted = isinstance(proposal, Wait), proposal is None or stuck
        if not isinstance(proposal, Trial):
            return None
        self._ledger.propose(proposal)
        return proposal

    def _look_ahead(self) -> None:
        """Begin the next proposal of a slow searcher while trials run.

        It sees the last trials, as many as run at once, as running even when they have ended: what a proposal has
        seen then depends on its number and not on how long the last one took.
        """
        if not self._slow or self._closing or self._exhausted or self._ahead.busy or self._waiting() is not None:
            return
        if self._held and self._running:
            return
        history = self._ledger.history()
        seen = history if self._held else masked(history, self._engine.workers)
        definition = self._definition
        self._ahead.start(lambda: next_trial(definition, seen))

    def _task(self, trial: Trial, attempt: int) -> TrainTask:
        return TrainTask(
            trial=trial,
            attempt=attempt,
            metric=self._definition.metric,
            early_stopping=self._definition.early_stopping,
            corpus=self._folder.corpus,
            cache=self._folder.cache,
            results=self._folder.results,
            definition_hash=self._ledger.get("definition_hash"),
            data_hash=self._ledger.get("data")["data_hash"],
            limit=self._definition.budget.trial_time,
            folds=self._definition.data.folds,
            folder=Path(self._definition.folder),
            own=self._definition.own(trial.architecture),
        )

    def _handle(self, event: EngineEvent) -> None:
        match event:
            case EpochReported(key, epoch):
                self._ledger.record_epoch(epoch)
                self._observe(EpochEnded(epoch))
                self._engine.decide(key, self._decide(epoch))
            case TaskFinished(key, TrialResult() as result):
                self._finish(key, result)
            case TaskCrashed(key, cause):
                self._crash(key, cause)
            case TaskTimedOut(key, limit):
                failure = Failure("timeout", f"timeout: it ran longer than budget.trial_time ({limit:g} s)")
                self._finish(key, self._written(key) or self._failed(key, failure, limit))
            case TaskErrored(key, message, _):
                raise StorageError(
                    f"trial {self._running[key].number} could not be run: {message}",
                    fix=f"mend that (free the disk?) and run again; {self._folder.logs} has more",
                )
            case WorkerReady() | TaskFinished():
                pass

    def _decide(self, event: EpochEvent) -> Decision:
        """The answer to an epoch: a sweep that is closing ends its running trials here, a pruner the poor ones."""
        self._check_limits()
        if self._closing:
            return Decision(stop=True, reason=self._closing)
        reason = self._stuck(event) or prune(self._definition, self._ledger.history(), event)
        return Decision(stop=bool(reason), reason=reason, pruned=bool(reason))

    def _stuck(self, event: EpochEvent) -> str:
        """The reason to end a trial that knows no more than which label is the commonest; empty when it goes on."""
        record, rows = self._ledger.history()[event.trial - 1], self._validation
        accuracies = [epoch.metrics.get("val_accuracy", 1.0) for epoch in record.epochs if epoch.epoch <= event.epoch]
        return STUCK if rows.rows and stuck(accuracies, rows.rows, rows.commonest) else ""

    def _finish(self, key: str, result: TrialResult) -> None:
        trial, self._held = self._running.pop(key), False
        self._ledger.finish(result)
        self._drop_weights()
        if result.failure is not None and result.failure.kind == "diverged":
            pass  # what a search is there to find out
        elif result.failure is not None:
            self._failures.append(result.failure.message)
            if not self._closing and len(self._failures) == SAME_FAILURES and len(set(self._failures)) == 1:
                self._repeated = self._failures[-1]
                self._closing = f"{SAME_FAILURES} trials in a row failed alike"
        else:
            self._failures.clear()
        self._tell(trial.number)

    def _crash(self, key: str, cause: str) -> None:
        if self._watch() is not None:
            return  # a signal to the whole process group reached the worker first: `run` records an interruption
        trial = self._running[key]
        attempt = int(key.partition(".")[2])
        written = self._written(key)
        if written is not None:
            self._finish(key, written)
            return
        attempts = self._ledger.attempts(trial.number)
        # A trial that is retried starts anew: crashes before its last result are spent.
        since = max((item.attempt for item in attempts if item.result is not None), default=0)
        lost = sum(item.state is TrialState.FAILED for item in attempts if item.attempt > since) + 1
        if lost >= CRASHES:
            message = f"crashed {lost} times; the last attempt was {cause}"
            self._finish(key, self._failed(key, Failure("crash", message)))
            return
        self._ledger.crash(trial.number, cause)
        del self._running[key]
        self._observe(Notice(f"trial {trial.number} attempt {attempt} was {cause}; it is run again", level="warning"))
        self._tell(trial.number)

    def _written(self, key: str) -> TrialResult | None:
        """What the worker wrote, if its end came after its work was done."""
        return read_result(self._folder.results / f"{key}.json", self._ledger)

    def _failed(self, key: str, failure: Failure, seconds: float | None = None) -> TrialResult:
        trial = self._running[key]
        attempt = int(key.partition(".")[2])
        epochs = self._ledger.epochs(trial.number, attempt)
        return TrialResult(
            trial=trial.number,
            attempt=attempt,
            state=TrialState.FAILED,
            reason=failure.message,
            epochs=epochs,
            seconds=sum(event.metrics["epoch_seconds"] for event in epochs) if seconds is None else seconds,
            definition_hash=self._ledger.get("definition_hash"),
            data_hash=self._ledger.get("data")["data_hash"],
            failure=failure,
        )

    def _drop_weights(self) -> None:
        """Keep the best trial's weights only."""
        leader = best(self._ledger.history(), self._definition.metric)
        keep = {f"{leader.number}.{leader.result.attempt}"} if leader and leader.result else set[str]()
        for path in self._folder.results.glob("*.npz"):
            if path.stem not in keep | self._running.keys():
                path.unlink(missing_ok=True)

    def _tell(self, number: int) -> None:
        history = self._ledger.history()
        self._observe(TrialEnded(history[number - 1], best(history, self._definition.metric)))
