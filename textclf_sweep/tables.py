"""The ledger's file: its tables, how it is opened, and its rows as frozen values."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textclf_sweep.errors import StorageError
from textclf_sweep.trial import TrialResult, TrialState

FORMAT = 1
"""Version of the tables below; a ledger of another version is refused."""

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE trials (
    number INTEGER PRIMARY KEY, trial TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL, created REAL NOT NULL);
CREATE TABLE attempts (
    trial INTEGER NOT NULL, attempt INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
    started REAL NOT NULL, ended REAL, counted INTEGER NOT NULL DEFAULT 0, result TEXT,
    tracking_uri TEXT, run_id TEXT, synced_epoch INTEGER NOT NULL DEFAULT 0, finalised INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (trial, attempt));
CREATE TABLE epochs (
    trial INTEGER NOT NULL, attempt INTEGER NOT NULL, epoch INTEGER NOT NULL, event TEXT NOT NULL,
    PRIMARY KEY (trial, attempt, epoch));
CREATE TABLE openings (
    number INTEGER PRIMARY KEY, trial INTEGER NOT NULL, opened_at REAL NOT NULL, figures TEXT);
CREATE TABLE sessions (id INTEGER PRIMARY KEY, started REAL NOT NULL, active_until REAL NOT NULL);
CREATE TABLE parents (tracking_uri TEXT PRIMARY KEY, experiment_id TEXT NOT NULL, run_id TEXT NOT NULL);
"""

ATTEMPT_COLUMNS = (
    "trial, attempt, state, reason, started, ended, counted, result, tracking_uri, run_id, synced_epoch, finalised"
)
"""What `attempt_of` reads, in its order."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of one trial.

    Attributes:
        trial, attempt: which; attempts count from 1.
        state: RUNNING, or how it ended; FAILED for a crash that is retried, too.
        reason: why it ended, in a few words.
        started, ended: wall-clock seconds since 1970; `ended` is None while it runs.
        counted: whether it stands for its trial; true for exactly one attempt of a final trial.
        result: what the worker reported, if it did.
        tracking_uri, run_id: the MLflow run that shows it; None before it is created.
        synced_epoch: the last epoch sent to that run.
        finalised: whether that run was ended.
    """

    trial: int
    attempt: int
    state: TrialState
    reason: str
    started: float
    ended: float | None
    counted: bool
    result: TrialResult | None
    tracking_uri: str | None
    run_id: str | None
    synced_epoch: int
    finalised: bool


@dataclass(frozen=True, slots=True)
class Opening:
    """One look at the sealed test part.

    Attributes:
        number: from 1.
        trial: whose weights were scored.
        opened_at: wall-clock seconds since 1970.
        figures: accuracy, macro_f1, loss, rows and floors; None when the look was cut short.
    """

    number: int
    trial: int
    opened_at: float
    figures: Mapping[str, Any] | None


def open_to_write(path: Path) -> sqlite3.Connection:
    """The ledger at `path`; it is made, with its folder, when missing.

    Raises:
        StorageError: another version of the program wrote it.
        OSError, sqlite3.Error, ValueError: it cannot be opened or is damaged; see `readable`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = _connect(path.as_posix())
    with _closed_on_error(connection):
        _make_tables(connection)
        _check_format(connection, path)
    return connection


def open_to_read(path: Path) -> sqlite3.Connection:
    """The ledger at `path`, as it is at this moment: the connection is in a read transaction.

    A ledger in a folder that cannot be written is read, too.

    Raises:
        StorageError: there is none, or another version of the program wrote it.
        sqlite3.Error, ValueError: it cannot be opened or is damaged; see `readable`.
    """
    if not path.is_file():
        raise StorageError(f"{path}: there is no ledger here")
    try:
        # SQLite itself falls back to `mode=ro`; asked for it, it would leave an empty log in a folder it may write to.
        return _snapshot(path, "mode=rw")
    except sqlite3.OperationalError as error:
        log = path.with_name(f"{path.name}-wal")
        # Without a log there is nothing to write and nobody writes; with one, the file alone would be out of date.
        if error.sqlite_errorcode & 0xFF not in UNWRITABLE or (log.exists() and log.stat().st_size):
            raise
    return _snapshot(path, "mode=ro&immutable=1")


UNWRITABLE = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
"""How SQLite says that it cannot make the log it wants beside a file."""


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turns what a missing permission or damage raises into a `StorageError`."""
    try:
        yield
    # A damaged file can still be a database whose texts are no JSON.
    except (OSError, sqlite3.Error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StorageError(
            f"{path}: the ledger cannot be opened: {error}",
            fix="check the folder's permissions and free space; a damaged ledger can be removed with `sweep delete`",
        ) from error


def attempt_of(row: tuple[Any, ...]) -> Attempt:
    """The attempt in a row of `ATTEMPT_COLUMNS`."""
    trial, attempt, state, reason, started, ended, counted, result, tracking_uri, run_id, synced, finalised = row
    return Attempt(
        trial=trial,
        attempt=attempt,
        state=TrialState(state),
        reason=reason,
        started=started,
        ended=ended,
        counted=bool(counted),
        result=TrialResult.from_json(json.loads(result)) if result else None,
        tracking_uri=tracking_uri,
        run_id=run_id,
        synced_epoch=synced,
        finalised=bool(finalised),
    )


def _snapshot(path: Path, mode: str) -> sqlite3.Connection:
    connection = _connect(f"{path.resolve().as_uri()}?{mode}", uri=True)
    with _closed_on_error(connection):
        connection.execute("BEGIN")
        _check_format(connection, path)
    return connection


def _connect(name: str, *, uri: bool = False) -> sqlite3.Connection:
    return sqlite3.connect(name, timeout=30, check_same_thread=False, uri=uri)


@contextmanager
def _closed_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise


def _make_tables(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
        # One transaction: a ledger killed while it is made is empty, never half made.
        connection.executescript(f"BEGIN; {TABLES}")
        connection.execute("INSERT INTO meta VALUES ('format', ?)", (json.dumps(FORMAT),))
        connection.commit()


def _check_format(connection: sqlite3.Connection, path: Path) -> None:
    row = connection.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
    if row is None or json.loads(row[0]) != FORMAT:
        found = "none" if row is None else row[0]
        raise StorageError(
            f"{path}: the ledger has format {found}; this version of the program reads format {FORMAT}",
            fix="run it with the version of textclf-sweep that wrote it, or start anew under another --name",
        )
