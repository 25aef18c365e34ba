"""Discovery: which architectures, searchers, pruners, sources and engines there are. Imports their light top levels."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from importlib import metadata
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

from textclf_sweep import architectures, engines, pruners, searchers
from textclf_sweep.data import cleaning, features, sources
from textclf_sweep.definition.catalogue import Catalogue, Entry
from textclf_sweep.definition.keys import NAME
from textclf_sweep.definition.nodes import Problems
from textclf_sweep.definition.own import STANDARD, check_names, complain_at, known_features
from textclf_sweep.definition.signature import signature
from textclf_sweep.definition.space import Parameter
from textclf_sweep.definition.types import OwnArchitecture
from textclf_sweep.errors import InputError
from textclf_sweep.training import parameters as training

GROUP = "textclf_sweep.architectures"
"""The entry points by which other packages bring architectures: a module, or ``module:function``."""


@cache
def discover() -> Catalogue:
    """Every module of the rooms whose name does not begin with ``_``, by name, and other packages' architectures."""
    plain = Catalogue(
        architectures={},
        searchers={entry.name: entry for entry in map(_entry, _modules(searchers))},
        sources={entry.name: entry for entry in map(_entry, _modules(sources))},
        engines={entry.name: entry for entry in map(_entry, _modules(engines))},
        pruners={entry.name: entry for entry in map(_entry, _modules(pruners))},
        cleaning=cleaning.PARAMETERS,
        training=training.PARAMETERS,
        features={module.__name__.rpartition(".")[2]: module.PARAMETERS for module in _modules(features)},
    )
    own = {entry.name: entry for entry in (_architecture(module, plain) for module in _modules(architectures))}
    return extended(replace(plain, architectures=own), metadata.entry_points(group=GROUP))


def extended(catalogue: Catalogue, points: Iterable[metadata.EntryPoint]) -> Catalogue:
    """`catalogue` with the architectures of other packages.

    Args:
        catalogue: whose names are taken.
        points: entry points, each the name of an architecture and where it is.
    """
    found, broken = dict(catalogue.architectures), dict[str, str]()
    for point in points:
        try:
            if point.name in found:
                raise InputError(f"{point.value} is called {point.name}, as another architecture is")
            if not re.fullmatch(NAME, point.name):
                raise InputError(f"{point.value} is called {point.name!r}, which can be no architecture's name")
            found[point.name] = _other(point, catalogue)
        except (Exception, SystemExit) as error:  # what another package does must not keep this one's from being used
            broken[point.name] = str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
    return replace(catalogue, architectures=found, broken=broken)


def _other(point: metadata.EntryPoint, catalogue: Catalogue) -> Entry:
    """An architecture of another package: a module of the whole contract, or a function that is only read."""
    if not point.attr:
        module = importlib.import_module(point.module)
        own = OwnArchitecture(point.module, "", module.FEATURES)
        entry = _architecture(module, catalogue)
        _check_once(point, entry)
        return replace(entry, name=point.name, own=own, doc=entry.doc or f"{point.value}.")
    path, problems = located(point.module), Problems()
    report = complain_at(path, problems)
    found = signature(path.read_bytes(), point.attr, report)
    if found is not None and known_features(found.features or STANDARD, catalogue.features, report):
        check_names(found, {"training": catalogue.shared(found.features or STANDARD)}, report)
    if found is None or problems.found:
        raise InputError(*(problem for _, problem in problems.found))
    features_of = found.features or STANDARD
    return Entry(
        point.name, found.doc or f"{point.value}.", (*found.parameters, *catalogue.shared(features_of)),
        features=features_of, own=OwnArchitecture(point.module, point.attr, features_of),
    )  # fmt: skip


def _check_once(point: metadata.EntryPoint, entry: Entry) -> None:
    """Raise an `InputError` when an architecture declares what it shares with others as its own."""
    twice = sorted(name for name, times in Counter(item.name for item in entry.parameters).items() if times > 1)
    if twice:
        fix = "declare it in OVERRIDES to change its default or range, or rename it"
        raise InputError(f"{point.value} declares {', '.join(twice)}, which it shares with others", fix=fix)


def located(module: str) -> Path:
    """The file of a module. Nothing is imported, not even the packages it is in.

    Raises:
        InputError: there is none.
    """
    first, *rest = module.split(".")
    spec, name = importlib.util.find_spec(first), first
    for part in rest:
        name = f"{name}.{part}"
        places = None if spec is None else spec.submodule_search_locations
        spec = None if places is None else PathFinder.find_spec(name, list(places))
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise InputError(f"there is no Python file of the module {module}")
    return Path(spec.origin)


def _architecture(module: ModuleType, catalogue: Catalogue) -> Entry:
    """An architecture with what its features, cleaning and training take, in its own way where it says so."""
    instead = {item.name: item for item in getattr(module, "OVERRIDES", ())}
    entry = _entry(module, tuple(instead.get(item.name, item) for item in catalogue.shared(module.FEATURES)))
    return replace(entry, features=module.FEATURES)


def _modules(package: ModuleType) -> list[ModuleType]:
    names = sorted(item.name for item in pkgutil.iter_modules(package.__path__) if not item.name.startswith("_"))
    return [importlib.import_module(f"{package.__name__}.{name}") for name in names]


def _entry(module: ModuleType, more: tuple[Parameter, ...] = ()) -> Entry:
    return Entry(
        name=module.__name__.rpartition(".")[2],
        doc=(module.__doc__ or "").strip().partition("\n")[0],
        parameters=(*module.PARAMETERS, *more),
        finite=getattr(module, "FINITE", False),
        weighs=getattr(module, "WEIGHS", True),
        extensions=getattr(module, "EXTENSIONS", ()),
        path=getattr(module, "PATH", "none"),
        methods=getattr(module, "METHODS", ()),
        library=getattr(module, "LIBRARY", "optuna"),
        default=getattr(module, "DEFAULT", False),
        paces=getattr(module, "PACES", False),
        check=getattr(module, "check", None),
        first_epoch=getattr(module, "first_epoch", None),
        idle=getattr(module, "idle", None),
    )
