"""Going on with a sweep: is it the same one, and what did its last run leave behind?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from textclf_sweep.definition.types import SweepDefinition
from textclf_sweep.errors import InputError, Problem
from textclf_sweep.ledger import Ledger
from textclf_sweep.store import SweepFolder
from textclf_sweep.training.files import sha256
from textclf_sweep.trial import TrialResult, TrialState


def check_same(definition: SweepDefinition, data_hash: str, ledger: Ledger) -> None:
    """Refuse to continue a sweep under another definition or with other data.

    Raises:
        InputError: with every difference and the ways on.
    """
    name, old_hash = definition.name, ledger.get("data", {}).get("data_hash")
    ways = f"give this one a name of its own (`--name NEW`), or remove the old one (`sweep delete {name}`)"
    differences = [
        Problem(
            f"{key} was {_show(old)} when sweep {name!r} began and is {_show(new)} now",
            expected="the definition the sweep began with",
        )
        for key, old, new in _differences(ledger.get("definition", {}), definition.identity())
    ]
    if old_hash != data_hash:
        differences.append(
            Problem(
                f"the data are not those sweep {name!r} began with (hash {str(old_hash)[:12]}, now {data_hash[:12]})",
                expected="the same rows in the same splits",
            )
        )
    least = max(len(ledger.history()), ledger.get("run_cap") or 0)
    if definition.run_cap is not None and definition.run_cap < least:
        differences.append(
            Problem(
                f"run_cap is {definition.run_cap} now, but sweep {name!r} has {len(ledger.history())} trials already"
                f" and was to have {least}",
                expected=f"at least {least}: run_cap can only grow",
            )
        )
    if differences:
        last = differences[-1]
        raise InputError(*differences[:-1], Problem(last.what, last.expected, ways))


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    before, after = _flat(old), _flat(new)
    return [
        (key, before.get(key), after.get(key))
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    ]


def _flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, item in value.items():
        # A distribution is shown whole: "was {uniform 0 to 0.5}" reads better than its fields.
        if isinstance(item, Mapping) and "kind" not in item:
            flat |= _flat(item, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}".replace("space.", "parameters.", 1)] = item
    return flat


def _show(value: Any) -> str:
    if isinstance(value, Mapping):
        # By identity: a low end of 0 equals False.
        fields = {key: item for key, item in value.items() if item is not None and item is not False}
        inner = ", ".join(f"{key} {item}" for key, item in fields.items() if key != "kind")
        return f"{value['kind']} ({inner})"
    return "not set" if value is None else json.dumps(value)


def collect(ledger: Ledger, folder: SweepFolder) -> None:
    """Commit results that were written but not recorded; mark what was cut short as interrupted.

    No worker of an earlier run may be left: files that one was killed in the middle of are removed.
    """
    for unfinished in folder.results.glob(".*"):
        unfinished.unlink(missing_ok=True)
    for record in ledger.history():
        # A worker that outlived its parent may have written its result after the attempt was given up.
        if record.state not in (TrialState.RUNNING, TrialState.INTERRUPTED):
            continue
        result = read_result(folder.results / f"{record.number}.{record.attempts}.json", ledger)
        if result is not None:
            ledger.finish(result)
        elif record.state is TrialState.RUNNING:
            ledger.interrupt(record.number, "the sweep ended while it ran")


def read_result(path: Path, ledger: Ledger) -> TrialResult | None:
    """A worker's result file; None when it is missing, damaged or not of this definition, data and weights."""
    try:
        result = TrialResult.from_json(json.loads(path.read_bytes()))
        weights = path.with_suffix(".npz")
        whole = not result.weights_hash or sha256(weights) == result.weights_hash
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    found = (f"{result.trial}.{result.attempt}", result.definition_hash, result.data_hash)
    expected = (path.stem, ledger.get("definition_hash"), ledger.get("data", {}).get("data_hash"))
    return result if whole and found == expected else None
