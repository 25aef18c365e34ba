"""Removing a sweep's runs, and its experiment when nobody else uses it, from MLflow."""

from __future__ import annotations

import shutil
import time
from typing import Any

from textclf_sweep.store import Store
from textclf_sweep.tracking import connection, database


def remove_experiment(store: Store, uri: str, name: str, sweep_id: str) -> bool:
    """Delete the runs of one sweep and, when no others are left in it, its experiment.

    A server is shared: an experiment of that name may hold runs of other stores and other programs, which stay.
    MLflow keeps the name of a deleted experiment reserved, so it is renamed first: the next sweep of that name starts
    afresh. ``mlflow gc`` then frees the space in the database.

    Args:
        store: the sweep's store; its own artifacts are removed with the runs.
        uri: MLflow's tracking URI.
        name: of the sweep.
        sweep_id: the tag ``sweep.id`` of its runs.

    Returns:
        Whether there was anything of it.

    Raises:
        TrackingError: MLflow cannot be reached.
    """
    path = database.database_path(uri)
    if not sweep_id or (path is not None and not path.exists()):
        return False
    try:
        client = connection.client(uri)
        experiment = client.get_experiment_by_name(name)
        return experiment is not None and _remove(store, client, experiment, sweep_id)
    except Exception as error:
        raise connection.translated(error, uri, store.command("delete", name)) from error


def _remove(store: Store, client: Any, experiment: Any, sweep_id: str) -> bool:
    id_, name = experiment.experiment_id, experiment.name
    # The runs of an experiment that was deleted were deleted with it.
    deleted = experiment.lifecycle_stage == "deleted"
    found = list(connection.runs(client, id_, view="ALL" if deleted else "ACTIVE_ONLY"))
    ours = [run.info.run_id for run in found if run.data.tags.get("sweep.id") == sweep_id]
    artifacts = database.artifact_folder(store, name)
    if len(ours) < len(found) and ours and not deleted:
        for run in ours:
            client.delete_run(run)
            shutil.rmtree(artifacts / run, ignore_errors=True)
        return True
    if len(ours) < len(found) or (not ours and experiment.tags.get("sweep.name") != name):
        return False
    if deleted:
        client.restore_experiment(id_)
    client.rename_experiment(id_, f"{name} (deleted {time.strftime('%Y-%m-%d %H:%M:%S')})")
    client.delete_experiment(id_)
    shutil.rmtree(artifacts, ignore_errors=True)
    return True
