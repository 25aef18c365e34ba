from __future__ import annotations

import json

import pytest

from textclf_sweep.definition.space import Categorical, Constant, Range, SearchSpace
from textclf_sweep.definition.types import Budget, Metric, Search
from textclf_sweep.store import Store
from textclf_sweep.sweep.plan import SAMPLE, plan

pytestmark = pytest.mark.unit

SMALL = SearchSpace.of({"dropout": Categorical((0.0, 0.25, 0.5)), "epochs": Constant(3)})


def test_the_object(make_sweep, tmp_path) -> None:
    sweep = make_sweep(run_cap=8)
    planned = plan(sweep.definition, Store(tmp_path / "empty"), 2)
    assert list(planned) == [
        "sweep", "trials", "up_to", "architectures", "reused", "sample", "estimate_seconds",
        "warnings",
    ]  # fmt: skip
    assert (planned["sweep"], planned["trials"], planned["up_to"], planned["estimate_seconds"]) == (
        "lstm", 8, False, None,
    )  # fmt: skip
    assert [trial["number"] for trial in planned["sample"]] == [1, 2, 3, 4, 5]
    assert all(list(trial) == ["number", "architecture", "parameters"] for trial in planned["sample"])
    json.dumps(planned, allow_nan=False)


def test_it_makes_nothing(make_sweep, tmp_path) -> None:
    plan(make_sweep().definition, Store(tmp_path / "empty"), 2)
    assert not (tmp_path / "empty").exists()


@pytest.mark.parametrize("method", ["grid", "random", "bayes"])
def test_the_sample_is_what_runs_first(make_sweep, method) -> None:
    sweep = make_sweep(method=method, space=SMALL, run_cap=None)
    planned = plan(sweep.definition, sweep.store, 1)
    sweep.run()
    ran = [record.trial.parameters for record in sweep.ledger.history()]
    assert [trial["parameters"] for trial in planned["sample"]] == ran[:SAMPLE]
    assert len(ran) == planned["trials"] == 3


@pytest.mark.parametrize(
    ("changes", "trials", "up_to"),
    [
        ({"run_cap": None}, None, False),
        ({"run_cap": None, "budget": Budget(time=60)}, None, False),
        ({"run_cap": 9, "budget": Budget(time=60)}, 9, True),
        ({"run_cap": 9, "metric": Metric(target=0.9)}, 9, True),
        ({"run_cap": 9, "space": SMALL}, 3, False),
        ({"run_cap": None, "space": SearchSpace.of({"epochs": Range(1, 4, integer=True)})}, 4, False),
    ],
)
def test_how_many(make_sweep, changes, trials, up_to) -> None:
    sweep = make_sweep(**changes)
    planned = plan(sweep.definition, sweep.store, 1)
    assert (planned["trials"], planned["up_to"]) == (trials, up_to)


class TestEstimate:
    def test_it_grows_with_the_trials_and_shrinks_with_the_workers(self, make_sweep) -> None:
        sweep = make_sweep(run_cap=4)
        sweep.run()

        def estimate(trials, workers):
            return plan(make_sweep(run_cap=trials).definition, sweep.store, workers)["estimate_seconds"]

        # Four trials are done: the estimate is for those that are left.
        assert estimate(4, 1) is None
        assert 0 < estimate(8, 1) < estimate(40, 1)
        assert estimate(40, 4) < estimate(40, 1)
        assert estimate(5, 8) == estimate(5, 1)

    def test_a_sweep_that_goes_on_plans_what_is_left(self, make_sweep) -> None:
        sweep = make_sweep(run_cap=3)
        sweep.run()
        planned = plan(make_sweep(run_cap=5).definition, sweep.store, 1)
        assert planned["trials"] == 2
        assert [item["number"] for item in planned["sample"]] == [4, 5]

    def test_an_open_sweep_has_none(self, make_sweep) -> None:
        sweep = make_sweep()
        sweep.run()
        assert plan(make_sweep(run_cap=None).definition, sweep.store, 1)["estimate_seconds"] is None

    def test_other_sweeps_of_the_architecture_tell_too(self, make_sweep) -> None:
        make_sweep(name="earlier").run()
        sweep = make_sweep(name="later")
        assert plan(sweep.definition, sweep.store, 1)["estimate_seconds"] > 0
        other = make_sweep(name="gru", searches=[Search("gru", sweep.definition.searches[0].space, 6)])
        assert plan(other.definition, other.store, 1)["estimate_seconds"] is None

    def test_a_trial_that_failed_at_once_tells_nothing(self, make_sweep, play) -> None:
        sweep = make_sweep(run_cap=2)
        sweep.run(lambda *_: play("error", epochs=0))
        assert plan(sweep.definition, sweep.store, 1)["estimate_seconds"] is None

    def test_a_ledger_that_cannot_be_read_is_passed_over(self, make_sweep) -> None:
        make_sweep(name="earlier").run()
        damaged = make_sweep(name="damaged")
        damaged.ledger.close()
        damaged.folder.ledger.write_bytes(b"no database")
        sweep = make_sweep(name="later")
        assert plan(sweep.definition, sweep.store, 1)["estimate_seconds"] > 0


class TestReuse:
    def test_combinations_by_architecture(self, make_sweep) -> None:
        searches = [
            Search("lstm", SMALL, 2),
            Search("cnn", SearchSpace.of({"epochs": Constant(3), "l2": Range(0.0, 1.0)}), 9),
        ]
        sweep = make_sweep(searches=searches, run_cap=11)
        planned = plan(sweep.definition, sweep.store, 1)
        assert planned["architectures"] == [
            {"architecture": "lstm", "combinations": 3, "trials": 2},
            {"architecture": "cnn", "combinations": None, "trials": 9},
        ]
        assert [trial["architecture"] for trial in planned["sample"]] == ["lstm", "cnn"] * 2 + ["cnn"]

    def test_what_is_there_counts(self, make_sweep) -> None:
        sweep = make_sweep(run_cap=4)
        sweep.run()
        assert plan(sweep.definition, sweep.store, 1)["reused"] == {"trials": 4, "left_out": 0, "extend": False}

    def test_what_would_count_after_extending(self, make_sweep, redefine) -> None:
        sweep = make_sweep(run_cap=4)
        sweep.run()
        wider = redefine(
            sweep.definition,
            space=SearchSpace.of(dict(sweep.definition.searches[0].space.distributions) | {"dropout": Range(0.0, 0.8)}),
            run_cap=9,
        )
        planned = plan(wider, sweep.store, 1)
        assert planned["reused"] == {"trials": 4, "left_out": 0, "extend": True}
        assert planned["trials"] == 9
        assert planned["sample"][0]["number"] == 1
        extended = plan(wider, sweep.store, 1, extend=True)
        assert (extended["trials"], extended["sample"][0]["number"]) == (5, 5)

    def test_another_sweep_of_that_name_is_not_reused(self, make_sweep, redefine) -> None:
        sweep = make_sweep(run_cap=4)
        sweep.run()
        planned = plan(redefine(sweep.definition, seed=77), sweep.store, 1)
        assert planned["reused"] == {"trials": 0, "left_out": 0, "extend": False}
