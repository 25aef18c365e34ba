from __future__ import annotations

import pytest

from textclf_sweep.definition.space import Categorical, Condition, Constant, Range, SearchSpace
from textclf_sweep.definition.types import Search
from textclf_sweep.errors import InputError
from textclf_sweep.sweep.plan import plan
from textclf_sweep.sweep.propose import next_trial, warmed
from textclf_sweep.sweep.resume import outside
from textclf_sweep.sweep.warm import BEST, best_sets, settled

pytestmark = pytest.mark.unit

SPACE = SearchSpace.of(
    {
        "batch_size": Categorical((32, 64)),
        "dropout": Range(0.0, 0.5),
        "epochs": Constant(3),
        "learning_rate": Range(1e-4, 1e-1, log=True),
    }
)


@pytest.fixture
def earlier(make_sweep):
    sweep = make_sweep("earlier", run_cap=8)
    sweep.run()
    return sweep


def test_the_best_sets_of_the_other_sweep_come_first(make_sweep, earlier) -> None:
    new = make_sweep("new", seed=99)
    sets = best_sets(new.definition, "earlier", new.store)
    values = sorted((record.value for record in earlier.ledger.history()), reverse=True)
    assert len(sets["lstm"]) == BEST
    definition = warmed(new.definition, sets)
    first = next_trial(definition, ())
    (leader,) = [record for record in earlier.ledger.history() if record.value == values[0]]
    assert first.parameters == leader.trial.parameters


def test_they_come_behind_the_definitions_own(make_sweep, earlier) -> None:
    new = make_sweep("new", enqueue=[{"dropout": 0.125}])
    definition = warmed(new.definition, best_sets(new.definition, "earlier", new.store))
    own, first, *_ = definition.searches[0].first
    assert definition.hash() == new.definition.hash()
    assert own == {"dropout": 0.125}
    assert first.keys() == {"batch_size", "dropout", "learning_rate"}


def test_what_this_sweep_holds_fixed_stays_so(make_sweep, earlier) -> None:
    space = make_sweep("base").definition.searches[0].space.fix({"dropout": 0.4})
    new = make_sweep("new", space=space)
    definition = warmed(new.definition, best_sets(new.definition, "earlier", new.store))
    assert next_trial(definition, ()).parameters["dropout"] == 0.4


def test_a_parameter_that_would_not_be_there_is_left_out(make_sweep) -> None:
    space = SearchSpace.of(
        {"optimizer": Categorical(("adam", "sgd")), "momentum": Categorical((0.5, 0.9)), "epochs": Constant(3)},
        {"momentum": (Condition("optimizer", ("sgd",)),)},
    )
    make_sweep("earlier", space=space, method="grid", run_cap=None).run()
    new = make_sweep("new", space=space.fix({"optimizer": "adam"}))
    with pytest.raises(InputError, match="lies in this search space"):
        best_sets(new.definition, "earlier", new.store)


def test_only_its_own_architectures(make_sweep, earlier) -> None:
    lstm = make_sweep("base").definition.searches[0]
    new = make_sweep("new", searches=[lstm, Search("cnn", SearchSpace.of({"filters": Categorical((1, 2))}))])
    assert best_sets(new.definition, "earlier", new.store).keys() == {"lstm", "cnn"}
    assert best_sets(new.definition, "earlier", new.store)["cnn"] == []
    other = make_sweep("other", searches=[Search("gru", lstm.space)])
    with pytest.raises(InputError, match="no complete trial of gru"):
        best_sets(other.definition, "earlier", other.store)


def test_no_such_sweep_and_itself(make_sweep, earlier) -> None:
    with pytest.raises(InputError, match="there is no sweep 'earleir'"):
        best_sets(make_sweep("new").definition, "earleir", earlier.store)
    with pytest.raises(InputError, match="this very sweep"):
        best_sets(earlier.definition, "earlier", earlier.store)
    assert best_sets(earlier.definition, "", earlier.store) == {}


def test_it_can_only_start_a_sweep(make_sweep, earlier) -> None:
    new = make_sweep("new", run_cap=1)
    sets = best_sets(new.definition, "earlier", new.store)
    assert settled(sets, "new", new.ledger) == sets
    new.ledger.put(warm_start=sets)
    new.run()
    assert settled({}, "new", new.ledger) == sets
    assert settled(sets, "new", new.ledger) == sets
    with pytest.raises(InputError, match="can only start one"):
        settled({"lstm": [{"dropout": 0.1}]}, "new", new.ledger)


def test_those_outside_this_search_space_are_passed_over(make_sweep, earlier) -> None:
    ranked = sorted(earlier.ledger.history(), key=lambda record: -record.value)
    bound = sorted(record.trial.parameters["dropout"] for record in ranked)[4]
    narrow = SearchSpace.of({**dict(SPACE.distributions), "dropout": Range(0.0, bound)})
    new = make_sweep("new", space=narrow)
    inside = [record for record in ranked if record.trial.parameters["dropout"] <= bound]
    taken = best_sets(new.definition, "earlier", new.store)["lstm"]
    assert [item["dropout"] for item in taken] == [record.trial.parameters["dropout"] for record in inside[:BEST]]
    nowhere = SearchSpace.of({**dict(SPACE.distributions), "dropout": Range(0.6, 0.7)})
    with pytest.raises(InputError, match="lies in this search space"):
        best_sets(make_sweep("other", space=nowhere).definition, "earlier", new.store)


def test_a_trial_that_counts_no_more_in_its_own_sweep_is_as_good(make_sweep, earlier) -> None:
    best = max(earlier.ledger.history(), key=lambda record: record.value)
    earlier.ledger.redefine([best.number])
    taken = best_sets(make_sweep("new").definition, "earlier", earlier.store)["lstm"]
    assert taken[0]["learning_rate"] == best.trial.parameters["learning_rate"]


def test_they_count_when_the_space_has_changed_since(make_sweep, redefine, earlier) -> None:
    new = make_sweep("new", run_cap=4)
    sets = best_sets(new.definition, "earlier", new.store)
    new.definition = warmed(new.definition, sets)
    new.ledger.put(warm_start=sets)
    new.run()
    elsewhere = SearchSpace.of({**dict(SPACE.distributions), "dropout": Range(0.6, 0.7)})
    moved = redefine(new.definition, space=elsewhere)
    assert [outside(record, moved) for record in new.ledger.history()] == [False, False, False, True]
    cold = redefine(make_sweep("new", run_cap=4).definition, space=elsewhere)
    assert plan(cold, new.store, 1)["reused"] == {"trials": 3, "left_out": 1, "extend": True}


def test_a_plan_shows_them(make_sweep, earlier) -> None:
    new = make_sweep("new", seed=99)
    planned = plan(new.definition, new.store, 1, best_of="earlier")
    best = max(earlier.ledger.history(), key=lambda record: record.value)
    assert planned["sample"][0]["parameters"] == best.trial.parameters
