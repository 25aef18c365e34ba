"""Removing a sweep's experiment from MLflow."""

from __future__ import annotations

import shutil
import time

from textclf_sweep.store import Store
from textclf_sweep.tracking import connection, database


def remove_experiment(store: Store, uri: str, name: str) -> bool:
    """Delete the experiment of sweep `name` and, in the store's own MLflow, its artifacts.

    MLflow keeps the name of a deleted experiment reserved, so it is renamed first: the next sweep of that name starts
    afresh. ``mlflow gc`` then frees the space in the database.

    Returns:
        Whether there was one.

    Raises:
        TrackingError: MLflow cannot be reached.
    """
    path = database.database_path(uri)
    if path is not None and not path.exists():
        return False
    try:
        client = connection.client(uri)
        experiment = client.get_experiment_by_name(name)
        if experiment is None:
            return False
        if experiment.lifecycle_stage == "deleted":
            client.restore_experiment(experiment.experiment_id)
        client.rename_experiment(experiment.experiment_id, f"{name} (deleted {time.strftime('%Y-%m-%d %H:%M:%S')})")
        client.delete_experiment(experiment.experiment_id)
    except Exception as error:
        raise connection.translated(error, uri) from error
    shutil.rmtree(database.artifact_folder(store, name), ignore_errors=True)
    return True
