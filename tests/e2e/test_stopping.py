"""Ctrl-C and its relatives, a second `sweep run`, and `sweep stop`."""

from __future__ import annotations

import shlex
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from textclf_sweep.cli._signals import ECHO_SECONDS

pytestmark = pytest.mark.e2e


def assert_nothing_runs(place: Any, name: str) -> None:
    """Neither the ledger nor MLflow has anything running."""
    status = place.status(name)
    assert (status["state"], status["trials"]["running"]) == ("interrupted", 0)
    assert {str(attempt.state) for attempt in place.attempts(name)} <= {"complete", "interrupted"}
    runs = place.runs(name)
    assert "RUNNING" not in {run.status for run in runs}
    (parent,) = (run for run in runs if run.kind == "parent")
    assert (parent.status, parent.tags["sweep.state"]) == ("KILLED", "interrupted")


def resume_command(err: str) -> list[str]:
    """The arguments of the command that stderr says goes on."""
    (line,) = (line for line in err.splitlines() if line.startswith("interrupted; go on with: "))
    program, *arguments = shlex.split(line.partition(": ")[2])
    assert program == "sweep"
    return arguments


def test_ctrl_c_and_sigterm_stop_cleanly_and_the_printed_command_goes_on(
    place: Any, base: Any, assert_whole: Any, lasting: Any
) -> None:
    running = place.start("run", "base.yaml", "--name", "stopped")
    running.says(r"^trial 2 epoch 2/50 ")
    running.interrupt(signal.SIGINT)
    done = running.end()
    assert done.code == 130
    assert "stopping: " in done.err
    assert "Traceback" not in done.err
    assert running.gone()
    assert_nothing_runs(place, "stopped")

    resumed = place.start(*resume_command(done.err))
    resumed.says(r"^trial 3 epoch 2/50 ")
    resumed.interrupt(signal.SIGTERM)
    done = resumed.end()
    assert done.code == 143
    assert resumed.gone()
    assert_nothing_runs(place, "stopped")

    place.sweep(*resume_command(done.err))
    assert [trial["attempts"] for trial in place.trials("stopped")] == [1, 2, 2]
    assert_whole("stopped", trials=3)
    assert lasting(place.trials("stopped")) == lasting(place.trials("base"))


def test_a_second_ctrl_c_ends_it_at_once(place: Any, base: Any, wait_until: Any) -> None:
    running = place.start("run", "base.yaml", "--name", "ended", "--plain")
    running.says(r"^trial 1 epoch 2/50 ")
    # While its database is locked, MLflow cannot be told how the sweep ended: the first Ctrl-C alone waits for it.
    with closing(sqlite3.connect(place.path / "mlflow.db", timeout=60, isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        running.interrupt()
        running.says(r"^stopping: ")
        assert not running.ended
        time.sleep(2 * ECHO_SECONDS)  # sooner, it would be taken for an echo of the first
        running.interrupt()
        done = running.end()
    assert done.code == 130
    assert "go on with" not in done.err
    wait_until(running.gone, "its workers are gone", seconds=20)


def test_a_running_sweep_refuses_company_has_tensorflow_in_its_worker_alone_and_obeys_sweep_stop(
    place: Any, base: Any
) -> None:
    command = ("run", "base.yaml", "--name", "busy", "--plain")
    running = place.start(*command, "--set", "parameters.epochs.value=5000")
    running.says(r"^trial 1 epoch 2/5000 ")
    (worker,) = running.workers()
    loaded = {pid: "libtensorflow" in Path(f"/proc/{pid}/maps").read_text() for pid in (worker, running.pid)}
    assert loaded == {worker: True, running.pid: False}
    before = place.attempts("busy")

    for refused in (command, ("delete", "busy", "--yes"), ("sync", "busy")):
        done = place.sweep(*refused, code=5)
        assert f"running in process {running.pid}" in done.err
        assert "hint: " in done.err
    assert place.sweep(*command[:-1], "--json", code=5).out == ""
    assert not running.ended
    assert running.workers() == [worker]
    assert [(attempt.trial, attempt.attempt, attempt.started) for attempt in place.attempts("busy")] == [
        (attempt.trial, attempt.attempt, attempt.started) for attempt in before
    ]
    assert place.status("busy")["state"] == "running"
    assert place.status("busy")["trials"]["running"] == 1

    assert "stops" in place.sweep("stop", "busy").out
    done = running.end()
    assert "`sweep stop` was asked for" in done.out
    assert running.gone()
    status = place.status("busy")
    assert (status["state"], status["trials"]["running"], status["trials"]["waiting"]) == ("stopped", 0, 1)
    assert "RUNNING" not in {run.status for run in place.runs("busy")}
    assert "is not running" in place.sweep("stop", "busy").out
