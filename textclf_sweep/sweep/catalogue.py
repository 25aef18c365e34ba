"""Discovery: which architectures, searchers, pruners, sources and engines there are. Imports their light top levels."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType

from textclf_sweep import architectures, engines, pruners, searchers
from textclf_sweep.data import cleaning, features, sources
from textclf_sweep.definition.catalogue import Catalogue, Entry
from textclf_sweep.definition.space import Parameter
from textclf_sweep.training import parameters as training


@cache
def discover() -> Catalogue:
    """Every module of the rooms whose name does not begin with ``_``, by name."""
    features_of = {module.__name__.rpartition(".")[2]: module.PARAMETERS for module in _modules(features)}

    def architecture(module: ModuleType) -> Entry:
        others = (*features_of[module.FEATURES], *cleaning.PARAMETERS, *training.PARAMETERS)
        instead = {item.name: item for item in getattr(module, "OVERRIDES", ())}
        return _entry(module, tuple(instead.get(item.name, item) for item in others))

    return Catalogue(
        architectures={entry.name: entry for entry in map(architecture, _modules(architectures))},
        searchers={entry.name: entry for entry in map(_entry, _modules(searchers))},
        sources={entry.name: entry for entry in map(_entry, _modules(sources))},
        engines={entry.name: entry for entry in map(_entry, _modules(engines))},
        pruners={entry.name: entry for entry in map(_entry, _modules(pruners))},
        cleaning=cleaning.PARAMETERS,
    )


def _modules(package: ModuleType) -> list[ModuleType]:
    names = sorted(item.name for item in pkgutil.iter_modules(package.__path__) if not item.name.startswith("_"))
    return [importlib.import_module(f"{package.__name__}.{name}") for name in names]


def _entry(module: ModuleType, more: tuple[Parameter, ...] = ()) -> Entry:
    return Entry(
        name=module.__name__.rpartition(".")[2],
        doc=(module.__doc__ or "").strip().splitlines()[0],
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
