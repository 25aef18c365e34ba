from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import task_runners
from fake_engine import FakeEngine

from textclf_sweep.engines import Engine, EpochReported, TaskErrored, TaskFinished, WorkerReady, local
from textclf_sweep.store import SweepFolder
from textclf_sweep.training.tasks import Decision
from textclf_sweep.trial import TrialState

pytestmark = pytest.mark.contract

Start = Callable[[int], Engine]


def start_local(workers: int, folder: Path) -> Engine:
    return local.start(workers, SweepFolder(folder), runner="task_runners:run_task", preload=())


def start_fake(workers: int, folder: Path) -> Engine:
    return FakeEngine(workers, task_runners.run_task)


@pytest.fixture(params=[start_local, start_fake], ids=["local", "fake"])
def start(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Start]:
    engines: list[Engine] = []

    def one(workers: int) -> Engine:
        engines.append(request.param(workers, tmp_path / "sweep"))
        return engines[-1]

    yield one
    for engine in engines:
        engine.close()


class TestEngineContract:
    def test_each_task_ends_in_exactly_one_event(self, start, make_task, drive) -> None:
        tasks = [
            make_task("epochs", 1, epochs=2),
            make_task("fails", 2),
            make_task("epochs", 3, epochs=0),
            make_task("leaves", 4),
            make_task("large", 5),
        ]
        engine = start(2)
        events = drive(engine, tasks)
        events += engine.poll(0.2)
        ends = [event.key for event in events if not isinstance(event, WorkerReady | EpochReported)]
        assert sorted(ends) == [task.key for task in tasks]

    def test_the_outcome_arrives_unchanged(self, start, make_task, drive) -> None:
        task = make_task("large")
        (end,) = (event for event in drive(start(1), [task]) if isinstance(event, TaskFinished))
        assert end.outcome == task_runners.large(task, lambda _: Decision(), 1)

    def test_epochs_arrive_in_order(self, start, make_task, drive) -> None:
        events = drive(start(1), [make_task("epochs", 7, epochs=20)])
        epochs = [event for event in events if isinstance(event, EpochReported)]
        assert [event.event.epoch for event in epochs] == list(range(1, 21))
        assert {event.key for event in epochs} == {"7.1"}
        assert isinstance(events[-1], TaskFinished)
        assert events[-1].outcome.epochs == tuple(event.event for event in epochs)

    def test_an_epoch_blocks_until_it_is_decided(self, start, make_task) -> None:
        engine = start(1)
        task = make_task("epochs", epochs=2)
        engine.submit(task)
        seen = self.wait_for(engine, EpochReported)
        assert seen.event.epoch == 1
        assert list(engine.poll(0.3)) == []
        engine.decide(task.key, Decision())
        assert self.wait_for(engine, EpochReported).event.epoch == 2

    def test_one_decision_answers_one_epoch(self, start, make_task) -> None:
        engine = start(1)
        task = make_task("epochs", epochs=3)
        engine.submit(task)
        self.wait_for(engine, EpochReported)
        engine.decide(task.key, Decision())
        engine.decide(task.key, Decision(stop=True, reason="too late"))
        assert self.wait_for(engine, EpochReported).event.epoch == 2
        assert list(engine.poll(0.3)) == []

    def test_a_stop_reaches_the_task(self, start, make_task, drive) -> None:
        tasks = [make_task("epochs", number, epochs=5) for number in (1, 2)]
        events = drive(
            start(2), tasks, lambda epoch: Decision(epoch.key == "1.1" and epoch.event.epoch == 2, "rank 3 of 4")
        )
        ends = {event.key: event.outcome for event in events if isinstance(event, TaskFinished)}
        assert (ends["1.1"].state, ends["1.1"].reason) == (TrialState.PRUNED, "stopped: rank 3 of 4")
        assert len(ends["1.1"].epochs) == 2
        assert ends["2.1"].state is TrialState.COMPLETE

    @pytest.mark.parametrize("workers", [1, 2])
    def test_at_most_as_many_tasks_as_workers_run(self, start, make_task, drive, workers) -> None:
        engine = start(workers)
        assert engine.workers == workers
        events = drive(engine, [make_task("counts", number) for number in range(1, 6)])
        seen = [int(event.outcome.reason) for event in events if isinstance(event, TaskFinished)]
        assert len(seen) == 5
        assert max(seen) <= workers

    def test_two_workers_run_two_tasks_at_once(self, start, make_task, drive) -> None:
        events = drive(start(2), [make_task("meets", 1, other=2), make_task("meets", 2, other=1)])
        assert [event.outcome.reason for event in events if isinstance(event, TaskFinished)] == ["met", "met"]

    def test_an_error_ends_its_task_and_not_the_engine(self, start, make_task, drive) -> None:
        engine = start(1)
        (*_, error) = drive(engine, [make_task("fails", 1)])
        assert isinstance(error, TaskErrored)
        assert error.key == "1.1"
        assert error.message.startswith("ValueError: no such file")
        assert "in fails" in error.traceback
        (*_, end) = drive(engine, [make_task("epochs", 2, epochs=1)])
        assert isinstance(end, TaskFinished)

    def test_every_worker_says_once_that_it_is_ready(self, start, make_task, drive) -> None:
        engine = start(2)
        events = drive(engine, [make_task("meets", 1, other=2), make_task("meets", 2, other=1)])
        assert sorted(event.worker for event in events if isinstance(event, WorkerReady)) == [1, 2]

    def test_decisions_for_unknown_tasks_are_ignored(self, start, make_task, drive) -> None:
        engine = start(1)
        engine.decide("9.9", Decision(stop=True))
        (*_, end) = drive(engine, [make_task("epochs", 1, epochs=1)])
        engine.decide("1.1", Decision(stop=True))
        assert end.outcome.reason == "all epochs"

    def test_close_in_the_middle(self, start, make_task) -> None:
        engine = start(2)
        engine.submit(make_task("epochs", 1, epochs=5))
        engine.submit(make_task("hangs", 2))
        self.wait_for(engine, EpochReported)
        engine.close()
        engine.close()
        assert list(engine.poll(0.1)) == []

    @staticmethod
    def wait_for(engine: Engine, kind: type) -> EpochReported:
        for _ in range(60):
            for event in engine.poll(1.0):
                if isinstance(event, kind):
                    return event
        raise AssertionError(f"no {kind.__name__}")
