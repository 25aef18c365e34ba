from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import pytest

from textclf_sweep.definition.space import Range, SearchSpace
from textclf_sweep.definition.types import Metric
from textclf_sweep.searchers import Wait, _keras_tuner, hyperband, key
from textclf_sweep.trial import TrialState

pytestmark = pytest.mark.contract

LOSS = Metric("val_loss", "minimize")
PACED = {"epochs": Range(1, 9, integer=True), "learning_rate": Range(1e-5, 1.0, log=True)}
RUNGS = {1: 9, 3: 3 + 5, 9: 1 + 2 + 3}
"""Trials of one Hyperband with 9 epochs and factor 3, by epochs."""


def rate(parameters) -> float:
    return -((math.log10(parameters["learning_rate"]) + 2.5) ** 2)


def rungs(history) -> Counter[int]:
    return Counter(done.trial.parameters["epochs"] for done in history)


@pytest.mark.parametrize(("metric", "sign"), [(Metric(), 1), (LOSS, -1)])
def test_one_full_hyperband(search, metric, sign) -> None:
    history = search(hyperband, PACED, lambda parameters: sign * rate(parameters), metric).run(99)
    assert rungs(history) == RUNGS
    first = sorted(history[:9], key=lambda done: sign * done.value, reverse=True)
    best = {done.trial.parameters["learning_rate"] for done in first[:3]}
    assert {done.trial.parameters["learning_rate"] for done in history[9:12]} == best
    assert history[12].trial.parameters == {**first[0].trial.parameters, "epochs": 9}


def test_with_pending_trials(search) -> None:
    history = search(hyperband, PACED, rate).run_wide(99, 4)
    assert rungs(history) == RUNGS
    assert len({key(done.trial.parameters) for done in history}) == sum(RUNGS.values())


def test_the_last_rung_waits(search) -> None:
    tried = search(hyperband, PACED, rate)
    history = tried.run(99)
    last = replace(history[-1], state=TrialState.RUNNING, result=None)
    assert tried.propose((*history[:-1], last)) == Wait()
    assert tried.propose(history) is None


@pytest.mark.parametrize("epochs", [1, 3, 9])
def test_enqueued_trials_break_nothing(search, make_record, epochs) -> None:
    enqueued = make_record(1, {"epochs": epochs, "learning_rate": 0.01}, rate({"learning_rate": 0.01}))
    outside = make_record(2, {"epochs": 40, "learning_rate": 0.01}, 0.0)
    history = search(hyperband, PACED, rate).run(99, (enqueued, outside))
    counts = rungs(history)
    del counts[40]
    # One with the first rung's epochs takes part in it; one set is never trained for equally many epochs twice.
    expected = Counter(RUNGS) + (Counter() if epochs == 1 else Counter({epochs: 1}))
    assert counts == expected
    assert len({key(done.trial.parameters) for done in history}) == len(history)


def test_a_held_number_of_epochs_is_kept(search) -> None:
    held = SearchSpace.of(PACED).fix({"epochs": 9})
    assert search(hyperband, held).propose(())["epochs"] == 9


def test_failed_trials_are_the_worst_and_not_trained_again(search) -> None:
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


def test_a_small_space_is_halved_all_the_same(search) -> None:
    space = {"epochs": Range(1, 9, integer=True), "depth": Range(1, 4, integer=True)}
    history = search(hyperband, space, lambda parameters: parameters["depth"]).run(99)
    assert len({key(done.trial.parameters) for done in history}) == len(history)
    assert rungs(history)[1] == 4
    assert {"depth": 4, "epochs": 9} in [done.trial.parameters for done in history]


def test_a_pause_anywhere_changes_nothing(search) -> None:
    whole = search(hyperband, PACED, rate).run(99)
    _keras_tuner.close()
    for cut in range(0, len(whole), 8):
        assert search(hyperband, PACED, rate).run(99, whole[:cut]) == whole
