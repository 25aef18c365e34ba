"""A definition's text -> `SweepDefinition`, or everything that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from textclf_sweep.definition import keys
from textclf_sweep.definition import overrides as overriding
from textclf_sweep.definition.catalogue import Catalogue, Entry
from textclf_sweep.definition.data import data_of
from textclf_sweep.definition.methods import searcher_of
from textclf_sweep.definition.nodes import BrokenNode, Field, ListNode, Place, Problems, quote
from textclf_sweep.definition.reader import MAX_BYTES, read
from textclf_sweep.definition.searches import Scope, architectures_of, caps_of, knowing, searches_of
from textclf_sweep.definition.sections import budget_of, early_stopping_of, early_terminate_of, metric_of
from textclf_sweep.definition.space import greatest, possible
from textclf_sweep.definition.suggest import nearest
from textclf_sweep.definition.types import BASELINES, Allocate, DataSettings, EarlyTerminate, Search, SweepDefinition
from textclf_sweep.definition.values import section, setting_value
from textclf_sweep.errors import DefinitionError, Problem

NAMELESS = "definition"
"""What a text without a file is called in messages."""
ELSEWHERE = ("architecture", "run_cap")
"""Keys of the top level that take one value or more."""


def load_file(path: Path, catalogue: Catalogue, overrides: Sequence[str] = ()) -> SweepDefinition:
    """The definition in a file.

    Args:
        path: the file.
        catalogue: what architectures, methods, sources and engines there are.
        overrides: texts ``key.path=value`` that replace values of the file.

    Raises:
        DefinitionError: the file cannot be read, or is wrong: all problems at once.
    """
    return load(read_file(path), catalogue, path=path, overrides=overrides)


def read_file(path: Path) -> bytes:
    """What a file (or a pipe) holds, for `load`; of a file too large to be a definition only the beginning.

    Raises:
        DefinitionError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL character
        raise DefinitionError(_unreadable(path, error)) from error


def load(
    text: str | bytes, catalogue: Catalogue, *, path: Path | None, overrides: Sequence[str] = ()
) -> SweepDefinition:
    """The definition that a text holds.

    Args:
        text: YAML 1.2, as text or as the bytes of a file in UTF-8.
        catalogue: what architectures, methods, sources and engines there are.
        path: the file the text comes from: for the sweep's default name, for messages, and for the folder that
            relative paths in it start from. None: a name must be given, and paths start from the current folder.
        overrides: texts ``key.path=value``, see `textclf_sweep.definition.overrides`; relative paths in them start
            from the current folder.

    Raises:
        DefinitionError: something is wrong: all problems at once, each with its place.
    """
    problems = Problems()
    folder = Path() if path is None else path.parent
    place = Place(NAMELESS if path is None else str(path), folder)
    root = read(text, place, problems)
    if root is None:
        problems.stop()
    # A single `--set parameters.dropout=...` does not mean that nothing else is searched any more.
    searched = "parameters" not in root.entries and not any(item.startswith("parameters=") for item in overrides)
    root = overriding.apply(root, tuple(overrides), Path(), problems)
    return _definition(Field("", place, root), path, catalogue, problems, defaults=searched)


def _definition(
    root: Field, path: Path | None, catalogue: Catalogue, problems: Problems, *, defaults: bool
) -> SweepDefinition:
    chosen = architectures_of(root, catalogue, problems)
    catalogue = knowing(catalogue, chosen)
    values = _top(root, catalogue, problems)
    metric = metric_of(_section(root, "metric"), problems)
    early_stopping = early_stopping_of(_section(root, "early_stopping"), metric, problems)
    budget = budget_of(_section(root, "budget"), problems)
    early_terminate = early_terminate_of(_section(root, "early_terminate"), catalogue, problems)
    data = _data(root, catalogue, problems)
    baselines = _baselines(_section(root, "baselines"), problems)
    searcher = searcher_of(root, values, catalogue, problems)
    _check_paces(root, searcher, early_terminate, problems)
    if root.get("name") is None:
        values["name"] = _default_name(root.place, path, problems)
    caps = caps_of(root, chosen, _allocate(root, values), problems)
    searches = searches_of(root, Scope(chosen, caps, searcher, catalogue, defaults), problems)
    if problems.found or data is None or searcher is None:
        problems.stop()
    plain = {key: value for key, value in values.items() if key not in ("library", "sampler")}
    return SweepDefinition(
        **plain, searches=searches, sampler=searcher.name, metric=metric, data=data, run_cap=caps.total,
        early_stopping=early_stopping, early_terminate=early_terminate, budget=budget,
        baselines=baselines, folder=str(root.node.place.folder.resolve()),
        ignored=(
            *(key for key in keys.FOREIGN if root.get(key)),
            *_idle(early_terminate, searches, catalogue),
            *_late(searches),
            *_undecayed(searches),
        ),
    )  # fmt: skip


def _baselines(field: Field | None, problems: Problems) -> tuple[str, ...]:
    """One name, a list of them, or none at all; in the order of `BASELINES`."""
    if field is None:
        return BASELINES
    single = not isinstance(field.node, ListNode)
    named = [name for item in ((field,) if single else field.items())
             for name in setting_value(item, keys.BASELINE, problems).values()]  # fmt: skip
    twice = [name for index, name in enumerate(named) if name in named[:index]]
    if twice:
        problems.add(field, f"{quote(twice[0])} stands in the list twice", "each baseline once", "remove one")
    return tuple(name for name in BASELINES if name in named)


def _idle(early_terminate: EarlyTerminate | None, searches: Sequence[Search], catalogue: Catalogue) -> Iterator[str]:
    """What of pruning has no effect: options beside others, or all of it, when trials end before it begins."""
    if early_terminate is None:
        return
    pruner = catalogue.pruners[early_terminate.type]
    for name in pruner.idle(early_terminate.options) if pruner.idle is not None else ():
        yield f"early_terminate.{name}"
    longest = [greatest(dict(search.space.distributions).get("epochs")) for search in searches]
    if pruner.first_epoch is not None and longest and None not in longest:
        first, epochs = pruner.first_epoch(early_terminate.options), max(item for item in longest if item is not None)
        if first >= epochs:
            yield f"early_terminate (it begins at epoch {first}, where trials of {epochs:g} have nothing left to save)"


def _late(searches: Sequence[Search]) -> Iterator[str]:
    """Enqueued sets that have no turn."""
    for search in searches:
        if search.run_cap is not None and len(search.enqueue) > search.run_cap:
            late = len(search.enqueue) - search.run_cap
            whose = f" of {search.architecture}" if len(searches) > 1 else ""
            yield f"the last {late} of {len(search.enqueue)} enqueued sets{whose} (run_cap is {search.run_cap})"


ADAMW = "adamw"


def _undecayed(searches: Sequence[Search]) -> Iterator[str]:
    """AdamW without weight decay: what sets it apart from Adam."""
    for search in searches:
        given = dict(search.space.distributions)
        optimizer, decay = given.get("optimizer"), given.get("weight_decay")
        if optimizer is None or decay is None or not possible(optimizer, (ADAMW,)):
            continue
        terms = dict(search.space.conditions).get("weight_decay", ())
        there = all(term.allows(ADAMW) for term in terms if term.parent == "optimizer")
        if not there or greatest(decay) == 0:
            whose = f" of {search.architecture}" if len(searches) > 1 else ""
            yield f"optimizer {ADAMW}{whose} (weight_decay is 0, so it is adam; 0.01 is usual)"


def _allocate(root: Field, values: Mapping[str, Any]) -> Allocate | None:
    """How trials are shared; None when what is written is invalid."""
    found: Allocate | None = values.get("allocate", None if root.get("allocate") else "each")
    return found


def _check_paces(
    root: Field, searcher: Entry | None, early_terminate: EarlyTerminate | None, problems: Problems
) -> None:
    """A searcher that chooses the epochs of its trials ends them itself."""
    field = root.get("early_terminate")
    if searcher is not None and searcher.paces and early_terminate is not None and field is not None:
        what = f"sampler {searcher.name} chooses how long a trial trains; nobody else can end it"
        problems.add(field, what, "no early_terminate", "remove it, or use another sampler")


def _top(root: Field, catalogue: Catalogue, problems: Problems) -> dict[str, Any]:
    """The keys of the top level that take one value; complains of keys that do not belong there."""
    settings = [setting for setting in keys.top(catalogue) if setting.name not in ELSEWHERE]
    others = (*keys.SECTIONS, *ELSEWHERE)
    known = {*(setting.name for setting in settings), *others}
    parameters = {item.name for entry in catalogue.architectures.values() for item in entry.parameters} - known
    values = section(root, settings, problems, others, silent={*parameters, *keys.FOREIGN})
    for name in parameters:
        child = root.get(name)
        if child is not None:
            what = "is a hyperparameter, not a key of the top level"
            problems.add(child, what, "it below parameters", f"write parameters: {{{name}: ...}}")
    return values


def _section(root: Field, name: str) -> Field | None:
    """A section that is there and readable."""
    field = root.get(name)
    return None if field is None or isinstance(field.node, BrokenNode) else field


def _data(root: Field, catalogue: Catalogue, problems: Problems) -> DataSettings | None:
    if root.get("data") is None:
        fix = "e.g. data: {path: tickets.csv, text: body, label: queue}"
        problems.add_at(root.place, "data", "is missing", "where texts and labels come from", fix)
    field = _section(root, "data")
    return None if field is None else data_of(field, catalogue, problems)


def _default_name(place: Place, path: Path | None, problems: Problems) -> str:
    """The file's name without its ending."""
    stem = "" if path is None else path.stem
    if re.fullmatch(keys.NAME, stem):
        return stem
    what = f"the file's name, {quote(stem)}, cannot be the sweep's" if stem else "is missing"
    problems.add_at(place, "name", what, keys.NAME_WORDING, "add e.g. `name: first-try`")
    return stem


def _unreadable(path: Path, error: Exception) -> Problem:
    """Why a file could not be read."""
    where = str(path).replace("\0", "?")
    if isinstance(error, FileNotFoundError):
        try:
            names = [item.name for item in path.parent.iterdir() if item.suffix in (".yaml", ".yml")]
        except OSError:
            names = []
        near = nearest(path.name, names)
        fix = f"did you mean {path.parent / near}?" if near else "check the path"
        return Problem("there is no such file", "a sweep definition in YAML", fix, where=where)
    if isinstance(error, IsADirectoryError):
        return Problem("this is a folder", "a sweep definition in YAML", "name a file in it", where=where)
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return Problem(f"the file cannot be read: {reason}", "a readable file", "check its path and rights", where=where)
