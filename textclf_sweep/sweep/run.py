"""One run of a sweep, from an accepted definition to the last word."""

from __future__ import annotations

import importlib
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from textclf_sweep import data, locks, tracking
from textclf_sweep.analysis import words
from textclf_sweep.analysis.status import status_object
from textclf_sweep.data import corpus
from textclf_sweep.data.corpus import Splits
from textclf_sweep.definition.types import SweepDefinition
from textclf_sweep.engines import Engine, TaskCrashed, TaskErrored, TaskFinished, TaskTimedOut
from textclf_sweep.errors import InputError, NoSuccessError
from textclf_sweep.floors import Floors, floors
from textclf_sweep.ledger import Ledger
from textclf_sweep.ranking import best
from textclf_sweep.store import Store, SweepFolder
from textclf_sweep.sweep import snapshot as snapshots
from textclf_sweep.sweep.events import FloorsMeasured, Notice, Observer, SweepEnded, SweepEvent, SweepStarted
from textclf_sweep.sweep.loop import POLL_SECONDS, Ending, Loop
from textclf_sweep.sweep.propose import limit_reached, next_trial, total
from textclf_sweep.sweep.resume import check_same, collect
from textclf_sweep.training.tasks import EvaluateTask, Evaluation
from textclf_sweep.trial import TrialRecord, TrialState

EVALUATION_LIMIT = 1800.0
"""Seconds the winner's evaluation may take."""

RECORDED = ("textclf-sweep", "tensorflow", "keras", "mlflow", "optuna", "numpy")
"""Packages whose versions are recorded with a sweep."""

FLUSH_SECONDS = 60.0
"""How long the end waits for MLflow."""

Stop = Callable[[], str | None]


@dataclass(frozen=True, slots=True)
class _Context:
    """What the stages of a run share."""

    definition: SweepDefinition
    store: Store
    folder: SweepFolder
    ledger: Ledger
    splits: Splits
    observe: Observer
    stop: Stop

    def problem(self, text: str) -> None:
        """Pass on what MLflow's writer cannot do."""
        self.observe(Notice(text, level="warning"))


def run(definition: SweepDefinition, text: str, store: Store, observe: Observer, stop: Stop) -> dict[str, Any]:
    """Run (or go on with) a sweep until it ends.

    Args:
        definition: what to run.
        text: the YAML it was read from, kept for the record.
        store: where everything is written.
        observe: told of everything, from this thread.
        stop: polled several times a second; returns a reason once the user wants to stop.

    Returns:
        The status object (see `textclf_sweep.analysis.status`). Its state is ``interrupted`` when `stop` ended it.

    Raises:
        DataError: the data cannot be used; nothing was written.
        InputError: the sweep exists with another definition or other data.
        AlreadyRunningError: another process runs it.
        NoSuccessError: it ended and no trial succeeded.
        StorageError: the store or MLflow cannot be read or written.
    """
    splits = data.load(definition.data, definition.seed)
    folder = store.sweep(definition.name)
    _check_case(definition.name, store)
    tracking.check(store, store.tracking_uri(), definition.name)
    with locks.hold_sweep_lock(folder), Ledger.create(folder.ledger) as ledger:
        if ledger.get("sweep_id") is None:
            _begin(definition, splits, ledger)
        else:
            check_same(definition, splits.data_hash, ledger)
        ledger.put(definition_text=text, run_cap=definition.run_cap, description=definition.description)
        context = _Context(definition, store, folder, ledger, splits, observe, stop)
        locks.wait_for_orphans(folder)
        collect(ledger, folder)
        if _work_left(context):
            _work(context)
        else:
            _nothing_left(context)
        return _end(context)


def _check_case(name: str, store: Store) -> None:
    """Names are unique ignoring case, so that a sweep means the same on every file system."""
    for path in store.sweeps.glob("*") if store.sweeps.is_dir() else ():
        if path.name != name and path.name.lower() == name.lower():
            raise InputError(
                f"the sweep {name!r} would differ from {path.name!r} in case only",
                fix=f"use --name {path.name} to go on with it, or another name",
            )


def _begin(definition: SweepDefinition, splits: Splits, ledger: Ledger) -> None:
    ledger.put(
        sweep_id=uuid.uuid4().hex,
        name=definition.name,
        definition=definition.identity(),
        definition_hash=definition.hash(),
        metric={"name": definition.metric.name, "goal": definition.metric.goal},
        data={
            "name": splits.name,
            "data_hash": splits.data_hash,
            "labels": list(splits.labels),
            **_rows(splits),
        },
        notes=list(splits.notes),
        findings=[finding.to_json() for finding in splits.findings],
        versions={name: metadata.version(name) for name in RECORDED},
        state="running",
        reason="",
    )


def _rows(splits: Splits) -> dict[str, int]:
    return {part: len(getattr(splits, part).texts) for part in ("train", "validation", "test")}


def _work_left(context: _Context) -> bool:
    """Whether a trial is to be run or the winner to be tested."""
    definition, history = context.definition, context.ledger.history()
    if not limit_reached(definition, history, context.ledger.active_seconds()) and (
        any(not record.state.final for record in history) or next_trial(definition, history) is not None
    ):
        return True
    return _untested(context) is not None


def _untested(context: _Context) -> TrialRecord | None:
    """The winner, unless the test part has been opened for it."""
    leader = best(context.ledger.history(), context.definition.metric)
    opened = [opening.trial for opening in context.ledger.openings() if opening.figures is not None]
    return leader if leader is not None and leader.number not in opened[-1:] else None


def _nothing_left(context: _Context) -> None:
    """The sweep was done before; its end, or MLflow's share of it, may have been cut short."""
    ledger, store = context.ledger, context.store
    context.observe(Notice("every trial is done already: nothing was run"))
    if ledger.get("state") not in ("complete", "failed"):
        _conclude(context, Ending("complete", "every trial is done"))
    if ledger.get("sent_to") != _mlflow(context):
        _flush(context, tracking.Outbox(ledger, store, store.tracking_uri(), context.problem))


def _conclude(context: _Context, ending: Ending) -> None:
    """Commit how the sweep ended; one without a success has failed."""
    if ending.state == "complete" and best(context.ledger.history(), context.definition.metric) is None:
        ending = Ending("failed", "no trial succeeded")
    context.ledger.put(state=ending.state, reason=ending.reason, sent_to=None)


def _work(context: _Context) -> None:
    """Start the workers, run the loop, open the test part for the winner."""
    definition, ledger, folder = context.definition, context.ledger, context.folder
    corpus.write(context.splits, folder.corpus)
    folder.stop.unlink(missing_ok=True)
    ledger.start_session()
    ledger.put(state="running", reason="")
    engine = importlib.import_module(f"textclf_sweep.engines.{definition.engine}").start(definition.workers, folder)
    outbox = tracking.Outbox(ledger, context.store, context.store.tracking_uri(), context.problem)
    ending = Ending("interrupted", "the program failed")

    def observe(event: SweepEvent) -> None:
        outbox.notify()
        context.observe(event)

    try:
        observe(_started(context, engine.workers))
        _tell_notes(context)
        ending = _train_and_test(context, engine, observe)
    finally:
        engine.close()
        _conclude(context, ending)
        _flush(context, outbox)


def _train_and_test(context: _Context, engine: Engine, observe: Observer) -> Ending:
    measured = _Floors(context)

    def watch() -> Ending | None:
        measured.tell()
        if reason := context.stop():
            return Ending("interrupted", reason)
        return Ending("stopped", "`sweep stop` was asked for") if context.folder.stop.exists() else None

    loop = Loop(context.definition, context.ledger, context.folder, engine, observe, watch)
    try:
        ending = loop.run()
    except BaseException:
        engine.close()
        loop.interrupt("the program failed")
        raise
    if ending.state != "complete":
        return ending
    measured.wait()
    return _test(context, engine, watch) or ending


def _started(context: _Context, workers: int) -> SweepStarted:
    return SweepStarted(
        definition=context.definition,
        total=total(context.definition),
        workers=workers,
        rows=_rows(context.splits),
        labels=context.splits.labels,
        history=context.ledger.history(),
        folder=str(context.folder.path),
    )


def _tell_notes(context: _Context) -> None:
    """What was passed over or looks wrong, before the first epoch."""
    if context.definition.ignored:
        context.observe(Notice(f"keys without a meaning here are ignored: {', '.join(context.definition.ignored)}"))
    for note in context.splits.notes:
        context.observe(Notice(note))
    for finding in context.splits.findings:
        level: Literal["note", "warning"] = "note" if finding.severity == "note" else "warning"
        context.observe(Notice(f"{finding.name}: {finding.why}", level=level))


class _Floors:
    """Measures the floors beside the training, once per sweep."""

    def __init__(self, context: _Context) -> None:
        self._context = context
        self._found: Floors | None = None
        self._told = context.ledger.get("floors") is not None
        # A daemon: on large data the linear model takes a while, and Ctrl-C must not wait for it.
        self._thread = threading.Thread(target=self._measure, daemon=True)
        if self._told:
            context.observe(FloorsMeasured(context.ledger.get("floors")))
        else:
            self._thread.start()

    def tell(self) -> None:
        """Commit and report the floors as soon as they are there."""
        if not self._told and self._found is not None:
            self._told = True
            self._context.ledger.put(floors=self._found.to_json())
            self._context.observe(FloorsMeasured(self._found.to_json()))

    def wait(self) -> None:
        """Return when the floors are told."""
        if not self._told:
            self._thread.join()
            self.tell()

    def _measure(self) -> None:
        self._found = floors(self._context.splits.train, self._context.splits.validation)


def _test(context: _Context, engine: Engine, watch: Callable[[], Ending | None]) -> Ending | None:
    """Open the sealed test part for the winner: first the opening is committed, then the figures."""
    leader, ledger, folder = _untested(context), context.ledger, context.folder
    if leader is None or leader.result is None:
        return None
    cut_short = [item.number for item in ledger.openings() if item.figures is None and item.trial == leader.number]
    opening = cut_short[-1] if cut_short else ledger.open_test(leader.number)
    weights = folder.results / f"{leader.number}.{leader.result.attempt}.npz"
    engine.submit(
        EvaluateTask(leader.trial, weights, folder.corpus, folder.cache, folder.model, limit=EVALUATION_LIMIT)
    )
    beaten = floors(context.splits.train, context.splits.test).to_json()
    while True:
        if ending := watch():
            return ending
        for event in engine.poll(POLL_SECONDS):
            match event:
                case TaskFinished(_, Evaluation() as found):
                    confusion = [list(row) for row in found.confusion]
                    figures = {**found.metrics, "rows": found.rows, "floors": beaten, "confusion": confusion}
                    ledger.record_test(opening, figures)
                    return None
                case TaskErrored(_, cause, _) | TaskCrashed(_, cause):
                    return watch() or _untestable(context, cause)
                case TaskTimedOut(_, limit):
                    return _untestable(context, f"it took more than {limit:g} s")
                case _:
                    pass


def _untestable(context: _Context, cause: str) -> Ending:
    context.observe(Notice(f"the winner could not be scored on the test part: {cause}", level="warning"))
    return Ending("stopped", f"the winner could not be scored on the test part: {cause}")


def _mlflow(context: _Context) -> list[Any]:
    """Which MLflow this is: another address, or a database that was replaced, has not been told anything."""
    uri = context.store.tracking_uri()
    return [uri, *(tracking.identity(uri) or ())]


def _flush(context: _Context, outbox: tracking.Outbox) -> None:
    name = context.definition.name
    if outbox.close(FLUSH_SECONDS):
        context.ledger.put(sent_to=_mlflow(context))
    else:
        context.observe(Notice(f"MLflow has not been told everything; `sweep sync {name}` does it", level="warning"))


def _end(context: _Context) -> dict[str, Any]:
    """Tell what was found; raise when nothing succeeded."""
    found = status_object(snapshots.take(context.ledger, context.store))
    searched = list(context.definition.space.searched)
    context.observe(SweepEnded(found, words.findings(found, searched), _where(context, found)))
    if found["state"] == "failed":
        messages = [record.reason for record in context.ledger.history() if record.state is TrialState.FAILED]
        cause = f"; the last failure: {messages[-1]}" if messages else ""
        raise NoSuccessError(
            f"the sweep {found['sweep']!r} ended without one successful trial ({found['reason']}){cause}",
            fix=f"`sweep trials {found['sweep']}` lists them; the tracebacks are in MLflow",
        )
    return found


def _where(context: _Context, found: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    name, store = context.definition.name, context.store
    elsewhere = "" if store.root.resolve() == Path.cwd() else f" --store {store.root}"
    rows = [("browse", f"sweep ui {name}{elsewhere}"), ("trials", f"sweep trials {name}{elsewhere}")]
    if context.folder.model.is_dir() and found["test"] is not None:
        rows.append(("model", str(context.folder.model)))
    return (*rows, ("files", str(context.folder.path)))
