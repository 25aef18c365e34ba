"""Where tasks run: one contract, one file per engine.

An engine module is named as in a definition (``engine: local``), has only light top-level imports, and declares
`PARAMETERS`, ``start(workers, folder) -> Engine`` and ``capacity(workers) -> int``, the number of tasks that would run
at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from textclf_sweep.training.tasks import Decision, Outcome, Task
from textclf_sweep.trial import EpochEvent


@dataclass(frozen=True, slots=True)
class WorkerReady:
    """A worker can take tasks (it has imported TensorFlow)."""

    worker: int
    pid: int


@dataclass(frozen=True, slots=True)
class EpochReported:
    """A task finished an epoch and waits for `Engine.decide`."""

    key: str
    event: EpochEvent


@dataclass(frozen=True, slots=True)
class TaskFinished:
    """A task ended by itself; training errors are inside the outcome."""

    key: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class TaskErrored:
    """A task other than training raised; training never does (its result carries the failure)."""

    key: str
    message: str
    traceback: str


@dataclass(frozen=True, slots=True)
class TaskCrashed:
    """The worker died under the task; `cause` names the signal or exit status in words."""

    key: str
    cause: str


@dataclass(frozen=True, slots=True)
class TaskTimedOut:
    """The task passed its limit and its worker was killed."""

    key: str
    limit: float


EngineEvent = WorkerReady | EpochReported | TaskFinished | TaskErrored | TaskCrashed | TaskTimedOut


class Engine(Protocol):
    """Runs tasks, a few at a time; used from one thread.

    Every submitted task ends in exactly one of TaskFinished, TaskErrored, TaskCrashed or TaskTimedOut, unless the
    engine is closed first.
    """

    @property
    def workers(self) -> int:
        """How many tasks run at once."""

    def submit(self, task: Task) -> None:
        """Run `task` as soon as a worker is free. Never blocks. At most `workers` tasks are in flight."""

    def poll(self, timeout: float) -> Sequence[EngineEvent]:
        """What has happened, in order; waits up to `timeout` seconds for the first event."""

    def decide(self, key: str, decision: Decision) -> None:
        """Answer the epoch that `key` waits on. Ignored when the task is gone."""

    def close(self) -> None:
        """Kill whatever runs and wait until every process is gone. May be called twice."""
