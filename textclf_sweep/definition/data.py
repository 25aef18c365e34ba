"""``data`` -> `DataSettings`, and the cleaning steps in it, which are parameters of every trial."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from textclf_sweep.definition import keys
from textclf_sweep.definition.catalogue import Catalogue, Entry
from textclf_sweep.definition.keys import Setting
from textclf_sweep.definition.nodes import Field, ListNode, MapNode, Problems, ScalarNode, describe, quote
from textclf_sweep.definition.reader import resolve
from textclf_sweep.definition.suggest import nearest
from textclf_sweep.definition.types import DataSettings, Missing
from textclf_sweep.definition.values import (
    options_of,
    parameter_value,
    section,
    setting_value,
    unknown_key,
)

SAVED = ("dataset_dict.json", "dataset_info.json", "state.json")
"""Files in a folder that Hugging Face's library has saved."""
MAIN = ("path", "train")
"""Two names of one key."""
PARTS = ("validation", "test")
_MISSING = Setting(
    "missing", "str", "", choices=dict.fromkeys(keys.MISSING, ""),
    wording=f"one of {', '.join(keys.MISSING)}, or {{fill: TEXT}} or {{from: COLUMN}}",
)  # fmt: skip


def is_saved(folder: Path) -> bool:
    """Whether Hugging Face's library has saved a data set in `folder`."""
    return any((folder / name).is_file() for name in SAVED)


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
    steps = {item.name for item in catalogue.cleaning} - set(owners)
    values = section(field, keys.data(catalogue), problems, others=[*keys.DATA_FORMS, *owners], silent=steps)
    if not isinstance(field.node, MapNode):
        return None
    for name, child in field.entries():
        if name in steps:
            fix = f"write cleaning: {{{name}: ...}}, or put it below parameters"
            problems.add(child, "is a cleaning step, not a key of data", "it below data.cleaning", fix)
    source = _source(field, values, catalogue, problems)
    values |= dict(_several(field, problems))
    _check(field, values, problems)
    if source is None:
        return None
    values |= {f"{part}_path": _place(field.child(part), values.pop(part), source, catalogue)
               for part in PARTS if isinstance(values.get(part), str)}  # fmt: skip
    main = [(name, values.pop(name, None)) for name in MAIN]
    values["path"] = next((_place(field.child(name), path, source, catalogue) for name, path in main if path), None)
    options = {name: value for name, value in options_of(field, source, owners, problems) if value is not None}
    return DataSettings(**{**values, "source": source.name, "options": options})


def cleaning_of(root: Field, catalogue: Catalogue, problems: Problems) -> dict[str, Field]:
    """The valid entries of ``data.cleaning``, each one value.

    Args:
        root: the definition.
        catalogue: that has the steps.
        problems: gets what is wrong: unknown steps, invalid values, steps that ``parameters`` has as well.
    """
    data = root.get("data")
    field = None if data is None else data.get("cleaning")
    if field is None or (isinstance(field.node, ScalarNode) and field.node.value is None):
        return {}
    steps = {item.name: item for item in catalogue.cleaning}
    if not isinstance(field.node, MapNode):
        fix = f"e.g. cleaning: {{{next(iter(steps), 'lowercase')}: true}}"
        problems.add(field, f"{describe(field.node)} cannot stand here", "a mapping of cleaning steps", fix)
    found: dict[str, Field] = {}
    for name, child in field.entries():
        if name not in steps:
            unknown_key(child, name, steps, problems)
        elif isinstance(child.node, ListNode | MapNode):
            fix = f"to search it, write it below parameters instead: {name}: {{values: [...]}}"
            problems.add(child, f"{describe(child.node)} cannot stand here", steps[name].expected(), fix)
        elif parameter_value(child, steps[name], problems) is not None:
            found[name] = child
    for name, child in found.items():
        for other in _also(root, name, catalogue):
            line = f" (line {other.place.line})" if other.place.line else ""
            what = f"{name} is fixed here, and {other.key}{line} says something of it, too"
            problems.add(child, what, "it in one place", "remove it here to search it, or there to fix it")
    return found


def _also(root: Field, name: str, catalogue: Catalogue) -> Iterator[Field]:
    """Where ``parameters`` has a name: among those of all architectures, or of one."""
    parameters = root.get("parameters")
    sections = [parameters, *(parameters.get(item) for item in catalogue.architectures)] if parameters else []
    for item in sections:
        if item is not None and (found := item.get(name)) is not None:
            yield found


def _source(field: Field, values: Mapping[str, Any], catalogue: Catalogue, problems: Problems) -> Entry | None:
    """The source that is named, or that the path tells."""
    written = [child for name in MAIN if (child := field.get(name)) is not None]
    if len(written) > 1:
        problems.add(written[1], "path and train are two names of one key", "one of them", "remove one of them")
        return None
    named, place = field.get("source"), written[0] if written else None
    path = next((values[name] for name in MAIN if values.get(name) is not None), None)
    absent = place is None or values.get("path", "") is None
    if named is not None:
        source = catalogue.sources.get(values.get("source", ""))
        if source is not None and source.path != "none" and absent:
            what, expected = _needed(source)
            problems.add(named, f"{source.name} needs the path of {what}, and there is none", expected, "add a path")
        if source is not None and source.path == "none" and path is not None and place is not None:
            fix = "remove the path, or the source to have it inferred from the path"
            problems.add(place, f"{source.name} brings its own data", "no path", fix)
        return source
    if place is None or absent:
        bundled = [name for name, entry in catalogue.sources.items() if entry.path == "none"]
        fix = f"e.g. data: {{source: {bundled[0]}}}" if bundled else "add a path"
        problems.add(field, "there is neither a path nor a source", "one of them", fix)
        return None
    if path is None:
        return None
    source = _by_ending(path, catalogue) or _by_folder(place, path, catalogue)
    if source is None:
        _untold(place, path, catalogue, problems)
    return source


def _needed(source: Entry) -> tuple[str, str]:
    """What a source reads, and the path that says where it is."""
    match source.path:
        case "file":
            return "a file", f"path: a file ({', '.join(source.extensions)})"
        case "name":
            return "a data set", "path: a folder, or a name such as owner/name"
        case _:
            return "a folder", "path: a folder"


def _by_ending(path: str, catalogue: Catalogue) -> Entry | None:
    name = Path(path).name.lower()
    fitting = {
        ending: entry for entry in catalogue.sources.values() for ending in entry.extensions if name.endswith(ending)
    }
    return fitting[max(fitting, key=len)] if fitting else None


def _by_folder(field: Field, path: str, catalogue: Catalogue) -> Entry | None:
    """What reads a folder that is there."""
    folder = Path(_absolute(field, path))
    if not _is_folder(folder):
        return None
    kind = "name" if is_saved(folder) else "folder"
    return next((entry for entry in catalogue.sources.values() if entry.path == kind), None)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # ValueError: a NUL character
        return False


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # ValueError: a NUL character
        return False


def _untold(field: Field, path: str, catalogue: Catalogue, problems: Problems) -> None:
    """Complain of a path that does not tell what it is."""
    bundled = nearest(path, [name for name, entry in catalogue.sources.items() if entry.path == "none"])
    endings = sorted(ending for entry in catalogue.sources.values() for ending in entry.extensions)
    fix = f"write source: {bundled}" if bundled else "add source: to say what it is, or check the path"
    what = f"the ending of {quote(path)} does not tell the kind of the data"
    file = Path(_absolute(field, path))
    if _is_file(file):
        fix = f"unpack or convert it first (`sweep check {file}` says what it is), or add source: to say what it is"
    else:
        what = f"{what}, and there is no such folder"
    problems.add(field, what, f"a folder, or one of {', '.join(endings)}", fix)


def _several(field: Field, problems: Problems) -> Iterator[tuple[str, Any]]:
    """The valid ones of the keys that take more than one form."""
    readers = {
        "text": _text, "validation": _part, "test": _part, "missing": _missing, "labels": _labels,
        "drop_labels": _dropped,
    }  # fmt: skip
    for name, child in field.entries():
        value = readers[name](child, problems) if name in readers else None
        if value is not None:
            yield name, value


def _text(field: Field, problems: Problems) -> tuple[str, ...] | None:
    """One column or several, each once."""
    names = _listed(field, keys.TEXTS, "e.g. text: [title, body]", problems)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        problems.add(field, f"column {quote(twice[0])} stands in the list twice", "each column once", "remove one")
    return names or None


def _dropped(field: Field, problems: Problems) -> tuple[str, ...] | None:
    """One label or several."""
    return tuple(dict.fromkeys(_listed(field, keys.LABEL, "e.g. drop_labels: [spam]", problems))) or None


def _listed(field: Field, setting: Setting, example: str, problems: Problems) -> tuple[str, ...]:
    """The valid ones of one text or a list of them."""
    if not isinstance(field.node, ListNode):
        return tuple(setting_value(field, setting, problems).values())
    if not field.node.items:
        problems.add(field, "the list is empty", f"{setting.expected} or more", example)
    return tuple(name for item in field.items() for name in setting_value(item, setting, problems).values())


def _part(field: Field, problems: Problems) -> float | str | None:
    """A share, or a path."""
    node = field.node
    share = keys.share(field.key.rpartition(".")[2])
    path = isinstance(node, ScalarNode) and isinstance(node.value, str)
    if isinstance(node, ScalarNode) and isinstance(node.value, str) and _is_number(node.value):
        problems.add(field, f"{describe(node)} is not valid", share.expected, f"write {node.value.strip()}, no quotes")
        return None
    found = setting_value(field, keys.PART if path else share, problems)
    value: float | str | None = next(iter(found.values()), None)
    return value


def _is_number(text: str) -> bool:
    try:
        return isinstance(resolve(text.strip()), int | float)
    except OverflowError:
        return True


def _missing(field: Field, problems: Problems) -> Missing | None:
    """A word, or a mapping with what stands instead."""
    if not isinstance(field.node, MapNode):
        if isinstance(field.node, ScalarNode) and field.node.value in ("fill", "from"):
            word = str(field.node.value)
            example = {"fill": "{fill: none}", "from": "{from: title}"}[word]
            problems.add(field, f"{word} says not with what", _MISSING.expected, f"e.g. missing: {example}")
            return None
        found = setting_value(field, _MISSING, problems)
        return Missing(found["missing"]) if found else None
    before = len(problems.found)
    values = section(field, keys.INSTEAD, problems)
    if len(field.node.entries) != 1:
        problems.add(field, f"it has {len(field.node.entries)} keys", "fill or from", "e.g. missing: {fill: none}")
    if len(problems.found) > before or len(values) != 1:
        return None
    return Missing("fill", values["fill"]) if "fill" in values else Missing("from", values["from"])


def _labels(field: Field, problems: Problems) -> tuple[tuple[str, str], ...] | None:
    """Labels as they are written, whatever they look like, and what is meant."""
    if isinstance(field.node, ScalarNode) and field.node.value is None:
        return None
    if not isinstance(field.node, MapNode):
        fix = "e.g. labels: {Sport: sport}; the column of the labels is label:"
        problems.add(field, f"{describe(field.node)} cannot stand here", "a mapping {written: meant}", fix)
        return None
    meant = [(name, parameter_value(child, keys.MEANT, problems)) for name, child in field.entries()]
    return tuple((name, str(value)) for name, value in meant if value is not None)


def _check(field: Field, values: Mapping[str, Any], problems: Problems) -> None:
    """Columns are distinct and the shares leave something to train on."""
    _check_columns(field, values, problems)
    standard = DataSettings("")
    shares = {part: values.get(part, getattr(standard, part)) for part in PARTS}
    numbers = {part: share for part, share in shares.items() if not isinstance(share, str)}
    written = field.get("validation") or field.get("test")
    if written is not None and sum(numbers.values()) >= 1:
        named = " and ".join(f"{part} {share:g}" for part, share in numbers.items())
        fix = "e.g. validation: 0.15 and test: 0.15"
        problems.add(written, f"{named} leave nothing to train on", "shares that sum to less than 1", fix)
    share = field.get("validation")
    # Rows of validation data of their own are dealt out to the folds, too.
    if values.get("folds") is not None and share is not None and not isinstance(values.get("validation"), str):
        what = f"{values['folds']} folds leave no validation part: each is validated on in turn"
        problems.add(share, what, "folds or validation", "remove one of them")


def _check_columns(field: Field, values: Mapping[str, Any], problems: Problems) -> None:
    """No column is two things."""
    standard = DataSettings("")
    label, missing = values.get("label", standard.label), values.get("missing", standard.missing)
    used = dict.fromkeys(values.get("text", standard.text), "texts")
    roles = [
        ("label", label, "labels"),
        ("group", values.get("group"), "groups"),
        ("split", values.get("split"), "parts"),
    ]
    if missing.action == "from":
        roles.append(("missing", missing.value, "texts that stand in for missing ones"))
    for key, column, role in roles:
        written = field.get(key) or (field.get("text") if key == "label" else None)
        if column in used and written is not None:
            problems.add(written, f"{used[column]} and {role} are both in column {quote(column)}", "two columns")
        elif column is not None:
            used[column] = role


def _place(field: Field, path: str, source: Entry, catalogue: Catalogue) -> str:
    """`path` as its source wants it: a name of its own stays, everything else is absolute."""
    if source.path == "name" and not path.startswith((".", "/", "~")) and _by_ending(path, catalogue) is None:
        here = Path(_absolute(field, path))
        return str(here) if _is_folder(here) else path
    return _absolute(field, path)


def _absolute(field: Field, path: str) -> str:
    """`path` from the folder of the text it was written in, without ``..``."""
    return os.path.normpath((field.node.place.folder / path).absolute())
