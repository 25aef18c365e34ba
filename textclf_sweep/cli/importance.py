"""Show what the differences between a sweep's trials come from.

Shares of the spread with where they lie when trials are drawn anew, by parameter and by kind: data, architecture,
hyperparameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from textclf_sweep.cli import _output
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
    rows = [(name, "", item, "") for name, item in found["groups"].items()]
    rows += [(item["name"], item["group"], item, item["best"]) for item in found["parameters"]]
    columns = (
        Column("of the spread", tuple(name for name, *_ in rows)),
        Column("kind", tuple(kind for _, kind, *_ in rows)),
        Column("share", tuple(f"{item['share']:.0%}" for _, _, item, _ in rows), number=True),
        Column("9 in 10", tuple(f"{item['low']:.0%} to {item['high']:.0%}" for _, _, item, _ in rows), number=True),
        Column("decides the best quarter", tuple(f"{item['decisive']:.0%}" for _, _, item, _ in rows), number=True),
        Column("best quarter has", tuple(best for *_, best in rows)),
    )
    return Group(*(Text(sentence) for sentence in found["words"]), Text(""), fitted(columns, width))
