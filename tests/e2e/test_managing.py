"""What can be asked of a finished sweep, and done to it."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from textclf_sweep.analysis import words

pytestmark = pytest.mark.e2e


def test_list(place: Any, base: Any) -> None:
    lines = place.sweep("list").out.splitlines()
    (row,) = (line.split() for line in lines if line.split()[0] == "base")
    assert row[:2] == ["base", "complete"]
    assert f"{base.json['best']['value']:.4f}" in row
    assert [sweep for sweep in place.sweep("list", "--json").json["sweeps"] if sweep["sweep"] == "base"]


def test_status(place: Any, base: Any) -> None:
    text, best = place.sweep("status", "base").out, base.json["best"]
    assert "complete (every trial is done)" in text
    assert "3 complete" in text
    assert f"val_accuracy {best['value']:.4f} by trial {best['number']}" in text
    assert "commonest label 0.2500" in text
    assert f"accuracy {base.json['test']['accuracy']:.4f}" in text
    assert "opened once" in text
    assert base.json["parent_run_id"] in text


def test_trials(place: Any, base: Any) -> None:
    _, *rows, floors = place.sweep("trials", "base").out.splitlines()
    assert len(rows) == 3
    assert "commonest label 0.2500" in floors
    (starred,) = (row for row in rows if row.startswith("*"))
    assert starred.split()[:3] == ["*", str(base.json["best"]["number"]), "complete"]
    for row, trial in zip(rows, place.trials("base"), strict=True):
        assert f"{trial['value']:.4f}" in row
        assert words.number(trial["parameters"]["learning_rate"]) in row
        assert " 50 " in row


def test_best(place: Any, base: Any) -> None:
    text, best = place.sweep("best", "base").out, base.json["best"]
    lines = {line.split()[0]: line.split()[1:] for line in text.splitlines() if line.strip()}
    assert lines["trial"] == [str(best["number"])]
    assert float(lines["learning_rate"][0]) == best["parameters"]["learning_rate"]  # exact: to be copied
    assert lines["units"] == ["8"]
    assert best["run_id"] in text


def test_sync_of_a_sweep_that_mlflow_has_adds_nothing(place: Any, base: Any) -> None:
    before = place.runs("base")
    assert place.sweep("sync", "base").out == "MLflow already has everything of sweep base\n"
    assert place.sweep("sync", "base", "--json").json == {"sweep": "base", "created": 0, "updated": 0}
    assert place.runs("base") == before


def test_sync_rebuilds_a_database_that_was_lost(place: Any, base: Any, make_place: Any, assert_whole: Any) -> None:
    copy = make_place("copy")
    shutil.copytree(place.path / "mlruns" / "sweeps" / "base", copy.path / "mlruns" / "sweeps" / "base")
    assert not (copy.path / "mlflow.db").exists()
    assert "7 runs created" in copy.sweep("sync", "base").out  # the sweep, three trials and three baselines
    assert_whole("base", trials=3, place=copy)

    def shown(place: Any) -> Any:
        """What the ledger determines of each run: all but what MLflow gives ids to."""
        ids = ("best.run_id", "mlflow.parentRunId")
        return {
            run.name: (run.status, run.params, run.points, {k: v for k, v in run.tags.items() if k not in ids})
            for run in place.runs("base")
            if run.kind == "trial"
        }

    assert shown(copy) == shown(place)
    done = copy.sweep("run", "base.yaml", "--plain")
    assert "nothing was run" in done.out


def test_a_folder_that_was_copied_says_how_to_mend_it(
    place: Any, base: Any, make_place: Any, assert_whole: Any
) -> None:
    copy = make_place("moved")
    shutil.copytree(place.path / "mlruns" / "sweeps" / "base", copy.path / "mlruns" / "sweeps" / "base")
    shutil.copy(place.path / "mlflow.db", copy.path)
    done = copy.sweep("run", "base.yaml", code=4)
    assert "outside this store" in done.err
    assert "hint: `sweep sync base`" in done.err
    copy.sweep("sync", "base")
    assert "nothing was run" in copy.sweep("run", "base.yaml").out
    assert_whole("base", trials=3, place=copy)
