"""Show where a sweep stands."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from textclf_sweep.analysis import words
from textclf_sweep.cli import _format, _output
from textclf_sweep.cli._draw import draw
from textclf_sweep.cli._options import HERE, JsonOption, NameArgument, StoreOption
from textclf_sweep.cli._table import pairs
from textclf_sweep.store import Store
from textclf_sweep.sweep.manage import status, unsaid


def command(name: NameArgument, store: StoreOption = HERE, json: JsonOption = False) -> None:
    """Print the state, the counts and the best trial."""
    found = status(Store(store), name)
    if json:
        _output.say_json(found)
    else:
        draw(pairs(facts(found, unsaid(Store(store), name))))


def facts(found: Mapping[str, Any], unsaid: Collection[str] = ()) -> list[tuple[str, str]]:
    """What there is to say, as (what, text); of the best trial not the parameters that are `unsaid`."""
    reason = f" ({found['reason']})" if found["reason"] else ""
    rows = [("sweep", found["sweep"]), ("state", found["state"] + reason), ("trials", _format.counts(found["trials"]))]
    best, test = found["best"], found["test"]
    if best:
        which = f" ({best['architecture']})" if len(found["architectures"]) > 1 else ""
        shown = [parameter for parameter in best["parameters"] if parameter not in unsaid]
        value = f"{best['metric']} {_format.metric(best['value'])} by trial {best['number']}{which}"
        rows += [("best", value), ("", words.parameters(best["parameters"], shown))]
        if best.get("verdict"):
            rows.append(("verdict", f"{best['verdict']}: {best['verdict_why']}"))
    if len(found["architectures"]) > 1:
        rows += [(name, by_architecture(item)) for name, item in found["architectures"].items()]
    floors = _format.floors(found["floors"])
    if floors:
        rows.append(("to beat", floors))
    if test:
        rows.append(("test", tested(test)))
    if found["parent_run_id"]:
        rows.append(("MLflow run", found["parent_run_id"]))
    return rows


def by_architecture(item: Mapping[str, Any]) -> str:
    """``0.8013 by trial 4, 12 trials``."""
    best = f"{_format.metric(item['value'])} by trial {item['best']}" if item["best"] else "no complete trial"
    return f"{best}, {_format.plural(item['trials'], 'trial')}"


def tested(test: Mapping[str, Any]) -> str:
    """The sealed test part's figures, and how often it was looked at."""
    figures = ", ".join(f"{name} {_format.metric(test[name])}" for name in ("accuracy", "macro_f1", "loss"))
    times = "once" if test["openings"] == 1 else f"{test['openings']} times"
    return f"{figures} by trial {test['trial']} on {_format.plural(test['rows'], 'row')}, opened {times}"
