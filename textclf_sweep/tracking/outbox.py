"""The live writer: a thread that sends to MLflow what the ledger has, while training goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from textclf_sweep.errors import SweepError
from textclf_sweep.ledger import Ledger
from textclf_sweep.store import Store
from textclf_sweep.tracking import database
from textclf_sweep.tracking.writer import Writer

LAST_TRIES = 3
"""How often `Outbox.close` tries, when it has the time: what keeps failing now is for ``sweep sync``."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often MLflow is written.

    Attributes:
        interval: least seconds from one sending to the next.
        pause: seconds before what failed is tried again; doubles each time.
        longest_pause: seconds it grows to.
    """

    interval: float = 1.0
    pause: float = 1.0
    longest_pause: float = 60.0


class Outbox:
    """Keeps MLflow up to date with a ledger; nothing it meets stops the sweep, and nobody waits for it.

    Construct it once the ledger holds the sweep's own facts (name, definition, data): its thread starts at once,
    imports mlflow, and makes the database, the experiment and the parent run. After each change of the ledger call
    `notify`; several changes in a short time are sent together.

    What fails is tried again, after longer and longer pauses, with a new connection.

    Args:
        ledger: of the running sweep.
        store: its store.
        uri: MLflow's tracking URI.
        on_problem: is told what keeps MLflow from being written; each problem once. It is called from the outbox's own
            thread, so it must be safe to call from there and return at once, as a ``queue.Queue``'s ``put`` is.
        pace: how often.
    """

    def __init__(
        self,
        ledger: Ledger,
        store: Store,
        uri: str,
        on_problem: Callable[[str], None] = lambda _: None,
        pace: Pace = Pace(),
    ) -> None:
        self._ledger, self._store, self._uri, self._on_problem = ledger, store, uri, on_problem
        self._pace = pace
        self._writer: Writer | None = None
        self._told: set[str] = set()
        self._dirty = threading.Event()
        self._closing = threading.Event()
        self._deadline = float("inf")
        self._clean = False
        self._dirty.set()
        # A daemon: a server that does not answer must not keep the program from ending.
        self._thread = threading.Thread(target=self._run, name="mlflow-outbox", daemon=True)
        self._thread.start()

    def notify(self) -> None:
        """The ledger has changed. Returns at once."""
        self._dirty.set()

    def close(self, timeout: float) -> bool:
        """Send what is left and stop; may be called twice.

        Args:
            timeout: the most seconds to wait.

        Returns:
            Whether MLflow has everything. If not, ``sweep sync NAME`` sends the rest.
        """
        self._deadline = time.monotonic() + timeout
        self._closing.set()
        self._dirty.set()
        self._thread.join(timeout)
        return not self._thread.is_alive() and self._clean

    def _run(self) -> None:
        pause, tries = self._pace.pause, 0
        while True:
            self._dirty.wait()
            self._dirty.clear()
            closing = self._closing.is_set()
            tries += closing
            self._clean = self._send()
            if closing and (self._clean or tries == LAST_TRIES or time.monotonic() + pause >= self._deadline):
                return
            if self._clean:
                pause = self._pace.pause
                self._closing.wait(self._pace.interval)
            else:
                self._dirty.set()
                # While closing, the event is set and would not make us wait.
                time.sleep(pause) if closing else self._closing.wait(pause)
                pause = min(2 * pause, self._pace.longest_pause)

    def _send(self) -> bool:
        """One sending; whether MLflow has everything now."""
        try:
            if self._writer is None:
                database.prepare(self._store, self._uri)
                self._writer = Writer(self._ledger, self._store, self._uri)
            self._writer.send()
        except SweepError as error:
            self._fail(str(error))
            return False
        except Exception as error:  # a mistake of ours must not end the sweep either
            self._fail(f"MLflow is not being written: {type(error).__name__}: {error}")
            return False
        return True

    def _fail(self, text: str) -> None:
        self._writer = None
        if text not in self._told:
            self._told.add(text)
            self._on_problem(text)
