"""Trials that fail: alone, and all of them."""

from __future__ import annotations

import math
from typing import Any

import pytest

pytestmark = pytest.mark.e2e

DIVERGING = """\
architecture: lstm
method: grid
workers: 2
data: {path: news.csv}
parameters:
  # With a step of 0.1 a penalty of 50 overshoots further at each step; 1e38 is infinite at once.
  l2: {values: [1.0e38, 50, 0]}
  learning_rate: {value: 0.1}
  optimizer: {value: sgd}
  units: {value: 8}
  embedding_dim: {value: 8}
  max_length: {value: 12}
  epochs: {value: 12}
early_stopping: false
"""


def test_a_trial_that_diverges_fails_alone_and_is_never_best(place: Any, base: Any) -> None:
    place.write("diverging.yaml", DIVERGING)
    done = place.sweep("run", "diverging.yaml", "--plain")
    at_once, slowly, well = place.trials("diverging")
    assert [trial["state"] for trial in (at_once, slowly, well)] == ["failed", "failed", "complete"]
    assert at_once["reason"].startswith("diverged: the loss became inf at batch 1")
    assert slowly["reason"].startswith("diverged: ")
    assert (at_once["epochs"], at_once["value"], slowly["value"]) == (0, None, None)
    assert 0 < slowly["epochs"] < 12
    assert all(math.isfinite(value) for value in slowly["metrics"].values())
    status = place.status("diverging")
    assert (status["state"], status["best"]["number"], status["test"]["trial"]) == ("complete", 3, 3)
    assert status["trials"] == {"complete": 1, "pruned": 0, "failed": 2, "running": 0, "waiting": 0, "left_out": 0}
    assert "2 trials failed" in done.out
    assert "Traceback" not in done.out + done.err

    runs = {run.tags["sweep.trial"]: run for run in place.runs("diverging") if run.kind == "trial"}
    assert [runs[number].status for number in "123"] == ["FAILED", "FAILED", "FINISHED"]
    assert runs["1"].tags["sweep.state"] == "failed"
    assert all(
        abs(value) < 1e300 for run in runs.values() for points in run.points.values() for _, value in points
    )  # MLflow stores an infinite value as 1.8e308


def test_a_sweep_without_a_success_ends_with_3(place: Any, base: Any) -> None:
    place.write("hopeless.yaml", DIVERGING.replace("[1.0e38, 50, 0]", "[1.0e38, 1.1e38]"))
    done = place.sweep("run", "hopeless.yaml", "--plain", code=3)
    assert "error: the sweep 'hopeless' ended without one successful trial" in done.err
    assert "the loss became inf at batch 1" in done.out
    assert "hint: " in done.err
    assert "Traceback" not in done.err
    status = place.status("hopeless")
    assert (status["state"], status["best"], status["test"]) == ("failed", None, None)
    assert status["trials"]["failed"] == 2
    assert place.sweep("best", "hopeless", "--json").json is None
    (parent,) = (run for run in place.runs("hopeless") if run.kind == "parent")
    assert (parent.status, parent.tags["sweep.state"]) == ("FAILED", "failed")

    again = place.sweep("run", "hopeless.yaml", "--json", code=3)  # there is nothing to do
    assert (again.json["state"], again.json["best"]) == ("failed", None)
    assert len(place.trials("hopeless")) == 2


def test_five_failures_alike_end_the_sweep_and_a_better_budget_goes_on(place: Any, base: Any) -> None:
    command = ("run", "base.yaml", "--name", "hurried", "--set", "parameters.epochs.value=2", "--set", "run_cap=6")
    done = place.sweep(*command, "--plain", "--set", "budget.trial_time=0.02", code=3)
    assert "5 trials in a row failed alike: timeout: " in done.err
    assert len(done.err.splitlines()) < 20  # the error is said once, at the end
    failed = place.trials("hurried")
    assert [(trial["state"], trial["attempts"]) for trial in failed] == [("failed", 1)] * 5
    assert {run.status for run in place.runs("hurried") if run.kind != "baseline"} == {"FAILED"}

    place.sweep(*command, "--plain", "--set", "budget.trial_time=10m")
    trials = place.trials("hurried")
    assert trials[:5] == failed
    assert [trial["state"] for trial in trials[5:]] == ["complete"]
    status = place.status("hurried")
    assert (status["state"], status["best"]["number"]) == ("complete", 6)
