"""What programs rely on: one JSON object on stdout, its fields, and nothing else there."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.e2e

PARAMETERS = {
    "batch_size", "bidirectional", "depth", "dropout", "embedding_dim", "epochs", "l1", "l2", "learning_rate",
    "lowercase", "max_length", "min_count", "optimizer", "units", "vocabulary_size",
}  # fmt: skip
METRICS = {
    "loss", "accuracy", "macro_f1", "val_loss", "val_accuracy", "val_macro_f1",
    "learning_rate", "epoch_seconds", "examples_per_second",
}  # fmt: skip


def assert_best(best: Any) -> None:
    assert set(best) >= {"number", "architecture", "parameters", "value", "metric", "metrics", "run_id"}
    assert (best["architecture"], best["metric"]) == ("lstm", "val_accuracy")
    assert best["value"] == best["metrics"]["val_accuracy"]
    assert set(best["parameters"]) >= PARAMETERS
    assert set(best["metrics"]) == METRICS


def test_run_prints_one_object_and_its_account_goes_to_stderr(base: Any) -> None:
    found = base.json
    assert set(found) >= {"sweep", "state", "reason", "trials", "best", "test", "floors", "parent_run_id"}
    assert (found["sweep"], found["state"]) == ("base", "complete")
    assert {"complete": 3, "pruned": 0, "failed": 0, "running": 0}.items() <= found["trials"].items()
    assert_best(found["best"])
    assert set(found["test"]) >= {"accuracy", "macro_f1", "loss", "rows", "floors", "trial", "opened_at", "openings"}
    assert set(found["floors"]) == {"chance", "majority", "linear"} <= set(found["test"]["floors"])
    assert (found["test"]["trial"], found["test"]["openings"]) == (found["best"]["number"], 1)
    assert found["floors"]["chance"] == 0.25
    for line in ("trial 1 started", "trial 3 epoch 50/50 val_accuracy ", "The best of 3 trials is trial "):
        assert line in base.err
    for noise in ("absl", "cuda", "oneDNN", "Traceback", "alembic"):
        assert noise not in base.err


def test_status_is_the_object_of_run(place: Any, base: Any) -> None:
    assert place.status("base") == base.json


def test_best_is_the_best_of_status(place: Any, base: Any) -> None:
    assert place.sweep("best", "base", "--json").json == base.json["best"]


def test_trials(place: Any, base: Any) -> None:
    found = place.trials("base")
    assert [trial["number"] for trial in found] == [1, 2, 3]
    for trial in found:
        assert set(trial) >= {
            "number", "state", "reason", "architecture", "parameters", "value", "metrics", "epochs", "best_epoch",
            "attempts", "seconds", "run_id", "verdict",
        }  # fmt: skip
        assert (trial["state"], trial["epochs"], trial["attempts"]) == ("complete", 50, 1)
        assert 1 <= trial["best_epoch"] <= 50
        assert trial["value"] == trial["metrics"]["val_accuracy"]
        assert trial["seconds"] > 0
        assert set(trial["parameters"]) >= PARAMETERS
    assert max(trial["value"] for trial in found) == base.json["best"]["value"]


def test_plan_names_the_trials_that_run(place: Any, base: Any) -> None:
    found = place.sweep("plan", "base.yaml", "--name", "base-to-be", "--json").json
    assert set(found) >= {"sweep", "trials", "up_to", "sample", "estimate_seconds"}
    assert (found["sweep"], found["trials"], found["up_to"]) == ("base-to-be", 3, False)
    ran = [{key: trial[key] for key in ("number", "architecture", "parameters")} for trial in place.trials("base")]
    assert found["sample"] == ran


def test_plan_says_what_is_left_and_estimates_from_what_ran(place: Any, base: Any) -> None:
    found = place.sweep("plan", "base.yaml", "--set", "run_cap=5", "--json").json
    assert (found["trials"], [trial["number"] for trial in found["sample"]]) == (2, [4, 5])
    seconds = [trial["seconds"] for trial in place.trials("base")]
    assert 2 * min(seconds) <= found["estimate_seconds"] <= 2 * max(seconds) + 60  # TensorFlow's start is in it
    done = place.sweep("plan", "base.yaml", "--json").json
    assert (done["trials"], done["sample"], done["estimate_seconds"]) == (0, [], None)


def test_plan_of_something_new(fresh: Any) -> None:
    before = fresh.content()
    found = fresh.sweep("plan", "base.yaml", "--set", "run_cap=null", "--json").json
    assert (found["trials"], found["up_to"], found["estimate_seconds"]) == (None, False, None)
    bounded = fresh.sweep("plan", "base.yaml", "--set", "budget.time=10m", "--json").json
    assert (bounded["trials"], bounded["up_to"]) == (3, True)
    assert fresh.content() == before


def test_an_error_leaves_stdout_empty(fresh: Any) -> None:
    for words in ("run none.yaml", "plan none.yaml", "status none", "trials none", "best none", "sync none"):
        assert fresh.sweep(*words.split(), "--json", code=2).out == ""
