"""The loop with everything that decides what is tried: slow searchers, several architectures, pruning, retries."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType

import pytest

from textclf_sweep.definition.space import Categorical, Constant, Range, SearchSpace
from textclf_sweep.definition.types import Budget, EarlyTerminate, Metric, Search
from textclf_sweep.searchers import Ask, Wait
from textclf_sweep.sweep.events import TrialEnded, TrialStarted
from textclf_sweep.sweep.loop import Ending, exhausted
from textclf_sweep.sweep.manage import retry
from textclf_sweep.sweep.resume import collect, extend, outside
from textclf_sweep.trial import TrialState

pytestmark = pytest.mark.unit

CNN = SearchSpace.of({"filters": Categorical((16, 32, 64)), "epochs": Constant(3)})


@pytest.fixture
def searcher(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ModuleType]:
    """Makes a searcher module for the time of a test."""

    def make(name: str, propose: Callable[[Ask], object], **constants: object) -> ModuleType:
        module = ModuleType(f"textclf_sweep.searchers.{name}")
        module.__dict__.update(
            {"FINITE": False, "METHODS": ("bayes",), "PARAMETERS": (), "propose": propose, **constants}
        )
        monkeypatch.setitem(sys.modules, module.__name__, module)
        return module

    return make


def counting(ask: Ask):
    """A proposal that tells what it saw: the sum of the values it knows."""
    known = sum(record.value or 0.0 for record in ask.history)
    return {"epochs": 3, "learning_rate": min(1e-4 + known / 1e4, 1e-1), "batch_size": 32, "dropout": 0.25}


class TestSlowSearcher:
    @pytest.fixture
    def slow(self, searcher):
        return searcher("slow", counting, AHEAD=True)

    def test_what_a_proposal_has_seen_is_fixed_by_its_number(self, make_sweep, slow) -> None:
        sweep = make_sweep(sampler="slow", run_cap=6)
        sweep.run()
        assert [record.trial.seen for record in sweep.ledger.history()] == [
            (), (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4),
        ]  # fmt: skip

    @pytest.mark.parametrize("workers", [2, 3])
    def test_with_several_workers_it_sees_no_more_than_that(self, make_sweep, slow, workers) -> None:
        sweep = make_sweep(sampler="slow", run_cap=9)
        sweep.run(workers=workers)
        for record in sweep.ledger.history():
            assert max(record.trial.seen, default=0) <= max(0, record.number - 1 - workers)

    @pytest.mark.parametrize("cut", range(1, 20))
    def test_interrupted_anywhere_it_proposes_the_same(self, make_sweep, slow, tmp_path, cut, patient) -> None:
        whole = make_sweep(root=tmp_path / "whole", sampler="slow", run_cap=5)
        whole.run()
        sweep = make_sweep(root=tmp_path / "cut", sampler="slow", run_cap=5)
        for _ in range(40):
            if sweep.run(watch=patient(cut + 2)).state == "complete":
                break
            cut += 1
            collect(sweep.ledger, sweep.folder)
        told = [(record.trial, record.value) for record in sweep.ledger.history()]
        assert told == [(record.trial, record.value) for record in whole.ledger.history()]

    def test_the_next_proposal_is_made_while_a_trial_trains(self, make_sweep, searcher, play) -> None:
        """A trial that ends only once the next one has been asked for: a loop that asks later would hang."""
        asked = [threading.Event() for _ in range(5)]

        def propose(ask: Ask):
            asked[ask.number].set()
            return counting(ask)

        searcher("slow", propose, AHEAD=True)
        sweep = make_sweep(sampler="slow", run_cap=3)

        def script(trial, attempt):
            assert trial.number == 3 or asked[trial.number + 1].wait(10)
            return play()

        assert sweep.run(script).state == "complete"

    def test_a_searcher_that_fails_ends_the_run(self, make_sweep, searcher) -> None:
        def propose(ask: Ask):
            raise RuntimeError("singular matrix")

        searcher("slow", propose, AHEAD=True)
        with pytest.raises(RuntimeError, match="singular matrix"):
            make_sweep(sampler="slow").run()

    def test_the_end_of_its_space(self, make_sweep, searcher) -> None:
        searcher("slow", lambda ask: None if ask.number > 3 else counting(ask), AHEAD=True)
        sweep = make_sweep(sampler="slow", run_cap=None)
        assert sweep.run(workers=2) == Ending("complete", "every trial is done")
        assert len(sweep.ledger.history()) == 3
        assert sweep.ledger.get("exhausted")[1] is None

    def test_a_sweep_that_reached_its_target_leaves_no_proposal_behind(self, make_sweep, slow, play) -> None:
        sweep = make_sweep(sampler="slow", run_cap=9, metric=Metric(target=0.8))
        sweep.run(lambda trial, _: play(value=0.9 if trial.number == 3 else 0.1))
        assert [record.state for record in sweep.ledger.history()] == [TrialState.COMPLETE] * 3
        sweep.ledger.close()
        assert len(sweep.open().history()) == 3

    @pytest.mark.parametrize("ahead", [False, True])
    @pytest.mark.parametrize("workers", [1, 2, 3])
    def test_one_that_waits_for_pending_trials(self, make_sweep, searcher, ahead, workers) -> None:
        """Like a rung of Hyperband: after every fourth trial all results must be known."""

        def propose(ask: Ask):
            if ask.number % 4 == 1 and any(not record.state.final for record in ask.history):
                return Wait()
            return counting(ask)

        searcher("rungs", propose, AHEAD=ahead)
        sweep = make_sweep(sampler="rungs", run_cap=9)
        assert sweep.run(workers=workers).state == "complete"
        history = sweep.ledger.history()
        assert len(history) == 9
        assert history[4].trial.seen == (1, 2, 3, 4)
        assert history[8].trial.seen == tuple(range(1, 9))

    @pytest.mark.parametrize("ahead", [False, True])
    def test_one_that_waits_for_nothing_does_not_hang(self, make_sweep, searcher, ahead) -> None:
        searcher("rungs", lambda ask: Wait() if ask.number > 2 else counting(ask), AHEAD=ahead)
        sweep = make_sweep(sampler="rungs")
        assert sweep.run().state == "complete"
        assert len(sweep.ledger.history()) == 2


def busy(sweep, after: int) -> list[int]:
    """How many trials ran when each one after number `after` was dispatched, itself included."""
    running, counts = set(), []
    for event in sweep.events:
        if isinstance(event, TrialStarted):
            running.add(event.trial.number)
            counts += [len(running)] if event.trial.number > after else []
        elif isinstance(event, TrialEnded):
            running.discard(event.record.number)
    return counts


class TestArchitectures:
    def test_each_task_names_its_own(self, make_sweep) -> None:
        lstm = make_sweep().definition.searches[0]
        sweep = make_sweep("both", searches=[lstm, Search("cnn", CNN, 2)], run_cap=8)
        assert sweep.run(workers=2).state == "complete"
        tasks = [task.trial for task in sweep.engine.submitted]
        assert [trial.architecture for trial in tasks[:4]] == ["lstm", "cnn", "lstm", "cnn"]
        assert sum(trial.architecture == "cnn" for trial in tasks) == 2
        assert all(("filters" in trial.parameters) == (trial.architecture == "cnn") for trial in tasks)

    @pytest.mark.parametrize("workers", [1, 3])
    def test_a_race_waits_at_the_end_of_its_round(self, make_sweep, play, workers) -> None:
        lstm = make_sweep().definition.searches[0]
        searches = [
            Search("lstm", lstm.space),
            Search("cnn", SearchSpace.of({"dropout": Range(0.0, 0.5), "epochs": Constant(3)})),
        ]
        sweep = make_sweep("race", searches=searches, run_cap=12, allocate="race")
        sweep.run(lambda trial, _: play(value=0.9 if trial.architecture == "cnn" else 0.2), workers=workers)
        names = [record.trial.architecture for record in sweep.ledger.history()]
        assert (names.count("lstm"), names.count("cnn")) == (3, 9)
        assert names[6:] == ["cnn"] * 6
        # After the round everybody works again.
        assert max(busy(sweep, 6)) == workers

    def test_a_used_up_searcher_of_the_winner_alone_wakes_the_loser(self, make_sweep, searcher, play) -> None:
        """One that waits at its rungs does not: the loser stays out."""

        def propose(ask: Ask):
            waits = ask.number in (5, 8) and any(not record.state.final for record in ask.history)
            return Wait() if waits else counting(ask)

        searcher("rungs", propose)
        space = make_sweep().definition.searches[0].space
        searches = [Search("lstm", space), Search("cnn", space)]
        sweep = make_sweep("race", searches=searches, run_cap=12, allocate="race", sampler="rungs")
        sweep.run(lambda trial, _: play(value=0.9 if trial.architecture == "cnn" else 0.2), workers=3)
        names = [record.trial.architecture for record in sweep.ledger.history()]
        assert (names.count("lstm"), names.count("cnn")) == (3, 9)


class TestPruning:
    RULE = EarlyTerminate("asha", {"min_iter": 1, "eta": 3.0, "min_trials": 2})

    def test_a_trial_far_behind_ends_as_pruned_and_keeps_its_curve(self, make_sweep, play) -> None:
        sweep = make_sweep(run_cap=6, early_terminate=self.RULE)
        sweep.run(lambda trial, _: play(value=0.1 if trial.number == 5 else 0.5 + trial.number / 100))
        record = sweep.ledger.history()[4]
        assert record.state is TrialState.PRUNED
        assert len(record.epochs) == 1
        assert "epoch 1" in record.reason
        assert record.value == 0.1
        others = [item.state for item in sweep.ledger.history() if item.number != 5]
        assert others == [TrialState.COMPLETE] * 5

    def test_without_a_rule_nothing_is_pruned(self, make_sweep, play) -> None:
        sweep = make_sweep(run_cap=6)
        sweep.run(lambda trial, _: play(value=1 / trial.number))
        assert {record.state for record in sweep.ledger.history()} == {TrialState.COMPLETE}

    def test_architectures_are_measured_by_their_own(self, make_sweep, play) -> None:
        lstm = make_sweep().definition.searches[0]
        searches = [Search("lstm", lstm.space, 4), Search("cnn", CNN, 3)]
        sweep = make_sweep("both", searches=searches, run_cap=7, early_terminate=self.RULE)
        sweep.run(lambda trial, _: play(value=0.9 if trial.architecture == "lstm" else 0.3))
        assert {record.state for record in sweep.ledger.history()} == {TrialState.COMPLETE}


class TestPatience:
    def test_it_ends_when_nothing_better_comes(self, make_sweep, play) -> None:
        sweep = make_sweep(run_cap=20, budget=Budget(patience=3))
        values = {1: 0.5, 2: 0.4, 3: 0.6}
        ending = sweep.run(lambda trial, _: play(value=values.get(trial.number, 0.3)))
        assert ending.state == "complete"
        assert ending.reason == ("budget.patience: 3 finished trials in a row brought nothing better than trial 3")
        assert len(sweep.ledger.history()) == 6

    def test_without_a_success_it_goes_on(self, make_sweep, play) -> None:
        sweep = make_sweep(run_cap=5, budget=Budget(patience=1))
        sweep.run(lambda trial, _: play("diverged", message=f"nan {trial.number}"))
        assert len(sweep.ledger.history()) == 5


def test_a_larger_cap_of_one_architecture_is_more_to_do(make_sweep) -> None:
    space = make_sweep().definition.searches[0].space
    few, more = (
        make_sweep("both", searches=[Search("lstm", space, cap), Search("cnn", CNN)], run_cap=None).definition
        for cap in (2, 6)
    )
    assert few.hash() == more.hash()
    assert exhausted(few) != exhausted(more)


class TestRetry:
    def failing(self, make_sweep, play):
        sweep = make_sweep(run_cap=4)
        sweep.run(lambda trial, _: play("error", message=f"error {trial.number}") if trial.number in (2, 3) else play())
        sweep.ledger.put(state="complete")
        sweep.ledger.close()
        return sweep

    def test_failed_trials_run_again_with_the_same_parameters(self, make_sweep, play) -> None:
        sweep = self.failing(make_sweep, play)
        before = sweep.open().history()
        sweep.ledger.close()
        assert retry(sweep.store, "lstm") == ([2, 3], "")
        sweep.open()
        assert [record.state for record in sweep.ledger.history()][1:3] == [TrialState.WAITING] * 2
        assert sweep.ledger.get("state") == "interrupted"
        sweep.run()
        assert [task.key for task in sweep.engine.submitted] == ["2.2", "3.2"]
        after = sweep.ledger.history()
        assert [record.trial for record in after] == [record.trial for record in before]
        assert {record.state for record in after} == {TrialState.COMPLETE}
        for record in after:
            assert sum(attempt.counted for attempt in sweep.ledger.attempts(record.number)) == 1

    def test_a_limit_that_stands_in_the_way_is_told(self, make_sweep, play) -> None:
        sweep = make_sweep(run_cap=9, budget=Budget(patience=2))
        sweep.run(
            lambda trial, _: play("error", message=f"error {trial.number}") if trial.number == 2 else play(value=0.5)
        )
        sweep.ledger.close()
        numbers, limit = retry(sweep.store, "lstm")
        assert numbers == [2]
        assert "budget.patience" in limit

    def test_a_second_time_there_is_nothing_to_do(self, make_sweep, play) -> None:
        sweep = self.failing(make_sweep, play)
        retry(sweep.store, "lstm")
        assert retry(sweep.store, "lstm") == ([], "")

    def test_a_retried_trial_has_all_its_attempts_again(self, make_sweep, play) -> None:
        sweep = make_sweep(run_cap=1)
        sweep.run(lambda *_: play("crash"))
        assert sweep.ledger.history()[0].attempts == 3
        sweep.ledger.close()
        retry(sweep.store, "lstm")
        sweep.open()
        sweep.run(lambda trial, attempt: play("crash") if attempt < 6 else play())
        record = sweep.ledger.history()[0]
        assert (record.state, record.attempts) == (TrialState.COMPLETE, 6)

    def test_mlflow_is_told_again(self, make_sweep, play) -> None:
        sweep = self.failing(make_sweep, play)
        sweep.open()
        for attempt in sweep.ledger.attempts():
            sweep.ledger.sent(replace(attempt, tracking_uri="u", run_id="r", finalised=True))
        sweep.ledger.close()
        retry(sweep.store, "lstm")
        sweep.open()
        assert [attempt.trial for attempt in sweep.ledger.unsent("u")] == [2, 3]


class TestExtend:
    def test_trials_that_fit_count_and_the_others_do_not(self, make_sweep, redefine) -> None:
        sweep = make_sweep(run_cap=6)
        sweep.run()
        space = sweep.definition.searches[0].space
        narrow = SearchSpace.of(
            dict(space.distributions) | {"dropout": Range(0.0, 0.25), "learning_rate": Range(1e-5, 1.0, log=True)}
        )
        changed = redefine(sweep.definition, space=narrow)
        inside = [record.number for record in sweep.ledger.history() if record.trial.parameters["dropout"] <= 0.25]
        assert 0 < len(inside) < 6
        assert extend(changed, "text", sweep.ledger) == (len(inside), 6 - len(inside))
        sweep.definition = changed
        sweep.run()
        history = sweep.ledger.history()
        assert [record.number for record in history[:6] if record.counted] == inside
        assert sum(record.counted for record in history) == 6
        assert len(history) == 12 - len(inside)
        assert all(record.trial.parameters["dropout"] <= 0.25 for record in history if record.counted)

    def test_an_interrupted_trial_outside_is_not_run(self, make_sweep, redefine, play, patient) -> None:
        sweep = make_sweep(run_cap=3)
        sweep.run(lambda *_: play("hang"), watch=patient(3))
        collect(sweep.ledger, sweep.folder)
        space = SearchSpace.of(dict(sweep.definition.searches[0].space.distributions) | {"batch_size": Constant(128)})
        sweep.definition = redefine(sweep.definition, space=space)
        assert extend(sweep.definition, "text", sweep.ledger) == (0, 1)
        sweep.run()
        assert [task.trial.number for task in sweep.engine.submitted] == [2, 3, 4]
        assert sweep.ledger.history()[0].state is TrialState.INTERRUPTED

    def test_widening_back_counts_them_again(self, make_sweep, redefine) -> None:
        sweep = make_sweep(run_cap=4)
        sweep.run()
        space = sweep.definition.searches[0].space
        nothing = redefine(sweep.definition, space=space.fix({"batch_size": 128}))
        assert extend(nothing, "text", sweep.ledger) == (0, 4)
        assert extend(sweep.definition, "text", sweep.ledger) == (4, 0)
        assert all(record.counted for record in sweep.ledger.history())

    def test_an_enqueued_set_may_lie_outside(self, make_sweep) -> None:
        sweep = make_sweep(enqueue=[{"dropout": 0.9}], run_cap=2)
        sweep.run()
        first, second = sweep.ledger.history()
        assert not outside(first, sweep.definition)
        assert not outside(second, sweep.definition)
