"""Show what the differences between a sweep's trials come from.

Shares of the spread with where they lie when trials are drawn anew, by parameter and by kind: data, architecture,
hyperparameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from textclf_sweep.cli import _format, _output
from textclf_sweep.cli._draw import draw
from textclf_sweep.cli._options import HERE, JsonOption, NameArgument, StoreOption
from textclf_sweep.cli._table import Column, fitted
from textclf_sweep.store import Store
from textclf_sweep.sweep.importance import importance_of


def command(name: NameArgument, store: StoreOption = HERE, json: JsonOption = False) -> None:
    """Print the shares, and what they come to."""
    found = importance_of(Store(store), name)
    if json:
        _output.say_json(found)
    else:
        draw(lambda width: render(found, width))


def render(found: Mapping[str, Any], width: int) -> RenderableType:
    """The words, the kinds and the parameters."""
    groups = [
        {"name": name, "group": "", "architecture": None, "best": "", **item} for name, item in found["groups"].items()
    ]
    rows = [*groups, *found["parameters"]]
    columns = (
        Column("of the spread", tuple(row["name"] for row in rows)),
        Column("kind", tuple(row["group"] for row in rows), drop=2),
        *([Column("only of", tuple(row["architecture"] or "" for row in rows), drop=1)] if _some(rows) else []),
        Column("share", tuple(_percent(row["share"]) for row in rows), number=True),
        Column("9 in 10", tuple(f"{_percent(row['low'])} to {_percent(row['high'])}" for row in rows), number=True),
        Column("decides the \nbest quarter", tuple(_percent(row["decisive"]) for row in rows), number=True, drop=3),
        Column("best quarter has", tuple(row["best"] for row in rows)),
    )
    words = [Text(sentence) for sentence in (*found["words"], _spread(found))]
    return Group(*words, Text(""), fitted(columns, width))


def _some(rows: Sequence[Mapping[str, Any]]) -> bool:
    return any(row["architecture"] for row in rows)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _spread(found: Mapping[str, Any]) -> str:
    """``30 trials, val_accuracy 0.6125 to 0.8100, standard deviation 0.0440 (0.0139 by the number of ... rows)``."""
    spread = found["spread"]
    least, greatest, deviation = (_format.metric(spread[key]) for key in ("least", "greatest", "standard_deviation"))
    noise = "" if spread["noise"] is None else f" ({_format.metric(spread['noise'])} by the number of validation rows)"
    trials = _format.plural(found["trials"], "trial")
    return f"{trials}, {found['metric']} {least} to {greatest}, standard deviation {deviation}{noise}"
