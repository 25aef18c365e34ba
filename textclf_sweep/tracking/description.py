"""The parent run's description in Markdown: what was searched, what won, against what, and how to do it again."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping
from itertools import takewhile
from typing import Any

from textclf_sweep.data import cleaning
from textclf_sweep.tracking.view import LONGEST_TAG, SweepView, text_of
from textclf_sweep.trial import TrialRecord, TrialState


def describe(view: SweepView) -> str:
    """The description, at most `LONGEST_TAG` characters."""
    blocks = [
        # The UI shows the first lines until it is asked for more.
        _won(view),
        _searched(view),
        view.description,
        _figures(view),
        _space(view),
        _data(view),
        _notes(view),
        _again(view),
    ]
    text = "\n\n".join(block for block in blocks if block)
    return text if len(text) <= LONGEST_TAG else text[:LONGEST_TAG] + "\n\n..."


def _searched(view: SweepView) -> str:
    definition = view.definition
    counted = [record for record in view.history if record.counted]
    counts = Counter(record.state for record in counted)
    parts = ", ".join(f"{counts[state]} {state}" for state in TrialState if counts[state])
    cap = f" of {view.run_cap}" if view.run_cap is not None else ""
    state = view.state + (f" ({view.reason})" if view.reason else "")
    verb = "maximise" if view.goal == "maximize" else "minimise"
    names = ", ".join(definition.get("architecture") or "?")
    method, sampler = definition.get("method", "?"), definition.get("sampler")
    how = f"{method} search" if sampler in (None, method) else f"{method} search ({sampler})"
    how += ", a race," if definition.get("allocate") == "race" else ""
    return (
        f"**Searched**: `{names}` by {how} to {verb}"
        f" `{view.metric}`, seed {definition.get('seed', 0)}. Sweep {state}: {len(counted)}{cap} trials"
        + (f" ({parts})." if parts else ".")
        + (f" {len(view.left_out)} more lie outside the search space and do not count." if view.left_out else "")
    )


def _won(view: SweepView) -> str:
    winner = view.winner
    if winner is None or winner.result is None or winner.value is None:
        return "**Won**: no trial has succeeded yet." if view.state == "running" else "**Won**: no trial succeeded."
    return (
        f"**{'Leads' if view.state == 'running' else 'Won'}**: trial {winner.number} with {view.metric}"
        f" {winner.value:.4f} at epoch {winner.result.best_epoch} of {len(winner.epochs)}."
    )


def _figures(view: SweepView) -> str:
    """The winner beside the floors, on validation and, once opened, on test."""
    winner, opening = view.winner, view.test
    metrics = winner.result.metrics if winner and winner.result else {}
    floors = {name: value for name, value in view.floors.items() if value is not None}
    if not metrics and not floors:
        return ""
    tested: Mapping[str, Any] = (opening.figures or {}) if opening else {}
    head = "test" if opening is None else f"test ({tested.get('rows', '?')} rows, trial {opening.trial})"
    lines = [f"| | validation | {head} |", "|---|---|---|"]
    lines += [
        f"| {name} | {metrics[f'val_{name}']:.4f} | {_number(tested.get(name), 'sealed')} |"
        for name in ("accuracy", "macro_f1", "loss")
        if f"val_{name}" in metrics
    ]
    test_floors = tested.get("floors") or {}
    for name, value in floors.items():
        lines.append(f"| floor: {FLOORS.get(name, name)} | {value:.4f} | {_number(test_floors.get(name), '')} |")
    if opening and opening.number > 1:
        lines.append(f"\nThe test part has been opened {opening.number} times.")
    return "\n".join(lines)


FLOORS = {"chance": "chance", "majority": "commonest label", "linear": "TF-IDF and a linear model"}


def _space(view: SweepView) -> str:
    spaces: Mapping[str, Mapping[str, Any]] = view.definition.get("space") or {}
    head = "won" if view.state != "running" else "leads"
    blocks = []
    for architecture, space in spaces.items():
        searched = {name: item for name, item in sorted(space.items()) if item["kind"] != "constant"}
        if not searched:
            continue
        title = architecture if len(spaces) > 1 else "parameter"
        winner = view.winner if view.winner and view.winner.trial.architecture == architecture else None
        lines = [f"| {title} | searched | {head} |", "|---|---|---|"]
        lines += [f"| {name} | {_values(item)} | {_chosen(winner, name)} |" for name, item in searched.items()]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _values(item: Mapping[str, Any]) -> str:
    when = "".join(
        f", when {parent} is {' or '.join(map(text_of, values))}" for parent, values in (item.get("when") or {}).items()
    )
    if item["kind"] == "categorical":
        return ", ".join(text_of(value) for value in item["values"]) + when
    extra = [word for word in ("integer", "log") if item.get(word)]
    if item.get("step"):
        extra.append(f"step {item['step']:g}")
    if prior := item.get("prior"):
        kind = "normal" if "mu" in prior else "beta"
        extra.append(f"{kind} {', '.join(f'{name} {value:g}' for name, value in prior.items())}")
    return f"{item['low']:g} to {item['high']:g}" + (f" ({', '.join(extra)})" if extra else "") + when


def _chosen(winner: TrialRecord | None, name: str) -> str:
    if winner is None or name not in winner.trial.parameters:
        return ""
    value = winner.trial.parameters[name]
    return f"{value:.6g}" if isinstance(value, float) else text_of(value)


def _data(view: SweepView) -> str:
    data = view.data
    if not data:
        return ""
    rows = " / ".join(str(data[part]) for part in ("train", "validation", "test") if part in data)
    labels = [str(label) for label in data.get("labels") or ()]
    shown = ", ".join(labels[:8]) + (", ..." if len(labels) > 8 else "")
    text = f"**Data**: {data.get('name', '?')}, {rows} rows (train / validation / test), {len(labels)} labels ({shown})"
    cleaned = _cleaning(view.definition.get("space") or {})
    return text + f", hash `{str(data.get('data_hash', ''))[:12]}`." + (f" **Cleaned**: {cleaned}." if cleaned else "")


def _cleaning(spaces: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    """The cleaning that every trial of all architectures has, where it is not the usual one."""
    usual = {item.name: item.preset for item in cleaning.PARAMETERS}
    fixed = [
        {name: text_of(item["value"]) for name, item in space.items() if item["kind"] == "constant"}
        for space in spaces.values()
    ]
    return ", ".join(
        f"{name} {fixed[0][name]}"
        for name, value in usual.items()
        if fixed
        and len({item.get(name) for item in fixed}) == 1
        and fixed[0].get(name, text_of(value)) != text_of(value)
    )


def _notes(view: SweepView) -> str:
    serious = [item for item in view.findings if item.get("severity") in ("fatal", "warning")]
    lines = [
        f"- data: {item.get('name')}" + (f", {item['count']} rows" if item.get("count") is not None else "")
        for item in serious[:12]
    ]
    lines += [f"- {note}" for note in view.notes[:12]]
    return "\n".join(["**Mind**:", *lines]) if lines else ""


def _again(view: SweepView) -> str:
    options = [word for setting in _settings(view.definition_text) for word in ("--set", setting)]
    command = shlex.join(["sweep", "run", "definition.yaml", *options, "--name", f"{view.name}-2"])
    return (
        f"**Again**: download the artifact `definition.yaml` and `{command}`; paths in it are relative to where it lay."
    )


def _settings(text: str) -> list[str]:
    """The overrides that the comments at the top of a definition's text name; the name is another one each time."""
    top = takewhile(lambda line: line.startswith("#"), text.splitlines())
    settings = [line.removeprefix(SETTING) for line in top if line.startswith(SETTING)]
    return [setting for setting in settings if not setting.startswith("name=")]


SETTING = "# run with --set "
"""How the command line notes an override at the top of a definition's text."""


def _number(value: Any, missing: str) -> str:
    return f"{value:.4f}" if isinstance(value, int | float) else missing
