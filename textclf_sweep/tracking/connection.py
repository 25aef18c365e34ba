"""How mlflow is imported: without telemetry, without a word on the user's screen; and what its errors mean to us."""

from __future__ import annotations

import importlib
import logging
import os
import warnings
from collections.abc import Iterator
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

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
        Exception: it cannot be reached or opened; `translated` says what that means.
    """
    found = module("mlflow.tracking").MlflowClient(tracking_uri=uri)
    found.search_experiments(max_results=1)
    return found


def runs(mlflow: Any, experiment: str, query: str = "", view: str = "ACTIVE_ONLY") -> Iterator[Any]:
    """The runs of an experiment, oldest first.

    Args:
        mlflow: a `client`.
        experiment: its id.
        query: MLflow's filter; empty for all.
        view: ``ACTIVE_ONLY``, ``DELETED_ONLY`` or ``ALL``.
    """
    kind = getattr(module("mlflow.entities").ViewType, view)
    token = None
    while True:
        page = mlflow.search_runs(
            [experiment],
            query,
            run_view_type=kind,
            max_results=1000,
            order_by=["attributes.start_time ASC"],
            page_token=token,
        )
        yield from page
        token = page.token
        if not token:
            return


def refuse_files(uri: str) -> None:
    """Refuse a tracking URI that is a folder of files, unless MLflow was told to accept one.

    Raises:
        TrackingError: it is.
    """
    files = urlsplit(uri).scheme in ("", "file") and uri not in ("databricks", "uc")
    if files and os.environ.get("MLFLOW_ALLOW_FILE_STORE", "").lower() not in ("true", "1"):
        raise TrackingError(
            f"MLFLOW_TRACKING_URI is {uri}, a folder of files, which MLflow no longer accepts",
            fix="unset MLFLOW_TRACKING_URI, or set it to sqlite:///PATH/mlflow.db or to a server's address",
        )


def translated(error: Exception, uri: str, again: str) -> StorageError:
    """What an exception out of mlflow means: an error of ours as it is, any other as a `TrackingError`.

    Args:
        error: the exception.
        uri: MLflow's tracking URI.
        again: the command that does what failed, once its cause is mended.
    """
    if isinstance(error, StorageError):
        return error
    text = str(error).strip()
    first = text.splitlines()[0][:300] if text else type(error).__name__
    if "database is locked" in text:
        return TrackingError(
            f"MLflow's database {uri} is locked by another process",
            fix=f"wait until the other program has finished, then `{again}`",
        )
    if "readonly database" in text or "unable to open database" in text or isinstance(error, PermissionError):
        return TrackingError(
            f"MLflow's store {uri} cannot be written: {first}",
            fix=f"make the file and its folder writable, then `{again}`",
        )
    if uri.startswith(("http:", "https:")):
        return TrackingError(
            f"the MLflow server at {uri} does not take the results: {first}",
            fix=f"start it, or unset MLFLOW_TRACKING_URI to use the store's own database; then `{again}`",
        )
    return TrackingError(
        f"MLflow at {uri} failed: {type(error).__name__}: {first}",
        fix=f"the results are safe in the ledger; try again with `{again}`",
    )
