"""List the sweeps of a store, the latest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from textclf_sweep.cli import _format, _output
from textclf_sweep.cli._draw import draw
from textclf_sweep.cli._options import HERE, JsonOption, StoreOption
from textclf_sweep.cli._table import Column, fitted
from textclf_sweep.store import Store
from textclf_sweep.sweep.manage import list_sweeps


def command(store: StoreOption = HERE, json: JsonOption = False) -> None:
    """Print one line per sweep."""
    sweeps = list_sweeps(Store(store))
    if json:
        _output.say_json({"sweeps": sweeps})
    elif sweeps:
        columns = table(sweeps)
        draw(lambda width: fitted(columns, width))
    else:
        _output.say(empty(store))


def empty(store: Path) -> str:
    """What to do about a store without sweeps."""
    return f"no sweeps in {store.resolve()}; `sweep run FILE` makes one, --store DIR looks in another folder"


def table(sweeps: Sequence[Mapping[str, Any]]) -> tuple[Column, ...]:
    """The columns of the list."""
    return (
        Column("sweep", tuple(sweep["sweep"] for sweep in sweeps)),
        Column("state", tuple(sweep["state"] for sweep in sweeps)),
        Column("trials", tuple(str(sum(sweep["trials"].values())) for sweep in sweeps), number=True),
        Column("failed", tuple(str(sweep["trials"].get("failed", 0)) for sweep in sweeps), number=True, drop=4),
        Column("best", tuple(best(sweep) for sweep in sweeps), number=True),
        Column("metric", tuple(sweep["best"]["metric"] if sweep["best"] else "-" for sweep in sweeps), drop=1),
        Column("architecture", tuple(sweep["architecture"] or "-" for sweep in sweeps), drop=2),
        Column("method", tuple(sweep["method"] or "-" for sweep in sweeps), drop=3),
        Column("updated", tuple(moment(sweep["updated"]) for sweep in sweeps), drop=5),
    )


def best(sweep: Mapping[str, Any]) -> str:
    """The best objective of a sweep."""
    return _format.metric(sweep["best"]["value"] if sweep["best"] else None)


def moment(seconds: float) -> str:
    """Seconds since 1970 as local date and time, to the minute."""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")
