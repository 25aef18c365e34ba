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
from textclf_sweep.sweep.baselines import Baselines
from textclf_sweep.sweep.context import Context
from textclf_sweep.sweep.events import ChecksEnded, ChecksStarted, Notice
from textclf_sweep.sweep.loop import Ending, Validation
from textclf_sweep.sweep.own import shortened, smoke_test
from textclf_sweep.sweep.propose import first_trial
from textclf_sweep.training.own import keep
from textclf_sweep.training.tasks import Checked, CheckTask

LIMIT = 300.0
"""Seconds that trying a model may take, where budget.trial_time is not less."""


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
        baselines: being measured.
    """

    def __init__(self, context: Context, baselines: Baselines) -> None:
        self._context, self._baselines, self._began = context, baselines, time.monotonic()
        self._smoke = dict[str, Any]()

    def run(self, engine: Engine) -> Ending | None:
        """Try the architectures that have no finished trial yet, and wait for the baselines.

        Returns:
            How the sweep ends, when the user ends it meanwhile; None when trials can start.

        Raises:
            InputError: a model cannot be trained; everything that was found.
            StorageError: a worker cannot read or write its files.
        """
        tasks = {task.trial.architecture: task for task in self._tasks()}
        if tasks or self._baselines.missing:
            self._context.observe(ChecksStarted(tuple(tasks)))

        def watch() -> Ending | None:
            self._baselines.tell(self._context.observe)
            reason = self._context.stop()
            return Ending("interrupted", reason) if reason else None

        found = smoke_test(tuple(tasks.values()), engine, watch)
        if isinstance(found, Ending):
            return found
        self._judge(found, tasks)
        if (ending := self._baselines.wait(watch)) is not None:
            return ending
        self._baselines.tell(self._context.observe)
        if tasks or self._baselines.missing:
            self._tell()
        return None

    def _tell(self) -> None:
        """Commit and report what the checks took and found."""
        ledger, seconds = self._context.ledger, time.monotonic() - self._began
        ledger.put(smoke={**(ledger.get("smoke") or {}), **self._smoke}, checks_seconds=seconds)
        self._context.observe(ChecksEnded(seconds, self._smoke))
        for name, found in self._smoke.items():
            for warning in found["warnings"]:
                self._context.observe(Notice(f"{name}: {warning['name']}: {warning['why']}", level="warning"))

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
            causes, problem = dict(checked.warnings), checked.problem
            if problem is not None and (tasks[name].own is None or self._context.options.force):
                causes = _cause(problem) | causes
            elif problem is not None:
                broken.append(problem)
            warnings = [{"name": cause, "why": why} for cause, why in causes.items()]
            self._smoke[name] = {"seconds": checked.seconds, "numbers": dict(checked.numbers), "warnings": warnings}
        if broken:
            raise InputError(*map(shortened, broken))


def _cause(problem: Problem) -> dict[str, str]:
    """What a problem says, by the cause's name that it begins with."""
    name, colon, why = problem.what.partition(": ")
    return {name: why} if colon and " " not in name else {"smoke_test": problem.what}
