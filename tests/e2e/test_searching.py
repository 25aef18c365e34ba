"""Every way to search, for real: samplers of both libraries, several architectures, pruning, folds, going on."""

from __future__ import annotations

import re
import signal
from typing import Any

import pytest

from textclf_sweep.ledger import Ledger
from textclf_sweep.store import Store

pytestmark = pytest.mark.e2e

SMALL = """\
data: {path: news.csv}
workers: 1
seed: 3
early_stopping: false
parameters:
  learning_rate: {values: [0.002, 0.01, 0.05]}
  filters: {values: [4, 8]}
  kernels: {value: 1}
  embedding_dim: {value: 8}
  max_length: {value: 12}
  epochs: {value: 4}
"""
"""Trials of well under a second."""

# One that trains in rungs in a process of its own, one in ours: the contract that all searchers pass interrupts each
# of them at every trial.
SEARCHES = {
    "hyperband": "architecture: cnn\nmethod: bayes\nlibrary: keras_tuner\nsampler: hyperband\nrun_cap: 5\n",
    "cmaes": "architecture: cnn\nmethod: bayes\nsampler: cmaes\nrun_cap: 5\n",
}


@pytest.mark.parametrize("name", SEARCHES)
def test_interrupted_and_resumed_it_runs_every_trial_once(place: Any, base: Any, name: str, assert_whole: Any) -> None:
    place.write(f"{name}.yaml", SEARCHES[name] + SMALL)
    running = place.start("run", f"{name}.yaml", "--plain")
    running.says(r"^trial 2 complete")
    running.interrupt(signal.SIGINT)
    done = running.end()
    assert done.code == 130
    assert "Traceback" not in done.out + done.err
    assert running.gone()
    before = [trial for trial in place.trials(name) if trial["state"] == "complete"]

    place.sweep("run", f"{name}.yaml", "--plain")
    after = place.trials(name)
    assert [trial for trial in after if trial["number"] <= len(before)] == before
    sets = {repr(sorted(trial["parameters"].items())) for trial in after}
    assert len(sets) == len(after) == 5
    assert_whole(name, trials=5)


GAUSSIAN = """\
architecture: cnn
method: bayes
library: keras_tuner
run_cap: 14
data: {path: news.csv}
workers: 1
seed: 3
early_stopping: false
parameters:
  learning_rate: {distribution: log_uniform_values, min: 0.0001, max: 0.1}
  dropout: {min: 0, max: 0.6}
  filters: {value: 4}
  kernels: {value: 1}
  embedding_dim: {value: 8}
  max_length: {value: 12}
  epochs: {value: 1}
"""


def test_a_gaussian_process_goes_on_where_it_was(place: Any, base: Any, assert_whole: Any) -> None:
    """Its proposals are made ahead, in a process of its own, from the eleventh trial or so on."""
    place.write("gaussian.yaml", GAUSSIAN)
    whole = place.sweep("run", "gaussian.yaml", "--plain", "--name", "whole")
    assert "Traceback" not in whole.out + whole.err
    running = place.start("run", "gaussian.yaml", "--plain", "--name", "cut")
    running.says(r"^trial 12 complete")
    running.interrupt(signal.SIGINT)
    assert running.end().code == 130
    assert running.gone()  # the oracle, too
    place.sweep("run", "gaussian.yaml", "--plain", "--name", "cut")
    sets = {name: [trial["parameters"] for trial in place.trials(name)] for name in ("whole", "cut")}
    assert sets["whole"] == sets["cut"]
    with Ledger.read(Store(place.path).sweep("cut").ledger) as ledger:
        assert [record.trial.seen for record in ledger.history()] == [tuple(range(1, n)) for n in (1, *range(1, 14))]
    assert_whole("cut", trials=14)


WANDB = """\
program: train.py
project: headlines
entity: a-team
command: ["${env}", "${interpreter}", "${program}", "${args}"]
method: grid
metric: {name: val_accuracy, goal: maximize}
run_cap: 6
early_terminate: {type: hyperband, min_iter: 2, eta: 2}
parameters:
  learning_rate: {distribution: categorical, values: [0.02, 0.03, 0.04, 0.05, 0.00001, 0.00002]}
  optimizer: {value: adam}
  batch_size: {distribution: constant, value: 32}
  epochs: {value: 6}
"""
"""As a Weights & Biases user has it, but for the names of the parameters."""


def test_a_weights_and_biases_file_runs_and_its_pruning_prunes(place: Any, base: Any) -> None:
    ours = "architecture: cnn\ndata: {path: news.csv}\nworkers: 1\nearly_stopping: false\n"
    place.write("wandb.yaml", f"{WANDB}{ours}seed: 1\n")  # with which no untrained model guesses as well as the others
    done = place.sweep("run", "wandb.yaml", "--plain")
    ignored = re.findall(r"ignored: (.*)", done.out + done.err)
    assert ignored == ["program, command, project, entity"]
    status, trials = place.status("wandb"), place.trials("wandb")
    assert len(trials) == 6
    pruned = [trial for trial in trials if trial["state"] == "pruned"]
    assert len(pruned) == status["trials"]["pruned"]
    assert {5, 6} <= {trial["number"] for trial in pruned}  # with their learning rates they learn nothing
    runs = {int(run.tags["sweep.trial"]): run for run in place.runs("wandb") if run.kind == "trial"}
    for trial in pruned:
        run = runs[trial["number"]]
        assert 2 <= trial["epochs"] < 6
        assert re.search(rf"epoch {trial['epochs']}\b", trial["reason"]), trial["reason"]
        assert (run.status, run.tags["sweep.state"], run.counted) == ("KILLED", "pruned", True)
        assert run.tags["sweep.reason"] == trial["reason"]
        assert len(run.points["val_accuracy"]) == trial["epochs"]
    assert "ended early" in done.out


SEVERAL = """\
architecture: [lstm, cnn]
method: random
run_cap: {lstm: 2, cnn: 3}
data: {path: news.csv}
seed: 1
parameters:
  optimizer: {values: [adam, sgd]}
  momentum: {min: 0.5, max: 0.9}
  embedding_dim: {value: 8}
  epochs: {value: 2}
  lstm: {units: {values: [4, 8]}}
  cnn: {filters: {values: [4, 8]}, l2: {value: 0.001, when: {optimizer: adam}}}
"""


def test_several_architectures_have_one_parent_and_show_only_what_is_there(
    place: Any, base: Any, assert_whole: Any
) -> None:
    place.write("several.yaml", SEVERAL)
    done = place.sweep("run", "several.yaml", "--plain")
    assert re.search(r"^By architecture: (lstm|cnn) 0\.\d{4} in [23] trials, ", done.out, re.MULTILINE)
    assert_whole("several", trials=5)
    trials = place.trials("several")
    assert sorted(trial["architecture"] for trial in trials) == ["cnn"] * 3 + ["lstm"] * 2
    runs = {int(run.tags["sweep.trial"]): run for run in place.runs("several") if run.kind == "trial"}
    for trial in trials:
        params, cnn = runs[trial["number"]].params, trial["architecture"] == "cnn"
        assert params["architecture"] == trial["architecture"]
        assert ("filters" in params, "units" in params) == (cnn, not cnn)
        assert ("momentum" in params) == (params["optimizer"] == "sgd")
        if cnn:
            assert ("l2" in params) == (params["optimizer"] == "adam")
        assert params.keys() - {"architecture", "seed"} == trial["parameters"].keys()
        assert not {"None", "null", ""} & set(params.values())
    best = place.status("several")["best"]
    assert place.sweep("best", "several", "--json").json["architecture"] == best["architecture"]
    assert "architecture" in place.sweep("trials", "several").out


def test_another_search_space_goes_on_with_extend_alone(place: Any, base: Any) -> None:
    text = "architecture: cnn\nmethod: grid\n" + SMALL
    place.write("grown.yaml", text)
    place.sweep("run", "grown.yaml", "--plain")
    before = place.trials("grown")
    place.write("grown.yaml", text.replace("[0.002, 0.01, 0.05]", "[0.01, 0.05, 0.1]"))
    refused = place.sweep("run", "grown.yaml", code=2)
    assert "parameters.learning_rate was categorical" in refused.err
    assert "--extend" in refused.err
    plan = place.sweep("plan", "grown.yaml", "--extend", "--json").json
    assert (plan["trials"], plan["reused"]) == (2, {"trials": 4, "left_out": 2, "extend": True})

    done = place.sweep("run", "grown.yaml", "--plain", "--extend")
    assert "4 of the trials so far lie in it" in done.out + done.err
    after = place.trials("grown")
    assert [trial["number"] for trial in after] == list(range(1, 9))
    assert [trial["value"] for trial in after[:6]] == [trial["value"] for trial in before]
    outside = [trial["number"] for trial in after if not trial["counted"]]
    assert outside == [trial["number"] for trial in before if trial["parameters"]["learning_rate"] == 0.002]
    assert place.status("grown")["trials"]["left_out"] == 2
    runs = {int(run.tags["sweep.trial"]): run for run in place.runs("grown") if run.kind == "trial"}
    assert [number for number, run in sorted(runs.items()) if not run.counted] == outside
    assert "not counted" in place.sweep("trials", "grown").out
    assert "nothing was run" in (again := place.sweep("run", "grown.yaml", "--plain")).out + again.err


def test_a_trial_over_folds_shows_its_mean_and_spread(place: Any, base: Any) -> None:
    text = f"architecture: cnn\nmethod: random\nrun_cap: 2\n{SMALL}".replace(
        "{path: news.csv}", "{path: news.csv, folds: 3}"
    )
    place.write("folds.yaml", text)
    done = place.sweep("run", "folds.yaml", "--plain")
    assert "standard deviation over the folds" in done.out
    for trial in place.trials("folds"):
        assert trial["metrics"]["val_accuracy"] == trial["value"]
        assert trial["metrics"]["val_accuracy_std"] >= 0
    status = place.status("folds")
    assert status["test"]["rows"] > 0
    assert (place.path / "mlruns" / "sweeps" / "folds" / "model" / "model.keras").is_file()
    assert "±" in place.sweep("trials", "folds").out


def test_failed_trials_are_run_again(place: Any, base: Any) -> None:
    text = f"architecture: cnn\nmethod: grid\n{SMALL}".replace("[0.002, 0.01, 0.05]", "[0.01, 99]").replace(
        "filters: {values: [4, 8]}", "l2: {values: [1.0e38, 0]}"
    )
    place.write("failing.yaml", text)
    place.sweep("run", "failing.yaml", "--plain")
    failed = [trial["number"] for trial in place.trials("failing") if trial["state"] == "failed"]
    assert failed
    told = place.sweep("retry", "failing", "--failed").out
    assert ", ".join(map(str, failed)) in told
    done = place.sweep("run", "failing.yaml", "--plain")
    for number in failed:
        assert f"trial {number} started (attempt 2)" in done.out
    for trial in place.trials("failing"):
        assert trial["attempts"] == (2 if trial["number"] in failed else 1)
    counted = [run.tags["sweep.trial"] for run in place.runs("failing") if run.kind == "trial" and run.counted]
    assert sorted(counted) == ["1", "2", "3", "4"]
