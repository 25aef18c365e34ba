from __future__ import annotations

import math
from pathlib import Path
from statistics import median

import pytest

from textclf_sweep.definition.load import load
from textclf_sweep.definition.space import Categorical, Constant, Range
from textclf_sweep.definition.types import Metric
from textclf_sweep.errors import DefinitionError
from textclf_sweep.searchers import tpe
from textclf_sweep.searchers import random as random_search
from textclf_sweep.sweep.catalogue import discover
from textclf_sweep.trial import TrialState

pytestmark = pytest.mark.unit

SPACE = {
    "depth": Range(1, 4, integer=True),
    "dropout": Range(0.0, 0.6),
    "epochs": Constant(5),
    "learning_rate": Range(1e-5, 1.0, log=True),
    "optimizer": Categorical(("adam", "rmsprop", "sgd")),
}


def accuracy(parameters) -> float:
    """Like a validation accuracy: best near learning rate 0.003, dropout 0.3, depth 2, with Adam."""
    return (
        0.9
        - 0.15 * (math.log10(parameters["learning_rate"]) + 2.5) ** 2
        - (parameters["dropout"] - 0.3) ** 2
        - 0.02 * abs(parameters["depth"] - 2)
        - {"adam": 0.0, "rmsprop": 0.02, "sgd": 0.1}[parameters["optimizer"]]
    )


def best(history, pick=max):
    return pick(done.value for done in history)


def test_it_beats_random_search(search) -> None:
    pairs = [
        tuple(best(search(method, SPACE, accuracy, seed=seed).run(30)) for method in (tpe, random_search))
        for seed in range(20)
    ]
    assert sum(ours > theirs for ours, theirs in pairs) >= 12
    assert median(ours for ours, _ in pairs) > median(theirs for _, theirs in pairs)


def test_it_minimises_as_well(search) -> None:
    metric = Metric("val_loss", "minimize")
    pairs = [
        tuple(
            best(search(method, SPACE, lambda parameters: 1 - accuracy(parameters), metric, seed).run(40), min)
            for method in (tpe, random_search)
        )
        for seed in range(5)
    ]
    assert median(ours for ours, _ in pairs) < median(theirs for _, theirs in pairs)


def test_results_change_what_is_proposed_after_the_random_start(search) -> None:
    rising = search(tpe, SPACE, lambda parameters: parameters["dropout"]).run(12)
    falling = search(tpe, SPACE, lambda parameters: -parameters["dropout"]).run(12)
    start = tpe.STARTUP_TRIALS
    assert [done.trial for done in rising[:start]] == [done.trial for done in falling[:start]]
    assert [done.trial for done in rising[start:]] != [done.trial for done in falling[start:]]


def test_a_pending_trial_is_kept_away_from(search, make_record) -> None:
    history = search(tpe, SPACE, accuracy).run(20)
    alone = search(tpe, SPACE).propose(history)
    pending = make_record(21, alone, state=TrialState.RUNNING)
    beside = search(tpe, SPACE).propose((*history, pending))
    assert beside != alone


def test_an_enqueued_trial_outside_the_space_teaches_nothing(search, make_record) -> None:
    history = search(tpe, SPACE, accuracy).run(12)
    outside = make_record(13, history[0].trial.parameters | {"learning_rate": 50.0}, 0.99)
    unrelated = make_record(13, history[0].trial.parameters | {"learning_rate": 60.0}, 0.01)
    assert search(tpe, SPACE).propose((*history, outside)) == search(tpe, SPACE).propose((*history, unrelated))


def test_a_space_with_one_combination_left_is_finished(search) -> None:
    space = {"batch_size": Categorical(tuple(range(1, 31))), "epochs": Constant(3)}
    history = search(tpe, space, lambda parameters: parameters["batch_size"]).run(99)
    assert sorted(done.trial.parameters["batch_size"] for done in history) == list(range(1, 31))


def test_steps_are_kept(search) -> None:
    space = {"units": Range(32, 256, integer=True, step=32), "dropout": Range(0.0, 0.5, step=0.1)}
    for done in search(tpe, space, lambda parameters: parameters["units"]).run(25):
        assert done.trial.parameters["units"] % 32 == 0
        assert done.trial.parameters["dropout"] in {0.0, 0.1, 0.2, 0.3, 0.4, 0.5}


def test_probabilities_are_refused_when_the_definition_is_read() -> None:
    text = """
        {architecture: lstm, method: bayes, data: {source: uci_news},
         parameters: {units: {values: [32, 64], probabilities: [0.9, 0.1]}}}
    """
    with pytest.raises(DefinitionError, match="method bayes does not draw by probabilities"):
        load(text, discover(), path=Path("lstm.yaml"))
    assert load(text.replace("bayes", "random"), discover(), path=Path("lstm.yaml")).method == "random"
