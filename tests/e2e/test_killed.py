"""Processes that are killed in the middle of a trial: nothing is lost, nothing is counted twice."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

pytestmark = pytest.mark.e2e


def test_a_killed_worker_costs_one_attempt_and_a_killed_parent_takes_its_workers_along(
    place: Any, base: Any, assert_whole: Any, lasting: Any, wait_until: Any
) -> None:
    command = ("run", "base.yaml", "--name", "killed", "--plain")
    running = place.start(*command)
    running.says(r"^trial 2 epoch 2/50 ")
    (worker,) = running.workers()
    os.kill(worker, signal.SIGKILL)
    running.says(r"^trial 3 epoch 2/50 ")
    assert "warning: trial 2 attempt 1 was killed by signal 9" in running.err
    assert "trial 2 started (attempt 2)" in running.out

    assert running.workers()
    os.kill(running.pid, signal.SIGKILL)
    assert running.end().code == -signal.SIGKILL
    wait_until(running.gone, "its workers are gone", seconds=20)
    killed = place.status("killed")
    assert (killed["state"], killed["reason"]) == ("interrupted", "the program was killed")
    assert killed["trials"]["complete"] == 2

    done = place.sweep(*command)
    assert "resuming: 2 trials finished earlier" in done.out
    assert [trial["attempts"] for trial in place.trials("killed")] == [1, 2, 2]
    assert_whole("killed", trials=3)
    lost = {run.name: run for run in place.runs("killed") if run.kind == "trial" and not run.counted}
    assert {name: (run.status, run.tags["sweep.state"]) for name, run in lost.items()} == {
        "trial 002": ("FAILED", "failed"),
        "trial 003": ("KILLED", "interrupted"),
    }
    assert lasting(place.trials("killed")) == lasting(place.trials("base"))


def test_killed_while_it_starts_it_starts_the_next_time(fresh: Any, wait_until: Any, assert_whole: Any) -> None:
    command = ("run", "base.yaml", "--plain", "--set", "run_cap=1", "--set", "parameters.epochs.value=2")
    lock, database = fresh.path / "mlruns" / "sweeps" / "base" / "sweep.lock", fresh.path / "mlflow.db"
    moments = {
        "it holds the lock": lambda running: lock.is_file() and lock.read_text().split()[:1] == [str(running.pid)],
        "its first trial is dispatched": lambda running: "trial 1 started" in running.out,
        "it makes MLflow's database": lambda running: database.with_name(f"mlflow.db.{running.pid}.new").exists(),
        "it has MLflow's database": lambda running: database.exists(),
    }
    for what, reached in moments.items():
        running = fresh.start(*command)
        wait_until(lambda: reached(running) or running.ended, what)  # noqa: B023 - called in this turn of the loop
        assert not running.ended, f"before {what}: {running.end()}"
        os.kill(running.pid, signal.SIGKILL)
        assert running.end().code == -signal.SIGKILL
        wait_until(running.gone, "its workers are gone", seconds=20)
    fresh.sweep(*command)
    assert_whole("base", trials=1, place=fresh)
    assert fresh.trials("base")[0]["attempts"] >= 2  # it may have been over before MLflow had a database
    assert sorted(path.name for path in fresh.path.iterdir()) == ["base.yaml", "mlflow.db", "mlruns", "news.csv"]
