"""What can be asked of, and done to, the sweeps of a store."""

from __future__ import annotations

import contextlib
import difflib
import shutil
from pathlib import Path
from typing import Any

from textclf_sweep import locks, tracking
from textclf_sweep.analysis import words
from textclf_sweep.analysis.status import Snapshot, best_object, status_object, trial_object
from textclf_sweep.definition.types import Metric
from textclf_sweep.errors import InputError, StorageError, SweepError
from textclf_sweep.ledger import Ledger
from textclf_sweep.store import Store
from textclf_sweep.sweep import snapshot
from textclf_sweep.sweep.resume import collect
from textclf_sweep.trial import TrialState


def names(store: Store) -> list[str]:
    """The sweeps of a store, the one that was active last first."""
    ledgers = sorted(store.sweeps.glob("*/ledger.db"), key=_active, reverse=True)
    return [path.parent.name for path in ledgers]


def list_sweeps(store: Store) -> list[dict[str, Any]]:
    """One object per sweep: its status, with architecture, method and the time it was last active.

    A sweep whose ledger cannot be read is ``unreadable``, with the reason.
    """
    found = []
    for name in names(store):
        updated = _active(store.sweep(name).ledger)  # before it is opened: opening makes files
        definition: dict[str, Any] = {}
        try:
            with open_ledger(store, name) as ledger:
                definition = ledger.get("definition", {})
                seen = snapshot.take(ledger, store)
        except SweepError as error:
            seen = Snapshot(name, "unreadable", str(error), Metric(), (), (), {}, None)
        found.append(
            {
                **status_object(seen),
                "architecture": ", ".join(definition.get("architecture") or ()) or None,
                "method": definition.get("method"),
                "sampler": definition.get("sampler"),
                "updated": updated,
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
        taken = snapshot.take(ledger, store)
        return {"trials": [trial_object(record, taken.linear) for record in taken.history]}


def best(store: Store, name: str) -> dict[str, Any] | None:
    """The object of ``sweep best --json``. Raises as `status` does."""
    with open_ledger(store, name) as ledger:
        taken = snapshot.take(ledger, store)
        return best_object(taken.history, taken.metric, taken.linear)


def unsaid(store: Store, name: str) -> frozenset[str]:
    """The fixed parameters of a sweep that go without saying. Raises as `status` does."""
    with open_ledger(store, name) as ledger:
        spaces = (ledger.get("definition") or {}).get("space") or {}
        return words.unsaid(spaces.values()) if spaces else frozenset()


def request_stop(store: Store, name: str) -> str:
    """Ask the process that runs a sweep to stop; returns what was done, as a sentence. Raises as `status` does."""
    folder = store.sweep(_known(store, name))
    holder = locks.holder(folder)
    if holder is None:
        return f"The sweep {name!r} is not running; there is nothing to stop."
    folder.stop.touch()
    return f"The sweep {name!r} (process {holder}) stops within a second; `sweep run` goes on with it."


def retry(store: Store, name: str) -> tuple[list[int], str]:
    """Have the failed trials of a sweep run again by the next ``sweep run``.

    Returns:
        Their numbers, and the limit (a budget, the target) that ended the sweep and that must be raised before any
        trial starts again; empty without one.

    Raises:
        InputError: there is no such sweep.
        AlreadyRunningError: it is running.
        StorageError: its ledger cannot be read or written.
    """
    folder = store.sweep(_known(store, name))
    with locks.hold_sweep_lock(folder, "retry"), Ledger.create(folder.ledger) as ledger:
        locks.wait_for_orphans(folder)
        collect(ledger, folder)
        failed = [record.number for record in ledger.history() if record.counted and record.state is TrialState.FAILED]
        for number in failed:
            ledger.retry(number, "to be run again")
        if failed:
            ledger.put(state="interrupted", reason="failed trials are to be run again", sent_to=None)
        return failed, ledger.get("limit") or ""


def delete(store: Store, name: str) -> list[str]:
    """Remove a sweep's folder and its MLflow runs; returns what was removed, as sentences.

    A ledger that cannot be read does not keep its folder from being removed.

    Raises:
        InputError: there is no such sweep.
        AlreadyRunningError: it is running.
        TrackingError: MLflow cannot be reached; the folder is kept.
    """
    folder = store.sweep(_known(store, name))
    removed = []
    with locks.hold_sweep_lock(folder, "delete"):
        locks.wait_for_orphans(folder)
        sweep_id = None
        with contextlib.suppress(StorageError), Ledger.read(folder.ledger) as ledger:
            sweep_id = ledger.get("sweep_id")
        if sweep_id is None:
            removed.append("The ledger cannot be read, so what MLflow shows of the sweep is left there.")
        elif tracking.remove_experiment(store, store.tracking_uri(), name, sweep_id):
            removed.append(f"The runs of sweep {name!r} in MLflow are removed.")
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
    with locks.hold_sweep_lock(folder, "sync"), Ledger.create(folder.ledger) as ledger:
        locks.wait_for_orphans(folder)
        snapshot.take(ledger, store)  # a sweep that never began has nothing to send
        collect(ledger, folder)
        if ledger.get("state") == "running":
            ledger.put(state="interrupted", reason="the program was killed")
        report = tracking.sync(ledger, store, store.tracking_uri())
        return {"sweep": name, "created": report.created, "updated": report.updated}


def open_ledger(store: Store, name: str) -> Ledger:
    """A sweep's ledger, for reading.

    Raises:
        InputError: there is no such sweep.
        StorageError: its ledger cannot be read, or nothing of the sweep is in it yet.
    """
    path = store.sweep(_known(store, name)).ledger
    ledger = Ledger.read(path)
    if ledger.get("name") is None:
        ledger.close()
        raise StorageError(
            f"{path}: the sweep {name!r} was stopped before it began",
            fix=f"start it again with `sweep run`, or remove it with `sweep delete {name}`",
        )
    return ledger


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
    # The write-ahead log is what changes while a sweep runs; a reader makes an empty one. It can vanish at any time.
    times = [0.0]
    for file in (path, path.with_name(f"{path.name}-wal")):
        with contextlib.suppress(OSError):
            found = file.stat()
            times += [found.st_mtime] if found.st_size else []
    return max(times)
