"""What happens before the first trial: floors are measured and every architecture is tried, side by side."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

from textclf_sweep.data.corpus import Splits, fold_name
from textclf_sweep.definition.types import Search
from textclf_sweep.engines import Engine
from textclf_sweep.errors import InputError, Problem
from textclf_sweep.sweep.context import Context
from textclf_sweep.sweep.events import ChecksEnded, FloorsMeasured, Notice, Observer
from textclf_sweep.sweep.loop import Ending, Validation
from textclf_sweep.sweep.opening import FloorsThread
from textclf_sweep.sweep.own import shortened, smoke_test
from textclf_sweep.sweep.propose import first_trial
from textclf_sweep.training.own import keep
from textclf_sweep.training.tasks import Checked, CheckTask

LIMIT = 300.0
"""Seconds that trying a model may take, where budget.trial_time is not less."""
PATIENCE = 15.0
"""Seconds that trials wait for the floors of large data, beyond the smoke tests."""


def validation_of(splits: Splits) -> Validation:
    """The rows that trials are scored on."""
    labels = Counter[str]()
    for _, validation in splits.pairs():
        labels.update(validation.labels)
    return Validation(labels.total(), max(labels.values(), default=0))


class Before:
    """The stage before the trials of one run.

    Args:
        context: of the run; its corpus is written.
    """

    def __init__(self, context: Context) -> None:
        self._context, self._began = context, time.monotonic()
        known = context.ledger.get("baselines") or {}
        # Labels that cannot be fitted have no linear floor, however often it is asked for.
        asked = set(context.definition.baselines) - {"linear" if "majority" in known else ""}
        missing = context.ledger.get("floors") is None or not asked <= set(known)
        self._floors = FloorsThread(context.splits.pairs(), context.definition.baselines) if missing else None
        self._told, self._smoke = False, dict[str, Any]()
        if self._floors is not None:
            self._floors.start()

    def run(self, engine: Engine) -> Ending | None:
        """Try the architectures that have no finished trial yet, and wait for the floors.

        Returns:
            How the sweep ends, when the user ends it meanwhile; None when trials can start.

        Raises:
            InputError: a model cannot be trained; everything that was found.
            StorageError: a worker cannot read or write its files.
        """
        tasks = self._tasks()

        def watch() -> Ending | None:
            reason = self._context.stop()
            return Ending("interrupted", reason) if reason else None

        found = smoke_test(tasks, engine, watch)
        if isinstance(found, Ending):
            return found
        self._judge(found, {task.trial.architecture: task for task in tasks})
        waited = time.monotonic()
        while self._floors is not None and not self._floors.done and time.monotonic() - waited < PATIENCE:
            if (ending := watch()) is not None:
                return ending
            time.sleep(0.02)
        return None

    def tell(self, observe: Observer) -> None:
        """Commit and report the floors, if they are there, and what the smoke tests took and found."""
        if self._floors is None:
            observe(FloorsMeasured(self._context.ledger.get("floors")))
        self.tell_floors(observe)
        if self._smoke or self._floors is not None:
            observe(ChecksEnded(time.monotonic() - self._began, self._smoke))
        for name, found in self._smoke.items():
            for warning in found["warnings"]:
                observe(Notice(f"{name}: {warning['name']}: {warning['why']}", level="warning"))

    def tell_floors(self, observe: Observer) -> None:
        """Commit and report the floors as soon as they are there, once."""
        measured, ledger = self._floors, self._context.ledger
        if measured is None or self._told or not measured.done:
            return
        self._told = True
        found = measured.found
        now = time.time()
        baselines = {name: {**item.to_json(), "time": now} for name, item in found.baselines.items()}
        ledger.put(floors=found.to_json(), baselines=baselines)
        if any(record.state.final for record in ledger.history()):
            ledger.resend()  # verdicts rest on them
        observe(FloorsMeasured(found.to_json()))
        if measured.problem:
            observe(Notice(f"the floors could not be measured: {measured.problem}", level="warning"))

    def _tasks(self) -> list[CheckTask]:
        definition, folder = self._context.definition, self._context.folder
        tried = {record.trial.architecture for record in self._context.ledger.history() if record.state.final}
        for search in definition.searches:
            if search.own is not None:
                keep(search.own, Path(definition.folder), folder.cache)
        return [self._task(search) for search in definition.searches if search.architecture not in tried]

    def _task(self, search: Search) -> CheckTask:
        definition, folder = self._context.definition, self._context.folder
        return CheckTask(
            trial=first_trial(definition, search),
            corpus=folder.corpus / fold_name(1) if definition.data.folds else folder.corpus,
            cache=folder.cache,
            limit=min(definition.budget.trial_time, LIMIT),
            folder=Path(definition.folder),
            own=search.own,
        )

    def _judge(self, found: dict[str, Checked], tasks: dict[str, CheckTask]) -> None:
        """Keep what was found; a user's model that is broken ends the run.

        What is wrong with an architecture of this package in these data its trials show, too.
        """
        broken: list[Problem] = []
        for name, checked in found.items():
            warnings = [{"name": cause, "why": why} for cause, why in checked.warnings.items()]
            if checked.problem is not None and (tasks[name].own is None or self._context.options.force):
                what = checked.problem.what.partition(": ")
                cause, why = (
                    (what[0], what[2]) if what[1] and " " not in what[0] else ("smoke_test", checked.problem.what)
                )
                warnings.append({"name": cause, "why": why})
            elif checked.problem is not None:
                broken.append(checked.problem)
            self._smoke[name] = {"seconds": checked.seconds, "numbers": dict(checked.numbers), "warnings": warnings}
        if broken:
            raise InputError(*map(shortened, broken))
        if found:
            self._context.ledger.put(smoke={**(self._context.ledger.get("smoke") or {}), **self._smoke})
