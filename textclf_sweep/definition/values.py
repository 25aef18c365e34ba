"""Checks of single values and of the keys of a mapping, shared by all sections."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from textclf_sweep.definition.catalogue import Entry
from textclf_sweep.definition.keys import Setting, seconds
from textclf_sweep.definition.nodes import (
    BrokenNode,
    Field,
    ListNode,
    MapNode,
    Node,
    Problems,
    ScalarNode,
    describe,
    quote,
)
from textclf_sweep.definition.reader import resolve
from textclf_sweep.definition.space import Parameter
from textclf_sweep.definition.suggest import KEYS, METRICS, VALUES, nearest
from textclf_sweep.trial import Scalar

MEANT = {"no": "false", "off": "false", "yes": "true", "on": "true"}
"""Truth values of YAML 1.1 and what YAML 1.2 calls them."""


def section(
    field: Field,
    settings: Sequence[Setting],
    problems: Problems,
    others: Iterable[str] = (),
    *,
    silent: Collection[str] = (),
) -> dict[str, Any]:
    """The valid values of a mapping's settings by name.

    Args:
        field: what should be a mapping.
        settings: the keys it can have.
        problems: gets what is wrong: unknown keys, invalid values, required keys that are absent.
        others: keys it can have that somebody else reads.
        silent: keys that somebody else reads or complains of, and that are never proposed.
    """
    if not isinstance(field.node, MapNode):
        example = f"{field.key}: {{{settings[0].name}: ...}}"
        problems.add(field, f"{describe(field.node)} cannot stand here", "a mapping", f"e.g. {example}")
        return {}
    by_name = {setting.name: setting for setting in settings}
    known = [*by_name, *others]
    values: dict[str, Any] = {}
    for name, child in field.entries():
        if name in by_name:
            values |= setting_value(child, by_name[name], problems)
        elif name not in known and name not in silent:
            unknown_key(child, name, known, problems)
    for setting in settings:
        if setting.required and setting.name not in field.node.entries:
            missing(field, setting, problems)
    return values


def setting_value(field: Field, setting: Setting, problems: Problems) -> dict[str, Any]:
    """``{name: value}``, or nothing when the value is invalid."""
    node = field.node
    if isinstance(node, ScalarNode):
        if node.value is None and setting.nullable:
            return {setting.name: None}
        value = _as_text(node, setting.rule)
        if not setting.reject(value) and value is not None:
            if setting.kind == "duration" and isinstance(value, str):
                value = seconds(value)
            return {setting.name: setting.rule.coerce(value)}  # type: ignore[arg-type]
    fix = mend(node, setting.rule) if isinstance(node, ScalarNode) else setting.advice
    if setting.pattern and isinstance(node, ScalarNode) and isinstance(node.value, str):
        plain = re.sub(r"[^A-Za-z0-9._-]+", "-", node.value).strip("-._")
        fix = f"e.g. {setting.name}: {plain}" if re.fullmatch(setting.pattern, plain) else fix
    problems.add(field, f"{describe(node)} is not valid", setting.expected, fix)
    return {}


def parameter_value(field: Field, parameter: Parameter, problems: Problems) -> Scalar | None:
    """The value in the parameter's own type; None when it is invalid."""
    node = field.node
    if isinstance(node, ScalarNode):
        value = _as_text(node, parameter)
        if value is not None and parameter.reject(value) is None:
            return _located(field, str(value), parameter, problems) if parameter.path else parameter.coerce(value)
    if not isinstance(node, BrokenNode):
        problems.add(field, f"{describe(node)} is not valid", parameter.expected(), mend(node, parameter))
    return None


def _located(field: Field, value: str, parameter: Parameter, problems: Problems) -> str | None:
    """A known name, or a path that exists: as it is written, so that a folder can be moved with all its files.

    What the command line names is relative to the current folder, and made absolute.
    """
    if value in parameter.names:
        return value
    place = field.node.place
    path = place.folder / value
    if not value or not path.exists():
        near = nearest(value, parameter.names)
        start = "current" if place.command_line else "definition's"
        fix = f"did you mean {near}?" if near else f"check the path; a relative one starts from the {start} folder"
        problems.add(field, f"there is no {quote(value)}", parameter.expected(), fix)
        return None
    return str(path.resolve()) if place.command_line else value


def scalars(field: Field, parameter: Parameter, problems: Problems) -> tuple[Scalar, ...]:
    """One value or a list of them, in the parameter's own type; empty when one is invalid, which is reported."""
    if not isinstance(field.node, ListNode):
        value = parameter_value(field, parameter, problems)
        return () if value is None else (value,)
    if not field.node.items:
        problems.add(field, "the list is empty", f"at least one value: {parameter.expected()}", "add one")
        return ()
    values = [parameter_value(item, parameter, problems) for item in field.items()]
    valid = tuple(value for value in values if value is not None)
    return valid if len(valid) == len(field.node.items) else ()


def options_of(
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


def missing(field: Field, setting: Setting, problems: Problems) -> None:
    """Complain that a mapping lacks a required key."""
    key = f"{field.key}.{setting.name}" if field.key else setting.name
    example = next(iter(setting.choices or ()), "...")
    problems.add_at(field.place, key, "is missing", setting.expected, f"add e.g. `{setting.name}: {example}`")


def mend(node: Node, rule: Parameter) -> str:
    """How to write what was probably meant; empty when there is no telling."""
    if not isinstance(node, ScalarNode):
        alone = isinstance(node, MapNode) and rule.path
        return f"write {rule.name}: PATH alone; other parameters stand beside it" if alone else ""
    if node.value is None:
        return "write a value, or remove the key"
    source = node.source
    if rule.choices:
        near = nearest(source, map(str, rule.choices), METRICS | VALUES)
        return f"did you mean {near}?" if near else ""
    if rule.kind == "str":
        quoted = "write none" if node.value is False and "none" in rule.names else f'put it in quotes: "{source}"'
        return "" if isinstance(node.value, str) else quoted
    if rule.kind == "bool":
        meant = MEANT.get(source.lower())
        return f"write {meant}" if meant else ""
    return _number_meant(source, rule) if isinstance(node.value, str) else ""


def unknown_key(field: Field, name: str, known: Iterable[str], problems: Problems) -> None:
    """Complain of a key that nobody knows."""
    names = list(known)
    near = nearest(name, names, KEYS)
    fix = f"did you mean {near}?" if near else "remove it"
    problems.add(field, f"there is no key {quote(name)} here", f"one of {', '.join(names)}", fix)


def _as_text(node: ScalarNode, rule: Parameter) -> Scalar | None:
    """On a command line quotes are a burden: what should be text is taken as it was written."""
    if rule.kind == "str" and node.place.command_line and node.value is not None:
        return node.source
    return node.value


def _number_meant(source: str, rule: Parameter) -> str:
    """``"0.1"``, ``1_000`` and ``1,000`` without what makes them text."""
    plain = source.strip().replace("_", "").replace(",", "")
    try:
        number = resolve(plain)
    except OverflowError:
        return ""
    return f"write {plain}, without quotes or separators" if rule.reject(number) is None else ""
