"""An engine in memory: threads instead of processes, any function as its runner, and crashes on demand."""

from __future__ import annotations

import queue
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence

from textclf_sweep.engines import (
    EngineEvent,
    EpochReported,
    TaskCrashed,
    TaskErrored,
    TaskFinished,
    TaskTimedOut,
    WorkerReady,
)
from textclf_sweep.training.tasks import Decision, Outcome, Report, Task
from textclf_sweep.trial import EpochEvent


class Crash(BaseException):
    """Raised by a runner to die as a worker would; its text is the cause."""


class Timeout(BaseException):
    """Raised by a runner to pass its limit."""


class _Closed(BaseException):
    """Ends a task that waits for a decision when the engine is closed."""


class FakeEngine:
    def __init__(self, workers: int, runner: Callable[[Task, Report, int], Outcome]) -> None:
        self.workers = workers
        self._runner = runner
        self._events: queue.SimpleQueue[EngineEvent] = queue.SimpleQueue()
        self._waiting: deque[Task] = deque()
        self._decisions: dict[str, queue.SimpleQueue[Decision | None]] = {}
        self._undecided: set[str] = set()
        self._closed = False
        for worker in range(1, workers + 1):
            self._events.put(WorkerReady(worker, worker))

    def submit(self, task: Task) -> None:
        self._waiting.append(task)
        self._dispatch()

    def poll(self, timeout: float) -> Sequence[EngineEvent]:
        if self._closed:
            return ()
        until, events = time.monotonic() + timeout, []
        try:
            events.append(self._events.get(timeout=max(0.0, until - time.monotonic())))
            while True:
                events.append(self._events.get_nowait())
        except queue.Empty:
            pass
        for event in events:
            if isinstance(event, EpochReported):
                self._undecided.add(event.key)
            elif not isinstance(event, WorkerReady):
                del self._decisions[event.key]
        self._dispatch()
        return events

    def decide(self, key: str, decision: Decision) -> None:
        if key in self._undecided:
            self._undecided.remove(key)
            self._decisions[key].put(decision)

    def close(self) -> None:
        self._closed = True
        for decisions in self._decisions.values():
            decisions.put(None)

    def _dispatch(self) -> None:
        while self._waiting and len(self._decisions) < self.workers:
            task = self._waiting.popleft()
            decisions = self._decisions[task.key] = queue.SimpleQueue()
            threading.Thread(target=self._run, args=(task, decisions), daemon=True).start()

    def _run(self, task: Task, decisions: queue.SimpleQueue[Decision | None]) -> None:
        def report(event: EpochEvent) -> Decision:
            self._events.put(EpochReported(task.key, event))
            decision = decisions.get()
            if decision is None:
                raise _Closed
            return decision

        try:
            self._events.put(TaskFinished(task.key, self._runner(task, report, 1)))
        except (Exception, SystemExit) as error:
            message = traceback.format_exception_only(error)[-1].strip()
            self._events.put(TaskErrored(task.key, message, traceback.format_exc()))
        except Crash as crash:
            self._events.put(TaskCrashed(task.key, str(crash)))
        except Timeout:
            self._events.put(TaskTimedOut(task.key, task.limit))
        except _Closed:
            pass
