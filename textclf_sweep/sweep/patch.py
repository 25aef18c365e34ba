"""A definition with a patch in it: the text as it was written, comments and all, with some values replaced."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from textclf_sweep.errors import InputError

IDLE = {"embedding": ("embedding_dim",)}
"""What means nothing once a key has a value."""


def as_yaml(patch: Mapping[str, Any]) -> str:
    """A patch as the lines of a definition."""
    return _dumped({key: _styled(value) for key, value in patch.items()})


def patched(text: str, overrides: Sequence[str], patch: Mapping[str, Any], name: str) -> str:
    """The definition with the overrides of its run and a patch.

    Args:
        text: YAML of the definition.
        overrides: texts ``key.path=value`` that it was run with.
        patch: sections with their keys, or keys with their values.
        name: of the new sweep, where the definition has one.

    Raises:
        InputError: the text is no mapping.
    """
    from ruamel.yaml import YAML  # noqa: PLC0415 - not needed before

    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    root = yaml.load(text)
    if not isinstance(root, dict):
        raise InputError("the definition that the sweep was run with cannot be read", fix="write the patch in by hand")
    for override in overrides:
        path, _, value = override.partition("=")
        _put(root, path.strip().split("."), YAML(typ="safe").load(value))
    names = set(root.get("architecture") or ()) if isinstance(root.get("architecture"), list) else set()
    for section, content in patch.items():
        if not isinstance(content, Mapping):
            root[section] = content
            for key in (section, *IDLE.get(section, ())):
                _drop(root, key, names)
            continue
        if not isinstance(root.get(section), dict):
            root[section] = {}
        for key, value in content.items():
            _put(root, [section, key], _inline(value))
            if section == "parameters":
                root.pop(key, None)
                _drop(root, key, names, kept=key)
    if "name" in root:
        root["name"] = name
    return _dumped(root)


def _styled(value: Any) -> Any:
    """A section with each of its keys on a line of its own."""
    return {key: _inline(item) for key, item in value.items()} if isinstance(value, Mapping) else value


def _inline(value: Any) -> Any:
    """A mapping that is written on one line: ``{min: 1, max: 2}``."""
    from ruamel.yaml.comments import CommentedMap  # noqa: PLC0415 - not needed before

    if not isinstance(value, Mapping):
        return value
    line = CommentedMap(value)
    line.fa.set_flow_style()
    return line


def _put(root: Any, path: Sequence[str], value: Any) -> None:
    *above, last = path
    for name in above:
        if not isinstance(root.get(name), dict):
            root[name] = {}
        root = root[name]
    if isinstance(root.get(last), dict) and isinstance(value, Mapping) and last == "cleaning":
        root[last].update(value)  # steps that the patch does not name stay
    else:
        root[last] = value


def _drop(root: Any, key: str, architectures: set[str], kept: str = "") -> None:
    """Leave out what would still say something else of a parameter.

    Args:
        root: the definition.
        key: the parameter.
        architectures: whose own parameters may stand below their names.
        kept: the parameter that stays below ``parameters`` itself.
    """
    parameters, enqueue = root.get("parameters"), root.get("enqueue")
    if isinstance(parameters, dict):
        if key != kept:
            parameters.pop(key, None)
        for name in architectures:
            if isinstance(parameters.get(name), dict):
                parameters[name].pop(key, None)
    for item in enqueue if isinstance(enqueue, list) else ():
        if isinstance(item, dict):
            item.pop(key, None)


def _dumped(root: Any) -> str:
    from ruamel.yaml import YAML  # noqa: PLC0415 - not needed before

    yaml = YAML(typ="rt")
    yaml.width = 110
    stream = io.StringIO()
    yaml.dump(root, stream)
    return stream.getvalue()


def free_file(folder: Path, stem: str) -> Path:
    """``<stem>-fixed.yaml`` in a folder, or with the first number that makes it new."""
    candidates = (folder / f"{stem}-fixed{'' if number == 1 else f'-{number}'}.yaml" for number in range(1, 1000))
    return next(path for path in candidates if not path.exists())
