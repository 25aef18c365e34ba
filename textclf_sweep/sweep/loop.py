"""The only loop: propose, commit, dispatch, decide, record.

Every step is committed to the ledger before it takes effect, so that a sweep killed at any line goes on from there:
propose -> commit the trial -> commit the attempt -> dispatch -> the worker writes its result file -> commit the result.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

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
from textclf_sweep.store import SweepFolder
from textclf_sweep.sweep.events import EpochEnded, Notice, Observer, TrialEnded, TrialStarted
from textclf_sweep.sweep.propose import limit_reached, next_trial
from textclf_sweep.sweep.resume import read_result
from textclf_sweep.training.tasks import Decision, TrainTask
from textclf_sweep.trial import Failure, Trial, TrialResult, TrialState

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
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the parts that this loop, and nothing else, brings together
        self,
        definition: SweepDefinition,
        ledger: Ledger,
        folder: SweepFolder,
        engine: Engine,
        observe: Observer,
        watch: Watch,
    ) -> None:
        self._definition = definition
        self._ledger = ledger
        self._folder = folder
        self._engine = engine
        self._observe = observe
        self._watch = watch
        self._running: dict[str, Trial] = {}
        self._failures: deque[str] = deque(maxlen=SAME_FAILURES)
        self._repeated = ""  # the failure that ended the sweep by happening again and again
        self._closing = ""  # why no new trial starts; running ones end with their epoch

    def run(self) -> Ending:
        """Run until the definition is satisfied or `watch` ends it; then nothing is in flight.

        Raises:
            StorageError: a worker cannot read or write its files.
        """
        self._drop_weights()
        ending = self._watch()
        if ending is None:
            self._fill()
            ending = pump(self._engine, self._watch, self._step, lambda: bool(self._running))
        if ending is not None:
            self._engine.close()
            self.interrupt(ending.reason)
            return ending
        if self._repeated:
            succeeded = best(self._ledger.history(), self._definition.metric) is not None
            return Ending("stopped" if succeeded else "failed", f"{self._closing}: {self._repeated}")
        return Ending("complete", self._closing or "every trial is done")

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

    def _check_limits(self) -> None:
        history, seconds = self._ledger.history(), self._ledger.active_seconds()
        self._closing = self._closing or limit_reached(self._definition, history, seconds)

    def _fill(self) -> None:
        self._check_limits()
        while len(self._running) < self._engine.workers and not self._closing:
            trial = self._next()
            if trial is None:
                return
            attempt = self._ledger.begin_attempt(trial.number)
            task = self._task(trial, attempt)
            self._running[task.key] = trial
            self._engine.submit(task)
            self._observe(TrialStarted(trial, attempt))

    def _next(self) -> Trial | None:
        history = self._ledger.history()
        waiting = (TrialState.WAITING, TrialState.INTERRUPTED)
        for record in history:
            if record.state in waiting:
                return record.trial
        trial = next_trial(self._definition, history)
        if trial is not None:
            self._ledger.propose(trial)
        return trial

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
        )

    def _handle(self, event: EngineEvent) -> None:
        match event:
            case EpochReported(key, epoch):
                self._ledger.record_epoch(epoch)
                self._observe(EpochEnded(epoch))
                self._engine.decide(key, self._decide())
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

    def _decide(self) -> Decision:
        """The answer to an epoch: a sweep that is closing ends its running trials here."""
        self._check_limits()
        return Decision(stop=bool(self._closing), reason=self._closing)

    def _finish(self, key: str, result: TrialResult) -> None:
        trial = self._running.pop(key)
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
        lost = sum(item.state is TrialState.FAILED for item in self._ledger.attempts(trial.number)) + 1
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
