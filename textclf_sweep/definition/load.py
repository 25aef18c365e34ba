"""A definition's text -> `SweepDefinition`, or everything that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from textclf_sweep.definition import keys
from textclf_sweep.definition import overrides as overriding
from textclf_sweep.definition.catalogue import Catalogue
from textclf_sweep.definition.nodes import BrokenNode, Field, Place, Problems, quote
from textclf_sweep.definition.parameters import check_grid, check_probabilities, enqueued, space_of
from textclf_sweep.definition.reader import MAX_BYTES, read
from textclf_sweep.definition.sections import (
    budget_of,
    check_early_terminate,
    data_of,
    early_stopping_of,
    metric_of,
)
from textclf_sweep.definition.space import SearchSpace
from textclf_sweep.definition.suggest import nearest
from textclf_sweep.definition.types import DataSettings, SweepDefinition
from textclf_sweep.definition.values import section
from textclf_sweep.errors import DefinitionError, Problem
from textclf_sweep.trial import Parameters

NAMELESS = "definition"
"""What a text without a file is called in messages."""
UNUSED = (*keys.FOREIGN, "early_terminate")
"""Keys that are accepted and have no effect."""


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
    values = _top(root, catalogue, problems)
    metric = metric_of(_section(root, "metric"), problems)
    early_stopping = early_stopping_of(_section(root, "early_stopping"), metric, problems)
    budget = budget_of(_section(root, "budget"), problems)
    check_early_terminate(_section(root, "early_terminate"), problems)
    data = _data(root, catalogue, problems)
    if root.get("name") is None:
        values["name"] = _default_name(root.place, path, problems)
    space, enqueue = _searched(root, values, catalogue, problems, defaults=defaults)
    if problems.found or data is None:
        problems.stop()
    return SweepDefinition(
        **values, metric=metric, space=space, data=data, enqueue=enqueue, early_stopping=early_stopping, budget=budget,
        ignored=tuple(key for key in UNUSED if root.get(key)),
    )  # fmt: skip


def _top(root: Field, catalogue: Catalogue, problems: Problems) -> dict[str, Any]:
    """The keys of the top level that take one value; complains of keys that do not belong there."""
    settings = keys.top(catalogue)
    known = {*(setting.name for setting in settings), *keys.SECTIONS}
    parameters = {item.name for entry in catalogue.architectures.values() for item in entry.parameters} - known
    values = section(root, settings, problems, keys.SECTIONS, silent={*parameters, *keys.FOREIGN})
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
    wording = "1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit"
    problems.add_at(place, "name", what, wording, "add e.g. `name: first-try`")
    return stem


def _searched(
    root: Field, values: Mapping[str, Any], catalogue: Catalogue, problems: Problems, *, defaults: bool
) -> tuple[SearchSpace, tuple[Parameters, ...]]:
    """The search space and the parameter sets to try first; what is invalid is left out and reported."""
    architecture = catalogue.architectures.get(values.get("architecture", ""))
    if architecture is None:  # which is reported; nothing can be said of its parameters
        return SearchSpace(()), ()
    parameters, first = _section(root, "parameters"), _section(root, "enqueue")
    space = space_of(parameters, architecture, catalogue, problems, defaults=defaults)
    method = root.get("method")
    searcher = catalogue.searchers.get(values.get("method", ""))
    if space is not None and searcher is not None and method is not None:
        check_probabilities(space, parameters or method, searcher, problems)
        if searcher.finite:
            check_grid(space, parameters or method, values.get("run_cap"), problems)
    enqueue = () if first is None else enqueued(first, architecture, space, catalogue, problems)
    return space or SearchSpace(()), enqueue


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
