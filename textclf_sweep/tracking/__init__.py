"""MLflow: a view of the ledger that can be rebuilt from it. The only room that imports mlflow, and only when used.

- ``check(store, uri, name)``: is MLflow fit for this sweep? Milliseconds, no import of mlflow.
- ``identity(uri)``: which file is behind a tracking URI right now.
- ``Outbox(ledger, store, uri)``: the live writer, a thread that sends what the ledger has and MLflow has not.
- ``sync(ledger, store, uri)``: the same, once; it also rebuilds what was deleted and mends a moved folder.
- ``remove_experiment(store, uri, name, sweep_id)``: delete a sweep's runs, and free the name of its experiment.
- ``logged(uri, name)``: whether MLflow has a run or an experiment of that name, whoever logged it.
- ``prepare(store, uri)``: create MLflow's database.
- ``serve(store, uri, ...)``: show MLflow's UI.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textclf_sweep.tracking.database import check, identity, prepare
    from textclf_sweep.tracking.known import logged
    from textclf_sweep.tracking.outbox import Outbox
    from textclf_sweep.tracking.remove import remove_experiment
    from textclf_sweep.tracking.ui import address, serve
    from textclf_sweep.tracking.writer import SyncReport, sync

__all__ = [
    "Outbox",
    "SyncReport",
    "address",
    "check",
    "identity",
    "logged",
    "prepare",
    "remove_experiment",
    "serve",
    "sync",
]

_HOMES = {
    "Outbox": "outbox",
    "SyncReport": "writer",
    "address": "ui",
    "check": "database",
    "identity": "database",
    "logged": "known",
    "prepare": "database",
    "remove_experiment": "remove",
    "serve": "ui",
    "sync": "writer",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
