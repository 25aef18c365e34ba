"""Baselines have runs of their own, once, and trials have verdicts against them."""

from __future__ import annotations

from typing import Any

import pytest

from textclf_sweep.errors import TrackingError
from textclf_sweep.store import Store
from textclf_sweep.tracking import connection, logged, sync
from textclf_sweep.tracking.baselines import longest


@pytest.fixture
def shown(sweep: Any, store: Store, uri: str) -> Any:
    """The runs of a sweep of two trials and two baselines, by kind and name, after it was sent."""

    def runs() -> dict[str, Any]:
        client = connection.client(uri)
        experiment = client.get_experiment_by_name("lstm")
        found = {}
        for run in connection.runs(client, experiment.experiment_id):
            tags = run.data.tags
            key = " ".join(filter(None, (tags["sweep.kind"], tags.get("sweep.baseline"), tags.get("sweep.trial"))))
            assert key not in found
            found[key] = run
        return found

    sweep.measure()
    sweep.complete(1, level=0.9)
    sweep.complete(2, level=0.3)
    sync(sweep.ledger, store, uri)
    return runs


def test_each_has_a_run_beside_the_trials(shown: Any) -> None:
    runs = shown()
    assert set(runs) == {"parent", "trial 1", "trial 2", "baseline majority", "baseline linear"}
    linear = runs["baseline linear"]
    assert (linear.info.run_name, linear.info.status) == ("baseline linear", "FINISHED")
    assert linear.data.tags["mlflow.parentRunId"] == runs["parent"].info.run_id
    assert "sweep.counted" not in linear.data.tags
    assert linear.data.params == {"baseline": "linear"}
    assert linear.data.metrics["best.val_accuracy"] == 0.81
    assert "best.val_loss" not in runs["baseline majority"].data.metrics


def test_they_are_lines_in_mlflows_charts(shown: Any, uri: str) -> None:
    runs, client = shown(), connection.client(uri)
    history = client.get_metric_history(runs["baseline linear"].info.run_id, "val_accuracy")
    assert [(point.step, point.value) for point in history] == [(1, 0.81), (5, 0.81)]
    parent = client.get_metric_history(runs["parent"].info.run_id, "floor.linear")
    assert [(point.step, point.value) for point in parent] == [(1, 0.81), (2, 0.81)]


def test_sending_twice_adds_nothing_and_a_deleted_one_is_rebuilt(
    shown: Any, sweep: Any, store: Store, uri: str
) -> None:
    again = sync(sweep.ledger, store, uri)
    assert (again.created, again.updated) == (0, 0)
    connection.client(uri).delete_run(shown()["baseline linear"].info.run_id)
    assert sync(sweep.ledger, store, uri).created == 1
    assert "baseline linear" in shown()


def test_killed_while_one_is_sent_it_comes_to_the_same(
    sweep: Any, store: Store, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep.measure()
    sweep.complete(1)
    client = type(connection.client(uri))
    original = client.log_batch

    def killed(self: Any, run_id: str, **batch: Any) -> Any:
        if any(param.key == "baseline" for param in batch.get("params", ())):
            raise RuntimeError("killed")
        return original(self, run_id, **batch)

    with monkeypatch.context() as patch:
        patch.setattr(client, "log_batch", killed)
        with pytest.raises(TrackingError):
            sync(sweep.ledger, store, uri)
    sync(sweep.ledger, store, uri)
    found = connection.client(uri)
    experiment = found.get_experiment_by_name("lstm")
    runs = [
        run for run in connection.runs(found, experiment.experiment_id) if run.data.tags["sweep.kind"] == "baseline"
    ]
    assert sorted(run.data.tags["sweep.baseline"] for run in runs) == ["linear", "majority"]
    assert all("best.val_accuracy" in run.data.metrics for run in runs)


def test_verdicts_are_tags_and_can_be_searched_for(shown: Any, uri: str) -> None:
    runs = shown()
    tags = runs["trial 1"].data.tags
    assert tags["sweep.verdict"] == "good"
    assert tags["sweep.verdict.why"].startswith("0.9000 on 800 validation rows, not below the linear model's 0.8100")
    assert runs["parent"].data.tags["sweep.verdict"] == "good"
    client = connection.client(uri)
    experiment = client.get_experiment_by_name("lstm").experiment_id
    assert len(list(connection.runs(client, experiment, "tags.`sweep.verdict` = 'good'"))) == 3
    assert not list(connection.runs(client, experiment, "tags.`sweep.verdict` = 'stuck'"))


def test_floors_that_come_late_change_the_verdict(sweep: Any, store: Store, uri: str) -> None:
    sweep.complete(1, level=0.9)
    sync(sweep.ledger, store, uri)
    sweep.measure()
    sweep.ledger.resend()
    sync(sweep.ledger, store, uri)
    client = connection.client(uri)
    experiment = client.get_experiment_by_name("lstm").experiment_id
    (run,) = connection.runs(client, experiment, "tags.`sweep.trial` = '1'")
    assert run.data.tags["sweep.verdict"] == "good"


def test_what_mlflow_knows(shown: Any, uri: str) -> None:
    assert logged(uri, "lstm") == "experiment"
    assert logged(uri, shown()["trial 1"].info.run_id) == "run"
    assert logged(uri, "absent") == ""
    assert logged("sqlite:////nowhere/mlflow.db", "lstm") == ""


def test_the_longest_trial() -> None:
    assert longest({}) == 1
    spaces = {
        "a": {"epochs": {"kind": "range", "low": 3, "high": 9}},
        "b": {"epochs": {"kind": "constant", "value": 4}},
    }
    assert longest({"space": spaces}) == 9
    assert longest({"space": {"a": {"epochs": {"kind": "categorical", "values": [2, 12]}}}}) == 12
