from __future__ import annotations

import math
import os
import signal
import statistics
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from dataclasses import replace

import psutil
import pytest

from textclf_sweep.definition.space import Categorical, Condition, Constant, Normal, Range, SearchSpace
from textclf_sweep.definition.types import Metric
from textclf_sweep.errors import EngineError
from textclf_sweep.searchers import (
    Ask,
    Wait,
    _keras_tuner,
    gp,
    hyperband,
    keras_tuner_grid,
    keras_tuner_random,
    key,
)
from textclf_sweep.searchers import random as random_search
from textclf_sweep.trial import TrialState

pytestmark = pytest.mark.contract

RATE = SearchSpace.of({"epochs": Constant(3), "learning_rate": Range(1e-5, 1.0, log=True)})
LOSS = Metric("val_loss", "minimize")
MIXED_TYPES = {"flag": Categorical((True, 1, "1", 0, False)), "share": Categorical((0.5, 2, "adam"))}
SGD = {
    "epochs": Constant(3),
    "momentum": Categorical((0.0, 0.9)),
    "nesterov": Categorical((True, False)),
    "optimizer": Categorical(("adam", "sgd")),
    "warmup": Constant(2),
}
CONDITIONS = {
    "momentum": (Condition("optimizer", ("sgd",)),),
    "nesterov": (Condition("momentum", (0.9,)),),
    "warmup": (Condition("optimizer", ("adam",)), Condition("epochs", (3,))),
}


def question(space: SearchSpace = RATE, number: int = 1) -> Ask:
    return Ask(space, Metric(), 0, number, ())


def oracle_process() -> psutil.Process:
    """The oracles' process that serves this one; started if there is none."""
    keras_tuner_random.propose(question())
    (found,) = [child for child in psutil.Process().children() if "searchers._oracle" in " ".join(child.cmdline())]
    return found


def gone(process: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not psutil.pid_exists(process):
            return True
        time.sleep(0.05)
    return False


def parent(code: str) -> subprocess.Popen[str]:
    """A process that asks an oracle; `code` follows a first question and a line with the oracle's process id."""
    script = """
        import sys
        from textclf_sweep.definition.space import Range, SearchSpace
        from textclf_sweep.definition.types import Metric
        from textclf_sweep.searchers import Ask, _keras_tuner, gp, hyperband, keras_tuner_grid, keras_tuner_random
        assert _keras_tuner._CLIENT._process is None, "importing starts it"
        space = SearchSpace.of({"dropout": Range(0.0, 0.5)})
        ask = lambda number: keras_tuner_random.propose(Ask(space, Metric(), 0, number, ()))
        assert ask(1)
        print(_keras_tuner._CLIENT._process._popen.pid, flush=True)
    """
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script) + code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


class TestProcess:
    def test_the_parent_loads_and_prints_nothing_and_its_exit_ends_the_process(self) -> None:
        asker = parent("print(sorted({'keras_tuner', 'keras', 'tensorflow', 'sklearn', 'numpy'} & sys.modules.keys()))")
        printed, errors = asker.communicate(timeout=60)
        process, loaded = printed.splitlines()
        assert (loaded, errors, asker.returncode) == ("[]", "", 0)
        assert not psutil.pid_exists(int(process))

    def test_a_killed_parent_leaves_no_process(self) -> None:
        asker = parent("while True: ask(2)")
        assert asker.stdout is not None
        process = int(asker.stdout.readline())
        assert psutil.pid_exists(process)
        asker.kill()
        asker.communicate()
        assert gone(process, 10.0)

    def test_a_thread_that_still_asks_does_not_hold_up_the_exit(self) -> None:
        code = """
            import threading, time
            from textclf_sweep.errors import EngineError
            def work():
                try:
                    while True:
                        ask(3)
                except EngineError:
                    pass
            threading.Thread(target=work, daemon=True).start()
            time.sleep(0.5)
        """
        asker = parent(textwrap.dedent(code))
        printed, errors = asker.communicate(timeout=60)
        assert (errors, asker.returncode) == ("", 0)
        assert not psutil.pid_exists(int(printed))

    def test_an_interrupted_question_leaves_no_answer_behind(self) -> None:
        class Interruption(Exception):  # noqa: N818 - not an error
            pass

        def interrupt(*_: object) -> None:
            raise Interruption

        expected = keras_tuner_random.propose(question(number=2))
        _keras_tuner.close()
        before = signal.signal(signal.SIGALRM, interrupt)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.5)
            with pytest.raises(Interruption):
                keras_tuner_random.propose(question(number=1))
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        assert keras_tuner_random.propose(question(number=2)) == expected

    def test_a_killed_process_is_started_again(self) -> None:
        expected = keras_tuner_random.propose(question(number=5))
        before = oracle_process()
        before.kill()
        assert keras_tuner_random.propose(question(number=5)) == expected
        assert oracle_process().pid != before.pid

    def test_ctrl_c_is_the_parents(self) -> None:
        process = oracle_process()
        assert os.getpgid(process.pid) != os.getpgid(0)
        process.send_signal(signal.SIGINT)
        assert keras_tuner_random.propose(question()) is not None
        assert oracle_process().pid == process.pid

    def test_a_process_that_cannot_start_is_an_error_with_its_last_words(self, monkeypatch) -> None:
        _keras_tuner.close()
        monkeypatch.setitem(_keras_tuner.ENVIRONMENT, "PYTHONHOME", "/nowhere")
        with pytest.raises(
            EngineError, match=r"(?s)KerasTuner ended, twice.*exit status 1\..*hint: run again"
        ) as raised:
            keras_tuner_random.propose(question())
        assert "/nowhere" in str(raised.value)
        assert raised.value.exit_code == 4

    def test_an_error_in_an_oracle_is_shown_and_ends_nothing(self) -> None:
        process = oracle_process()
        with pytest.raises(RuntimeError, match=r"(?s)oracle for hyperband failed.*Traceback.*expected a Range"):
            _keras_tuner.propose("hyperband", question(SearchSpace.of({"epochs": Constant(3)})))
        with pytest.raises(RuntimeError, match="KeyError: 'annealing'"):
            _keras_tuner.propose("annealing", question())
        assert oracle_process().pid == process.pid

    def test_threads_get_their_own_answers(self) -> None:
        expected = [keras_tuner_random.propose(question(number=number)) for number in range(1, 9)]
        answers: list[object] = [None] * 8

        def work(number: int) -> None:
            answers[number - 1] = keras_tuner_random.propose(question(number=number))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == expected


class TestSpace:
    @pytest.mark.parametrize("searcher", [keras_tuner_grid, keras_tuner_random])
    def test_types_come_back_exactly(self, search, searcher) -> None:
        tried = search(searcher, MIXED_TYPES)
        proposed = {key(done.trial.parameters) for done in tried.run(99)}
        assert proposed == {key(parameters) for parameters in tried.space.grid()}
        assert len(proposed) == 15

    @pytest.mark.parametrize("searcher", [keras_tuner_grid, keras_tuner_random])
    def test_conditions_below_conditions(self, search, searcher) -> None:
        tried = search(searcher, SearchSpace.of(SGD, CONDITIONS))
        proposed = [done.trial.parameters for done in tried.run_wide(99, 3)]
        assert len(proposed) == 4
        assert {key(parameters) for parameters in proposed} == {key(parameters) for parameters in tried.space.grid()}
        assert {"epochs": 3, "optimizer": "adam", "warmup": 2} in proposed
        assert {"epochs": 3, "optimizer": "sgd", "momentum": 0.0} in proposed

    def test_a_parent_can_be_a_range(self, search) -> None:
        space = SearchSpace.of(
            {"depth": Range(1, 3, integer=True), "residual": Categorical((True, False))},
            {"residual": (Condition("depth", (2, 3)),)},
        )
        proposed = [tuple(done.trial.parameters.values()) for done in search(keras_tuner_grid, space).run(99)]
        assert proposed == [(1,), (2, True), (2, False), (3, True), (3, False)]

    def test_priors_and_probabilities_are_drawn_from(self, search) -> None:
        space = {
            "dropout": Range(0.0, 1.0, prior=Normal(0.2, 0.05)),
            "optimizer": Categorical(("adam", "sgd"), (0.9, 0.1)),
        }
        drawn = [done.trial.parameters for done in search(keras_tuner_random, space).run(60)]
        assert statistics.mean(parameters["dropout"] for parameters in drawn) == pytest.approx(0.2, abs=0.03)
        assert sum(parameters["optimizer"] == "adam" for parameters in drawn) >= 45


class TestGrid:
    def test_the_order_is_that_of_the_lists(self, search) -> None:
        space = {"batch_size": Categorical((64, 32)), "depth": Range(1, 2, integer=True)}
        whole = [tuple(done.trial.parameters.values()) for done in search(keras_tuner_grid, space).run_wide(99, 4)]
        assert whole == [(64, 1), (64, 2), (32, 1), (32, 2)]

    def test_what_was_enqueued_is_not_proposed_again(self, search, make_record) -> None:
        tried = search(keras_tuner_grid, {"depth": Range(1, 4, integer=True)})
        history = (make_record(1, {"depth": 3}, 0.5), make_record(2, {"depth": 9}, 0.5))
        assert [done.trial.parameters["depth"] for done in tried.run(99, history)] == [3, 9, 1, 2, 4]

    def test_a_list_too_long_for_keras_tuner_is_gone_through_all_the_same(self, search) -> None:
        tried = search(keras_tuner_grid, {"depth": Range(1, 5000, integer=True)})
        assert [done.trial.parameters["depth"] for done in tried.run(3)] == [1, 2, 3]


def rate(parameters) -> float:
    return -((math.log10(parameters["learning_rate"]) + 2.5) ** 2)


def units(parameters) -> float:
    return -abs(parameters["units"] - 150) / 100


def listed(parameters) -> float:
    return {"adam": 0.0, "nadam": -1.0, "rmsprop": -2.0, "sgd": -3.0}[parameters["optimizer"]] + rate(parameters)


def conditional(parameters) -> float:
    return (1.0 - abs(parameters["momentum"] - 0.7) if parameters["optimizer"] == "sgd" else 0.2) + rate(parameters) / 4


LEARNING_RATE = Range(1e-5, 1.0, log=True)
PROBLEMS = {
    "log": (RATE, rate),
    "integer": (SearchSpace.of({"units": Range(16, 512, integer=True)}), units),
    "categorical": (
        SearchSpace.of({"learning_rate": LEARNING_RATE, "optimizer": Categorical(("adam", "nadam", "rmsprop", "sgd"))}),
        listed,
    ),
    "conditional": (
        SearchSpace.of(
            {"learning_rate": LEARNING_RATE, "momentum": Range(0.0, 1.0), "optimizer": Categorical(("adam", "sgd"))},
            {"momentum": (Condition("optimizer", ("sgd",)),)},
        ),
        conditional,
    ),
}


class TestGaussianProcess:
    @pytest.mark.parametrize("problem", PROBLEMS)
    def test_it_beats_random_search(self, search, problem) -> None:
        space, objective = PROBLEMS[problem]
        ours, theirs = (
            [max(done.value for done in search(method, space, objective, seed=seed).run(14)) for seed in range(3)]
            for method in (gp, random_search)
        )
        assert statistics.mean(ours) > statistics.mean(theirs)

    def test_it_starts_as_random_search_does(self, search) -> None:
        ours, theirs = (search(method, RATE, rate).run(7) for method in (gp, random_search))
        assert ours[: gp.STARTUP_TRIALS] == theirs[: gp.STARTUP_TRIALS]
        assert ours[gp.STARTUP_TRIALS :] != theirs[gp.STARTUP_TRIALS :]

    def test_pending_trials_before_any_result(self, search) -> None:
        whole = search(gp, RATE, rate).run_wide(8, 7)
        assert len({key(done.trial.parameters) for done in whole}) == 8

    def test_a_pending_trial_is_kept_away_from(self, search, make_record) -> None:
        tried = search(gp, RATE, rate)
        history = tried.run(8)
        alone = tried.propose(history)
        beside = tried.propose((*history, make_record(9, alone, state=TrialState.RUNNING)))
        assert abs(math.log10(beside["learning_rate"] / alone["learning_rate"])) > 0.05

    def test_a_pending_trial_is_no_promise(self, search, make_record) -> None:
        # All losses are above 1, what a process that was not fitted predicts.
        tried = search(gp, {"dropout": Range(0.0, 1.0)}, metric=LOSS)
        history = tuple(
            make_record(number, {"dropout": place}, 2.0 + 40 * (place - 0.3) ** 2)
            for number, place in enumerate((0.05, 0.2, 0.4, 0.5, 0.6, 0.95), start=1)
        )
        proposal = tried.propose((*history, make_record(7, {"dropout": 0.8}, state=TrialState.RUNNING)))
        assert abs(proposal["dropout"] - 0.3) < 0.2

    def test_failed_trials_alone_leave_it_at_random(self, search) -> None:
        ours, theirs = (search(method, RATE, lambda _: None).run(9) for method in (gp, random_search))
        assert ours == theirs

    def test_a_used_up_neighbourhood_is_left(self, search) -> None:
        space = {"batch_size": Categorical(tuple(range(1, 21)))}
        history = search(gp, space, lambda parameters: -abs(parameters["batch_size"] - 10)).run(99)
        assert sorted(done.trial.parameters["batch_size"] for done in history) == list(range(1, 21))
        # Twelve trials at random would name all of the best three once in six times.
        assert {9, 10, 11} <= {done.trial.parameters["batch_size"] for done in history[:12]}


PACED = {"epochs": Range(1, 9, integer=True), "learning_rate": LEARNING_RATE}
RUNGS = {1: 9, 3: 3 + 5, 9: 1 + 2 + 3}
"""Trials of one Hyperband with 9 epochs and factor 3, by epochs."""


def rungs(history) -> Counter[int]:
    return Counter(done.trial.parameters["epochs"] for done in history)


class TestHyperband:
    @pytest.mark.parametrize(("metric", "sign"), [(Metric(), 1), (LOSS, -1)])
    def test_one_full_hyperband(self, search, metric, sign) -> None:
        history = search(hyperband, PACED, lambda parameters: sign * rate(parameters), metric).run(99)
        assert rungs(history) == RUNGS
        first = sorted(history[:9], key=lambda done: sign * done.value, reverse=True)
        best = {done.trial.parameters["learning_rate"] for done in first[:3]}
        assert {done.trial.parameters["learning_rate"] for done in history[9:12]} == best
        assert history[12].trial.parameters == {**first[0].trial.parameters, "epochs": 9}

    def test_with_pending_trials(self, search) -> None:
        history = search(hyperband, PACED, rate).run_wide(99, 4)
        assert rungs(history) == RUNGS
        assert len({key(done.trial.parameters) for done in history}) == sum(RUNGS.values())

    def test_the_last_rung_waits(self, search) -> None:
        tried = search(hyperband, PACED, rate)
        history = tried.run(99)
        last = replace(history[-1], state=TrialState.RUNNING, result=None)
        assert tried.propose((*history[:-1], last)) == Wait()
        assert tried.propose(history) is None

    @pytest.mark.parametrize("epochs", [1, 3, 9])
    def test_enqueued_trials_break_nothing(self, search, make_record, epochs) -> None:
        enqueued = make_record(1, {"epochs": epochs, "learning_rate": 0.01}, rate({"learning_rate": 0.01}))
        outside = make_record(2, {"epochs": 40, "learning_rate": 0.01}, 0.0)
        history = search(hyperband, PACED, rate).run(99, (enqueued, outside))
        counts = rungs(history)
        del counts[40]
        # One with the first rung's epochs takes part in it; one set is never trained for equally many epochs twice.
        expected = Counter(RUNGS) + (Counter() if epochs == 1 else Counter({epochs: 1}))
        assert counts == expected
        assert len({key(done.trial.parameters) for done in history}) == len(history)

    def test_a_held_number_of_epochs_is_kept(self, search) -> None:
        held = SearchSpace.of(PACED).fix({"epochs": 9})
        assert search(hyperband, held).propose(())["epochs"] == 9

    def test_failed_trials_are_the_worst_and_not_trained_again(self, search) -> None:
        def diverges(parameters) -> float | None:
            return None if parameters["learning_rate"] > 1e-3 else rate(parameters)

        history = search(hyperband, PACED, diverges, seed=1).run(99)
        failed = Counter(done.trial.parameters["learning_rate"] for done in history if done.value is None)
        assert max(failed.values()) == 1
        first = sorted((done for done in history[:9] if done.value is not None), key=lambda done: -done.value)
        assert first
        assert {done.trial.parameters["learning_rate"] for done in history if done.trial.parameters["epochs"] == 9} & {
            first[0].trial.parameters["learning_rate"]
        }

    def test_a_small_space_is_halved_all_the_same(self, search) -> None:
        space = {"epochs": Range(1, 9, integer=True), "depth": Range(1, 4, integer=True)}
        history = search(hyperband, space, lambda parameters: parameters["depth"]).run(99)
        assert len({key(done.trial.parameters) for done in history}) == len(history)
        assert rungs(history)[1] == 4
        assert {"depth": 4, "epochs": 9} in [done.trial.parameters for done in history]

    def test_a_pause_anywhere_changes_nothing(self, search) -> None:
        whole = search(hyperband, PACED, rate).run(99)
        _keras_tuner.close()
        for cut in range(0, len(whole), 5):
            assert search(hyperband, PACED, rate).run(99, whole[:cut]) == whole


@pytest.mark.parametrize(
    ("searcher", "space"),
    [(keras_tuner_random, RATE), (keras_tuner_grid, SearchSpace.of({"depth": Range(1, 999, integer=True)}))],
)
def test_the_500th_trial_is_no_burden(search, make_record, searcher, space) -> None:
    history = tuple(
        make_record(done.number, done.trial.parameters, 0.5) for done in search(random_search, space).run(500)
    )
    tried = search(searcher, space)
    tried.propose(())
    began = time.monotonic()
    assert tried.propose(history) is not None
    # 0.1 to 0.3 s on an idle machine, replaying included.
    assert time.monotonic() - began < 3.0
