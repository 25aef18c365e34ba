from __future__ import annotations

import pytest

from textclf_sweep.definition.space import Categorical, Constant, SearchSpace
from textclf_sweep.definition.types import Budget, EarlyStopping, Metric
from textclf_sweep.errors import StorageError
from textclf_sweep.sweep.events import EpochEnded, Notice, TrialEnded, TrialStarted
from textclf_sweep.sweep.loop import CRASHES, SAME_FAILURES, Ending, Validation
from textclf_sweep.sweep.resume import collect
from textclf_sweep.trial import TrialState

pytestmark = pytest.mark.unit

ROWS, UNKNOWN = Validation(800, 200), Validation()

COMPLETE, FAILED = TrialState.COMPLETE, TrialState.FAILED
SMALL = SearchSpace.of(
    {"batch_size": Categorical((32, 64)), "dropout": Categorical((0.0, 0.1, 0.2)), "learning_rate": Constant(0.001)}
)


def states(sweep):
    return [record.state for record in sweep.ledger.history()]


class TestWholeRun:
    @pytest.mark.parametrize("workers", [1, 3])
    def test_every_trial_runs_once(self, make_sweep, workers) -> None:
        sweep = make_sweep()
        assert sweep.run(workers=workers) == Ending("complete", "every trial is done")
        assert [task.key for task in sweep.engine.submitted] == [f"{number}.1" for number in range(1, 7)]
        assert states(sweep) == [COMPLETE] * 6
        assert all(attempt.counted for attempt in sweep.ledger.attempts())

    def test_a_task_carries_what_the_worker_needs(self, make_sweep) -> None:
        stopping = EarlyStopping("val_loss", 2, 0.01)
        sweep = make_sweep(run_cap=1, early_stopping=stopping, budget=Budget(trial_time=77.0))
        sweep.run()
        (task,) = sweep.engine.submitted
        assert task.trial == sweep.ledger.history()[0].trial
        assert (task.attempt, task.metric, task.early_stopping, task.limit) == (1, Metric(), stopping, 77.0)
        assert (task.corpus, task.cache, task.results) == (
            sweep.folder.corpus, sweep.folder.cache, sweep.folder.results,
        )  # fmt: skip
        assert (task.definition_hash, task.data_hash) == (sweep.definition.hash(), "d" * 64)

    def test_what_is_told(self, make_sweep) -> None:
        sweep = make_sweep(run_cap=2)
        sweep.run()
        kinds = [type(event) for event in sweep.events]
        assert kinds == [TrialStarted, EpochEnded, EpochEnded, TrialEnded] * 2
        last = sweep.events[-1]
        history = sweep.ledger.history()
        assert last.record == history[1]
        assert last.best == max(history, key=lambda record: record.value)

    def test_an_attempt_is_committed_before_it_is_told(self, make_sweep) -> None:
        sweep = make_sweep(run_cap=2)
        seen = []
        sweep.run(observe=lambda event: seen.append((type(event), sweep.ledger.history()[-1].state)))
        assert [state for kind, state in seen if kind is TrialStarted] == [TrialState.RUNNING] * 2
        assert [state for kind, state in seen if kind is TrialEnded] == [COMPLETE] * 2

    def test_a_space_that_is_used_up_ends_the_sweep(self, make_sweep) -> None:
        sweep = make_sweep(method="grid", space=SMALL, run_cap=None)
        assert sweep.run(workers=4).state == "complete"
        assert len(states(sweep)) == 6

    def test_nothing_to_do(self, make_sweep) -> None:
        sweep = make_sweep()
        sweep.run()
        assert sweep.run() == Ending("complete", "every trial is done")
        assert sweep.engine.submitted == []

    def test_a_larger_cap_goes_on(self, make_sweep, redefine) -> None:
        sweep = make_sweep(run_cap=3)
        sweep.run()
        sweep.definition = redefine(sweep.definition, run_cap=5)
        sweep.run()
        assert [task.key for task in sweep.engine.submitted] == ["4.1", "5.1"]

    def test_only_the_best_weights_are_kept(self, make_sweep, play) -> None:
        sweep = make_sweep()
        values = {1: 0.5, 2: 0.6, 3: 0.9, 4: 0.7, 5: 0.9, 6: 0.1}
        sweep.run(lambda trial, _: play(value=values[trial.number]), workers=2)
        assert sweep.files == ["3.1.npz"]

    def test_weights_of_running_trials_are_kept(self, make_sweep, play) -> None:
        sweep = make_sweep(run_cap=2)
        # Trial 1 has written its weights and hangs while trial 2, which is better, ends.
        sweep.run(
            lambda trial, _: play("hang", value=0.5, writes=True) if trial.number == 1 else play(value=0.9), workers=2
        )
        assert sweep.files == ["1.1.npz", "2.1.npz"]


class TestFailures:
    def test_a_failed_trial_is_not_run_again(self, make_sweep, play) -> None:
        sweep = make_sweep()
        sweep.run(lambda trial, _: play("diverged", message="the loss became nan") if trial.number == 2 else play())
        assert states(sweep) == [COMPLETE, FAILED, *[COMPLETE] * 4]
        assert [attempt.attempt for attempt in sweep.ledger.attempts(2)] == [1]

    def test_a_crash_is_tried_again(self, make_sweep, play) -> None:
        sweep = make_sweep(run_cap=2)
        sweep.run(lambda trial, attempt: play("crash") if (trial.number, attempt) == (1, 1) else play())
        assert [task.key for task in sweep.engine.submitted] == ["1.1", "1.2", "2.1"]
        assert states(sweep) == [COMPLETE, COMPLETE]
        assert sweep.ledger.history()[0].attempts == 2
        (notice,) = [event for event in sweep.events if isinstance(event, Notice)]
        assert "trial 1" in notice.text
        assert "SIGSEGV" in notice.text

    def test_the_same_parameters_and_seed_are_tried_again(self, make_sweep, play) -> None:
        sweep = make_sweep(run_cap=1)
        sweep.run(lambda _, attempt: play("crash") if attempt < 3 else play())
        assert len({task.trial.seed for task in sweep.engine.submitted}) == 1
        assert [task.trial for task in sweep.engine.submitted] == [sweep.ledger.history()[0].trial] * 3

    def test_the_third_crash_fails_the_trial_and_names_the_signal(self, make_sweep, play) -> None:
        sweep = make_sweep(run_cap=2)
        sweep.run(lambda trial, _: play("crash", epochs=1) if trial.number == 1 else play())
        assert [task.key for task in sweep.engine.submitted] == ["1.1", "1.2", "1.3", "2.1"]
        first, second = sweep.ledger.history()
        assert (first.state, first.attempts, second.state) == (FAILED, CRASHES, COMPLETE)
        assert first.result.failure.kind == "crash"
        assert "SIGSEGV" in first.result.failure.message
        assert "3 times" in first.result.failure.message
        assert [attempt.counted for attempt in sweep.ledger.attempts(1)] == [False, False, True]
        assert [event.epoch for event in first.result.epochs] == [1]
        assert first.result.seconds == 1.5

    def test_interruptions_spend_no_attempt(self, make_sweep, play, patient) -> None:
        sweep = make_sweep(run_cap=1)
        for _ in range(4):
            sweep.run(lambda *_: play("hang", epochs=0), watch=patient(2))
        sweep.run(lambda _, attempt: play("crash") if attempt < 7 else play())
        assert states(sweep) == [COMPLETE]
        assert sweep.ledger.history()[0].attempts == 7

    def test_a_timeout_is_final(self, make_sweep, play) -> None:
        sweep = make_sweep(run_cap=2, budget=Budget(trial_time=60.0))
        sweep.run(lambda trial, _: play("timeout", epochs=1) if trial.number == 1 else play())
        assert [task.key for task in sweep.engine.submitted] == ["1.1", "2.1"]
        first = sweep.ledger.history()[0]
        assert (first.state, first.result.failure.kind, first.value) == (FAILED, "timeout", None)
        assert "60 s" in first.reason
        assert first.result.seconds == 60.0
        assert len(first.epochs) == 1

    def test_a_task_that_cannot_use_its_files_ends_the_run_and_fails_no_trial(self, make_sweep, play) -> None:
        sweep = make_sweep(run_cap=1)
        loop = sweep.loop(lambda *_: play("refuse", message="OSError: No space left on device"))
        with pytest.raises(StorageError, match="No space left"):
            loop.run()
        loop.interrupt("the program failed")
        assert states(sweep) == [TrialState.INTERRUPTED]
        assert sweep.run(lambda *_: play()).state == "complete"
        assert [(record.state, record.attempts) for record in sweep.ledger.history()] == [(COMPLETE, 2)]

    @pytest.mark.parametrize("end", ["crash", "timeout"])
    def test_a_result_that_was_written_before_the_end_counts(self, make_sweep, play, end) -> None:
        sweep = make_sweep(run_cap=1)
        sweep.run(lambda *_: play(end, writes=True))
        (record,) = sweep.ledger.history()
        assert (record.state, record.attempts) == (COMPLETE, 1)
        assert sweep.files == ["1.1.npz"]

    def test_the_same_failure_again_and_again_ends_the_sweep(self, make_sweep, play) -> None:
        sweep = make_sweep(run_cap=20)
        ending = sweep.run(lambda *_: play("error", message="ValueError: units must be > 0"))
        assert ending.state == "failed"
        assert ending.reason.count("units must be > 0") == 1
        assert states(sweep) == [FAILED] * SAME_FAILURES

    def test_it_only_stops_the_sweep_when_there_was_a_success(self, make_sweep, play) -> None:
        sweep = make_sweep(run_cap=20)
        ending = sweep.run(lambda trial, _: play() if trial.number == 1 else play("error", message="out of memory"))
        assert (ending.state, "out of memory" in ending.reason) == ("stopped", True)
        assert states(sweep) == [COMPLETE, *[FAILED] * SAME_FAILURES]

    def test_trials_that_end_beside_the_last_failure_do_not_hide_it(self, make_sweep, play) -> None:
        sweep = make_sweep(run_cap=20)
        # Trial 1 trains long and well while five others fail.
        ending = sweep.run(
            lambda trial, _: play(epochs=30) if trial.number == 1 else play("error", epochs=0, message="no kernel"),
            workers=2,
        )
        assert "no kernel" in ending.reason
        assert ending.state == "stopped"
        assert states(sweep) == [COMPLETE, *[FAILED] * SAME_FAILURES]

    def test_diverged_trials_do_not(self, make_sweep, play) -> None:
        sweep = make_sweep(run_cap=7)
        ending = sweep.run(lambda *_: play("diverged", message="the loss became nan at batch 1"))
        assert ending.state == "complete"
        assert states(sweep) == [FAILED] * 7

    def test_different_failures_do_not(self, make_sweep, play) -> None:
        sweep = make_sweep(run_cap=12)
        ending = sweep.run(lambda trial, _: play("error", message=f"batch {trial.number}"))
        assert ending.state == "complete"
        assert states(sweep) == [FAILED] * 12

    def test_a_success_in_between_starts_the_count_again(self, make_sweep, play) -> None:
        sweep = make_sweep(run_cap=12)
        assert sweep.run(lambda trial, _: play() if trial.number % 5 == 0 else play("error")).state == "complete"
        assert states(sweep).count(FAILED) == 10


class TestLimits:
    def test_the_target_ends_the_sweep_at_once(self, make_sweep, play) -> None:
        sweep = make_sweep(metric=Metric(target=0.8))
        ending = sweep.run(lambda trial, _: play(value=0.8 if trial.number == 3 else 0.5))
        assert ending.state == "complete"
        assert "target" in ending.reason
        assert states(sweep) == [COMPLETE] * 3

    def test_a_target_below(self, make_sweep, play) -> None:
        sweep = make_sweep(metric=Metric("val_loss", "minimize", 0.4))
        sweep.run(lambda trial, _: play(value=0.3 if trial.number == 2 else 0.5))
        assert len(states(sweep)) == 2

    def test_running_trials_end_with_their_epoch_when_the_target_is_reached(self, make_sweep, play) -> None:
        sweep = make_sweep(metric=Metric(target=0.8))
        sweep.run(
            lambda trial, _: play(value=0.9, epochs=1) if trial.number == 1 else play(value=0.5, epochs=50), workers=2
        )
        first, second = sweep.ledger.history()
        assert (first.state, second.state) == (COMPLETE, COMPLETE)
        assert len(second.epochs) < 5
        assert "target" in second.reason

    def test_the_time_budget_counts_every_session(self, make_sweep, play, patient) -> None:
        sweep = make_sweep(run_cap=50, budget=Budget(time=100.0))

        def slow(trial, attempt):
            sweep.clock.now += 30
            return play()

        sweep.ledger.start_session()
        assert sweep.run(slow, watch=patient(4)).state == "interrupted"
        spent = sweep.ledger.active_seconds()
        assert 0 < spent < 100
        sweep.ledger.close()
        sweep.clock.now += 10_000
        sweep.open().start_session()
        collect(sweep.ledger, sweep.folder)
        ending = sweep.run(slow)
        assert ending.state == "complete"
        assert "time budget of 100 s" in ending.reason
        assert 100 <= sweep.ledger.active_seconds() <= 130

    def test_nothing_starts_once_a_limit_is_reached(self, make_sweep, play, patient) -> None:
        sweep = make_sweep(metric=Metric(target=0.8), run_cap=9)
        sweep.run(
            lambda trial, _: play("hang", epochs=0) if trial.number == 1 else play(value=0.9),
            workers=2, watch=patient(5),
        )  # fmt: skip
        assert states(sweep) == [TrialState.INTERRUPTED, COMPLETE]
        assert "target" in sweep.run(workers=3).reason
        assert sweep.engine.submitted == []
        assert len(states(sweep)) == 2

    def test_a_failed_value_reaches_no_target(self, make_sweep, play) -> None:
        sweep = make_sweep(metric=Metric(target=0.8))
        sweep.run(lambda *_: play("diverged", value=0.9))
        assert states(sweep) == [FAILED] * sweep.definition.run_cap


class TestInterruptions:
    def test_what_runs_is_interrupted_and_goes_on_later(self, make_sweep, play, patient) -> None:
        sweep = make_sweep(run_cap=4)
        ending = sweep.run(
            lambda trial, _: play() if trial.number == 1 else play("hang", epochs=1), workers=2,
            watch=patient(6, "Ctrl-C"),
        )  # fmt: skip
        assert ending == Ending("interrupted", "Ctrl-C")
        assert sweep.engine.closed
        before = sweep.ledger.history()
        assert [record.state for record in before] == [COMPLETE, TrialState.INTERRUPTED, TrialState.INTERRUPTED]
        assert {record.reason for record in before[1:]} == {"Ctrl-C"}
        assert sweep.run(workers=2).state == "complete"
        assert [task.key for task in sweep.engine.submitted] == ["2.2", "3.2", "4.1"]
        assert [task.trial for task in sweep.engine.submitted[:2]] == [record.trial for record in before[1:]]
        assert states(sweep) == [COMPLETE] * 4

    def test_a_result_that_is_written_is_not_interrupted(self, make_sweep, play, patient) -> None:
        sweep = make_sweep(run_cap=1)
        sweep.run(lambda *_: play("hang", writes=True), watch=patient(5))
        (record,) = sweep.ledger.history()
        assert (record.state, record.attempts) == (COMPLETE, 1)

    def test_a_watch_that_raises_leaves_the_trials_to_the_caller(self, make_sweep, play) -> None:
        sweep = make_sweep(run_cap=1)

        looks = iter([None])

        def broken():
            for look in looks:
                return look
            raise OSError("disk full")

        loop = sweep.loop(lambda *_: play("hang", epochs=0), watch=broken)
        with pytest.raises(OSError, match="disk full"):
            loop.run()
        loop.interrupt("the program failed")
        assert states(sweep) == [TrialState.INTERRUPTED]
        loop.interrupt("again")
        assert sweep.ledger.history()[0].reason == "the program failed"


class TestStuck:
    """A trial that does not get above the commonest label ends, whatever prunes others."""

    @pytest.fixture
    def ended(self, make_sweep, play):
        def run(value: float, epochs: int, validation: Validation = ROWS):
            sweep = make_sweep(run_cap=1)
            sweep.run(lambda trial, attempt: play(value=value, epochs=epochs), validation=validation)
            (record,) = sweep.ledger.history()
            return record

        return run

    def test_it_is_pruned_after_five_epochs(self, ended) -> None:
        record = ended(0.25, 9)
        assert (record.state, record.reason, len(record.epochs)) == (TrialState.PRUNED, "stuck", 5)

    @pytest.mark.parametrize(("value", "epochs", "validation"), [(0.6, 9, ROWS), (0.25, 4, ROWS), (0.25, 9, UNKNOWN)])
    def test_others_go_on(self, ended, value: float, epochs: int, validation: Validation) -> None:
        record = ended(value, epochs, validation)
        assert (record.state, len(record.epochs)) == (TrialState.COMPLETE, epochs)
