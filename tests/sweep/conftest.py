"""A sweep without training: a definition, a ledger, and an engine that plays a script."""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from textclf_sweep.definition.space import Categorical, Constant, Range, SearchSpace
from textclf_sweep.definition.types import DataSettings, Search, SweepDefinition
from textclf_sweep.engines import (
    EngineEvent,
    EpochReported,
    TaskCrashed,
    TaskErrored,
    TaskFinished,
    TaskTimedOut,
    WorkerReady,
)
from textclf_sweep.ledger import Ledger
from textclf_sweep.store import Store, SweepFolder
from textclf_sweep.sweep.events import Observer, SweepEvent
from textclf_sweep.sweep.loop import Ending, Loop, Validation
from textclf_sweep.training.files import sha256, write_atomically
from textclf_sweep.training.tasks import Decision, TrainTask
from textclf_sweep.trial import EpochEvent, Failure, Parameters, Trial, TrialResult, TrialState

DATA_HASH = "d" * 64

SPACE = SearchSpace.of(
    {
        "batch_size": Categorical((32, 64)),
        "dropout": Range(0.0, 0.5),
        "epochs": Constant(3),
        "learning_rate": Range(1e-4, 1e-1, log=True),
    }
)


def value_of(parameters: Parameters) -> float:
    """A validation accuracy that is best at a learning rate of 0.003."""
    rate, dropout = float(parameters.get("learning_rate", 0.001)), float(parameters.get("dropout", 0.0))
    return 0.9 - 0.1 * abs(math.log10(rate) + 2.5) - 0.1 * dropout


def confusion_of(accuracy: float) -> tuple[tuple[int, ...], ...]:
    """Counts of four labels, 200 rows each, with about this accuracy."""
    right = round(200 * min(1.0, max(0.0, accuracy)))
    return tuple(tuple({row: right, (row + 1) % 4: 200 - right}.get(cell, 0) for cell in range(4)) for row in range(4))


@dataclass(frozen=True)
class Play:
    """How one attempt goes.

    Attributes:
        end: complete, error, diverged, crash, timeout, or hang (no end at all).
        value: the objective of its last epoch; the one of `value_of` when None.
        epochs: how many end before `end`.
        message: of the failure, or the crash's cause.
        writes: whether the result is written although the attempt crashes, times out or hangs.
    """

    end: str = "complete"
    value: float | None = None
    epochs: int = 2
    message: str = "killed by SIGSEGV"
    writes: bool = False


Script = Callable[[Trial, int], Play]


class ScriptedEngine:
    """Plays a script in one thread; each `poll` takes every running task one step further.

    Args:
        script: how an attempt of a trial goes.
        workers: how many tasks run at once.
        step: called after each file that is written; may raise what stands for a kill.
    """

    def __init__(
        self, script: Script = lambda trial, attempt: Play(), workers: int = 1, step: Callable[[], None] = lambda: None
    ) -> None:
        self.workers, self.script, self.step = workers, script, step
        self.submitted: list[TrainTask] = []
        self.closed = False
        self._plays: dict[str, Generator[EngineEvent, Decision | None, None]] = {}
        self._answers: dict[str, Decision | None] = {}
        self._first: deque[EngineEvent] = deque([WorkerReady(1, 1)])

    def submit(self, task: TrainTask) -> None:
        assert len(self._plays) < self.workers
        self.submitted.append(task)
        self._plays[task.key] = self._play(task)
        self._answers[task.key] = None

    def poll(self, timeout: float) -> Sequence[EngineEvent]:
        events = [*self._first]
        self._first.clear()
        for key in list(self._plays):
            if key in self._answers:
                event = self._plays[key].send(self._answers.pop(key))
                events.append(event)
                if not isinstance(event, EpochReported):
                    del self._plays[key]
        return events

    def decide(self, key: str, decision: Decision) -> None:
        if key in self._plays:
            self._answers[key] = decision

    def close(self) -> None:
        self.closed = True
        self._plays.clear()

    def _play(self, task: TrainTask) -> Generator[EngineEvent, Decision | None, None]:
        play = self.script(task.trial, task.attempt)
        events: list[EpochEvent] = []
        state, reason = TrialState.COMPLETE, "all epochs"
        value = value_of(task.trial.parameters) if play.value is None else play.value
        for epoch in range(1, play.epochs + 1):
            metrics = {task.metric.name: value, "epoch_seconds": 1.5}
            events.append(EpochEvent(task.trial.number, task.attempt, epoch, metrics, time=1_000.0 + epoch))
            decision = yield EpochReported(task.key, events[-1])
            if decision is not None and decision.stop:
                state = TrialState.PRUNED if decision.pruned else TrialState.COMPLETE
                reason = decision.reason
                break
        failure = Failure(play.end, play.message) if play.end in {"error", "diverged"} else None
        result = TrialResult(
            trial=task.trial.number,
            attempt=task.attempt,
            state=TrialState.FAILED if failure else state,
            reason=play.message if failure else reason,
            epochs=tuple(events),
            best_epoch=len(events),
            metrics=dict(events[-1].metrics) if events else {},
            value=None if failure else value,
            seconds=4.5,
            confusion=confusion_of(value) if events else (),
            definition_hash=task.definition_hash,
            data_hash=task.data_hash,
            failure=failure,
        )
        if play.writes or play.end in {"complete", "error", "diverged"}:
            result = self._write(task, result)
        match play.end:
            case "crash":
                yield TaskCrashed(task.key, play.message)
            case "timeout":
                yield TaskTimedOut(task.key, task.limit)
            case "refuse":
                yield TaskErrored(task.key, play.message, "Traceback ...")
            case "hang":
                while True:
                    yield WorkerReady(1, 1)
            case _:
                yield TaskFinished(task.key, result)

    def _write(self, task: TrainTask, result: TrialResult) -> TrialResult:
        if result.failure is None:
            weights = task.results / f"{task.key}.npz"
            write_atomically(weights, task.key.encode())
            result = replace(result, weights_hash=sha256(weights))
            self.step()
        write_atomically(task.results / f"{task.key}.json", json.dumps(result.to_json()).encode())
        self.step()
        return result


class Clock:
    """Time that passes when told to."""

    def __init__(self, now: float = 1_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def define(
    *,
    name: str = "lstm",
    space: SearchSpace = SPACE,
    enqueue: Sequence[Parameters] = (),
    run_cap: int | None = 6,
    method: str = "random",
    sampler: str | None = None,
    searches: Sequence[Search] = (),
    **others: Any,
) -> SweepDefinition:
    """A definition of one LSTM search, or of `searches`."""
    return SweepDefinition(
        name=name,
        searches=tuple(searches) or (Search("lstm", space, run_cap, tuple(enqueue)),),
        method=method,
        sampler=sampler or {"bayes": "tpe"}.get(method, method),
        run_cap=run_cap,
        **{"data": DataSettings("uci_news"), "seed": 3, **others},
    )


class Sweep:
    """One sweep in a store, run as often as asked with engines that play scripts."""

    def __init__(self, store: Store, **changes: Any) -> None:
        self.definition = define(**changes)
        self.store = store
        self.folder: SweepFolder = store.sweep(self.definition.name)
        self.clock = Clock()
        self.events: list[SweepEvent] = []
        self.engine = ScriptedEngine()
        self.ledger = self.open()

    def open(self) -> Ledger:
        """The ledger as a new process finds it, with the facts that the first run commits."""
        self.ledger = Ledger.create(self.folder.ledger, self.clock)
        if self.ledger.get("name") is None:
            metric = self.definition.metric
            self.ledger.put(
                name=self.definition.name,
                definition=self.definition.identity(),
                definition_hash=self.definition.hash(),
                metric={"name": metric.name, "goal": metric.goal},
                data={"data_hash": DATA_HASH},
                run_cap=self.definition.run_cap,
                run_caps={search.architecture: search.run_cap for search in self.definition.searches},
                state="running",
                reason="",
            )
        return self.ledger

    def loop(
        self,
        script: Script = lambda trial, attempt: Play(),
        *,
        workers: int = 1,
        watch: Callable[[], Ending | None] = lambda: None,
        step: Callable[[], None] = lambda: None,
        ledger: Any = None,
        observe: Observer | None = None,
        validation: Validation | None = None,
    ) -> Loop:
        """A loop over a new engine."""
        self.engine = ScriptedEngine(script, workers, step)
        return Loop(
            self.definition, ledger or self.ledger, self.folder, self.engine, observe or self.events.append, watch,
            validation or Validation(),
        )  # fmt: skip

    def run(self, script: Script = lambda trial, attempt: Play(), **settings: Any) -> Ending:
        """One run to its end; a script that never ends is stopped."""
        return self.loop(script, **{"watch": patience(), **settings}).run()

    @property
    def files(self) -> list[str]:
        """The names of the weights files that are left."""
        return sorted(path.name for path in self.folder.results.glob("*.npz"))


def patience(polls: int = 300, reason: str = "the test lost its patience") -> Callable[[], Ending | None]:
    """A watch that interrupts after so many looks."""
    looks = iter(range(polls))
    return lambda: None if next(looks, None) is not None else Ending("interrupted", reason)


@pytest.fixture
def make_sweep(tmp_path: Path) -> Iterator[Callable[..., Sweep]]:
    made: list[Sweep] = []

    def make(name: str = "lstm", root: Path = tmp_path, **changes: Any) -> Sweep:
        made.append(Sweep(Store(root), name=name, **changes))
        return made[-1]

    yield make
    for sweep in made:
        sweep.ledger.close()


@pytest.fixture
def redefine() -> Callable[..., SweepDefinition]:
    """Changes a definition of one search; `space`, `enqueue` and `run_cap` go to the search too."""

    def call(definition: SweepDefinition, **changes: Any) -> SweepDefinition:
        own = {key: changes[key] for key in ("space", "enqueue", "run_cap") if key in changes}
        (search,) = definition.searches
        rest = {key: value for key, value in changes.items() if key not in ("space", "enqueue")}
        return replace(definition, searches=(replace(search, **own),), **rest)

    return call


@pytest.fixture
def play() -> type[Play]:
    return Play


@pytest.fixture
def patient() -> Callable[..., Callable[[], Ending | None]]:
    return patience
