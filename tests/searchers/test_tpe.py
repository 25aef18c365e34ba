from __future__ import annotations

import math
import time
from pathlib import Path
from statistics import median

import pytest

from textclf_sweep.definition.load import load
from textclf_sweep.definition.space import Categorical, Condition, Constant, Normal, Range, SearchSpace
from textclf_sweep.definition.types import Metric
from textclf_sweep.errors import DefinitionError
from textclf_sweep.searchers import Ask, tpe
from textclf_sweep.searchers import random as random_search
from textclf_sweep.searchers._encoding import STARTUP_TRIALS
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

SIMPLE = {"depth": 1, "dropout": 0.1, "epochs": 5, "learning_rate": 0.01, "optimizer": "adam"}


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
    start = STARTUP_TRIALS
    rising = search(tpe, SPACE, lambda parameters: parameters["dropout"]).run(start + 6)
    falling = search(tpe, SPACE, lambda parameters: -parameters["dropout"]).run(start + 6)
    assert [done.trial for done in rising[:start]] == [done.trial for done in falling[:start]]
    assert [done.trial for done in rising[start:]] != [done.trial for done in falling[start:]]


@pytest.mark.parametrize("seed", range(3))
def test_it_starts_as_random_search_does(search, seed) -> None:
    start = STARTUP_TRIALS
    ours, theirs = (search(method, SPACE, accuracy, seed=seed).run(start + 1) for method in (tpe, random_search))
    assert ours[:start] == theirs[:start]
    assert ours[start].trial.parameters != theirs[start].trial.parameters


def test_it_goes_on_at_random_until_enough_trials_have_a_value(search, make_record) -> None:
    history = search(random_search, SPACE, accuracy).run(STARTUP_TRIALS - 1)
    for state in (TrialState.RUNNING, TrialState.FAILED):
        numbers = range(STARTUP_TRIALS, STARTUP_TRIALS + 4)
        more = (*history, *(make_record(number, SIMPLE, state=state) for number in numbers))
        assert search(tpe, SPACE).propose(more) == search(random_search, SPACE).propose(more)


@pytest.mark.parametrize("state", [TrialState.RUNNING, TrialState.FAILED])
def test_pending_and_failed_trials_at_the_optimum_send_the_next_one_elsewhere(search, make_record, state) -> None:
    """Beside the best of 25 trials three more run, or have failed."""
    space = {"rate": Range(0.0, 1.0)}
    rates = [(number + 0.5) / 25 for number in range(25)]
    history = tuple(make_record(number, {"rate": rate}, -abs(rate - 0.3)) for number, rate in enumerate(rates, start=1))
    more = tuple(make_record(26 + index, {"rate": 0.299 + index / 1000}, state=state) for index in range(3))

    def near(told) -> int:
        proposals = [search(tpe, space, seed=seed).propose(told) for seed in range(20)]
        return sum(abs(item["rate"] - 0.3) < 0.05 for item in proposals)

    assert near(history) >= 15
    assert near((*history, *more)) <= 4


def test_four_at_once_search_as_well_as_one(search) -> None:
    for seed in range(5):
        history = search(tpe, SPACE, accuracy, seed=seed).run_wide(40, 4)
        values = [done.value for done in history if done.value is not None]
        assert max(values[20:]) > max(values[:8])


def test_a_pruned_trial_counts_with_its_value(search, make_record) -> None:
    history = search(random_search, SPACE, accuracy).run(15)
    pruned = tuple(make_record(done.number, done.trial.parameters, done.value, TrialState.PRUNED) for done in history)
    assert search(tpe, SPACE).propose(pruned) == search(tpe, SPACE).propose(history)


def test_a_trial_outside_the_space_counts_as_the_nearest_one_inside(search, make_record) -> None:
    history = search(random_search, SPACE, accuracy).run(12)
    base = history[0].trial.parameters
    outside, edge = (make_record(13, base | {"learning_rate": rate}, 0.99) for rate in (50.0, 1.0))
    assert search(tpe, SPACE).propose((*history, outside)) == search(tpe, SPACE).propose((*history, edge))


def test_trials_from_before_a_parameter_was_added_are_learned_from(search) -> None:
    rising, falling = (
        search(random_search, SPACE, lambda parameters, sign=sign: sign * parameters["dropout"]).run(25)
        for sign in (1, -1)
    )
    wider = SPACE | {"units": Range(16, 256, integer=True)}
    for history, low, high in ((rising, 0.3, 0.6), (falling, 0.0, 0.3)):
        proposals = [search(tpe, wider, seed=seed).propose(history) for seed in range(10)]
        assert sum(low <= item["dropout"] <= high for item in proposals) >= 9
        assert len({item["units"] for item in proposals}) >= 8


def test_it_learns_behind_a_condition(search) -> None:
    space = SearchSpace.of(
        {
            "momentum": Range(0.0, 1.0),
            "noise": Range(0.0, 1.0),
            "optimizer": Categorical(("adam", "sgd")),
            "rate": Range(0.0, 1.0),
        },
        {"momentum": (Condition("optimizer", ("sgd",)),), "noise": (Condition("optimizer", ("adam",)),)},
    )
    history = search(tpe, space, lambda parameters: parameters.get("momentum", 0.0) - parameters["rate"]).run(60)
    late = [done.trial.parameters for done in history[40:]]
    assert sum(item["optimizer"] == "sgd" for item in late) >= 14
    assert median(item["momentum"] for item in late if "momentum" in item) > 0.75
    assert median(item["rate"] for item in late) < 0.25


def test_neighbours_in_a_list_of_numbers_tell_of_each_other(search, make_record) -> None:
    """Ten sizes, of which every other one was tried, and the greater the better."""
    sizes = tuple(2**power for power in range(1, 11))
    space = {"size": Categorical(sizes[::-1]), "dropout": Range(0.0, 1.0)}
    history = tuple(
        make_record(number, {"size": sizes[number % 5 * 2], "dropout": number / 30}, float(number % 5))
        for number in range(1, 31)
    )
    proposals = [search(tpe, space, seed=seed).propose(history)["size"] for seed in range(20)]
    assert sum(size >= 2**8 for size in proposals) >= 16


def test_a_prior_is_where_it_looks_first(search) -> None:
    space = {"rate": Range(0.0, 100.0, prior=Normal(20.0, 2.0)), "depth": Range(1, 4, integer=True)}
    history = search(tpe, space, lambda parameters: -abs(parameters["rate"] - 21.0)).run(40)
    assert all(10.0 <= done.trial.parameters["rate"] <= 30.0 for done in history)
    assert best(history) > -0.2


def test_the_thousandth_proposal_takes_less_than_a_tenth_of_a_second(search, make_record) -> None:
    """Of processor time, the best of five; copying the trials into a study alone would take as long."""
    drawn = [random_search.propose(Ask(SearchSpace.of(SPACE), Metric(), 0, number, ())) for number in range(1, 1000)]
    history = tuple(make_record(number, item, accuracy(item)) for number, item in enumerate(drawn, start=1))
    tried, seconds = search(tpe, SPACE), []
    for _ in range(5):
        started = time.process_time()
        tried.propose(history)
        seconds.append(time.process_time() - started)
    assert min(seconds) < 0.1


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
    with pytest.raises(DefinitionError, match="sampler tpe does not draw by probabilities"):
        load(text, discover(), path=Path("lstm.yaml"))
    assert load(text.replace("bayes", "random"), discover(), path=Path("lstm.yaml")).method == "random"
