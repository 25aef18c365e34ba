"""Architectures that this package does not bring: kept as they were when a sweep began, tried before any trial."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from textclf_sweep.engines import Engine, EngineEvent, TaskCrashed, TaskErrored, TaskFinished, TaskTimedOut
from textclf_sweep.errors import InputError, Problem, StorageError
from textclf_sweep.ledger import Ledger
from textclf_sweep.store import SweepFolder
from textclf_sweep.sweep.loop import Ending, Watch, pump
from textclf_sweep.training.tasks import Checked, CheckTask

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


def smoke_test(tasks: Sequence[CheckTask], engine: Engine, watch: Watch) -> dict[str, Checked] | Ending:
    """Have architectures tried by workers, as many at a time as there are.

    Args:
        tasks: one for each architecture.
        engine: started, and idle.
        watch: see `Watch`.

    Returns:
        What was found of each architecture; or how the sweep ends, when `watch` ends it meanwhile.

    Raises:
        StorageError: a worker cannot read or write its files.
    """
    waiting, running, found = deque(tasks), dict[str, CheckTask](), dict[str, Checked]()

    def submit() -> None:
        while waiting and len(running) < engine.workers:
            task = waiting.popleft()
            running[task.key] = task
            engine.submit(task)

    def handle(event: EngineEvent) -> None:
        if isinstance(event, TaskFinished | TaskErrored | TaskCrashed | TaskTimedOut):
            task = running.pop(event.key)
            found[task.trial.architecture] = _found(task, event)
            submit()

    submit()
    ending = pump(engine, watch, handle, lambda: bool(running))
    return ending if ending is not None else {task.trial.architecture: found[task.trial.architecture] for task in tasks}


def _found(task: CheckTask, event: EngineEvent) -> Checked:
    """What is known of a model after its task ended like this."""
    place = str(Path(task.folder) / task.own.location) if task.own is not None and task.own.digest else ""
    match event:
        case TaskFinished(_, Checked() as checked):
            return checked
        case TaskCrashed(_, cause):
            if cause.startswith("exited"):
                what = f"the process that tried the model {cause}"
                fix = "does the file end the process itself?"
                return Checked(Problem(what, "a function that returns a model", fix, place))
            what = f"the process that tried the model was {cause}"
            fix = "a smaller model, or one worker (`--workers 1`), needs less memory"
            return Checked(Problem(what, ROOM, fix, place))
        case TaskTimedOut(_, limit):
            what = f"trying the model on a few texts took longer than {limit:g} s"
            return Checked(Problem(what, ROOM, "does the file wait for something, or load very much?", place))
        case TaskErrored(_, message, _):
            raise StorageError(
                f"the model could not be tried: {message}", fix="mend that (free the disk?) and run again"
            )
        case other:
            raise TypeError(f"a check cannot end as {other}")


def shortened(problem: Problem) -> Problem:
    """The same problem; a place in the current folder is shown from there."""
    here = f"{Path.cwd()}/"
    where = problem.where.removeprefix(here)
    return Problem(problem.what, problem.expected, problem.fix, where, problem.key)
