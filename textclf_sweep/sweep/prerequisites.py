"""What the models of a sweep need beyond this package, looked for before anything is trained."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

from textclf_sweep import architectures
from textclf_sweep.data import features
from textclf_sweep.definition.space import Constant, Distribution, greatest
from textclf_sweep.definition.types import Search, SweepDefinition
from textclf_sweep.errors import DataError, Problem
from textclf_sweep.sweep.assumptions import listed
from textclf_sweep.training.files import sha256
from textclf_sweep.trial import Scalar


def check_needs(definition: SweepDefinition) -> None:
    """Let the architectures and the features of a sweep look for what they need: packages, files.

    A module that needs anything has ``check(values, folder)``, with every value of its parameters that a trial may
    have, or the greatest of a range; it raises what is wrong as an `InputError`.

    Raises:
        InputError: something is missing, or is not what it should be.
    """
    for search in definition.searches:
        for module in _modules(search):
            if hasattr(module, "check"):
                module.check(_values(search), Path(definition.folder))


def contents(definition: SweepDefinition) -> dict[str, str]:
    """What the files of the user's hold that models begin with: SHA-256 by parameter and value, ``embedding v.txt``.

    A features module whose parameters name such files has ``files(values, folder)``, which says by parameter and value
    which they are.

    Raises:
        InputError: one cannot be read.
    """
    found: dict[str, str] = {}
    for search in definition.searches:
        for module in _modules(search):
            if hasattr(module, "files"):
                whole = module.files(_values(search), Path(definition.folder))
                found |= {key: _content(paths) for key, paths in whole.items() if key not in found}
    return found


def _content(paths: Sequence[Path]) -> str:
    """SHA-256 of one file, or of those of several."""
    try:
        each = [sha256(path) for path in paths]
    except OSError as error:
        where = str(error.filename or "")
        fix = "check the path and its rights"
        raise DataError(Problem(f"the file cannot be read: {error.strerror}", fix=fix, where=where)) from error
    return each[0] if len(each) == 1 else hashlib.sha256("".join(each).encode()).hexdigest()


def _modules(search: Search) -> tuple[ModuleType, ...]:
    """The architecture, unless it is the user's own, and its features."""
    if search.own is not None:
        return (importlib.import_module(f"{features.__name__}.{search.own.features}"),)
    module = importlib.import_module(f"{architectures.__name__}.{search.architecture}")
    return module, importlib.import_module(f"{features.__name__}.{module.FEATURES}")


def _values(search: Search) -> Mapping[str, Sequence[Scalar]]:
    found = {name: _of(distribution) for name, distribution in search.space.distributions}
    for given in search.first:
        for name, value in given.items():
            found[name] = (*found.get(name, ()), value)
    return found


def _of(distribution: Distribution) -> tuple[Scalar, ...]:
    values = tuple(listed(distribution))
    highest = None if values or isinstance(distribution, Constant) else greatest(distribution)
    return values if highest is None else (highest,)
