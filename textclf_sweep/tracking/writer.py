"""Sends the ledger to MLflow. `sync` and the live `Outbox` are this same code.

A run is found by its tags (sweep id, trial, attempt) before one is created, the tags travel inside ``create_run``, and
how far each attempt was sent is committed to the ledger after it was sent. So a process killed between any two calls
leaves nothing that the next one would not find, and sending twice adds nothing.
"""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from textclf_sweep.errors import StorageError, TrackingError
from textclf_sweep.ledger import Attempt, Ledger
from textclf_sweep.store import Store
from textclf_sweep.tracking import audit, baselines, connection, database, view
from textclf_sweep.tracking.description import describe
from textclf_sweep.tracking.view import STATUS, Point, SweepView, milliseconds
from textclf_sweep.trial import TrialState

METRICS_PER_BATCH = 800
"""MLflow takes 1,000 entities in one request, at most 100 of them params or tags."""

PARAMS_PER_BATCH = 90

EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}
"""Makes the UI open the experiment in the view that shows runs."""


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sending did.

    Attributes:
        created: runs that were missing and are there now, the parent among them.
        updated: runs that were there and were brought up to date, or pointed to where the folder has been moved.
    """

    created: int
    updated: int


def sync(ledger: Ledger, store: Store, uri: str) -> SyncReport:
    """Send to the MLflow at `uri` what it lacks, rebuild runs that were deleted there, mend a moved folder.

    Args:
        ledger: of the sweep, open for writing.
        store: the sweep's store.
        uri: MLflow's tracking URI.

    Raises:
        TrackingError: MLflow cannot be reached, or is in a state that only the user can mend.
        StorageError: the sweep was stopped before anything of it was written.
    """
    name = ledger.get("name")
    if not name:
        raise StorageError("nothing of this sweep is in its ledger yet", fix="run it with `sweep run`")
    database.prepare(store, uri)
    relocated = database.relocate(store, uri, name)
    report = Writer(ledger, store, uri, verify=True).send()
    return dataclasses.replace(report, updated=max(report.updated, relocated))


def foreign(client: Any, experiment: Any) -> bool:
    """Whether another program filled an experiment. An empty one is free; one of another store's sweep is shared.

    Args:
        client: of MLflow.
        experiment: as MLflow gave it.
    """
    if "sweep.name" in experiment.tags:
        return False
    ours = ["sweep.id" in run.data.tags for run in connection.runs(client, experiment.experiment_id)]
    return bool(ours) and not any(ours)


@dataclass(frozen=True, slots=True)
class _Found:
    """A run of this sweep that MLflow has."""

    run_id: str
    status: str
    tags: Mapping[str, str]
    metrics: Mapping[str, float]


class Writer:
    """One connection to MLflow and what is known to be there. Used from one thread; discard it after an error.

    Args:
        ledger: open for writing.
        store: the sweep's store; MLflow's database must be prepared.
        uri: MLflow's tracking URI.
        verify: look at every attempt's run, not only at those that were not sent.
        clock: wall-clock seconds since 1970.

    Raises:
        TrackingError: MLflow cannot be reached, or the sweep's experiment cannot be used.
    """

    def __init__(
        self,
        ledger: Ledger,
        store: Store,
        uri: str,
        *,
        verify: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._ledger, self._store, self._uri, self._clock = ledger, store, uri, clock
        self._created = self._updated = 0
        self._begun: set[str] = set()
        self._parent_sent: tuple[dict[str, str], dict[str, float]] | None = None
        self._points: set[Point] = set()
        self._texts: dict[str, str] = {}
        self._again = store.command("sync", str(ledger.get("name")))
        try:
            seen = view.read(ledger)
            database.check(store, uri, seen.name)
            self._identity = database.identity(uri)
            self._entities = connection.module("mlflow.entities")
            self._client = connection.client(uri)
            self.experiment_id = self._experiment(seen)
            self._runs = self._search(seen)
            known = ledger.parent(uri)
            parent = self._runs.get(_PARENT)
            # A parent that has gone takes its database or its experiment's runs with it more often than not.
            self._verify = verify or (known is not None and parent is None)
            self.parent_run_id = parent.run_id if parent else self._create_parent(seen)
            if known != (self.experiment_id, self.parent_run_id):
                ledger.set_parent(uri, self.experiment_id, self.parent_run_id)
        except Exception as error:
            raise connection.translated(error, uri, self._again) from error

    def send(self) -> SyncReport:
        """Send everything the ledger has and MLflow has not; returns what it did since the last call.

        Raises:
            TrackingError: MLflow failed; what was sent stays sent.
        """
        try:
            if database.identity(self._uri) != self._identity:
                raise TrackingError(f"MLflow's database {self._uri} was removed or replaced while it was being written")
            seen = view.read(self._ledger)
            waiting = self._ledger.attempts() if self._verify else self._ledger.unsent(self._uri)
            trials = {record.number: record.trial for record in seen.history}
            for attempt in waiting:
                self._send_attempt(seen, attempt, view.attempt_params(trials[attempt.trial]))
            self._verify = False
            self._send_parent(view.read(self._ledger))
        except Exception as error:
            raise connection.translated(error, self._uri, self._again) from error
        report = SyncReport(self._created, self._updated)
        self._created = self._updated = 0
        return report

    # The experiment and what is in it

    def _experiment(self, seen: SweepView) -> str:
        names = ", ".join(seen.definition.get("architecture") or [seen.name])
        experiment = self._client.get_experiment_by_name(seen.name)
        if experiment is not None and experiment.lifecycle_stage == "deleted":
            raise database.deleted(seen.name, experiment.experiment_id, self._uri)
        tags = {
            **EXPERIMENT_TAGS,
            f"mlflow.sharedViewState.{view.SAVED_VIEW}": view.saved_view(seen, self._clock()),
            "mlflow.experiment.primaryMetric.name": f"best.{seen.metric}",
            "mlflow.experiment.primaryMetric.greaterIsBetter": view.text_of(seen.goal == "maximize"),
            "mlflow.note.content": seen.description or f"Sweep of {names}",
            "sweep.name": seen.name,
        }
        if experiment is None:
            path = database.database_path(self._uri)
            location = None if path is None else database.artifact_folder(self._store, seen.name).as_uri()
            return str(self._client.create_experiment(seen.name, artifact_location=location, tags=tags))
        if foreign(self._client, experiment):
            raise database.foreign(seen.name)
        for key in tags.keys() - experiment.tags.keys():  # what the user has changed stays as it is
            self._client.set_experiment_tag(experiment.experiment_id, key, tags[key])
        return str(experiment.experiment_id)

    def _search(self, seen: SweepView) -> dict[tuple[str, str], _Found]:
        """Every living run of this sweep, by trial and attempt; of two the older one."""
        found: dict[tuple[str, str], _Found] = {}
        for run in connection.runs(self._client, self.experiment_id, f"tags.`sweep.id` = '{seen.id}'"):
            tags = run.data.tags
            kind = tags.get("sweep.kind")
            key = (tags.get("sweep.trial", ""), tags.get("sweep.attempt", ""))
            if kind == baselines.KIND:
                key = (kind, tags.get("sweep.baseline", ""))
            found.setdefault(key, _Found(run.info.run_id, run.info.status, tags, run.data.metrics))
        return found

    def _create_parent(self, seen: SweepView) -> str:
        started = min((attempt.started for attempt in self._ledger.attempts()), default=None)
        return self._create(_PARENT, f"sweep {seen.name}", view.parent_tags(seen), started)

    def _create(self, key: tuple[str, str], name: str, tags: Mapping[str, str], started: float | None) -> str:
        # Name, user and source are set once: a run renamed in the UI keeps its new name.
        source = {"mlflow.user": view.user(), "mlflow.source.name": "textclf-sweep", "mlflow.source.type": "LOCAL"}
        run = self._client.create_run(
            self.experiment_id,
            start_time=None if started is None else milliseconds(started),
            tags={**tags, **source},
            run_name=name,
        )
        self._runs[key] = _Found(run.info.run_id, run.info.status, tags, {})
        self._created += 1
        return str(run.info.run_id)

    # Attempts

    def _send_attempt(self, seen: SweepView, attempt: Attempt, params: Mapping[str, str]) -> None:
        key = (str(attempt.trial), str(attempt.attempt))
        tags = view.attempt_tags(seen, attempt, self.parent_run_id)
        found = self._runs.get(key)
        if found is None:
            name = view.run_name(attempt.trial, attempt.attempt)
            run_id, fresh = self._create(key, name, tags, attempt.started), True
        else:
            run_id, fresh = found.run_id, False
        if fresh or attempt.tracking_uri != self._uri or attempt.run_id != run_id:
            attempt = dataclasses.replace(
                attempt, tracking_uri=self._uri, run_id=run_id, synced_epoch=0, finalised=False
            )
            self._ledger.sent(attempt)
        ended = attempt.state is not TrialState.RUNNING
        if attempt.finalised and found is not None and _truthful(found, tags, attempt):
            return
        events = self._ledger.epochs(attempt.trial, attempt.attempt, attempt.synced_epoch)
        begun = run_id in self._begun
        if begun and not events and not ended:
            return
        if not begun:
            self._log_data(run_id, seen)
        points = [*view.epoch_points(events), *(view.outcome_points(attempt) if ended else ())]
        self._log(run_id, points=points, params={} if begun else params, tags=tags if ended else {})
        self._begun.add(run_id)
        if ended:
            self._end_attempt(seen, attempt, run_id)
            self._runs[key] = _Found(run_id, STATUS[attempt.state], tags, {})
        synced = events[-1].epoch if events else attempt.synced_epoch
        self._ledger.sent(dataclasses.replace(attempt, synced_epoch=synced, finalised=ended))
        self._updated += not fresh

    def _end_attempt(self, seen: SweepView, attempt: Attempt, run_id: str) -> None:
        table = view.confusion_table(attempt, [str(label) for label in seen.data.get("labels") or ()])
        if table:
            self._client.log_text(run_id, table, "confusion_matrix.csv")
        failure = attempt.result.failure if attempt.result else None
        if failure and failure.traceback:
            self._client.log_text(run_id, failure.traceback, "traceback.txt")
        self._client.set_terminated(run_id, STATUS[attempt.state], milliseconds(attempt.ended or attempt.started))

    # The parent

    def _send_parent(self, seen: SweepView) -> None:
        run_id, before = self.parent_run_id, self._runs[_PARENT]
        tags = {**view.parent_tags(seen), "mlflow.note.content": describe(seen)}
        figures = view.parent_figures(seen)
        shown = [*view.parent_points(seen), *baselines.parent_points(seen)]
        points = [point for point in shown if point not in self._points]
        if not points and self._parent_sent == (tags, figures):
            return
        if self._parent_sent is None:
            self._log_data(run_id, seen)
            self._log(run_id, params=view.parent_params(seen))
        last = before.metrics if self._parent_sent is None else self._parent_sent[1]
        now = milliseconds(self._clock())
        changed = [Point(key, value, now, 0) for key, value in figures.items() if last.get(key) != value]
        self._log(run_id, points=[*points, *changed], tags=tags)
        self._send_baselines(seen)
        for key in (before.tags if self._parent_sent is None else self._parent_sent[0]).keys() - tags.keys():
            if key.startswith("best."):  # a parameter that the new winner does not have
                self._client.delete_tag(run_id, key)
        self._log_parent_texts(seen)
        if (status := STATUS[seen.state]) != before.status:
            self._set_parent_status(status)
            self._runs[_PARENT] = dataclasses.replace(before, status=status)
        self._points.update(points)
        self._parent_sent = (tags, figures)

    def _send_baselines(self, seen: SweepView) -> None:
        for name in baselines.names(seen):
            key, tags = (baselines.KIND, name), baselines.tags(seen, name, self.parent_run_id)
            points = tuple(baselines.points(seen, name))
            found = self._runs.get(key)
            if found and found.status == "FINISHED" and points[0].value == found.metrics.get(points[0].key):
                continue
            started = float(seen.baselines[name].get("time") or 0.0)
            run_id = found.run_id if found else self._create(key, baselines.RUN.format(name=name), tags, started)
            self._log_data(run_id, seen)
            self._log(run_id, points=points, params=baselines.params(name), tags=tags)
            self._client.set_terminated(run_id, "FINISHED", milliseconds(started))
            figures = {point.key: point.value for point in points}
            self._runs[key] = _Found(run_id, "FINISHED", tags, figures)

    def _log_parent_texts(self, seen: SweepView) -> None:
        texts = audit.is_local(self._uri) if seen.log_text is None else seen.log_text
        findings = audit.artifacts(seen.findings if texts else audit.without_texts(seen.findings))
        drawn = sorted(self._store.sweep(seen.name).plots.glob("*.svg"))
        plots = {f"plots/{path.name}": path.read_text(encoding="utf-8") for path in drawn}
        for name, text in {"definition.yaml": seen.definition_text, **findings, **plots}.items():
            if text and self._texts.get(name) != text:
                self._client.log_text(self.parent_run_id, text, name)
                self._texts[name] = text

    def _set_parent_status(self, status: str) -> None:
        if status == "RUNNING":
            self._client.update_run(self.parent_run_id, status=status)
            return
        ends = [attempt.ended for attempt in self._ledger.attempts() if attempt.ended is not None]
        ends += [opening.opened_at for opening in self._ledger.openings()]
        self._client.set_terminated(self.parent_run_id, status, milliseconds(max(ends)) if ends else None)

    # Both

    def _log(
        self,
        run_id: str,
        points: Iterable[Point] = (),
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """In as few batches as MLflow's limits allow."""
        entities = self._entities
        metrics = iter([entities.Metric(point.key, point.value, point.time, point.step) for point in points])
        parameters = iter([entities.Param(key, value) for key, value in (params or {}).items()])
        labels = iter([entities.RunTag(key, value) for key, value in (tags or {}).items()])
        while True:
            batch = {
                "metrics": list(islice(metrics, METRICS_PER_BATCH)),
                "params": list(islice(parameters, PARAMS_PER_BATCH)),
                "tags": list(islice(labels, PARAMS_PER_BATCH)),
            }
            if not any(batch.values()):
                return
            self._client.log_batch(run_id, **batch, synchronous=True)

    def _log_data(self, run_id: str, seen: SweepView) -> None:
        """Name the data set as the run's input; the data itself is not read."""
        if not seen.data.get("data_hash"):
            return
        path, source = seen.data.get("path"), str(seen.data.get("source") or "")
        dataset = self._entities.Dataset(
            name=str(seen.data.get("name") or source or "data"),
            digest=str(seen.data["data_hash"])[:12],
            source_type="local" if path else "code",
            source=json.dumps({"uri": str(path or source)}),
            schema=json.dumps({"mlflow_colspec": _columns(seen.definition.get("data") or {})}),
            profile=json.dumps(view.data_profile(seen)),
        )
        context = self._entities.InputTag("mlflow.data.context", "training")
        self._client.log_inputs(run_id, datasets=[self._entities.DatasetInput(dataset, [context])])


_PARENT = ("", "")


def _columns(source: Mapping[str, Any]) -> list[dict[str, Any]]:
    names = (*(source.get("text") or ("text",)), source.get("label") or "label")
    return [{"type": "string", "name": str(name), "required": True} for name in names]


def _truthful(found: _Found, tags: Mapping[str, str], attempt: Attempt) -> bool:
    """Whether a run that was ended still says what the ledger says."""
    return found.status == STATUS[attempt.state] and all(found.tags.get(key) == value for key, value in tags.items())
