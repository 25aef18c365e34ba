"""``architecture: {file: my_model.py}`` -> an entry like those of the catalogue. The file is read, never executed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from textclf_sweep.definition import keys
from textclf_sweep.definition.catalogue import Catalogue, Entry
from textclf_sweep.definition.nodes import Field, Place, Problems, ScalarNode, quote
from textclf_sweep.definition.signature import FEATURES, Complain, Signature, signature
from textclf_sweep.definition.space import Parameter
from textclf_sweep.definition.suggest import nearest
from textclf_sweep.definition.types import OwnArchitecture
from textclf_sweep.definition.values import section

LARGEST = 1_000_000
"""Bytes of a file that could be a model's source."""
RESERVED = ("architecture", "parameters")
"""Keys that stand beside hyperparameters in a definition, and so can be none."""
STANDARD = "tokens"
"""The features of an architecture that says nothing of them."""


def own_of(field: Field, catalogue: Catalogue, problems: Problems) -> Entry | None:
    """The architecture that a mapping describes; None when something is wrong with it, which is reported.

    Args:
        field: ``{file, function, name, features}``.
        catalogue: whose names are taken, and whose features and shared parameters the architecture has too.
        problems: gets what is wrong, of the definition and of the file, each with its own line.
    """
    before = len(problems.found)
    values = section(field, keys.own(catalogue), problems)
    place = field.get("file")
    if place is None or "file" not in values:
        return None
    path = place.node.place.folder / values["file"]
    source = _read(path, place, problems)
    name = _name(field, values.get("name") or path.stem, catalogue, problems)
    if source is None:
        return None
    report = complain_at(path, problems)
    found = signature(source, values.get("function", "build"), report)
    if found is None or len(problems.found) > before:
        return None
    features = values.get("features") or found.features or STANDARD
    if not known_features(features, catalogue.features, report):
        return None
    shared = catalogue.shared(features)
    check_names(found, {"features": catalogue.features[features], "cleaning": catalogue.cleaning,
                        "training": catalogue.training}, report)  # fmt: skip
    # What the command line names is relative to the current folder.
    location = str(path.resolve()) if place.node.place.command_line else values["file"]
    digest = hashlib.sha256(source).hexdigest()
    own = OwnArchitecture(location, values.get("function", "build"), features, digest)
    entry = Entry(name, found.doc or f"{values['file']}.", (*found.parameters, *shared), features=features, own=own)
    return entry if len(problems.found) == before else None


def complain_at(path: Path, problems: Problems) -> Complain:
    """What reports problems of a Python file, each at its line."""

    def report(line: int, what: str, expected: str, fix: str) -> None:
        problems.add_at(Place(str(path), path.parent, line), "", what, expected, fix)

    return report


def known_features(name: str, features: Mapping[str, Sequence[Parameter]], report: Complain) -> bool:
    """Whether there are features of the name that a file gives; reports when not."""
    if name not in features:
        near = nearest(name, features)
        fix = f"did you mean {near}?" if near else f"remove it for {STANDARD}"
        report(1, f"{FEATURES} is {quote(name)}", f"one of {', '.join(features)}", fix)
    return name in features


def check_names(found: Signature, taken: Mapping[str, Sequence[Parameter]], report: Complain) -> None:
    """Complain of hyperparameters whose names mean something else already.

    Args:
        found: what the function takes.
        taken: the parameters of others, by whose they are.
        report: gets what is wrong.
    """
    for item in found.parameters:
        owners = [owner for owner, others in taken.items() if item.name in {other.name for other in others}]
        if item.name in RESERVED:
            owners = ["the definition itself"]
        if owners:
            what = f"{item.name} is a parameter of {owners[0]} already"
            fix = f"rename it, e.g. model_{item.name}, or leave it out: what the model must fit stands in info"
            report(found.line, what, "a name of its own", fix)


def _name(field: Field, name: str, catalogue: Catalogue, problems: Problems) -> str:
    """The architecture's name, which must be its own."""
    place = field.get("name") or field
    if not re.fullmatch(keys.NAME, name):
        what = f"the file's name, {quote(name)}, cannot be the architecture's"
        problems.add(place, what, keys.NAME_WORDING, "add e.g. name: mine")
    elif name in catalogue.architectures:
        what = f"there is an architecture {name} already"
        fix = f"{'write another' if field.get('name') else 'add a'} name, e.g. name: my_{name}"
        problems.add(place, what, "a name of its own", fix)
    return name


def _read(path: Path, field: Field, problems: Problems) -> bytes | None:
    """The file's content; None when it cannot be read, which is reported."""
    expected, written = (
        "a Python file that defines the model",
        str(field.node.value) if isinstance(field.node, ScalarNode) else "",
    )
    try:
        with path.open("rb") as file:
            source = file.read(LARGEST + 1)
    except FileNotFoundError:
        near = nearest(path.name, _beside(path))
        there = (
            f"did you mean {near}?" if near else "check the path; a relative one starts from the definition's folder"
        )
        problems.add(field, f"there is no {quote(written)}", expected, there)
        return None
    except IsADirectoryError:
        near = next(iter(_beside(path / "x")), None)
        problems.add(
            field, f"{quote(written)} is a folder", expected, f"name a file in it{f', e.g. {near}' if near else ''}"
        )
        return None
    except (OSError, ValueError) as error:  # ValueError: a NUL character
        reason = getattr(error, "strerror", None) or str(error)
        problems.add(field, f"{quote(written)} cannot be read: {reason}", expected, "check its path and rights")
        return None
    if len(source) > LARGEST:
        problems.add(field, f"{quote(written)} is larger than {LARGEST:,} bytes", expected, "check the path")
        return None
    return source


def _beside(path: Path) -> list[str]:
    """The Python files in the folder of `path`."""
    try:
        return sorted(item.name for item in path.parent.iterdir() if item.suffix == ".py")
    except OSError:
        return []
