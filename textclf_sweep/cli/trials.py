"""List every trial of a sweep; a star marks the best."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from textclf_sweep.analysis import words
from textclf_sweep.cli import _format, _output
from textclf_sweep.cli._draw import draw
from textclf_sweep.cli._options import HERE, JsonOption, NameArgument, StoreOption
from textclf_sweep.cli._table import DROPPED_FIRST, Column, fitted, natural, parameter_columns
from textclf_sweep.store import Store
from textclf_sweep.sweep.manage import best, status, trials, unsaid


def command(name: NameArgument, store: StoreOption = HERE, json: JsonOption = False) -> None:
    """Print one line per trial, by number."""
    found = trials(Store(store), name)
    if json:
        _output.say_json(found)
    elif found["trials"]:
        leader = best(Store(store), name)
        floors = status(Store(store), name)["floors"]
        quiet = unsaid(Store(store), name)
        draw(lambda width: listing(found["trials"], leader, width, quiet), *compared(floors))
    else:
        _output.say(f"sweep {name} has no trials yet")


def compared(floors: Mapping[str, float | None]) -> tuple[RenderableType, ...]:
    """The line below the table: what trials are compared with."""
    told = _format.floors(floors)
    return (Text(f"val_accuracy to beat: {told}"),) if told else ()


def listing(
    found: Sequence[Mapping[str, Any]], leader: Mapping[str, Any] | None, width: int, unsaid: Collection[str] = ()
) -> RenderableType:
    """The table; where it has no room for whole reasons, the failures are listed below it."""
    columns = table(found, leader, unsaid)
    drawn = fitted(columns, width)
    return drawn if natural(columns) <= width else Group(drawn, *map(Text, failures(found)))


def failures(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """``failed, trials 2 and 7: ...``: each reason once."""
    numbers: dict[str, list[str]] = {}
    for trial in found:
        if trial["state"] == "failed":
            numbers.setdefault(trial["reason"] or "for an unknown reason", []).append(str(trial["number"]))
    return [f"failed, trial{'s' * (len(who) > 1)} {', '.join(who)}: {reason}" for reason, who in numbers.items()]


def table(
    found: Sequence[Mapping[str, Any]], leader: Mapping[str, Any] | None, unsaid: Collection[str] = ()
) -> tuple[Column, ...]:
    """The columns of the list.

    Args:
        found: the trials' objects.
        leader: the object of the best, or None.
        unsaid: fixed parameters that go without saying.
    """
    number = leader["number"] if leader else None
    rows = [trial["parameters"] for trial in found]
    several = len({trial["architecture"] for trial in found}) > 1
    return (
        Column("trial", tuple(f"{'*' if trial['number'] == number else ' '}{trial['number']:>4}" for trial in found)),
        Column("state", tuple(trial["state"] for trial in found)),
        *([Column("architecture", tuple(trial["architecture"] for trial in found))] if several else []),
        Column(
            leader["metric"] if leader else "value",
            tuple(value(trial, leader) for trial in found),
            number=True,
        ),
        Column("verdict", tuple(trial["verdict"] or "" for trial in found)),
        Column("epochs", tuple(str(trial["epochs"]) for trial in found), number=True),
        Column("time", tuple(_format.clock(trial["seconds"]) for trial in found), number=True),
        *parameter_columns(rows, varied(found, unsaid)),
        Column("reason", tuple(reason(trial) for trial in found), drop=DROPPED_FIRST),
    )


def value(trial: Mapping[str, Any], leader: Mapping[str, Any] | None) -> str:
    """The objective, with its standard deviation over the folds when there are any: ``0.7950 ±0.0120``."""
    spread = trial["metrics"].get(f"{leader['metric']}_std") if leader else None
    return _format.metric(trial["value"]) + ("" if spread is None else f" ±{spread:.4f}")


def reason(trial: Mapping[str, Any]) -> str:
    """Why it ended, and whether it counts."""
    return "; ".join(text for text in (trial["reason"], "" if trial["counted"] else LEFT_OUT) if text)


LEFT_OUT = "outside the search space, not counted"


def varied(found: Sequence[Mapping[str, Any]], unsaid: Collection[str] = ()) -> tuple[str, ...]:
    """The parameters in which trials of one architecture differ, as they are shown; of a single trial all but `unsaid`.

    Trials of an earlier search space may differ in what goes without saying now.
    """
    names = dict.fromkeys(name for trial in found for name in trial["parameters"])
    missing = object()
    values: dict[tuple[str, str], set[str]] = {}
    for trial in found:
        for name in names:
            value = repr(trial["parameters"].get(name, missing))
            values.setdefault((name, trial["architecture"]), set()).add(value)
    different = {name for (name, _), seen in values.items() if len(seen) > 1}
    alone = [name for name in names if name not in unsaid]
    return words.ordered(alone if len(found) == 1 else [name for name in names if name in different])
