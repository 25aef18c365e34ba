"""One run of a sweep, from an accepted definition to the last word."""

from __future__ import annotations

import importlib
import math
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from textclf_sweep import data, locks, tracking
from textclf_sweep.analysis import words
from textclf_sweep.analysis.status import status_object
from textclf_sweep.data import snapshot
from textclf_sweep.data.corpus import Splits
from textclf_sweep.definition.types import SweepDefinition
from textclf_sweep.engines import Engine
from textclf_sweep.errors import NoSuccessError, StorageError, TrackingError
from textclf_sweep.ledger import Ledger
from textclf_sweep.ranking import best
from textclf_sweep.store import Store
from textclf_sweep.sweep import plots, warm
from textclf_sweep.sweep import snapshot as snapshots
from textclf_sweep.sweep.accept import accept, check_case, tell_warm
from textclf_sweep.sweep.assumptions import assumptions, check_cleaning
from textclf_sweep.sweep.baselines import Baselines
from textclf_sweep.sweep.before import Before, validation_of
from textclf_sweep.sweep.context import PLAIN, Context, Options, Stop, rows_of
from textclf_sweep.sweep.diagnose import unasked
from textclf_sweep.sweep.events import Notice, Observer, SweepEnded, SweepEvent, SweepStarted
from textclf_sweep.sweep.loop import Ending, Loop, exhausted
from textclf_sweep.sweep.opening import open_test, untested
from textclf_sweep.sweep.own import undone
from textclf_sweep.sweep.prerequisites import check_needs
from textclf_sweep.sweep.propose import limit_reached, total, warmed

LARGE = 5_000_000
"""Bytes of a data file from which on looking at it takes more than a moment."""

FLUSH_SECONDS = 60.0
"""How long the end waits for MLflow."""


def run(  # noqa: PLR0913, PLR0917 - what the command line gives, each once
    definition: SweepDefinition,
    text: str,
    store: Store,
    observe: Observer,
    stop: Stop,
    options: Options = PLAIN,
) -> dict[str, Any]:
    """Run (or go on with) a sweep until it ends.

    Args:
        definition: what to run.
        text: the YAML it was read from, kept for the record.
        store: where everything is written.
        observe: told of everything, from this thread.
        stop: polled several times a second; returns a reason once the user wants to stop.
        options: what this run may do beyond its definition.

    Returns:
        The status object (see `textclf_sweep.analysis.status`). Its state is ``interrupted`` when `stop` ended it,
        ``failed`` when no trial succeeded (see `no_success`).

    Raises:
        DataError: the data cannot be used; nothing was written.
        KeyboardInterrupt: `stop` asked for it before there was anything to stop; nothing was written.
        InputError: the sweep exists with another definition or other data.
        AlreadyRunningError: another process runs it.
        StorageError: the store or MLflow cannot be read or written. When only MLflow could not be told, the
            `TrackingError` carries the status.
    """
    found = warm.best_sets(definition, options.best_of, store)
    check_needs(definition)
    warned = check_cleaning(definition)
    splits = _splits(definition, store, observe, stop, force=options.force)
    folder = store.sweep(definition.name)
    check_case(definition.name, store)
    tracking.check(store, store.tracking_uri(), definition.name)
    with locks.hold_sweep_lock(folder), undone(folder), Ledger.create(folder.ledger) as ledger:
        folder.stop.unlink(missing_ok=True)
        locks.wait_for_orphans(folder)
        warming = warm.settled(found, definition.name, ledger)
        context = Context(warmed(definition, warming), store, folder, ledger, splits, observe, stop, options)
        accept(context, text, options)
        ledger.put(warm_start=warming, log_text=definition.data.log_text)
        for warning in warned:
            observe(Notice(warning, level="warning"))
        tell_warm(context, options.best_of)
        if not _work_left(context):
            _nothing_left(context)
        elif reason := stop():
            _conclude(context, Ending("interrupted", reason))
        else:
            _work(context)
        return _end(context)


def _splits(definition: SweepDefinition, store: Store, observe: Observer, stop: Stop, *, force: bool) -> Splits:
    """The sweep's data, looked at and split; says so beforehand when that may take a while.

    Data of a sweep that exists were looked at when it began; whether they are still the same is checked later on.
    """
    with suppress(StorageError), Ledger.read(store.sweep(definition.name).ledger) as ledger:
        if ledger.get("sweep_id") is not None:
            return data.again(definition.data, definition.seed)
    path = Path(definition.data.path or "")
    if definition.data.path and path.is_file() and path.stat().st_size > LARGE:
        observe(Notice("looking at the data ..."))

    def poll() -> None:
        if stop():
            raise KeyboardInterrupt

    return data.load(definition.data, definition.seed, assumptions(definition), force=force, poll=poll)


def no_success(status: Mapping[str, Any], store: Store) -> NoSuccessError:
    """The error for a sweep that ended as `status` says: without one successful trial."""
    what = f"the sweep {status['sweep']!r} ended without one successful trial: {status['reason']}"
    if status.get("stuck"):
        return NoSuccessError(what, fix=f"`{store.command('diagnose', status['sweep'])}` says why, and what to change")
    trials = store.command("trials", status["sweep"])
    fix = f"`{trials}` says why each failed; a failure in the model's code has its traceback in MLflow"
    return NoSuccessError(what, fix=fix)


def _work_left(context: Context) -> bool:
    """Whether a trial is to be run or the winner to be tested."""
    definition, ledger = context.definition, context.ledger
    counted = tuple(record for record in ledger.history() if record.counted)
    if not limit_reached(definition, ledger.history(), ledger.active_seconds()):
        whole = total(definition)
        more = (whole is None or len(counted) < whole) and ledger.get("exhausted") != exhausted(definition)
        if more or any(not record.state.final for record in counted):
            return True
    return untested(ledger, definition.metric) is not None


def _nothing_left(context: Context) -> None:
    """No trial is to be run; the sweep's end, or MLflow's share of it, may have been cut short."""
    ledger, history = context.ledger, context.ledger.history()
    measure_more(context)
    ended = ledger.get("reason") if ledger.get("state") == "complete" else ""
    reason = limit_reached(context.definition, history, ledger.active_seconds()) or ended or words.WHOLE
    context.observe(Notice(f"nothing was run: {reason}"))
    if ledger.get("state") not in ("complete", "failed"):
        unfinished = any(record.counted and not record.state.final for record in history)
        _conclude(context, Ending("stopped" if unfinished else "complete", reason))
    if ledger.get("sent_to") != _mlflow(context):
        outbox = tracking.Outbox(ledger, context.store, context.uri, context.problems.put)
        _flush(context, outbox)


def measure_more(context: Context) -> None:
    """Measure the baselines that a sweep without a trial to run is asked for only now."""
    baselines = Baselines(context)
    if not baselines.missing:
        return
    baselines.start()
    ending = baselines.wait(lambda: Ending("interrupted", reason) if (reason := context.stop()) else None, math.inf)
    if ending is None:
        baselines.tell(context.observe)
        context.ledger.put(sent_to=None)


def _conclude(context: Context, ending: Ending) -> None:
    """Commit how the sweep ended; one that is complete without a success has failed."""
    if ending.state == "complete" and best(context.ledger.history(), context.definition.metric) is None:
        ending = Ending("failed", "no trial succeeded")
    context.ledger.put(state=ending.state, reason=ending.reason, sent_to=None)


def _work(context: Context) -> None:
    """Start the workers, look whether models can be trained at all, run the loop, open the test part for the winner."""
    definition, ledger, folder = context.definition, context.ledger, context.folder
    baselines = Baselines(context)
    baselines.start()
    snapshot.write(context.splits, folder.corpus)
    before = Before(context, baselines)
    engine = importlib.import_module(f"textclf_sweep.engines.{definition.engine}").start(definition.workers, folder)
    with closing(engine):
        context.observe(_started(context, engine.workers))
        _tell_notes(context)
        ending = before.run(engine)
        if ending is not None:
            _conclude(context, ending)
            return
        ledger.start_session()
        ledger.put(state="running", reason="")
        outbox = tracking.Outbox(ledger, context.store, context.uri, context.problems.put)
        ending = Ending("interrupted", "the program failed")

        def observe(event: SweepEvent) -> None:
            outbox.notify()
            context.observe(event)

        try:
            ending = _train_and_test(context, engine, observe, baselines)
        finally:
            engine.close()
            _conclude(context, ending)
            _draw(context)
            _flush(context, outbox)


def _draw(context: Context) -> None:
    """Draw what there is; a picture that fails is worth no more than a word."""
    if not any(record.epochs for record in context.ledger.history()):
        return
    try:
        plots.draw(context.ledger, context.folder.plots)
    except Exception as error:
        context.observe(Notice(f"the plots could not be drawn: {type(error).__name__}: {error}", level="warning"))


def _train_and_test(context: Context, engine: Engine, observe: Observer, baselines: Baselines) -> Ending:
    def watch() -> Ending | None:
        context.tell_problems()
        baselines.tell(observe)
        if reason := context.stop():
            return Ending("interrupted", reason)
        return Ending("stopped", "`sweep stop` was asked for") if context.folder.stop.exists() else None

    validation = validation_of(context.splits)
    loop = Loop(context.definition, context.ledger, context.folder, engine, observe, watch, validation)
    try:
        ending = loop.run()
    except BaseException:
        engine.close()
        loop.interrupt("the program failed")
        raise
    if ending.state == "complete" and untested(context.ledger, context.definition.metric) is not None:
        ending = open_test(context.ledger, context.definition, context.folder, context.splits, engine, watch) or ending
    if ending.state == "complete":
        baselines.wait(watch)  # so that the last words can compare
    baselines.tell(observe)
    return ending


def _started(context: Context, workers: int) -> SweepStarted:
    return SweepStarted(
        definition=context.definition,
        total=total(context.definition),
        workers=workers,
        rows=rows_of(context.splits),
        labels=context.splits.labels,
        history=context.ledger.history(),
        folder=str(context.folder.path),
    )


def _tell_notes(context: Context) -> None:
    """What was passed over or looks wrong, before the first epoch."""
    if context.definition.ignored:
        context.observe(Notice(f"keys without an effect here are ignored: {', '.join(context.definition.ignored)}"))
    for note in context.splits.notes:
        context.observe(Notice(note))
    findings: Sequence[Mapping[str, Any]] = context.ledger.get("findings") or ()
    notes = [finding["name"] for finding in findings if finding["severity"] == "note"]
    for finding in findings:
        if finding["severity"] != "note":
            context.observe(Notice(f"{finding['name']}: {finding['why']}", level="warning"))
    if notes:
        context.observe(Notice(f"the data audit also notes {', '.join(notes)}; `sweep check` shows them"))


def _mlflow(context: Context) -> list[Any]:
    """Which MLflow this is: another address, or a database that was replaced, has not been told anything."""
    return [context.uri, *(tracking.identity(context.uri) or ())]


def _flush(context: Context, outbox: tracking.Outbox) -> None:
    if not context.ledger.history():
        return  # interrupted before the first trial: MLflow need not be made just to show that
    sent = outbox.close(FLUSH_SECONDS)
    context.ledger.put(sent_to=_mlflow(context) if sent else None)
    context.tell_problems()


def _end(context: Context) -> dict[str, Any]:
    """Tell what was found."""
    found = status_object(snapshots.take(context.ledger, context.store))
    searched = list(context.definition.searched)
    why = unasked(context.ledger, context.folder, found)
    if why is not None:
        found["diagnosis"] = why
    context.observe(SweepEnded(found, words.findings(found, searched), _where(context, found), why))
    if found["state"] != "interrupted" and context.ledger.get("sent_to") is None:
        sync = context.store.command("sync", found["sweep"])
        error = TrackingError("MLflow has not been told everything; nothing is lost", fix=f"`{sync}` sends the rest")
        error.status = found
        raise error
    return found


def _where(context: Context, found: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    name, store, test = context.definition.name, context.store, found["test"]
    rows = [("browse", store.command("ui", name)), ("trials", store.command("trials", name))]
    if test is not None and found["best"] is not None and test["trial"] == found["best"]["number"]:
        rows.append(("model", str(context.folder.model)))
    return (*rows, ("files", str(context.folder.path)))
