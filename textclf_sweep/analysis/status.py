"""The JSON objects that programs rely on: a sweep's status, its trials, its best trial. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from textclf_sweep.definition.types import Metric
from textclf_sweep.ledger import Opening
from textclf_sweep.ranking import best, best_by_architecture, standing
from textclf_sweep.trial import History, TrialRecord, TrialState
from textclf_sweep.verdicts import STUCK, verdict, why


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A sweep at one moment, as the ledger has it.

    Attributes:
        sweep: its name.
        state: running, complete, stopped, interrupted or failed.
        reason: why, in a few words.
        metric: the objective.
        history: every trial.
        openings: every look at the test part.
        floors: chance, majority and linear validation accuracy; None where not measured.
        parent_run_id: MLflow's, or None before it is created.
        checks: what trying the architectures took and found: ``seconds`` and ``smoke``; empty before.
        linear: which validation rows the linear baseline labels rightly (see `textclf_sweep.verdicts.verdict`).
    """

    sweep: str
    state: str
    reason: str
    metric: Metric
    history: History
    openings: Sequence[Opening]
    floors: Mapping[str, float | None]
    parent_run_id: str | None
    linear: str = ""
    checks: Mapping[str, Any] = field(default_factory=dict)


def status_object(snapshot: Snapshot) -> dict[str, Any]:
    """The object of ``sweep run --json`` and ``sweep status --json``."""
    counted = tuple(record for record in snapshot.history if record.counted)
    states = [record.state for record in counted]
    return {
        "sweep": snapshot.sweep,
        "state": snapshot.state,
        "reason": snapshot.reason,
        "trials": {
            "complete": states.count(TrialState.COMPLETE),
            "pruned": states.count(TrialState.PRUNED),
            "failed": states.count(TrialState.FAILED),
            "running": states.count(TrialState.RUNNING),
            "waiting": states.count(TrialState.WAITING) + states.count(TrialState.INTERRUPTED),
            "left_out": len(snapshot.history) - len(counted),
        },
        "stuck": sum(record.state is TrialState.PRUNED and record.reason == STUCK for record in counted),
        "architectures": _architectures(counted, snapshot.metric),
        "best": best_object(snapshot.history, snapshot.metric, snapshot.linear),
        "test": _test_object(snapshot.openings),
        "floors": {name: snapshot.floors.get(name) for name in ("chance", "majority", "linear")},
        "checks": dict(snapshot.checks) or None,
        "parent_run_id": snapshot.parent_run_id,
    }


def best_object(history: History, metric: Metric, linear: str = "") -> dict[str, Any] | None:
    """The object of ``sweep best --json``; None without a success."""
    record = best(history, metric)
    if record is None or record.result is None:
        return None
    return {
        "number": record.number,
        "architecture": record.trial.architecture,
        "parameters": dict(record.trial.parameters),
        "value": record.value,
        "metric": metric.name,
        "metrics": dict(record.result.metrics),
        "run_id": record.run_id,
        **_verdict(record, linear),
    }


def trial_object(record: TrialRecord, linear: str = "") -> dict[str, Any]:
    """One element of ``trials`` in the object of ``sweep trials --json``."""
    result = record.result
    return {
        "number": record.number,
        "state": str(record.state),
        "reason": record.reason,
        "architecture": record.trial.architecture,
        "parameters": dict(record.trial.parameters),
        "value": record.value,
        "metrics": dict(result.metrics) if result else {},
        "epochs": len(record.epochs),
        "best_epoch": result.best_epoch if result and result.best_epoch else None,
        "attempts": record.attempts,
        "seconds": result.seconds if result else None,
        "run_id": record.run_id,
        **_verdict(record, linear),
        "counted": record.counted,
    }


def _verdict(record: TrialRecord, linear: str) -> dict[str, Any]:
    found = verdict(record, linear)
    if found is None:
        return {"verdict": None, "verdict_why": "", "verdict_numbers": {}}
    return {"verdict": found.name, "verdict_why": why(found), "verdict_numbers": dict(found.numbers)}


def _architectures(counted: History, metric: Metric) -> dict[str, dict[str, Any]]:
    """Each architecture's trials, its best value and the trial that reached it; best architecture first."""
    names = standing(counted, metric, tuple(record.trial.architecture for record in counted))
    leaders = best_by_architecture(counted, metric, names)
    return {
        name: {
            "trials": sum(record.trial.architecture == name for record in counted),
            "best": leader.number if leader else None,
            "value": leader.value if leader else None,
        }
        for name, leader in leaders.items()
    }


def _test_object(openings: Sequence[Opening]) -> dict[str, Any] | None:
    opened = [opening for opening in openings if opening.figures is not None]
    if not opened or opened[-1].figures is None:
        return None
    last = opened[-1]
    return {**opened[-1].figures, "trial": last.trial, "opened_at": last.opened_at, "openings": len(openings)}
