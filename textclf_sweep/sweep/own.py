"""Architectures that this package does not bring: kept as they were when a sweep began, tried before any trial."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from textclf_sweep.data.corpus import fold_name
from textclf_sweep.definition.types import Search, SweepDefinition
from textclf_sweep.engines import Engine, EngineEvent, TaskCrashed, TaskErrored, TaskFinished, TaskTimedOut
from textclf_sweep.errors import InputError, Problem, StorageError
from textclf_sweep.ledger import Ledger
from textclf_sweep.store import SweepFolder
from textclf_sweep.sweep.events import Notice, Observer
from textclf_sweep.sweep.loop import Ending, Watch, pump
from textclf_sweep.sweep.propose import first_trial
from textclf_sweep.training.own import keep
from textclf_sweep.training.tasks import Checked, CheckTask
from textclf_sweep.trial import History

LIMIT = 300.0
"""Seconds that trying a model may take, where budget.trial_time is not less."""
ROOM = "a model that can be built and trained here"


@contextmanager
def undone(folder: SweepFolder) -> Iterator[None]:
    """Leave nothing of a sweep that begins here and turns out to be impossible: mended, it can begin under its name."""
    begins = not folder.ledger.exists()
    try:
        yield
    except InputError:
        if begins and not _has_trials(folder):
            shutil.rmtree(folder.path, ignore_errors=True)
            with suppress(OSError):  # not empty: there are other sweeps
                folder.path.parent.rmdir()
                folder.path.parent.parent.rmdir()
        raise


def _has_trials(folder: SweepFolder) -> bool:
    with suppress(StorageError), Ledger.read(folder.ledger) as ledger:
        return bool(ledger.history())
    return False


def try_models(  # noqa: PLR0913, PLR0917 - what a run has, each once
    definition: SweepDefinition,
    history: History,
    folder: SweepFolder,
    engine: Engine,
    stop: Callable[[], str | None],
    observe: Observer,
) -> Ending | None:
    """Have the architectures that are the user's own, and have no finished trial yet, tried by a worker.

    Args:
        definition: of the sweep.
        history: its trials so far.
        folder: of the sweep; its corpus is written.
        engine: started, and idle.
        stop: polled several times a second; returns a reason once the user wants to stop.
        observe: told that this is being done.

    Returns:
        How the sweep ends, when `stop` ends it meanwhile; None when all of them can be trained.

    Raises:
        InputError: some cannot; everything that was found.
        StorageError: a worker cannot read or write its files.
    """

    def watch() -> Ending | None:
        reason = stop()
        return Ending("interrupted", reason) if reason else None

    tried = {record.trial.architecture for record in history if record.state.final}
    problems: list[Problem] = []
    for search in definition.searches:
        if search.own is None:
            continue
        keep(search.own, Path(definition.folder), folder.cache)
        if search.architecture in tried:
            continue
        observe(Notice(f"trying {search.architecture} on a few texts ..."))
        found = _tried(_task(definition, search, folder), engine, watch)
        if isinstance(found, Ending):
            return found
        problems += [] if found is None else [found]
    if problems:
        raise InputError(*map(_shortened, problems))
    return None


def _task(definition: SweepDefinition, search: Search, folder: SweepFolder) -> CheckTask:
    return CheckTask(
        trial=first_trial(definition, search),
        corpus=folder.corpus / fold_name(1) if definition.data.folds else folder.corpus,
        cache=folder.cache,
        limit=min(definition.budget.trial_time, LIMIT),
        folder=Path(definition.folder),
        own=search.own,
    )


def _tried(task: CheckTask, engine: Engine, watch: Watch) -> Problem | Ending | None:
    """What is wrong with a model, or how the sweep ends."""
    ends: list[EngineEvent] = []

    def handle(event: EngineEvent) -> None:
        if isinstance(event, TaskFinished | TaskErrored | TaskCrashed | TaskTimedOut):
            ends.append(event)

    engine.submit(task)
    if (ending := pump(engine, watch, handle, lambda: not ends)) is not None:
        return ending
    place = str(Path(task.folder) / task.own.location) if task.own is not None and task.own.digest else ""
    match ends[0]:
        case TaskFinished(_, Checked(problem)):
            return problem
        case TaskCrashed(_, cause):
            if cause.startswith("exited"):
                what = f"the process that tried the model {cause}"
                return Problem(what, "a function that returns a model", "does the file end the process itself?", place)
            what = f"the process that tried the model was {cause}"
            return Problem(what, ROOM, "a smaller model, or one worker (`--workers 1`), needs less memory", place)
        case TaskTimedOut(_, limit):
            what = f"trying the model on a few texts took longer than {limit:g} s"
            return Problem(what, ROOM, "does the file wait for something, or load very much?", place)
        case TaskErrored(_, message, _):
            raise StorageError(
                f"the model could not be tried: {message}", fix="mend that (free the disk?) and run again"
            )
        case other:
            raise TypeError(f"a check cannot end as {other}")


def _shortened(problem: Problem) -> Problem:
    """The same problem; a place in the current folder is shown from there."""
    here = f"{Path.cwd()}/"
    where = problem.where.removeprefix(here)
    return Problem(problem.what, problem.expected, problem.fix, where, problem.key)
