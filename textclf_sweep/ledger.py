"""The ledger: every trial, attempt, epoch and result of one sweep in one SQLite file. The single source of truth.

Only the parent process writes it. Everything else (searchers' studies, MLflow's runs, tables) is derived from it and
can be rebuilt. Each public method is one transaction. A second thread of the parent (the MLflow writer) may share the
object: a lock serialises them. Other processes may read the file at any time (`Ledger.read`).
"""

from __future__ import annotations

import dataclasses
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from textclf_sweep.errors import StorageError
from textclf_sweep.tables import (
    ATTEMPT_COLUMNS,
    FORMAT,
    Attempt,
    Opening,
    attempt_of,
    open_to_read,
    open_to_write,
    readable,
)
from textclf_sweep.trial import EpochEvent, History, Trial, TrialRecord, TrialResult, TrialState

__all__ = ["FORMAT", "Attempt", "Ledger", "Opening"]


class Ledger:
    """An open ledger. Create with `create` or `read`; use as a context manager or call `close`.

    Args:
        connection: to an existing ledger.
        clock: wall-clock seconds since 1970.
    """

    def __init__(self, connection: sqlite3.Connection, clock: Callable[[], float] = time.time) -> None:
        self._connection = connection
        self._clock = clock
        self._lock = threading.RLock()
        self._session: int | None = None
        self._records: dict[int, TrialRecord] = {}
        self._left_out: frozenset[int] = frozenset()
        self._load()

    @classmethod
    def create(cls, path: Path, clock: Callable[[], float] = time.time) -> Ledger:
        """Open the ledger at `path` for writing; makes it, and its folder, when missing.

        Raises:
            StorageError: it cannot be opened, or another version of the program wrote it.
        """
        return cls._opened(open_to_write, path, clock)

    @classmethod
    def read(cls, path: Path) -> Ledger:
        """Open the ledger at `path` for reading, also while a sweep writes it: it stays as it was when it was opened.

        Neither the file nor its folder need be writable.

        Raises:
            StorageError: there is none, it cannot be opened, or another version of the program wrote it.
        """
        return cls._opened(open_to_read, path, time.time)

    @classmethod
    def _opened(cls, open_it: Callable[[Path], sqlite3.Connection], path: Path, clock: Callable[[], float]) -> Ledger:
        with readable(path):
            connection = open_it(path)
            try:
                return cls(connection, clock)
            except BaseException:
                connection.close()
                raise

    def close(self) -> None:
        """Close the file; may be called twice."""
        self._connection.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # The sweep as a whole

    def get(self, key: str, default: Any = None) -> Any:
        """The JSON value kept under `key`."""
        rows = self._select("SELECT value FROM meta WHERE key = ?", key)
        return json.loads(rows[0][0]) if rows else default

    def put(self, **values: Any) -> None:
        """Keep JSON values under their names, all in one transaction."""
        with self._transaction():
            self._keep(values)

    def start_session(self) -> None:
        """Begin to count active time."""
        now = self._clock()
        with self._transaction() as connection:
            cursor = connection.execute("INSERT INTO sessions (started, active_until) VALUES (?, ?)", (now, now))
            self._session = cursor.lastrowid

    def active_seconds(self) -> float:
        """Seconds this sweep has been running, over all its sessions; the present one counts up to now."""
        rows, now = self._select("SELECT id, started, active_until FROM sessions"), self._clock()
        return float(sum((now if id_ == self._session else until) - started for id_, started, until in rows))

    # Trials

    def history(self) -> History:
        """Every trial, by number."""
        with self._lock:
            return tuple(self._records[number] for number in sorted(self._records))

    def propose(self, trial: Trial) -> None:
        """Commit a new trial before anything is done with it."""
        with self._transaction() as connection:
            connection.execute(
                "INSERT INTO trials VALUES (?, ?, ?, '', ?)",
                (trial.number, json.dumps(trial.to_json()), TrialState.WAITING, self._clock()),
            )
            self._refresh(trial.number)

    def withdraw(self) -> None:
        """Take back the last trial if it was only proposed: made ahead, for a sweep that has ended without it."""
        number = max(self._records, default=0)
        if number and not self._records[number].attempts:
            with self._transaction() as connection:
                connection.execute("DELETE FROM trials WHERE number = ?", (number,))
                del self._records[number]

    def begin_attempt(self, trial: int) -> int:
        """Commit a new attempt before it is dispatched; returns its number, from 1."""
        with self._transaction() as connection:
            attempt = self._records[trial].attempts + 1
            connection.execute(
                "INSERT INTO attempts (trial, attempt, state, reason, started) VALUES (?, ?, ?, '', ?)",
                (trial, attempt, TrialState.RUNNING, self._clock()),
            )
            self._move(trial, TrialState.RUNNING, "")
        return attempt

    def record_epoch(self, event: EpochEvent) -> None:
        """Commit one epoch of the current attempt."""
        with self._transaction():
            self._add_epoch(event)
            record = self._records[event.trial]
            if event.attempt == _current(record) and (not record.epochs or record.epochs[-1].epoch < event.epoch):
                # Reading them all again would make a long trial quadratic.
                self._records[event.trial] = dataclasses.replace(record, epochs=(*record.epochs, event))
            else:
                self._refresh(event.trial)

    def finish(self, result: TrialResult) -> None:
        """Commit how an attempt ended; it counts for its trial. A trial that is final already is left as it is."""
        if self._records[result.trial].state.final:
            return
        with self._transaction():
            for event in result.epochs:
                self._add_epoch(event)
            self._end_attempt(result.trial, result.attempt, result.state, result.reason, result)
            self._move(result.trial, result.state, result.reason)

    def interrupt(self, trial: int, reason: str) -> None:
        """The current attempt was cut short by the user or the parent's end; it spends nothing and will run again."""
        with self._transaction():
            self._end_attempt(trial, self._records[trial].attempts, TrialState.INTERRUPTED, reason, None)
            self._move(trial, TrialState.INTERRUPTED, reason)

    def crash(self, trial: int, reason: str) -> None:
        """The current attempt's worker died; the trial waits for another."""
        with self._transaction():
            self._end_attempt(trial, self._records[trial].attempts, TrialState.FAILED, reason, None)
            self._move(trial, TrialState.WAITING, reason)

    def retry(self, trial: int, reason: str) -> None:
        """A failed trial is to be run again: its result stands for it no more."""
        with self._transaction() as connection:
            connection.execute("UPDATE attempts SET counted = 0, finalised = 0 WHERE trial = ? AND counted", (trial,))
            self._move(trial, TrialState.WAITING, reason)

    def redefine(self, left_out: Collection[int], **values: Any) -> None:
        """From now on, exactly the trials `left_out` are not counted, and `values` are kept as by `put`."""
        changed = self._left_out ^ set(left_out)
        with self._transaction() as connection:
            self._keep({**values, "left_out": sorted(left_out)})
            for number in changed:  # MLflow shows which count
                connection.execute("UPDATE attempts SET finalised = 0 WHERE trial = ?", (number,))
        self._load()

    # The sealed test part

    def open_test(self, trial: int) -> int:
        """Commit that the test part is about to be looked at for `trial`; returns the opening's number, from 1."""
        with self._transaction() as connection:
            number = len(self.openings()) + 1
            connection.execute("INSERT INTO openings VALUES (?, ?, ?, NULL)", (number, trial, self._clock()))
        return number

    def record_test(self, opening: int, figures: Mapping[str, Any]) -> None:
        """Commit what an opening showed."""
        with self._transaction() as connection:
            connection.execute("UPDATE openings SET figures = ? WHERE number = ?", (json.dumps(figures), opening))

    def openings(self) -> tuple[Opening, ...]:
        """Every opening, by number."""
        return tuple(
            Opening(number, trial, opened_at, json.loads(figures) if figures else None)
            for number, trial, opened_at, figures in self._select("SELECT * FROM openings ORDER BY number")
        )

    # What MLflow has been sent

    def attempts(self, trial: int | None = None) -> tuple[Attempt, ...]:
        """Every attempt (of one trial), by trial and attempt."""
        return self._attempts(trial, None)

    def unsent(self, tracking_uri: str) -> tuple[Attempt, ...]:
        """The attempts whose run at `tracking_uri` is missing or not ended yet."""
        return self._attempts(None, tracking_uri)

    def epochs(self, trial: int, attempt: int, after: int = 0) -> tuple[EpochEvent, ...]:
        """The epochs of one attempt that come after epoch `after`."""
        rows = self._select(
            "SELECT event FROM epochs WHERE trial = ? AND attempt = ? AND epoch > ? ORDER BY epoch",
            trial, attempt, after,
        )  # fmt: skip
        return tuple(EpochEvent.from_json(json.loads(text)) for (text,) in rows)

    def sent(self, attempt: Attempt) -> None:
        """Commit how far an attempt was sent to MLflow: its tracking_uri, run_id, synced_epoch and finalised."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE attempts SET tracking_uri = ?, run_id = ?, synced_epoch = ?, finalised = ?"
                " WHERE trial = ? AND attempt = ?",
                (
                    attempt.tracking_uri, attempt.run_id, attempt.synced_epoch, attempt.finalised,
                    attempt.trial, attempt.attempt,
                ),
            )  # fmt: skip
            record = self._records[attempt.trial]
            if attempt.attempt == _current(record):
                self._records[attempt.trial] = dataclasses.replace(record, run_id=attempt.run_id)

    def resend(self) -> None:
        """Every attempt's run in MLflow is to be brought up to date: what is known of all of them has changed."""
        with self._transaction() as connection:
            connection.execute("UPDATE attempts SET finalised = 0")

    def parent(self, tracking_uri: str) -> tuple[str, str] | None:
        """(experiment id, run id) of the parent run at `tracking_uri`; None before it is created."""
        rows = self._select("SELECT experiment_id, run_id FROM parents WHERE tracking_uri = ?", tracking_uri)
        return (rows[0][0], rows[0][1]) if rows else None

    def set_parent(self, tracking_uri: str, experiment_id: str, run_id: str) -> None:
        """Commit the parent run at `tracking_uri`."""
        with self._transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO parents VALUES (?, ?, ?)", (tracking_uri, experiment_id, run_id))

    # Reading, and inside a transaction

    def _select(self, query: str, *values: str | int | None) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise StorageError(f"the ledger cannot be read: {error}") from error

    def _attempts(self, trial: int | None, unsent_to: str | None) -> tuple[Attempt, ...]:
        query = (
            f"SELECT {ATTEMPT_COLUMNS} FROM attempts WHERE (?1 IS NULL OR trial = ?1)"  # noqa: S608 - a constant
            " AND (?2 IS NULL OR tracking_uri IS NOT ?2 OR NOT finalised) ORDER BY trial, attempt"
        )
        return tuple(attempt_of(row) for row in self._select(query, trial, unsent_to))

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                with self._connection as connection:
                    yield connection
                    if self._session is not None:
                        connection.execute(
                            "UPDATE sessions SET active_until = ? WHERE id = ?", (self._clock(), self._session)
                        )
            except sqlite3.Error as error:
                self._load()  # what was rolled back must not stay in memory
                raise StorageError(
                    f"the ledger cannot be written: {error}", fix="free the disk, then run the same command again"
                ) from error

    def _keep(self, values: Mapping[str, Any]) -> None:
        for key, value in values.items():
            self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(value)))

    def _add_epoch(self, event: EpochEvent) -> None:
        self._connection.execute(
            "INSERT OR IGNORE INTO epochs VALUES (?, ?, ?, ?)",
            (event.trial, event.attempt, event.epoch, json.dumps(event.to_json())),
        )

    def _end_attempt(
        self, trial: int, attempt: int, state: TrialState, reason: str, result: TrialResult | None
    ) -> None:
        # MLflow may have been told another end of it: of an interrupted attempt whose result was found later.
        self._connection.execute(
            "UPDATE attempts SET state = ?, reason = ?, ended = ?, counted = ?, result = ?, finalised = 0"
            " WHERE trial = ? AND attempt = ?",
            (
                state, reason, self._clock(), result is not None,
                json.dumps(result.to_json()) if result else None, trial, attempt,
            ),
        )  # fmt: skip

    def _move(self, trial: int, state: TrialState, reason: str) -> None:
        self._connection.execute("UPDATE trials SET state = ?, reason = ? WHERE number = ?", (state, reason, trial))
        self._refresh(trial)

    def _load(self) -> None:
        self._records, self._left_out = {}, frozenset(self.get("left_out", ()))
        for (number,) in self._select("SELECT number FROM trials ORDER BY number"):
            self._refresh(number)

    def _refresh(self, number: int) -> None:
        """Bring the record held in memory up to date, so that `history` costs nothing."""
        ((trial, state, reason),) = self._select("SELECT trial, state, reason FROM trials WHERE number = ?", number)
        attempts = self.attempts(number)
        current = next((attempt for attempt in attempts if attempt.counted), attempts[-1] if attempts else None)
        self._records[number] = TrialRecord(
            trial=Trial.from_json(json.loads(trial)),
            state=TrialState(state),
            reason=reason,
            attempts=len(attempts),
            epochs=self.epochs(number, current.attempt) if current else (),
            # That of a trial which is retried stands for it no more.
            result=current.result if current and current.counted else None,
            run_id=current.run_id if current else None,
            counted=number not in self._left_out,
        )


def _current(record: TrialRecord) -> int:
    """The attempt whose epochs and run a record shows: the counted one, else the last."""
    return record.result.attempt if record.result else record.attempts
