"""The sections of a definition that are no hyperparameters: metric, stopping, pruning, budget and data."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from textclf_sweep.definition import keys
from textclf_sweep.definition.catalogue import Catalogue, Entry
from textclf_sweep.definition.keys import Setting
from textclf_sweep.definition.nodes import Field, MapNode, Problems, ScalarNode, quote
from textclf_sweep.definition.suggest import nearest
from textclf_sweep.definition.types import Budget, DataSettings, EarlyStopping, EarlyTerminate, Metric
from textclf_sweep.definition.values import parameter_value, section
from textclf_sweep.trial import OBJECTIVES, Scalar


def metric_of(field: Field | None, problems: Problems) -> Metric:
    """The objective; its direction is its own, whatever is written must agree."""
    if field is None:
        return Metric()
    values = section(field, keys.METRIC, problems)
    name = values.get("name", Metric().name)
    goal: Literal["maximize", "minimize"] = "maximize" if OBJECTIVES[name] == "maximize" else "minimize"
    written = field.get("goal")
    sure = "name" in values or field.get("name") is None
    if written is not None and sure and values.get("goal", goal) != goal:
        better = "larger" if goal == "maximize" else "smaller"
        what = f"{name} is not to be {values['goal']}d: {better} is better"
        problems.add(written, what, goal, f"write goal: {goal}, or leave it out")
    _check_target(field, name, values.get("target"), problems)
    return Metric(name, goal, values.get("target"))


def _check_target(field: Field, name: str, target: float | None, problems: Problems) -> None:
    """A share can't be 95, and a loss not be below 0."""
    child, share = field.get("target"), OBJECTIVES[name] == "maximize"
    if child is None or target is None or (0 <= target <= 1 if share else target >= 0):
        return
    fix = f"write target: {target / 100:g}" if share and 1 < target <= 100 else ""
    expected = "a number from 0 to 1" if share else "a number >= 0"
    problems.add(child, f"{name} never reaches {target:g}", expected, fix)


def early_stopping_of(field: Field | None, metric: Metric, problems: Problems) -> EarlyStopping | None:
    """When a trial stops by itself: false, null and ``none`` are never, absent is the default."""
    if field is None:
        return EarlyStopping(metric=metric.name)
    if isinstance(field.node, ScalarNode):
        if not _is_off(field):
            fix = "remove the key for the default, or write e.g. early_stopping: {patience: 3}"
            problems.add(field, f"{quote(field.node.source)} is not valid", "a mapping, or false", fix)
        return None
    return EarlyStopping(**{"metric": metric.name, **section(field, keys.EARLY_STOPPING, problems)})


def early_terminate_of(field: Field | None, catalogue: Catalogue, problems: Problems) -> EarlyTerminate | None:
    """How trials that fall behind are ended: absent, false, null and ``none`` let every trial train to its end."""
    if field is None or _is_off(field):
        return None
    rule = Setting(
        "type", "str", "The criterion.", required=True,
        choices={**{name: entry.doc for name, entry in catalogue.pruners.items()}, "none": "no pruning"},
    )  # fmt: skip
    foreign: dict[str, list[str]] = {}
    for entry in catalogue.pruners.values():
        for item in entry.parameters:
            foreign.setdefault(item.name, []).append(entry.name)
    kind = section(field, [rule], problems, others=foreign).get("type")
    if kind is None or kind == "none":
        return None
    pruner, before = catalogue.pruners[kind], len(problems.found)
    options = {name: value for name, value in _options(field, pruner, foreign, problems) if value is not None}
    wrong = pruner.check(options) if pruner.check is not None and len(problems.found) == before else ""
    if wrong:
        names = ", ".join(item.name for item in pruner.parameters)
        problems.add(field, wrong, "", f"the options of {kind} are {names}")
    return EarlyTerminate(kind, options)


def _is_off(field: Field) -> bool:
    """Whether a section is switched off."""
    node = field.node
    return isinstance(node, ScalarNode) and (node.value is None or node.value is False or node.value == "none")


def budget_of(field: Field | None, problems: Problems) -> Budget:
    """Limits of time, in seconds, and of patience, in trials."""
    return Budget() if field is None else Budget(**section(field, keys.BUDGET, problems))


def data_of(field: Field, catalogue: Catalogue, problems: Problems) -> DataSettings | None:
    """Where texts and labels come from; None when it cannot be told."""
    if isinstance(field.node, ScalarNode) and isinstance(field.node.value, str):
        key = "source" if field.node.value in catalogue.sources else "path"
        problems.add(field, "a single value", "a mapping", f"write data: {{{key}: {field.node.value[:60]}}}")
        return None
    owners: dict[str, list[str]] = {}
    for entry in catalogue.sources.values():
        for item in entry.parameters:
            owners.setdefault(item.name, []).append(entry.name)
    values = section(field, keys.data(catalogue), problems, others=owners)
    if not isinstance(field.node, MapNode):
        return None
    source = _source(field, values, catalogue, problems)
    _check_columns(field, values, problems)
    if source is None:
        return None
    own = {name: value for name, value in _options(field, source, owners, problems) if value is not None}
    values["text"] = (values.get("text", "text"),)
    path = None if values.get("path") is None else _absolute(field, values["path"])
    return DataSettings(**{**values, "source": source.name, "path": path, "options": own})


def _source(field: Field, values: Mapping[str, Any], catalogue: Catalogue, problems: Problems) -> Entry | None:
    """The source that is named, or that reads files of the path's ending."""
    path, named = field.get("path"), field.get("source")
    absent = path is None or values.get("path", "") is None
    if named is not None:
        source = catalogue.sources.get(values.get("source", ""))
        if source is not None and source.extensions and absent:
            what = f"{source.name} reads a file, but there is no path"
            problems.add(named, what, f"path: a file ({', '.join(source.extensions)})", "add a path")
        if source is not None and not source.extensions and values.get("path") is not None and path is not None:
            fix = "remove the path, or the source to have it inferred from the path"
            problems.add(path, f"{source.name} brings its own data", "no path", fix)
        return source
    if path is None or absent:
        bundled = [name for name, entry in catalogue.sources.items() if not entry.extensions]
        fix = f"e.g. data: {{source: {bundled[0]}}}" if bundled else "add a path"
        problems.add(field, "there is neither a path nor a source", "one of them", fix)
        return None
    if "path" not in values:
        return None
    ending = Path(values["path"]).name.lower()
    by_ending = {item: entry for entry in catalogue.sources.values() for item in entry.extensions}
    fitting = [item for item in by_ending if ending.endswith(item)]
    if fitting:
        return by_ending[max(fitting, key=len)]
    bundled_name = nearest(values["path"], [name for name, entry in catalogue.sources.items() if not entry.extensions])
    fix = f"write source: {bundled_name}" if bundled_name else "add source: to say what the file is"
    what = f"the ending of {quote(values['path'])} does not tell the kind of the data"
    problems.add(path, what, f"one of {', '.join(sorted(by_ending))}", fix)
    return None


def _check_columns(field: Field, values: Mapping[str, Any], problems: Problems) -> None:
    """Columns are distinct and the shares leave something to train on."""
    standard = DataSettings("")
    text, label = values.get("text", standard.text[0]), values.get("label", standard.label)
    column = field.get("label") or field.get("text")
    if column is not None and text == label:
        problems.add(column, f"texts and labels are both in column {quote(text)}", "two columns")
    validation, test = values.get("validation", standard.validation), values.get("test", standard.test)
    share = field.get("validation") or field.get("test")
    if share is not None and validation + test >= 1:
        what = f"validation {validation:g} and test {test:g} leave nothing to train on"
        problems.add(share, what, "shares that sum to less than 1", "e.g. validation: 0.15 and test: 0.15")
    folds, written = field.get("folds"), field.get("validation")
    if values.get("folds") is not None and folds is not None and written is not None:
        what = f"{values['folds']} folds leave no validation part: each is validated on in turn"
        problems.add(written, what, "folds or validation", "remove one of them")


def _options(
    field: Field, owner: Entry, foreign: Mapping[str, list[str]], problems: Problems
) -> Iterator[tuple[str, Scalar | None]]:
    """The source's or pruner's own options, defaults included."""
    declared = {item.name: item for item in owner.parameters}
    for name, child in field.entries():
        if name in foreign and name not in declared:
            owners = ", ".join(foreign[name])
            what = f"{quote(name)} is an option of {owners}, not of {owner.name}"
            problems.add(child, what, f"one of {', '.join(declared)}" if declared else "no options", "remove it")
    for name, item in declared.items():
        option = field.get(name)
        value = None if option is None else parameter_value(option, item, problems)
        yield name, item.default if value is None else value


def _absolute(field: Field, path: str) -> str:
    """`path` from the folder of the text it was written in, without ``..``."""
    child = field.get("path")
    folder = Path() if child is None else child.node.place.folder
    return os.path.normpath((folder / path).absolute())
