"""The baselines as MLflow shows them: a run each, beside those of the trials. Pure; no mlflow here."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from textclf_sweep.tracking.view import Point, SweepView, milliseconds

KIND = "baseline"
RUN = "baseline {name}"


def names(view: SweepView) -> tuple[str, ...]:
    """Those that were measured."""
    return tuple(view.baselines)


def tags(view: SweepView, name: str, parent: str) -> dict[str, str]:
    """The tags of a baseline's run."""
    return {
        "mlflow.parentRunId": parent,
        "sweep.id": view.id,
        "sweep.name": view.name,
        "sweep.kind": KIND,
        "sweep.baseline": name,
        "sweep.state": "complete",
    }


def params(name: str) -> dict[str, str]:
    """What it is."""
    return {"baseline": name}


def points(view: SweepView, name: str) -> Iterator[Point]:
    """Its figures on the validation rows, named as a trial's.

    ``val_accuracy`` and its like stand at the first epoch and at the last that a trial can have: MLflow's charts
    draw a line across the curves of trials.
    """
    item = view.baselines[name]
    time, last = milliseconds(float(item.get("time") or 0.0)), longest(view.definition)
    for key, value in item["metrics"].items():
        if math.isfinite(value):
            yield Point(f"best.val_{key}", float(value), time, 0)
            for step in dict.fromkeys((1, last)):
                yield Point(f"val_{key}", float(value), time, step)
    yield Point("seconds", float(item["seconds"]), time, 0)


def longest(definition: Mapping[str, Any]) -> int:
    """The most epochs that a trial of the sweep can have."""
    found = [1]
    for space in (definition.get("space") or {}).values():
        item = space.get("epochs") or {}
        found += [value for value in (item.get("value"), item.get("high"), *(item.get("values") or ())) if value]
    return int(max(found))


def parent_points(view: SweepView) -> Iterator[Point]:
    """The baselines' figures of the objective at every trial's number: lines across the parent run's chart."""
    for name, item in view.baselines.items():
        value = item["metrics"].get(view.metric.removeprefix("val_")) if view.metric.startswith("val_") else None
        for record in view.history:
            if value is not None and math.isfinite(value) and record.counted and record.state.final and record.epochs:
                yield Point(f"floor.{name}", float(value), milliseconds(record.epochs[-1].time), record.number)
