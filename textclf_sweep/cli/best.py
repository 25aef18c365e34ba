"""Show the best trial of a sweep."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from textclf_sweep.analysis import words
from textclf_sweep.cli import _format, _output
from textclf_sweep.cli._draw import draw
from textclf_sweep.cli._options import HERE, JsonOption, NameArgument, StoreOption
from textclf_sweep.cli._table import pairs
from textclf_sweep.store import Store
from textclf_sweep.sweep.manage import best, unsaid


def command(name: NameArgument, store: StoreOption = HERE, json: JsonOption = False) -> None:
    """Print its figures and its parameters."""
    found = best(Store(store), name)
    if json:
        _output.say_json(found)
    elif found is None:
        _output.say(f"no trial of sweep {name} has succeeded yet")
    else:
        draw(pairs(facts(found, unsaid(Store(store), name))))


def facts(found: Mapping[str, Any], unsaid: Collection[str] = ()) -> list[tuple[str, str]]:
    """What there is to say, as (what, text): one parameter a line, ready for a definition, without those `unsaid`."""
    parameters = {key: value for key, value in found["parameters"].items() if key not in unsaid}
    metrics = ", ".join(f"{name} {_format.metric(number)}" for name, number in found["metrics"].items())
    rows = [
        ("trial", str(found["number"])),
        (found["metric"], _format.metric(found["value"])),
        ("metrics", metrics),
        ("architecture", found["architecture"]),
        *((name, _format.exact(parameters[name])) for name in words.ordered(parameters)),
    ]
    return [*rows, ("MLflow run", found["run_id"])] if found["run_id"] else rows
