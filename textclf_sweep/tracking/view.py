"""What MLflow shall show, as pure functions of the ledger's content: tags, params and points. No mlflow here."""

from __future__ import annotations

import getpass
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from textclf_sweep import ranking
from textclf_sweep.definition.types import Metric
from textclf_sweep.ledger import Attempt, Ledger, Opening
from textclf_sweep.tracking import audit
from textclf_sweep.trial import EpochEvent, History, Scalar, Trial, TrialRecord, TrialState
from textclf_sweep.verdicts import verdict, why

STATUS: Mapping[str, str] = {
    TrialState.RUNNING: "RUNNING",
    TrialState.COMPLETE: "FINISHED",
    TrialState.PRUNED: "KILLED",
    TrialState.FAILED: "FAILED",
    TrialState.INTERRUPTED: "KILLED",
    "stopped": "FINISHED",
}
"""MLflow's status for the state of an attempt or a sweep. MLflow knows no PRUNED; the tag ``sweep.state`` says it."""

LONGEST_TAG = 7500
"""Characters; MLflow keeps 8,000."""

COUNTED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAILED, TrialState.INTERRUPTED, TrialState.RUNNING)
"""The states whose trials are counted on the parent run."""

OUTCOMES = (
    "loss", "accuracy", "macro_f1", "val_loss", "val_accuracy", "val_macro_f1",
    "val_loss_std", "val_accuracy_std", "val_macro_f1_std",
)  # fmt: skip
"""The metrics of the restored weights that are shown again as ``best.<metric>``; speed is not an outcome."""

SAVED_VIEW = "sweep"
"""The key of the table that `saved_view` describes; part of the address that is printed."""


@dataclass(frozen=True, slots=True)
class Point:
    """One value of one metric; `time` in milliseconds since 1970."""

    key: str
    value: float
    time: int
    step: int


@dataclass(frozen=True, slots=True)
class SweepView:
    """What the ledger says of a sweep, in one frozen value.

    Attributes:
        id, name, description, state, reason: of the sweep; `state` is running, complete, stopped, interrupted or
            failed.
        definition: the definition's identity, as JSON.
        definition_text: the YAML as it was run, under comments that name the ``--set`` options.
        definition_hash: of the definition.
        run_cap: None is open.
        data: name, source, path (None when bundled), data_hash, labels, and the rows of train, validation and test.
        floors: accuracy by floor; unknown ones None.
        metric, goal: the objective and ``maximize`` or ``minimize``.
        notes: sentences about how the definition was read.
        findings: of the data audit.
        log_text: whether MLflow may be sent texts of rows; None: when it is on this machine.
        versions: by package.
        history: every trial.
        openings: of the sealed test part.
        baselines: of each one ``metrics``, ``right`` and ``seconds``; see `textclf_sweep.floors`.
    """

    id: str
    name: str
    description: str = ""
    state: str = "running"
    reason: str = ""
    definition: Mapping[str, Any] = field(default_factory=dict)
    definition_text: str = ""
    definition_hash: str = ""
    run_cap: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    floors: Mapping[str, float | None] = field(default_factory=dict)
    metric: str = "val_accuracy"
    goal: Literal["maximize", "minimize"] = "maximize"
    notes: tuple[str, ...] = ()
    findings: tuple[Mapping[str, Any], ...] = ()
    log_text: bool | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    history: History = ()
    openings: tuple[Opening, ...] = ()
    baselines: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def linear(self) -> str:
        """Which validation rows the linear baseline labels rightly; empty when it was not measured."""
        return str((self.baselines.get("linear") or {}).get("right", ""))

    @property
    def left_out(self) -> frozenset[int]:
        """The trials that do not count, because the search space has changed."""
        return frozenset(record.number for record in self.history if not record.counted)

    @property
    def winner(self) -> TrialRecord | None:
        """The best trial; None before there is one."""
        return ranking.best(self.history, Metric(self.metric, self.goal))

    @property
    def test(self) -> Opening | None:
        """The last opening of the test part that showed figures."""
        return next((opening for opening in reversed(self.openings) if opening.figures is not None), None)


def read(ledger: Ledger) -> SweepView:
    """The sweep as the ledger knows it now."""
    metric = ledger.get("metric") or {}
    return SweepView(
        id=ledger.get("sweep_id", ""),
        name=ledger.get("name", ""),
        description=ledger.get("description") or "",
        state=ledger.get("state") or "running",
        reason=ledger.get("reason") or "",
        definition=ledger.get("definition") or {},
        definition_text=ledger.get("definition_text") or "",
        definition_hash=ledger.get("definition_hash") or "",
        run_cap=ledger.get("run_cap"),
        data=ledger.get("data") or {},
        floors=ledger.get("floors") or {},
        metric=metric.get("name", "val_accuracy"),
        goal=metric.get("goal", "maximize"),
        notes=tuple(ledger.get("notes") or ()),
        findings=tuple(ledger.get("findings") or ()),
        log_text=ledger.get("log_text"),
        versions=ledger.get("versions") or {},
        history=ledger.history(),
        openings=ledger.openings(),
        baselines=ledger.get("baselines") or {},
    )


# Attempts


def run_name(number: int, attempt: int) -> str:
    """``trial 007``, or ``trial 007 attempt 2``: sorts by number."""
    return f"trial {number:03d}" + (f" attempt {attempt}" if attempt > 1 else "")


def attempt_tags(view: SweepView, attempt: Attempt, parent: str) -> dict[str, str]:
    """The tags of an attempt's run; the same before and after it ended but for its state."""
    versions = {**view.versions, **(attempt.result.versions if attempt.result else {})}
    tags = {
        "mlflow.parentRunId": parent,
        "sweep.id": view.id,
        "sweep.name": view.name,
        "sweep.kind": "trial",
        "sweep.trial": str(attempt.trial),
        "sweep.attempt": str(attempt.attempt),
        "sweep.state": str(attempt.state),
        "sweep.reason": attempt.reason,
        "sweep.counted": text_of(attempt.counted and attempt.trial not in view.left_out),
        **_provenance(view, versions),
    }
    record = next((item for item in view.history if item.number == attempt.trial), None)
    if attempt.counted and record is not None:
        tags |= verdict_tags(record, view.linear)
    if attempt.result and attempt.result.failure:
        tags["sweep.error"] = attempt.result.failure.message
    return _shortened(tags)


def verdict_tags(record: TrialRecord, linear: str) -> dict[str, str]:
    """The verdict on a trial, and what it rests on."""
    found = verdict(record, linear)
    return {} if found is None else {"sweep.verdict": found.name, "sweep.verdict.why": why(found)}


def attempt_params(trial: Trial) -> dict[str, str]:
    """Every parameter, the architecture and the seed."""
    values: dict[str, Scalar] = {**trial.parameters, "architecture": trial.architecture, "seed": trial.seed}
    return {key: text_of(value) for key, value in values.items()}


def epoch_points(events: Iterable[EpochEvent]) -> Iterator[Point]:
    """Every finite metric of every epoch at its step. Its time never changes, so a second sending adds nothing."""
    for event in events:
        for key, value in event.metrics.items():
            if math.isfinite(value):
                yield Point(key, value, milliseconds(event.time), event.epoch)


def outcome_points(attempt: Attempt) -> Iterator[Point]:
    """What a finished attempt came to: ``best.<metric>`` of the restored weights, epochs and seconds."""
    result = attempt.result
    if result is None:
        return
    time = milliseconds(attempt.ended or attempt.started)
    totals = {"epochs": len(result.epochs), "best_epoch": result.best_epoch, "seconds": result.seconds}
    for key, value in {**_outcomes(result.metrics), **totals}.items():
        if math.isfinite(value):
            yield Point(key, float(value), time, 0)


def confusion_table(attempt: Attempt, labels: Iterable[str]) -> str:
    """The validation counts at the best epoch as CSV, which MLflow's UI shows as a table; empty without counts."""
    counts = attempt.result.confusion if attempt.result else ()
    if not counts:
        return ""
    names = [_cell(label) for label in labels]
    if len(names) != len(counts):
        names = [str(index) for index in range(len(counts))]
    lines = [",".join(["true \\ predicted", *names])]
    lines += [",".join([name, *map(str, row)]) for name, row in zip(names, counts, strict=True)]
    return "\n".join(lines) + "\n"


# The sweep


def parent_tags(view: SweepView) -> dict[str, str]:
    """The tags of the parent run, the winner among them; the description is added by `describe`."""
    counts = {state: sum(record.counted and record.state == state for record in view.history) for state in COUNTED}
    tags = {
        "sweep.name": view.name,
        "sweep.kind": "parent",
        "sweep.state": view.state,
        "sweep.reason": view.reason,
        "sweep.run_cap": "open" if view.run_cap is None else str(view.run_cap),
        "sweep.id": view.id,
        "sweep.definition_hash": view.definition_hash,
        **{f"sweep.trials.{state}": str(count) for state, count in counts.items()},
        **_provenance(view, view.versions),
        **audit.tags(view.findings),
    }
    if (winner := view.winner) is not None:
        tags["best.trial"] = str(winner.number)
        tags |= {f"best.{name}": text_of(value) for name, value in winner.trial.parameters.items()}
        tags |= verdict_tags(winner, view.linear)
        if winner.run_id:
            tags["best.run_id"] = winner.run_id
    return _shortened(tags)


def parent_params(view: SweepView) -> dict[str, str]:
    """The essentials of the definition that never change while it is the same sweep: MLflow's params can't."""
    values: dict[str, Any] = {
        "method": view.definition.get("method"),
        "sampler": view.definition.get("sampler"),
        "allocate": view.definition.get("allocate"),
        "metric": view.metric,
        "goal": view.goal,
        "architecture": ", ".join(view.definition.get("architecture") or ()) or None,
        "seed": view.definition.get("seed"),
    }
    return {key: text_of(value) for key, value in values.items() if value is not None}


def parent_figures(view: SweepView) -> dict[str, float]:
    """The single figures of the parent run: the winner's metrics and the floors."""
    figures = {f"floors.{name}": value for name, value in view.floors.items()}
    if (winner := view.winner) is not None and winner.result is not None:
        figures |= _outcomes(winner.result.metrics)
    return {key: float(value) for key, value in figures.items() if value is not None and math.isfinite(value)}


def parent_points(view: SweepView) -> Iterator[Point]:
    """The trial history by trial number, and the openings of the test part by opening number.

    ``best_so_far.<objective>`` goes up to the first trial that is not final yet: what it is at a later trial is not
    known before, and a point once sent stays.
    """
    best, complete = math.nan, True
    for record in view.history:
        complete = complete and record.state.final
        value = record.value
        if value is None or record.state is not TrialState.COMPLETE or not record.epochs or not record.counted:
            continue
        time = milliseconds(record.epochs[-1].time)
        yield Point(f"trial.{view.metric}", value, time, record.number)
        if complete:
            best = value if math.isnan(best) else (max if view.goal == "maximize" else min)(best, value)
            yield Point(f"best_so_far.{view.metric}", best, time, record.number)
    for opening in view.openings:
        for name in ("accuracy", "macro_f1", "loss"):
            figure = (opening.figures or {}).get(name)
            if figure is not None and math.isfinite(float(figure)):
                yield Point(f"test.{name}", float(figure), milliseconds(opening.opened_at), opening.number)


def data_profile(view: SweepView) -> dict[str, Any]:
    """What MLflow shows of the data set: rows by part, and the labels."""
    rows = {part: view.data[part] for part in ("train", "validation", "test") if part in view.data}
    counts = [count for count in rows.values() if isinstance(count, int)]
    return {"num_rows": sum(counts), "rows": rows, "labels": list(view.data.get("labels") or ())}


def saved_view(view: SweepView, now: float) -> str:
    """The table of trials, best first, as a saved view of MLflow's UI: outcome, searched parameters, state.

    Args:
        view: the sweep.
        now: wall-clock seconds since 1970.
    """
    spaces: Mapping[str, Mapping[str, Any]] = view.definition.get("space") or {}
    searched = sorted({key for space in spaces.values() for key, item in space.items() if item["kind"] != "constant"})
    state = {
        "orderByKey": f"metrics.`best.{view.metric}`",
        "orderByAsc": view.goal == "minimize",
        "selectedColumns": [
            *(f"metrics.`{key}`" for key in (f"best.{view.metric}", "best_epoch", "seconds")),
            *(["params.`architecture`"] if len(spaces) > 1 else []),
            *(f"params.`{name}`" for name in searched),
            *(f"tags.`{key}`" for key in ("sweep.kind", "sweep.verdict", "sweep.state", "sweep.reason")),
        ],
    }
    times = {"createdAt": milliseconds(now), "updatedAt": milliseconds(now)}
    return json.dumps({"name": "Trials, best first", **times, "state": json.dumps(state)})


# Shared


def text_of(value: object) -> str:
    """A value as it stands in a definition: ``true`` rather than ``True``."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def user() -> str:
    """Who runs this, for the column MLflow has for it."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no password entry, as in many containers
        return "unknown"


def _outcomes(metrics: Mapping[str, float]) -> dict[str, float]:
    return {f"best.{name}": metrics[name] for name in OUTCOMES if name in metrics}


def _provenance(view: SweepView, versions: Mapping[str, str]) -> dict[str, str]:
    data = {"sweep.data_hash": str(view.data["data_hash"])} if view.data.get("data_hash") else {}
    return {
        **data,
        **{f"version.{package}": version for package, version in versions.items()},
    }


def _shortened(tags: Mapping[str, str]) -> dict[str, str]:
    return {key: value if len(value) <= LONGEST_TAG else value[:LONGEST_TAG] + " ..." for key, value in tags.items()}


def milliseconds(seconds: float) -> int:
    """As MLflow counts time."""
    return round(seconds * 1000)


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\n\r') else text
