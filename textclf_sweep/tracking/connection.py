"""How mlflow is imported: without telemetry, without a word on the user's screen; and what its errors mean to us."""

from __future__ import annotations

import importlib
import logging
import os
import warnings
from types import ModuleType
from typing import Any

from textclf_sweep.errors import StorageError, TrackingError

SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
"""Set before mlflow is imported, whatever they were."""

PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}
"""Set unless the user has set them: the outbox has its own retries, so one request need not last minutes."""

LOGGERS = ("mlflow", "alembic", "sqlalchemy", "huey", "urllib3.connectionpool")
"""What they have to say reaches us as exceptions; their log lines would tear the live table apart."""

NOISY = r"(mlflow|alembic|sqlalchemy)(\.|$)"
"""Modules whose Python warnings are not ours to show."""


def module(name: str) -> ModuleType:
    """The module `name` of mlflow (``mlflow.tracking``), imported quietly. The first import takes 1-4 s."""
    os.environ.update(SETTINGS)
    for key, value in PATIENCE.items():
        os.environ.setdefault(key, value)
    # A filter that stays, rather than `catch_warnings`, which another thread's would undo.
    warnings.filterwarnings("ignore", module=NOISY)
    found = importlib.import_module(name)
    for logger in map(logging.getLogger, LOGGERS):
        logger.handlers = [logging.NullHandler()]
        logger.propagate = False
    return found


def client(uri: str) -> Any:
    """An ``MlflowClient`` of the tracking store at `uri`. For a database this opens it and checks its schema.

    Raises:
        TrackingError: it cannot be reached or opened.
    """
    try:
        found = module("mlflow.tracking").MlflowClient(tracking_uri=uri)
        found.search_experiments(max_results=1)
    except Exception as error:
        raise translated(error, uri) from error
    return found


def translated(error: Exception, uri: str) -> StorageError:
    """What an exception out of mlflow means: an error of ours as it is, any other as a `TrackingError`."""
    if isinstance(error, StorageError):
        return error
    text = str(error).strip()
    first = text.splitlines()[0][:300] if text else type(error).__name__
    if "database is locked" in text:
        return TrackingError(
            f"MLflow's database {uri} is locked by another process",
            fix="wait until the other program has finished, then send what is missing with `sweep sync NAME`",
        )
    if "readonly database" in text or "unable to open database" in text or isinstance(error, PermissionError):
        return TrackingError(
            f"MLflow's store {uri} cannot be written: {first}",
            fix="make the file and its folder writable, then send what is missing with `sweep sync NAME`",
        )
    if uri.startswith(("http:", "https:")):
        return TrackingError(
            f"the MLflow server at {uri} does not take the results: {first}",
            fix="start it, or unset MLFLOW_TRACKING_URI to use the store's own database; then `sweep sync NAME`",
        )
    if "filesystem tracking backend" in text:
        return TrackingError(
            f"MLFLOW_TRACKING_URI is {uri}, a folder of files, which MLflow no longer accepts",
            fix="unset MLFLOW_TRACKING_URI, or set it to sqlite:///PATH/mlflow.db or to a server's address",
        )
    return TrackingError(
        f"MLflow at {uri} failed: {type(error).__name__}: {first}",
        fix="the results are safe in the ledger; send them again with `sweep sync NAME`",
    )
