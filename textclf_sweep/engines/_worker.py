"""What runs in a worker process: tasks one by one in the main thread, beside a thread that reads the pipe.

Parent to worker: one `Setup`, then tasks and decisions. Worker to parent: one `Ready`, then for each task `Began`,
`Epoch`s, and `Finished` or `Raised`. The worker ends when the pipe does, which is when the parent is gone.
"""

from __future__ import annotations

import faulthandler
import importlib
import os
import queue
import resource
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

from textclf_sweep.locks import join_workers
from textclf_sweep.store import SweepFolder
from textclf_sweep.training.tasks import Decision, Outcome, Report, Task
from textclf_sweep.trial import EpochEvent

Runner = Callable[[Task, Report, int], Outcome]


@dataclass(frozen=True, slots=True)
class Setup:
    """What a worker has to know before its first task.

    Attributes:
        runner: the task function, ``package.module:function``.
        threads: threads it may use, >= 1.
        folder: the sweep's folder.
        log: the file that takes everything the worker prints.
        gpu: its ``CUDA_VISIBLE_DEVICES``; None leaves the variable alone.
    """

    runner: str
    threads: int
    folder: SweepFolder
    log: Path
    gpu: str | None


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker has imported its runner."""

    pid: int


@dataclass(frozen=True, slots=True)
class Began:
    """The worker has taken its task. A worker that dies before has cost nothing."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """The task waits for a decision on this epoch."""

    event: EpochEvent


@dataclass(frozen=True, slots=True)
class Finished:
    """The task returned. `memory` is the worker's own memory after it, in bytes."""

    outcome: Outcome
    memory: int


@dataclass(frozen=True, slots=True)
class Raised:
    """The task raised. `memory` is the worker's own memory after it, in bytes."""

    message: str
    traceback: str
    memory: int


Message = Ready | Began | Epoch | Finished | Raised


def main(handle: int) -> None:
    """Serve the parent at the other end of a pipe until it is gone.

    Args:
        handle: file descriptor of this end of the pipe.
    """
    pipe: Connection[Message, Setup | Task | Decision] = Connection(handle)
    try:
        setup = cast(Setup, pipe.recv())
    except (EOFError, OSError):
        return
    _prepare(setup)
    tasks, decisions = queue.SimpleQueue[Task](), queue.SimpleQueue[Decision]()
    threading.Thread(target=_read, args=(pipe, tasks, decisions), daemon=True).start()
    module, _, name = setup.runner.partition(":")
    runner: Runner = getattr(importlib.import_module(module), name)

    def report(event: EpochEvent) -> Decision:
        pipe.send(Epoch(event))
        return decisions.get()

    pipe.send(Ready(os.getpid()))
    while True:
        task = tasks.get()
        pipe.send(Began())
        _run(runner, task, report, setup.threads, pipe)


def _prepare(setup: Setup) -> None:
    log = os.open(setup.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    faulthandler.enable()
    join_workers(setup.folder)
    if setup.gpu is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = setup.gpu


def _read(
    pipe: Connection[Message, Setup | Task | Decision],
    tasks: queue.SimpleQueue[Task],
    decisions: queue.SimpleQueue[Decision],
) -> None:
    try:
        while True:
            message = cast(Task | Decision, pipe.recv())
            if isinstance(message, Decision):
                decisions.put(message)
            else:
                tasks.put(message)
    except (EOFError, OSError):
        # The parent is gone. The main thread may be deep in a training step: nothing but this ends it at once.
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def _run(
    runner: Runner, task: Task, report: Report, threads: int, pipe: Connection[Message, Setup | Task | Decision]
) -> None:
    try:
        # An outcome that cannot be pickled raises here too, before anything is sent.
        pipe.send(Finished(runner(task, report, threads), own_memory()))
    # Code of the user's may call sys.exit; it ends its task, not the worker.
    except (Exception, SystemExit) as error:
        message = traceback.format_exception_only(error)[-1].strip()
        pipe.send(Raised(message, traceback.format_exc(), own_memory()))


def own_memory() -> int:
    """Bytes of memory that belong to this process alone: resident, without mapped files and shared pages.

    Elsewhere than on Linux: the most that was ever resident.
    """
    try:
        _, resident, shared, *_ = Path("/proc/self/statm").read_text().split()
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")
