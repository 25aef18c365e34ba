"""Tasks for engines, and a driver that answers every epoch."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from textclf_sweep.definition.types import Metric
from textclf_sweep.engines import Engine, EngineEvent, EpochReported, WorkerReady
from textclf_sweep.training.tasks import Decision, TrainTask
from textclf_sweep.trial import Scalar, Trial

HERE = Path(__file__).parent
# Workers get their parent's path and find `task_runners` there.
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))


@pytest.fixture
def make_task(tmp_path: Path) -> Callable[..., TrainTask]:
    results = tmp_path / "results"
    results.mkdir()

    def make(does: str, number: int = 1, limit: float = 60.0, **parameters: Scalar) -> TrainTask:
        return TrainTask(
            Trial(number, does, parameters, seed=number), 1, Metric(), None, tmp_path, tmp_path, results, "", "", limit
        )

    return make


@pytest.fixture
def drive() -> Callable[..., list[EngineEvent]]:
    def run(
        engine: Engine,
        tasks: Sequence[TrainTask] = (),
        decide: Callable[[EpochReported], Decision] = lambda _: Decision(),
        patience: float = 60.0,
    ) -> list[EngineEvent]:
        """Submit tasks, answer their epochs, and return every event until each task has ended."""
        for task in tasks:
            engine.submit(task)
        seen: list[EngineEvent] = []
        until = time.monotonic() + patience
        open_keys = {task.key for task in tasks}
        while open_keys:
            assert time.monotonic() < until, f"{open_keys} did not end; so far: {seen}"
            for event in engine.poll(1.0):
                seen.append(event)
                if isinstance(event, EpochReported):
                    engine.decide(event.key, decide(event))
                elif not isinstance(event, WorkerReady):
                    open_keys.remove(event.key)
        return seen

    return run
