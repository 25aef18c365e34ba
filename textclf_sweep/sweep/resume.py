"""Going on with a sweep: is it the same one, and what did its last run leave behind?"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from textclf_sweep.definition.space import SearchSpace
from textclf_sweep.definition.types import SweepDefinition
from textclf_sweep.errors import InputError, Problem
from textclf_sweep.ledger import Ledger
from textclf_sweep.store import SweepFolder
from textclf_sweep.training.files import sha256
from textclf_sweep.trial import Parameters, TrialRecord, TrialResult, TrialState


def check_same(
    definition: SweepDefinition,
    data_hash: str,
    ledger: Ledger,
    *,
    extend: bool = False,
    changes: Callable[[], str] = str,
) -> None:
    """Refuse to continue a sweep under another definition or with other data.

    Args:
        definition: what is to be run now.
        data_hash: of its data.
        ledger: of the sweep.
        extend: whether the search space may have changed.
        changes: says what has changed in the data, in half a sentence; called when something has.

    Raises:
        InputError: with every difference and the ways on.
    """
    name, old_hash = definition.name, ledger.get("data", {}).get("data_hash")
    found = _differences(ledger.get("definition", {}), definition.identity())
    others = [item for item in found if not item[0].startswith(SPACE)]
    if any(key == "architecture" for key, _, _ in found):  # what is in their files, or searched, goes without saying
        found = [item for item in found if not item[0].startswith((OWN, SPACE))]
        others = [item for item in others if not item[0].startswith(OWN)]
    differences = [_changed(name, item, extend=extend) for item in (others if extend else found)]
    if old_hash != data_hash:
        differences.append(
            Problem(
                f"the data are not those sweep {name!r} began with (hash {str(old_hash)[:12]}, now {data_hash[:12]})"
                + (f": {told}" if (told := changes()) else ""),
                expected="the same rows in the same splits",
            )
        )
    ways = f"give this one a name of its own (`--name NEW`), or remove the old one (`sweep delete {name}`)"
    if found and not others and not extend and old_hash == data_hash:
        ways = f"continue the sweep in the new search space (`--extend`), {ways}"
    differences += _fewer(definition, ledger, extend=extend)
    if differences:
        last = differences[-1]
        raise InputError(*differences[:-1], Problem(last.what, last.expected, ways))


def accept_contents(name: str, contents: Mapping[str, str], ledger: Ledger) -> None:
    """Keep what is in the files that a sweep's models begin with; refuse to continue it when one has changed.

    Args:
        name: of the sweep.
        contents: of these files: SHA-256 by parameter and value.
        ledger: of the sweep; gets what it does not know yet.

    Raises:
        InputError: with every such file and the ways on.
    """
    known: Mapping[str, str] = ledger.get("contents") or {}
    changed = [key for key in contents if known.get(key, contents[key]) != contents[key]]
    ways = "undo the change, give this sweep a name of its own (`--name NEW`), or remove the old one"
    problems = [
        Problem(
            f"the content of {key} is not what it was when sweep {name!r} began",
            f"what its trials have begun with (SHA-256 {known[key][:12]}, now {contents[key][:12]})",
            f"{ways} (`sweep delete {name}`)" if key == changed[-1] else "",
        )
        for key in changed
    ]
    if problems:
        raise InputError(*problems)
    ledger.put(contents={**known, **contents})


def only_space_differs(old: Mapping[str, Any], definition: SweepDefinition) -> bool:
    """Whether a definition's identity differs from that of `definition` in the search space alone."""
    return all(key.startswith(SPACE) for key, _, _ in _differences(old, definition.identity()))


SPACE = "parameters."
"""What the keys of the search space begin with among the differences."""
OWN, DIGEST = "own.", ".digest"
"""What the keys of the user's own architectures begin with, and those of their files' hashes end with."""


def _changed(name: str, difference: tuple[str, Any, Any], *, extend: bool) -> Problem:
    """One difference between a sweep's definition and the one it began with."""
    key, old, new = difference
    if key.startswith(OWN) and key.endswith(DIGEST) and old and new:
        what = f"the file of {key.removeprefix(OWN).removesuffix(DIGEST)} has changed since sweep {name!r} began"
        return Problem(what, f"the model that its trials have trained (SHA-256 {old[:12]}, now {new[:12]})")
    what = f"{key} was {_show(old)} when sweep {name!r} began and is {_show(new)} now"
    return Problem(what, "the definition the sweep began with" + (" but for its parameters" if extend else ""))


def _fewer(definition: SweepDefinition, ledger: Ledger, *, extend: bool) -> list[Problem]:
    """Caps on trials that have shrunk, of the sweep and of one architecture."""
    history = [record for record in ledger.history() if record.counted and not (extend and outside(record, definition))]
    caps: dict[str, int | None] = ledger.get("run_caps") or {}
    if not definition.several or definition.allocate == "race":
        wanted = [("run_cap", definition.run_cap, ledger.get("run_cap"), len(history))]
    else:
        wanted = [
            (
                f"run_cap.{search.architecture}",
                search.run_cap,
                caps.get(search.architecture),
                sum(record.trial.architecture == search.architecture for record in history),
            )
            for search in definition.searches
        ]
    return [
        Problem(
            f"{key} is {now} now, but sweep {definition.name!r} has {done} trials already and was to have"
            f" {max(done, before or 0)}",
            expected=f"at least {max(done, before or 0)}: run_cap can only grow",
        )
        for key, now, before, done in wanted
        if now is not None and now < max(done, before or 0)
    ]


def outside(record: TrialRecord, definition: SweepDefinition) -> bool:
    """Whether a trial is none that `definition` could have: its parameters lie outside the search space.

    An enqueued set may lie outside, so the parameters it gives are not held against a trial that has them.
    """
    search, parameters = definition.search(record.trial.architecture), record.trial.parameters
    if search is None:
        return True
    spaces = [search.space, *(search.space.fix(_known(given, search.space)) for given in search.first)]
    return not any(space.holds(parameters) for space in spaces)


def _known(parameters: Parameters, space: SearchSpace) -> Parameters:
    """Those of `parameters` that the space has."""
    names = dict(space.distributions)
    return {name: value for name, value in parameters.items() if name in names}


def extend(definition: SweepDefinition, text: str, ledger: Ledger) -> tuple[int, int]:
    """Go on in another search space: the trials that lie outside it stay, and count no more.

    What the last run left behind must have been collected under the old definition.

    Args:
        definition: accepted by `check_same`.
        text: the YAML it was read from.
        ledger: of the sweep.

    Returns:
        How many trials count, and how many do not.
    """
    left_out = [record.number for record in ledger.history() if outside(record, definition)]
    ledger.redefine(left_out, definition=definition.identity(), definition_hash=definition.hash(), definition_text=text)
    return len(ledger.history()) - len(left_out), len(left_out)


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    alone = all(len(identity.get("space") or {}) == 1 for identity in (old, new))
    before, after = (_flat(_named(identity, alone=alone)) for identity in (old, new))
    return [
        (key, before.get(key), after.get(key))
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    ]


def _named(identity: Mapping[str, Any], *, alone: bool) -> dict[str, Any]:
    """`identity` with the search space under the keys of a definition; without the architecture's name if `alone`."""
    space: Mapping[str, Any] = identity.get("space") or {}
    whole = {key: item for key, item in identity.items() if key != "space"}
    return {**whole, "parameters": next(iter(space.values())) if alone else space}


def _flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, item in value.items():
        # A distribution is shown whole: "was {uniform 0 to 0.5}" reads better than its fields.
        if isinstance(item, Mapping) and "kind" not in item:
            flat |= _flat(item, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = item
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
