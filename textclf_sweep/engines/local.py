"""Trains on this machine: a few warm worker processes, forked from one that has imported TensorFlow.

The parent's side is single-threaded: everything happens inside `LocalEngine.poll`. A worker's end is known from the
fork server, never guessed from a closed pipe, so a task that has ended is really not running any more.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path

from textclf_sweep.definition.space import Parameter
from textclf_sweep.engines import (
    Engine,
    EngineEvent,
    EpochReported,
    TaskCrashed,
    TaskErrored,
    TaskFinished,
    TaskTimedOut,
    WorkerReady,
    _machine,
)
from textclf_sweep.engines._forkserver import ForkServer
from textclf_sweep.engines._worker import Began, Epoch, Finished, Message, Raised, Ready, Setup
from textclf_sweep.errors import EngineError, Problem
from textclf_sweep.store import SweepFolder
from textclf_sweep.training.tasks import Decision, Task

PARAMETERS: tuple[Parameter, ...] = ()

START_LIMIT = 300.0
"""Seconds a worker may take to start, TensorFlow's import included."""

IDLE_DEATHS = 3
"""So many deaths in a row outside any task end the engine."""


def start(
    workers: int | None,
    folder: SweepFolder,
    *,
    runner: str = "textclf_sweep.training.run:run_task",
    preload: Sequence[str] = ("textclf_sweep.training.preload",),
    clock: Callable[[], float] = time.monotonic,
) -> Engine:
    """Start the workers in the background and return at once.

    Args:
        workers: how many tasks run at once, >= 1; None chooses by GPUs, cores and memory.
        folder: the sweep's folder; workers lock it and print into its logs.
        runner: the task function, ``package.module:function``, called as ``run_task(task, report, threads)``.
        preload: modules that are imported once, before the workers are forked. They must not run a TensorFlow op.
        clock: seconds, for limits.

    Raises:
        EngineError: no process can be started.
    """
    count, cores = capacity(workers), _machine.usable_cores()
    threads = max(1, cores // count)
    return LocalEngine(_Settings(count, folder, runner, tuple(preload), threads, _machine.find_gpus()), clock)


def capacity(workers: int | None) -> int:
    """How many tasks would run at once on this machine.

    Args:
        workers: the number asked for, >= 1; None chooses by GPUs, cores and memory.
    """
    if workers is not None:
        return workers
    return _machine.default_workers(_machine.usable_cores(), _machine.available_memory(), _machine.find_gpus())


def outgrown(first: int, now: int) -> bool:
    """Whether a worker has grown so far that a new one should take its place.

    Args:
        first: bytes of its memory after its first task.
        now: bytes of its memory now.
    """
    return now > max(2 * first, first + 1_000_000_000)


def describe_exit(status: int) -> str:
    """How a process ended, in words.

    Args:
        status: its exit code, or minus the number of the signal that killed it.
    """
    if status >= 0:
        return f"exited with status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        return f"killed by signal {-status}"
    return f"killed by signal {-status} ({name}{_OFTEN.get(-status, '')})"


_OFTEN = {
    int(signal.SIGKILL): "; often the system running out of memory",
    int(signal.SIGILL): "; often a TensorFlow build for another CPU",
}


@dataclass(frozen=True, slots=True)
class _Settings:
    """How the workers are started: see `start`; `threads` is for each of them, `gpus` for all."""

    workers: int
    folder: SweepFolder
    runner: str
    preload: tuple[str, ...]
    threads: int
    gpus: tuple[str, ...]


@dataclass(slots=True)
class _Worker:
    """What the parent knows of one worker process.

    Attributes:
        slot: from 1; a replacement takes over its predecessor's.
        pipe: the parent's end.
        deadline: when its start or its task has taken too long, by the engine's clock; None while idle.
        pid: None until it is ready.
        task: what it runs.
        began: whether it has said so.
        waits: whether the task waits for a decision.
        doomed: killed by us, for a timeout or its size; no more tasks.
        first_memory: bytes of its memory after its first task.
    """

    slot: int
    pipe: Connection[Setup | Task | Decision, Message]
    deadline: float | None
    pid: int | None = None
    task: Task | None = None
    began: bool = False
    waits: bool = False
    doomed: bool = False
    first_memory: int | None = None

    @property
    def idle(self) -> bool:
        """Whether it can take a task."""
        return self.pid is not None and self.task is None and not self.doomed and not self.pipe.closed

    def kill(self) -> None:
        """End it at once; the fork server reports its exit."""
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


class LocalEngine:
    """The parent's side of the workers. See `start`."""

    def __init__(self, settings: _Settings, clock: Callable[[], float]) -> None:
        self._settings, self._clock = settings, clock
        self._waiting: deque[Task] = deque()
        self._events: list[EngineEvent] = []
        self._failure: EngineError | None = None
        self._idle_deaths = 0
        self._proven = False
        self._running: dict[int, _Worker] = {}
        self._started = 0
        self._server = self._serve()

    @property
    def workers(self) -> int:
        """How many tasks run at once."""
        return self._settings.workers

    def submit(self, task: Task) -> None:
        """Run `task` as soon as a worker is free. Tasks beyond `workers` wait their turn."""
        self._waiting.append(task)
        self._dispatch()

    def poll(self, timeout: float) -> Sequence[EngineEvent]:
        """What has happened, in order; waits up to `timeout` seconds for the first event.

        Raises:
            EngineError: the workers cannot start or do not stay up.
        """
        until = self._clock() + timeout
        while True:
            self._enforce_deadlines()
            self._dispatch()
            now = self._clock()
            self._receive(0.0 if self._events or self._failure else max(0.0, min([until, *self._deadlines()]) - now))
            if self._events:
                events, self._events = self._events, []
                return events
            if self._failure:
                raise self._failure
            if self._clock() >= until or self._server.closed:
                return ()

    def decide(self, key: str, decision: Decision) -> None:
        """Answer the epoch that `key` waits on. Ignored when the task is gone or does not wait."""
        for worker in self._running.values():
            if worker.task is not None and worker.task.key == key and worker.waits:
                worker.waits = False
                # A worker that has died meanwhile is reported by `poll`.
                with contextlib.suppress(OSError):
                    worker.pipe.send(decision)

    def close(self) -> None:
        """Kill whatever runs and wait until every process is gone. May be called twice, and after any exception."""
        for worker in self._running.values():
            worker.pipe.close()
        self._server.close()
        self._running.clear()
        self._waiting.clear()
        self._events.clear()

    def _serve(self) -> ForkServer:
        """A new fork server with all its workers on the way."""
        logs, threads = self._settings.folder.logs, str(self._settings.threads)
        environment = {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": "1", **os.environ}
        try:
            logs.mkdir(parents=True, exist_ok=True)
            server = ForkServer(logs / "workers.log", self._settings.preload, environment)
        except OSError as error:
            raise EngineError(
                Problem(f"the workers cannot be started: {error}", fix="free memory, disk space or processes")
            ) from error
        self._proven = False  # until a worker of this server is up
        for slot in range(1, self.workers + 1):
            self._fork(server, slot)
        return server

    def _fork(self, server: ForkServer, slot: int) -> None:
        settings = self._settings
        gpu = settings.gpus[(slot - 1) % len(settings.gpus)] if settings.gpus else None
        ours, theirs = Pipe()
        self._started += 1
        with theirs:
            server.fork(self._started, theirs.fileno())
            ours.send(Setup(settings.runner, settings.threads, settings.folder, self._log(slot), gpu))
        self._running[self._started] = _Worker(slot, ours, self._clock() + START_LIMIT)

    def _log(self, slot: int) -> Path:
        return self._settings.folder.logs / f"worker-{slot}.log"

    def _dispatch(self) -> None:
        for worker in self._running.values():
            if self._waiting and worker.idle:
                try:
                    worker.pipe.send(self._waiting[0])
                except OSError:
                    # It died between two tasks: the task is for another, and the exit is reported in time.
                    worker.pipe.close()
                    continue
                worker.task = self._waiting.popleft()
                worker.deadline = self._clock() + worker.task.limit

    def _deadlines(self) -> list[float]:
        return [worker.deadline for worker in self._running.values() if worker.deadline is not None]

    def _enforce_deadlines(self) -> None:
        for worker in self._running.values():
            if worker.deadline is None or worker.deadline > self._clock():
                continue
            if worker.pid is None:
                worker.deadline = None
                self._fail(f"worker {worker.slot} did not start within {START_LIMIT:g} s", self._log(worker.slot))
            else:
                worker.doomed, worker.deadline = True, None
                worker.kill()

    def _receive(self, timeout: float) -> None:
        if self._server.closed:
            return
        server = self._server.fileno()
        pipes = {worker.pipe: worker for worker in self._running.values() if not worker.pipe.closed}
        readable = wait([*pipes, server], timeout)
        for pipe, worker in pipes.items():
            if pipe in readable:
                self._read(worker)
        if server in readable:
            try:
                exits = self._server.exits()
            except EOFError:
                self._server_gone()
                return
            for number, status in exits:
                self._worker_gone(self._running.pop(number), status)

    def _read(self, worker: _Worker) -> None:
        """Take one message; the pipe is closed at its end."""
        try:
            message = worker.pipe.recv()
        except (EOFError, OSError):
            worker.pipe.close()
            return
        match message:
            case Ready(pid):
                worker.pid, worker.deadline, self._proven = pid, None, True
                self._events.append(WorkerReady(worker.slot, pid))
            case Began():
                worker.began = True
            case Epoch(event) if worker.task is not None:
                worker.waits = True
                self._events.append(EpochReported(worker.task.key, event))
            case Finished(outcome, memory) if worker.task is not None:
                self._events.append(TaskFinished(worker.task.key, outcome))
                self._task_over(worker, memory)
            case Raised(text, traceback, memory) if worker.task is not None:
                self._events.append(TaskErrored(worker.task.key, text, traceback))
                self._task_over(worker, memory)

    def _task_over(self, worker: _Worker, memory: int) -> None:
        worker.task, worker.began, worker.waits, worker.deadline = None, False, False, None
        self._idle_deaths = 0
        worker.first_memory = worker.first_memory or memory
        if outgrown(worker.first_memory, memory):
            worker.doomed = True
            worker.kill()

    def _worker_gone(self, worker: _Worker, status: int) -> None:
        """Report what a worker that is no more leaves behind, and replace it."""
        cause = describe_exit(status)
        self._bury(worker, cause)
        if worker.task is None and not worker.doomed:
            self._idle_deaths += 1
        if self._idle_deaths >= IDLE_DEATHS:
            what = f"the workers do not stay up: the last of {IDLE_DEATHS} in a row {cause}"
            self._fail(what, self._log(worker.slot))
        else:
            self._fork(self._server, worker.slot)

    def _bury(self, worker: _Worker, cause: str) -> None:
        """Take a dead worker's last words, and report the end of its task."""
        worker.pid = None
        # A result that was sent counts.
        while not worker.pipe.closed and worker.pipe.poll():
            self._read(worker)
        worker.pipe.close()
        if worker.task is not None and worker.doomed:
            self._events.append(TaskTimedOut(worker.task.key, worker.task.limit))
        elif worker.task is not None and not worker.began:
            # It was dying when the task was sent: the task is for another.
            self._waiting.appendleft(worker.task)
            worker.task = None
        elif worker.task is not None:
            self._events.append(TaskCrashed(worker.task.key, cause))

    def _server_gone(self) -> None:
        """The fork server ended by itself: its workers go with it, and another takes its place."""
        status = describe_exit(code := self._server.close())
        workers, self._running = list(self._running.values()), {}
        for worker in workers:
            worker.kill()
            self._bury(worker, f"killed because the process that starts the workers ended ({status})")
        self._idle_deaths += 1
        if (code >= 0 and not self._proven) or self._idle_deaths >= IDLE_DEATHS:
            self._fail(f"the process that starts the workers {status}", self._server.log)
        else:
            self._server = self._serve()

    def _fail(self, what: str, log: Path) -> None:
        try:
            tail = log.read_text(errors="replace").splitlines()[-10:]
        except OSError:
            tail = []
        shown = "".join(f"\n    {line}" for line in tail) or " (it is empty)"
        self._failure = EngineError(Problem(what, fix=f"see the end of {log}:{shown}", where=str(log)))
