"""What can be asked of, and done to, the sweeps of a store."""

from __future__ import annotations

import difflib
import shutil
from pathlib import Path
from typing import Any

from textclf_sweep import locks
from textclf_sweep.analysis.status import best_object, status_object, trial_object
from textclf_sweep.errors import InputError
from textclf_sweep.ledger import Ledger
from textclf_sweep.store import Store
from textclf_sweep.sweep import snapshot


def names(store: Store) -> list[str]:
    """The sweeps of a store, the one that was active last first."""
    ledgers = sorted(store.sweeps.glob("*/ledger.db"), key=_active, reverse=True)
    return [path.parent.name for path in ledgers]


def list_sweeps(store: Store) -> list[dict[str, Any]]:
    """One object per sweep: its status, with architecture, method and the time it was last active."""
    found = []
    for name in names(store):
        with open_ledger(store, name) as ledger:
            definition = ledger.get("definition", {})
            found.append(
                {
                    **status_object(snapshot.take(ledger, store)),
                    "architecture": definition.get("architecture"),
                    "method": definition.get("method"),
                    "updated": _active(store.sweep(name).ledger),
                }
            )
    return found


def status(store: Store, name: str) -> dict[str, Any]:
    """The object of ``sweep status --json``.

    Raises:
        InputError: there is no such sweep.
        StorageError: its ledger cannot be read.
    """
    with open_ledger(store, name) as ledger:
        return status_object(snapshot.take(ledger, store))


def trials(store: Store, name: str) -> dict[str, Any]:
    """The object of ``sweep trials --json``. Raises as `status` does."""
    with open_ledger(store, name) as ledger:
        return {"trials": [trial_object(record) for record in snapshot.take(ledger, store).history]}


def best(store: Store, name: str) -> dict[str, Any] | None:
    """The object of ``sweep best --json``. Raises as `status` does."""
    with open_ledger(store, name) as ledger:
        taken = snapshot.take(ledger, store)
        return best_object(taken.history, taken.metric)


def request_stop(store: Store, name: str) -> str:
    """Ask the process that runs a sweep to stop; returns what was done, as a sentence. Raises as `status` does."""
    folder = store.sweep(_known(store, name))
    holder = locks.holder(folder)
    if holder is None:
        return f"The sweep {name!r} is not running; there is nothing to stop."
    folder.stop.touch()
    return f"The sweep {name!r} (process {holder}) stops within a second; `sweep run` goes on with it."


def delete(store: Store, name: str) -> list[str]:
    """Remove a sweep's folder and its MLflow experiment; returns what was removed, as sentences.

    Raises:
        AlreadyRunningError: it is running.
        TrackingError: MLflow cannot be reached; the folder is kept.
    """
    folder = store.sweep(_known(store, name))
    removed = []
    with locks.hold_sweep_lock(folder):
        locks.wait_for_orphans(folder)
        from textclf_sweep.tracking.remove import remove_experiment  # noqa: PLC0415 - imports mlflow

        with Ledger.read(folder.ledger) as ledger:
            if remove_experiment(ledger, store, store.tracking_uri()):
                removed.append(f"The MLflow experiment {name!r} and its runs are removed.")
        shutil.rmtree(folder.path)
        removed.append(f"{folder.path} is removed.")
    return removed


def sync(store: Store, name: str) -> dict[str, Any]:
    """Send MLflow what it lacks of a sweep and rebuild what was deleted there.

    Raises:
        AlreadyRunningError: the sweep is running, and its own process does this.
        TrackingError: MLflow cannot be reached.
    """
    folder = store.sweep(_known(store, name))
    with locks.hold_sweep_lock(folder), Ledger.create(folder.ledger) as ledger:
        from textclf_sweep.tracking.view import sync as sync_view  # noqa: PLC0415 - imports mlflow

        report = sync_view(ledger, store, store.tracking_uri())
        return {"sweep": name, "created": report.created, "updated": report.updated}


def open_ledger(store: Store, name: str) -> Ledger:
    """A sweep's ledger, for reading.

    Raises:
        InputError: there is no such sweep.
        StorageError: its ledger cannot be read.
    """
    return Ledger.read(store.sweep(_known(store, name)).ledger)


def _known(store: Store, name: str) -> str:
    known = names(store)
    if name in known:
        return name
    near = difflib.get_close_matches(name, known, n=3)
    if not known:
        fix = "`sweep run FILE` makes one; --store names another folder to look in"
    else:
        fix = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(known[:10])}"
    raise InputError(f"there is no sweep {name!r} in {store.root.resolve()}", fix=fix)


def _active(path: Path) -> float:
    # The write-ahead log is what changes while a sweep runs.
    return max(file.stat().st_mtime for file in path.parent.glob("ledger.db*"))
