"""What a sweep's trials are compared with: measured once, beside everything else; more of it where it is asked for."""

from __future__ import annotations

import time
from typing import Any

from textclf_sweep.definition.types import BASELINES
from textclf_sweep.sweep.context import Context
from textclf_sweep.sweep.events import FloorsMeasured, Notice, Observer
from textclf_sweep.sweep.loop import Ending, Watch
from textclf_sweep.sweep.opening import FloorsThread

PATIENCE = 15.0
"""Seconds that others wait for the baselines of large data."""


class Baselines:
    """The baselines of one run that are not in the ledger yet; nothing when all are there.

    Args:
        context: of the run.
    """

    def __init__(self, context: Context) -> None:
        self._context, ledger = context, context.ledger
        # One that cannot be fitted was tried all the same.
        tried = ledger.get("baselines_tried") or ledger.get("baselines") or ()
        self._asked = tuple(name for name in context.definition.baselines if name not in tried)
        self._thread = FloorsThread(context.splits.pairs(), self._asked) if self._asked else None
        self._told = False

    @property
    def missing(self) -> bool:
        """Whether any is to be measured."""
        return self._thread is not None

    def start(self) -> None:
        """Begin to measure."""
        if self._thread is not None:
            self._thread.start()

    def wait(self, watch: Watch, seconds: float = PATIENCE) -> Ending | None:
        """Wait until all are there, for so long at the most; returns early with what `watch` returns."""
        began = time.monotonic()
        while self._thread is not None and not self._thread.done and time.monotonic() - began < seconds:
            if (ending := watch()) is not None:
                return ending
            time.sleep(0.02)
        return None

    def tell(self, observe: Observer) -> None:
        """Commit and report them, once, if they are there; those of earlier runs too."""
        if self._told or (self._thread is not None and not self._thread.done):
            return
        self._told = True
        if self._thread is not None:
            self._keep(self._thread)
        floors = self._context.ledger.get("floors")
        if floors is not None:
            observe(FloorsMeasured(floors))
        if self._thread is not None and self._thread.problem:
            observe(Notice(f"the floors could not be measured: {self._thread.problem}", level="warning"))

    def _keep(self, thread: FloorsThread) -> None:
        ledger, now = self._context.ledger, time.time()
        known: dict[str, Any] = dict(ledger.get("baselines") or {})
        known |= {name: {**item.to_json(), "time": now} for name, item in thread.found.baselines.items()}
        kept = {name: known[name] for name in BASELINES if name in known}
        floors = {name: kept[name]["metrics"]["accuracy"] if name in kept else None for name in BASELINES}
        tried = set(ledger.get("baselines_tried") or ()) | set(kept) | (set() if thread.problem else set(self._asked))
        ledger.put(floors=floors, baselines=kept, baselines_tried=sorted(tried))
        if any(record.state.final for record in ledger.history()):
            ledger.resend()  # what MLflow was told of their verdicts rests on them
