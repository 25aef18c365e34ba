"""The ledger shown in a real MLflow."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from textclf_sweep.errors import StorageError, TrackingError
from textclf_sweep.store import Store
from textclf_sweep.tracking import check, connection, sync
from textclf_sweep.tracking.writer import Writer, foreign
from textclf_sweep.trial import TrialState


class Shown:
    """What an MLflow holds."""

    def __init__(self, uri: str, name: str = "lstm") -> None:
        self.client = connection.client(uri)
        self.experiment = self.client.get_experiment_by_name(name)
        self.runs = list(self.client.search_runs([self.experiment.experiment_id], max_results=1000))

    @property
    def parent(self) -> Any:
        return next(run for run in self.runs if run.data.tags["sweep.kind"] == "parent")

    def trial(self, number: int, attempt: int = 1) -> Any:
        wanted = {"sweep.trial": str(number), "sweep.attempt": str(attempt)}
        (found,) = [run for run in self.runs if wanted.items() <= run.data.tags.items()]
        return found

    def artifacts(self, run: Any) -> list[str]:
        return [item.path for item in self.client.list_artifacts(run.info.run_id)]

    def points(self, run: Any, key: str) -> list[tuple[int, float, int]]:
        history = self.client.get_metric_history(run.info.run_id, key)
        return sorted((point.step, point.value, point.timestamp) for point in history)

    def everything(self) -> dict[str, Any]:
        """All runs and every point of every metric, to compare two moments."""
        return {
            run.info.run_id: (
                run.info.status,
                run.info.end_time,
                run.data.params,
                run.data.tags,
                {key: self.points(run, key) for key in run.data.metrics},
                sorted(self.artifacts(run)),
                [item.dataset.digest for item in run.inputs.dataset_inputs],
            )
            for run in self.runs
        }


def test_every_attempt_has_a_truthful_run(sweep: Any, store: Store, uri: str) -> None:
    sweep.twelve()
    report = sync(sweep.ledger, store, uri)
    shown = Shown(uri)

    assert (report.created, report.updated) == (14, 0)  # 12 trials, one of them in two attempts, and the parent
    assert len(shown.runs) == 14
    states = Counter(
        (run.info.status, run.data.tags["sweep.state"]) for run in shown.runs if run.data.tags["sweep.kind"] == "trial"
    )
    assert states == {
        ("FINISHED", "complete"): 9,
        ("FAILED", "failed"): 1,
        ("KILLED", "pruned"): 1,
        ("KILLED", "interrupted"): 2,
    }
    counted = Counter(
        run.data.tags["sweep.trial"] for run in shown.runs if run.data.tags.get("sweep.counted") == "true"
    )
    assert counted == Counter(str(number) for number in range(1, 12))  # trial 12 is not over
    assert shown.trial(10, 2).data.tags["sweep.counted"] == "true"
    assert shown.trial(10, 1).data.tags["sweep.counted"] == "false"


def test_a_trials_run_holds_all_there_is_to_know(sweep: Any, store: Store, uri: str) -> None:
    sweep.complete(1, epochs=3)
    sync(sweep.ledger, store, uri)
    shown = Shown(uri)
    run, (attempt,) = shown.trial(1), sweep.ledger.attempts()

    assert run.info.run_name == "trial 001"
    assert run.info.start_time == round(attempt.started * 1000)
    assert run.info.end_time == round(attempt.ended * 1000)
    assert run.data.tags["mlflow.parentRunId"] == shown.parent.info.run_id
    assert run.data.tags["sweep.reason"] == "all epochs"
    assert run.data.tags["version.keras"] == "3.15.1"
    assert run.data.tags["sweep.data_hash"].startswith("0123456789")
    assert run.data.params["learning_rate"] == repr(sweep.ledger.history()[0].trial.parameters["learning_rate"])
    assert run.data.params.items() >= {"architecture": "lstm", "seed": "1001", "epochs": "5"}.items()
    events = sweep.ledger.epochs(1, 1)
    for key in events[0].metrics:
        assert shown.points(run, key) == [(e.epoch, e.metrics[key], round(e.time * 1000)) for e in events]
    assert run.data.metrics["best.val_accuracy"] == events[-1].metrics["val_accuracy"]
    assert (run.data.metrics["epochs"], run.data.metrics["best_epoch"], run.data.metrics["seconds"]) == (3, 3, 4.5)
    (given,) = run.inputs.dataset_inputs
    assert (given.dataset.name, given.dataset.digest) == ("news", "0123456789ab")
    assert shown.artifacts(run) == ["confusion_matrix.csv"]
    folder = store.mlruns / "artifacts" / "lstm" / run.info.run_id / "artifacts"
    assert (folder / "confusion_matrix.csv").read_text().startswith("true \\ predicted,business")


def test_a_failed_trial_keeps_its_traceback(sweep: Any, store: Store, uri: str) -> None:
    sweep.fail(1)
    sync(sweep.ledger, store, uri)
    shown = Shown(uri)

    run = shown.trial(1)
    assert (run.info.status, run.data.tags["sweep.error"]) == ("FAILED", "ValueError: units must be > 0")
    path = shown.client.download_artifacts(run.info.run_id, "traceback.txt")
    assert Path(path).read_text().startswith("Traceback (most recent call last)")


def test_of_three_attempts_one_is_counted(sweep: Any, store: Store, uri: str) -> None:
    sweep.begin(1)
    sweep.ledger.crash(1, "SIGKILL")
    sweep.begin(1)
    sweep.ledger.crash(1, "SIGSEGV")
    sweep.complete(1)
    sync(sweep.ledger, store, uri)
    shown = Shown(uri)

    assert [shown.trial(1, attempt).info.status for attempt in (1, 2, 3)] == ["FAILED", "FAILED", "FINISHED"]
    assert [shown.trial(1, attempt).data.tags["sweep.counted"] for attempt in (1, 2, 3)] == ["false", "false", "true"]
    assert shown.trial(1, 2).data.tags["sweep.reason"] == "SIGSEGV"
    assert shown.trial(1, 3).info.run_name == "trial 001 attempt 3"


def test_the_parent_shows_the_sweep(sweep: Any, store: Store, uri: str) -> None:
    sweep.twelve()
    sync(sweep.ledger, store, uri)
    shown = Shown(uri)
    parent = shown.parent

    assert sweep.ledger.parent(uri) == (shown.experiment.experiment_id, parent.info.run_id)
    assert parent.info.status == "KILLED"
    assert parent.info.end_time == round(sweep.ledger.openings()[-1].opened_at * 1000)
    tags, metrics = parent.data.tags, parent.data.metrics
    assert (tags["sweep.state"], tags["best.trial"], tags["best.batch_size"]) == ("interrupted", "8", "64")
    assert tags["best.run_id"] == shown.trial(8).info.run_id
    assert "**Won**: trial 8" in tags["mlflow.note.content"]
    assert parent.data.params["method"] == "bayes"
    assert metrics["best.val_accuracy"] == shown.trial(8).data.metrics["best.val_accuracy"]
    assert (metrics["floors.linear"], metrics["test.accuracy"]) == (0.81, 0.7515)
    assert [step for step, *_ in shown.points(parent, "trial.val_accuracy")] == [1, 2, 3, 5, 7, 8, 9, 10, 11]
    assert set(shown.artifacts(parent)) == {"definition.yaml", "data_audit.json", "data_audit.md"}
    assert shown.experiment.tags["mlflow.experimentKind"] == "custom_model_development"


def test_sending_twice_adds_nothing(sweep: Any, store: Store, uri: str) -> None:
    sweep.twelve()
    sync(sweep.ledger, store, uri)
    before = Shown(uri).everything()
    report = sync(sweep.ledger, store, uri)

    assert (report.created, report.updated) == (0, 0)
    assert Shown(uri).everything() == before


def test_a_run_the_ledger_has_lost_is_found_again(sweep: Any, store: Store, uri: str) -> None:
    sweep.complete(1)
    sync(sweep.ledger, store, uri)
    before = Shown(uri).everything()
    # As if killed between create_run and the commit of its id, and at the parent's.
    (attempt,) = sweep.ledger.attempts()
    sweep.ledger.sent(dataclasses.replace(attempt, run_id=None, tracking_uri=None, synced_epoch=0, finalised=False))
    sweep.ledger.set_parent(uri, "0", "lost")
    report = sync(sweep.ledger, store, uri)

    assert report.created == 0
    assert Shown(uri).everything() == before
    assert sweep.ledger.parent(uri) == (Shown(uri).experiment.experiment_id, Shown(uri).parent.info.run_id)


@pytest.mark.parametrize("call", ["create_run", "log_inputs", "log_batch", "log_text", "set_terminated"])
def test_killed_at_any_call_it_comes_to_the_same(
    call: str, store: Store, fabricate: Callable[..., Any], uri: str
) -> None:
    made = fabricate(store)
    made.complete(1)
    made.fail(2)
    made.ledger.put(state="complete")
    writer = Writer(made.ledger, store, uri)
    writer._client = DiesAt(writer._client, call)
    # Each round gets one call of this kind further.
    for _ in range(12):
        try:
            writer.send()
            break
        except TrackingError:
            client = writer._client
            writer = Writer(made.ledger, store, uri)
            writer._client = DiesAt(connection.client(uri), call, client.allowed + 1)
    else:
        pytest.fail("it never got through")

    shown = Shown(uri)
    assert len(shown.runs) == 3
    assert shown.parent.info.status == "FINISHED"
    for key in ("loss", "val_accuracy"):
        assert [step for step, *_ in shown.points(shown.trial(1), key)] == [1, 2, 3]
    assert len(shown.points(shown.parent, "best.val_accuracy")) == 1
    assert shown.trial(1).data.params["seed"] == "1001"
    assert shown.artifacts(shown.trial(2)) == ["traceback.txt"]


class DiesAt:
    """A client whose process is killed right after its n-th call of one kind."""

    def __init__(self, client: Any, call: str, allowed: int = 0) -> None:
        self.client, self.call, self.allowed, self.made = client, call, allowed, 0

    def __getattr__(self, name: str) -> Any:
        real = getattr(self.client, name)
        if name != self.call:
            return real

        def counted(*args: Any, **kwargs: Any) -> Any:
            answer = real(*args, **kwargs)
            self.made += 1
            if self.made > self.allowed:
                raise OSError("killed")
            return answer

        return counted


def test_a_deleted_run_is_rebuilt(sweep: Any, store: Store, uri: str) -> None:
    sweep.complete(1)
    sweep.complete(2)
    sync(sweep.ledger, store, uri)
    gone = Shown(uri).trial(2).info.run_id
    connection.client(uri).delete_run(gone)
    report = sync(sweep.ledger, store, uri)
    shown = Shown(uri)

    assert report.created == 1
    assert shown.trial(2).info.run_id != gone
    assert len(shown.points(shown.trial(2), "loss")) == 3


def test_a_deleted_parent_is_rebuilt_and_its_children_follow(sweep: Any, store: Store, uri: str) -> None:
    sweep.complete(1)
    sync(sweep.ledger, store, uri)
    first = Shown(uri).parent.info.run_id
    connection.client(uri).delete_run(first)
    report = sync(sweep.ledger, store, uri)

    assert (report.created, report.updated) == (1, 1)
    shown = Shown(uri)
    assert shown.trial(1).data.tags["mlflow.parentRunId"] == shown.parent.info.run_id != first


def test_another_uri_is_sent_everything(sweep: Any, store: Store, uri: str, migrated: Path, tmp_path: Path) -> None:
    sweep.twelve()
    sync(sweep.ledger, store, uri)
    other = tmp_path / "other.db"
    shutil.copy(migrated, other)
    report = sync(sweep.ledger, store, f"sqlite:///{other}")

    assert report.created == 14
    before = Shown(uri).everything()
    back = sync(sweep.ledger, store, uri)
    assert back.created == 0
    assert Shown(uri).everything() == before


def test_a_replaced_database_is_filled_again(sweep: Any, store: Store, uri: str, migrated: Path) -> None:
    sweep.twelve()
    writer = Writer(sweep.ledger, store, uri)
    writer.send()
    store.database.unlink()
    shutil.copy(migrated, store.database)
    with pytest.raises(TrackingError, match="removed or replaced"):
        writer.send()

    assert sync(sweep.ledger, store, uri).created == 14


def test_epochs_are_sent_as_they_come_and_once(sweep: Any, store: Store, uri: str) -> None:
    writer = Writer(sweep.ledger, store, uri)
    attempt = sweep.begin(1)
    first = sweep.epochs(1, attempt, 2)
    writer.send()
    shown = Shown(uri)
    assert (shown.parent.info.status, shown.trial(1).info.status) == ("RUNNING", "RUNNING")
    assert [step for step, *_ in shown.points(shown.trial(1), "loss")] == [1, 2]

    third = sweep.event(1, attempt, 3)
    sweep.ledger.record_epoch(third)
    writer.send()
    sweep.finish(1, attempt, (*first, third))
    writer.send()
    shown = Shown(uri)
    assert shown.trial(1).info.status == "FINISHED"
    assert [step for step, *_ in shown.points(shown.trial(1), "loss")] == [1, 2, 3]


def test_a_nan_is_not_shown(sweep: Any, store: Store, uri: str) -> None:
    attempt = sweep.begin(1)
    event = sweep.event(1, attempt, 1, loss=math.inf, val_loss=math.nan)
    sweep.finish(1, attempt, (event,), state=TrialState.FAILED, reason="diverged")
    sync(sweep.ledger, store, uri)

    metrics = Shown(uri).trial(1).data.metrics
    assert {"loss", "val_loss", "best.loss", "best.val_loss"}.isdisjoint(metrics)
    assert "accuracy" in metrics
    assert all(math.isfinite(value) for value in metrics.values())


def test_long_trials_and_long_sweeps_fit_mlflows_limits(sweep: Any, store: Store, uri: str) -> None:
    attempt = sweep.begin(1, **{f"parameter_{index}": index for index in range(120)})
    sweep.finish(1, attempt, sweep.epochs(1, attempt, 150))
    sync(sweep.ledger, store, uri)
    shown = Shown(uri)

    assert len(shown.points(shown.trial(1), "loss")) == 150
    assert shown.trial(1).data.params["parameter_119"] == "119"


def test_resume_runs_the_parent_again_and_the_end_ends_it(sweep: Any, store: Store, uri: str) -> None:
    sweep.interrupt(1)
    sweep.ledger.put(state="interrupted", reason="Ctrl-C")
    sync(sweep.ledger, store, uri)
    assert Shown(uri).parent.info.status == "KILLED"

    sweep.ledger.put(state="running", reason="")
    writer = Writer(sweep.ledger, store, uri)
    writer.send()
    assert Shown(uri).parent.info.status == "RUNNING"

    sweep.complete(1)
    sweep.ledger.put(state="stopped", reason="budget.time is spent")
    writer.send()
    parent = Shown(uri).parent
    assert (parent.info.status, parent.data.tags["sweep.reason"]) == ("FINISHED", "budget.time is spent")


def test_a_better_trial_replaces_the_winner(sweep: Any, store: Store, uri: str) -> None:
    sweep.complete(1, 0.6)
    writer = Writer(sweep.ledger, store, uri)
    writer.send()
    sweep.complete(2, 0.9)
    writer.send()
    shown = Shown(uri)

    assert shown.parent.data.tags["best.trial"] == "2"
    best = shown.trial(2).data.metrics["best.val_accuracy"]
    assert shown.parent.data.metrics["best.val_accuracy"] == best


@pytest.mark.parametrize("resumed", [False, True])
def test_a_parameter_the_new_winner_does_not_have_leaves_the_parent(
    resumed: bool, sweep: Any, store: Store, uri: str
) -> None:
    attempt = sweep.begin(1, kernel_size=5)
    sweep.finish(1, attempt, sweep.epochs(1, attempt, 1))
    writer = Writer(sweep.ledger, store, uri)
    writer.send()
    assert Shown(uri).parent.data.tags["best.kernel_size"] == "5"
    sweep.complete(2, 0.9)
    (Writer(sweep.ledger, store, uri) if resumed else writer).send()

    tags = Shown(uri).parent.data.tags
    assert tags["best.trial"] == "2"
    assert "best.kernel_size" not in tags


def test_a_run_renamed_in_the_ui_keeps_its_name(sweep: Any, store: Store, uri: str) -> None:
    sweep.complete(1)
    sync(sweep.ledger, store, uri)
    connection.client(uri).update_run(Shown(uri).trial(1).info.run_id, name="my favourite")
    assert sync(sweep.ledger, store, uri).updated == 0
    assert Shown(uri).trial(1).info.run_name == "my favourite"


def test_two_sweeps_share_a_database(store: Store, fabricate: Callable[..., Any], uri: str) -> None:
    for name, sweep_id in (("lstm", "a"), ("cnn", "b")):
        made = fabricate(store, name, sweep_id)
        made.complete(1)
        sync(made.ledger, store, uri)

    assert len(Shown(uri, "lstm").runs) == len(Shown(uri, "cnn").runs) == 2


def test_an_experiment_another_program_filled_is_refused(sweep: Any, store: Store, uri: str) -> None:
    client = connection.client(uri)
    experiment = client.create_experiment("lstm", artifact_location=(store.mlruns / "9").as_uri())
    run = client.create_run(experiment).info.run_id
    # What `check` sees in a file, the writer asks of a server.
    assert foreign(client, client.get_experiment(experiment))
    with pytest.raises(TrackingError, match="none of its runs is from textclf-sweep"):
        sync(sweep.ledger, store, uri)

    client.delete_run(run)
    assert not foreign(client, client.get_experiment(experiment))
    assert sync(sweep.ledger, store, uri).created == 1
    assert Shown(uri).experiment.tags["sweep.name"] == "lstm"
    client.create_run(experiment)
    assert not foreign(client, client.get_experiment(experiment))
    check(store, uri, "lstm")  # what another program adds to ours later does not shut us out


def test_the_datas_file_is_named(sweep: Any, store: Store, uri: str) -> None:
    sweep.ledger.put(data={**sweep.ledger.get("data"), "source": "csv", "path": "/data/my news.csv"})
    sync(sweep.ledger, store, uri)
    (given,) = Shown(uri).parent.inputs.dataset_inputs

    assert given.dataset.source_type == "local"
    assert json.loads(given.dataset.source) == {"uri": "/data/my news.csv"}


def test_bundled_data_is_named_by_its_source(sweep: Any, store: Store, uri: str) -> None:
    sync(sweep.ledger, store, uri)
    (given,) = Shown(uri).parent.inputs.dataset_inputs

    assert (given.dataset.source_type, json.loads(given.dataset.source)) == ("code", {"uri": "uci_news"})


def test_a_deleted_experiment_is_recognised(sweep: Any, store: Store, uri: str) -> None:
    sweep.complete(1)
    sync(sweep.ledger, store, uri)
    experiment = Shown(uri).experiment.experiment_id
    connection.client(uri).delete_experiment(experiment)

    for attempt in (lambda: sync(sweep.ledger, store, uri), lambda: check(store, uri, "lstm")):
        with pytest.raises(TrackingError, match="was deleted") as caught:
            attempt()
        assert caught.value.exit_code == 4
        assert f"mlflow experiments restore --experiment-id {experiment}" in caught.value.problems[0].fix

    connection.client(uri).restore_experiment(experiment)
    assert sync(sweep.ledger, store, uri).created == 0


def test_a_moved_folder_is_recognised_and_mended_by_sync(
    sweep: Any, store: Store, uri: str, tmp_path: Path, fabricate: Callable[..., Any]
) -> None:
    sweep.complete(1)
    sync(sweep.ledger, store, uri)
    sweep.ledger.close()
    moved = Store(tmp_path / "moved")
    moved.root.mkdir()
    store.database.rename(moved.database)
    store.mlruns.rename(moved.mlruns)
    elsewhere = f"sqlite:///{moved.database}"
    with pytest.raises(TrackingError, match="moved or copied") as caught:
        check(moved, elsewhere, "lstm")
    assert f"`sweep sync lstm --store {moved.root}`" in caught.value.problems[0].fix

    sys.modules["mlflow.tracking._tracking_service.utils"]._artifact_repos_cache.clear()  # as in a new process
    resumed = fabricate(moved)
    with pytest.raises(TrackingError, match="moved or copied"):
        Writer(resumed.ledger, moved, elsewhere)
    report = sync(resumed.ledger, moved, elsewhere)
    shown = Shown(elsewhere)
    assert (report.created, report.updated) == (0, 2)
    assert shown.artifacts(shown.trial(1)) == ["confusion_matrix.csv"]
    assert not store.mlruns.exists()
    check(moved, elsewhere, "lstm")
    assert sync(resumed.ledger, moved, elsewhere).updated == 0


def test_a_ledger_with_nothing_in_it_is_not_sent(store: Store, uri: str, fabricate: Callable[..., Any]) -> None:
    made = fabricate(store)
    made.ledger.put(name=None)
    with pytest.raises(StorageError, match="nothing of this sweep"):
        sync(made.ledger, store, uri)


def test_a_server_that_does_not_answer_is_named(sweep: Any, store: Store) -> None:
    with pytest.raises(TrackingError, match=r"server at http://127\.0\.0\.1:9 "):
        sync(sweep.ledger, store, "http://127.0.0.1:9")


def test_a_folder_of_files_is_refused_with_a_way_on(sweep: Any, store: Store, tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match="folder of files") as caught:
        sync(sweep.ledger, store, str(tmp_path / "mlruns"))
    assert "unset MLFLOW_TRACKING_URI" in caught.value.problems[0].fix
