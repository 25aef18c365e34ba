"""Removing a sweep from an MLflow that others use, too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from textclf_sweep.errors import TrackingError
from textclf_sweep.store import Store
from textclf_sweep.tracking import connection, remove_experiment, sync


def names(uri: str) -> list[str]:
    """The living experiments but MLflow's own."""
    return sorted(item.name for item in connection.client(uri).search_experiments() if item.name != "Default")


def living(uri: str, name: str = "lstm") -> list[Any]:
    client = connection.client(uri)
    return list(connection.runs(client, client.get_experiment_by_name(name).experiment_id))


@pytest.fixture
def sent(sweep: Any, store: Store, uri: str) -> Any:
    """A sweep of one trial, in MLflow."""
    sweep.complete(1)
    sync(sweep.ledger, store, uri)
    return sweep


def test_the_experiment_goes_and_its_name_is_free(sent: Any, store: Store, uri: str) -> None:
    artifacts = store.mlruns / "artifacts" / "lstm"
    assert artifacts.is_dir()
    assert remove_experiment(store, uri, "lstm", "5eed0000")
    assert names(uri) == []
    assert not artifacts.exists()
    assert not remove_experiment(store, uri, "lstm", "5eed0000")

    assert sync(sent.ledger, store, uri).created == 2
    assert names(uri) == ["lstm"]


def test_one_deleted_in_the_ui_frees_its_name(sent: Any, store: Store, uri: str) -> None:
    connection.client(uri).delete_experiment(living(uri)[0].info.experiment_id)
    assert remove_experiment(store, uri, "lstm", "5eed0000")
    assert sync(sent.ledger, store, uri).created == 2


def test_runs_of_another_stores_sweep_of_that_name_stay(
    sent: Any, store: Store, uri: str, fabricate: Callable[..., Any]
) -> None:
    theirs = fabricate(store, "cnn", "0ther")
    theirs.ledger.put(name="lstm")
    theirs.complete(1)
    sync(theirs.ledger, store, uri)
    assert len(living(uri)) == 4
    artifacts = store.mlruns / "artifacts" / "lstm"

    assert remove_experiment(store, uri, "lstm", "5eed0000")
    left = living(uri)
    assert {run.data.tags["sweep.id"] for run in left} == {"0ther"}
    assert {path.name for path in artifacts.iterdir()} == {run.info.run_id for run in left}
    assert sync(theirs.ledger, store, uri).created == 0
    assert remove_experiment(store, uri, "lstm", "0ther")
    assert names(uri) == []


def test_what_another_program_logged_stays(sent: Any, store: Store, uri: str) -> None:
    client = connection.client(uri)
    own = client.create_run(living(uri)[0].info.experiment_id).info.run_id
    remove_experiment(store, uri, "lstm", "5eed0000")
    assert [run.info.run_id for run in living(uri)] == [own]

    # And when its owner deletes it all, we do not bring it back to free a name.
    client.delete_experiment(living(uri)[0].info.experiment_id)
    assert not remove_experiment(store, uri, "lstm", "5eed0000")
    assert client.get_run(own).info.lifecycle_stage == "deleted"


@pytest.mark.parametrize("sweep_id", ["5eed0000", ""])
def test_another_programs_experiment_of_that_name_stays(store: Store, uri: str, sweep_id: str) -> None:
    client = connection.client(uri)
    experiment = client.create_experiment("lstm", artifact_location=(store.mlruns / "9").as_uri())
    assert not remove_experiment(store, uri, "lstm", sweep_id)
    client.create_run(experiment)
    assert not remove_experiment(store, uri, "lstm", sweep_id)
    assert names(uri) == ["lstm"]


def test_ours_that_was_made_and_never_filled_goes(sent: Any, store: Store, uri: str) -> None:
    for run in living(uri):
        connection.client(uri).delete_run(run.info.run_id)
    assert remove_experiment(store, uri, "lstm", "5eed0000")
    assert names(uri) == []


@pytest.mark.unit
def test_without_a_database_there_is_nothing_to_remove(tmp_path: Path) -> None:
    assert not remove_experiment(Store(tmp_path), f"sqlite:///{tmp_path}/mlflow.db", "lstm", "5eed0000")
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_away_is_named_with_the_command_to_repeat(tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match=r"http://127\.0\.0\.1:9") as caught:
        remove_experiment(Store(tmp_path), "http://127.0.0.1:9", "lstm", "5eed0000")
    assert f"`sweep delete lstm --store {tmp_path}`" in caught.value.problems[0].fix
