"""Opening the sealed test part: committed first, retried after a crash, counted, and never for an older winner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from textclf_sweep.data.corpus import ALL, Part, Splits
from textclf_sweep.engines import EngineEvent, TaskCrashed, TaskErrored, TaskFinished, WorkerReady
from textclf_sweep.sweep.loop import CRASHES, Ending
from textclf_sweep.sweep.opening import EVALUATION_LIMIT, FloorsThread, open_test, untested
from textclf_sweep.training.tasks import Decision, Evaluation, Refit, Task

pytestmark = pytest.mark.unit

FOUND = Evaluation({"loss": 0.5, "accuracy": 0.8, "macro_f1": 0.79}, 4, ((2, 0), (1, 1)))


class Evaluator:
    """An engine whose tasks end as scripted, one after the other."""

    workers = 1

    def __init__(self, *ends: object) -> None:
        self._ends, self._events, self.tasks = list(ends), list[EngineEvent](), list[Task]()

    def submit(self, task: Task) -> None:
        self.tasks.append(task)
        end = self._ends.pop(0)
        self._events += [WorkerReady(1, 1), end(task.key) if callable(end) else end]

    def poll(self, timeout: float) -> Sequence[EngineEvent]:
        events, self._events = self._events, []
        return events

    def decide(self, key: str, decision: Decision) -> None:
        raise AssertionError("an evaluation has no epochs")

    def close(self) -> None:
        pass


def finished(key: str) -> EngineEvent:
    return TaskFinished(key, FOUND)


def crashed(key: str) -> EngineEvent:
    return TaskCrashed(key, "killed by signal 9")


@pytest.fixture
def splits() -> Splits:
    part = Part(("good day", "bad day", "good", "bad"), ("a", "b", "a", "b"), (2, 3, 4, 5))
    return Splits(part, part, part, ("a", "b"), "hash")


@pytest.fixture
def sweep(make_sweep):
    sweep = make_sweep(run_cap=2)
    sweep.run()
    return sweep


def opened(sweep, splits: Splits, engine: Evaluator, watch=lambda: None) -> Ending | None:
    return open_test(sweep.ledger, sweep.definition, sweep.folder, splits, engine, watch)


def test_the_winner_is_scored_and_the_figures_are_kept(sweep, splits) -> None:
    winner = untested(sweep.ledger, sweep.definition.metric)
    engine = Evaluator(finished)
    assert opened(sweep, splits, engine) is None
    (opening,) = sweep.ledger.openings()
    assert (opening.trial, opening.figures["accuracy"], opening.figures["rows"]) == (winner.number, 0.8, 4)
    assert opening.figures["floors"]["majority"] == 0.5
    assert engine.tasks[0].weights.is_file()
    assert untested(sweep.ledger, sweep.definition.metric) is None
    assert opened(sweep, splits, Evaluator()) is None


def test_a_worker_that_dies_is_replaced(sweep, splits) -> None:
    assert opened(sweep, splits, Evaluator(crashed, finished)) is None
    assert [opening.number for opening in sweep.ledger.openings()] == [1]


def test_a_worker_that_always_dies_ends_the_sweep_and_the_next_run_goes_on(sweep, splits) -> None:
    ending = opened(sweep, splits, Evaluator(*[crashed] * CRASHES))
    assert (ending.state, "crashed" in ending.reason) == ("stopped", True)
    assert opened(sweep, splits, Evaluator(finished)) is None
    assert [opening.number for opening in sweep.ledger.openings()] == [1]


def test_an_error_is_told(sweep, splits) -> None:
    ending = opened(sweep, splits, Evaluator(lambda key: TaskErrored(key, "OSError: disk full", "...")))
    assert "disk full" in ending.reason


def test_it_can_be_interrupted(sweep, splits) -> None:
    ending = opened(sweep, splits, Evaluator(finished), lambda: Ending("interrupted", "Ctrl-C"))
    assert ending == Ending("interrupted", "Ctrl-C")
    assert sweep.ledger.openings()[0].figures is None


def test_a_winner_whose_weights_are_gone_is_trained_again_on_the_same_rows(sweep, splits) -> None:
    for path in sweep.folder.results.glob("*.npz"):
        path.unlink()
    winner = untested(sweep.ledger, sweep.definition.metric)
    engine = Evaluator(finished)
    assert opened(sweep, splits, engine) is None
    (task,) = engine.tasks
    assert (task.trial, task.weights, task.corpus) == (winner.trial, None, sweep.folder.corpus)
    assert task.refit == Refit(winner.result.best_epoch, winner.trial.seed)


def test_with_folds_the_winner_is_trained_anew_on_all_rows(sweep, splits) -> None:
    for path in sweep.folder.results.glob("*.npz"):
        path.unlink()  # no trial with folds has any
    everything = Part((*splits.train.texts, "bad"), (*splits.train.labels, "b"), (2, 3, 4, 5, 6))
    test = Part(("bad day", "bad", "good"), ("b", "b", "a"), (7, 8, 9))
    folded = replace(splits, test=test, folds=(splits, splits), whole=replace(splits, train=everything))
    winner = untested(sweep.ledger, sweep.definition.metric)
    engine = Evaluator(finished)
    assert opened(sweep, folded, engine) is None
    (task,) = engine.tasks
    assert (task.trial, task.weights) == (winner.trial, None)
    assert task.refit == Refit(winner.result.best_epoch, winner.trial.seed)
    assert task.corpus == sweep.folder.corpus / ALL
    assert task.limit == EVALUATION_LIMIT + winner.result.seconds
    # The floors know the same rows: in these b is the commonest label, in the train part it is not.
    (opening,) = sweep.ledger.openings()
    assert opening.figures["floors"]["majority"] == pytest.approx(2 / 3)
    assert untested(sweep.ledger, sweep.definition.metric) is None


def test_floors_that_fail_are_told_not_raised(splits) -> None:
    empty = Part((), (), ())
    thread = FloorsThread([(empty, empty)])
    thread.start()
    thread.join()
    assert (thread.done, thread.found.linear) == (True, None)
    assert thread.problem
