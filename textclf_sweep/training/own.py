"""Architectures that this package does not bring: a user's file, or a module of another package. Workers run them.

What a worker runs is the file that the sweep began with: the parent keeps a copy of it (`keep`), so that editing it
while a sweep runs changes nothing. The file is executed anew for each model: what it keeps at its top level cannot lead
from one trial to the next.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from textclf_sweep.architectures import Architecture, BuildInfo
from textclf_sweep.definition.signature import signature
from textclf_sweep.definition.space import Parameter
from textclf_sweep.definition.types import OwnArchitecture
from textclf_sweep.errors import InputError, Problem
from textclf_sweep.training.files import write_atomically

_helpers: dict[Path, dict[str, ModuleType]] = {}
"""What files have imported from their own folders, by folder: two of them may have modules of one name."""


@dataclass(frozen=True, slots=True)
class _Own:
    """An architecture module, as far as this package reads one."""

    FEATURES: str
    PARAMETERS: tuple[Parameter, ...]
    path: Path
    source: bytes
    function: str

    def build(self, info: BuildInfo, **hyperparameters: Any) -> Any:
        """What the user's function returns."""
        with _importable(self.path.parent):
            return getattr(_executed(self.path, self.source), self.function)(info, **hyperparameters)


def architecture(own: OwnArchitecture, folder: Path, cache: Path) -> Architecture:
    """What builds the models of an architecture that this package does not bring.

    Args:
        own: where it is.
        folder: what a relative path of a file starts from.
        cache: where `keep` has put the sweep's copies.

    Raises:
        InputError: the file is no longer what it was when the sweep began, or a module has no such function.
    """
    if own.digest:
        path, source = folder / own.location, source_of(own, folder, cache)
        return cast("Architecture", _Own(own.features, _parameters(source, own.function), path, source, own.function))
    module = importlib.import_module(own.location)
    if not own.function:
        return cast("Architecture", module)
    source = Path(str(module.__file__)).read_bytes()
    return cast("Architecture", _Module(own.features, _parameters(source, own.function), module, own.function))


@dataclass(frozen=True, slots=True)
class _Module:
    """A function of an installed module, as an architecture module."""

    FEATURES: str
    PARAMETERS: tuple[Parameter, ...]
    module: ModuleType
    function: str

    def build(self, info: BuildInfo, **hyperparameters: Any) -> Any:
        """What the function returns."""
        return getattr(self.module, self.function)(info, **hyperparameters)


def file_of(own: OwnArchitecture, folder: Path) -> Path:
    """The source that a message about an architecture names; the arguments are those of `architecture`."""
    if own.digest:
        return folder / own.location
    return Path(str(sys.modules[own.location].__file__)) if own.location in sys.modules else Path(own.location)


def keep(own: OwnArchitecture, folder: Path, cache: Path) -> None:
    """Copy a user's file to where workers read it; the arguments are those of `architecture`.

    Raises:
        InputError: it is no longer what the definition was read with, and there is no copy.
    """
    if own.digest:
        source = source_of(own, folder, cache)
        if not (copy := _copy(own, cache)).exists():
            write_atomically(copy, source)


def source_of(own: OwnArchitecture, folder: Path, cache: Path) -> bytes:
    """A user's file as it was when the sweep began: the copy of it, or while there is none, the file itself.

    Raises:
        InputError: neither is there.
    """
    path = folder / own.location
    for place in (_copy(own, cache), path):
        try:
            source = place.read_bytes()
        except OSError:
            continue
        if hashlib.sha256(source).hexdigest() == own.digest:
            return source
    what = "the file has changed since the sweep began"
    fix = "undo the change, or run the sweep under another name: `--name NEW`"
    raise InputError(Problem(what, f"the content it had then (SHA-256 {own.digest[:12]})", fix, where=str(path)))


def _copy(own: OwnArchitecture, cache: Path) -> Path:
    return cache / f"{own.digest}.py"


def _parameters(source: bytes, function: str) -> tuple[Parameter, ...]:
    """What the function takes; its signature has been accepted, so nothing is wrong with it."""

    def wrong(line: int, what: str, expected: str, fix: str) -> None:
        raise InputError(Problem(f"line {line}: {what}", expected, fix))

    found = signature(source, function, wrong)
    return () if found is None else found.parameters


def _executed(path: Path, source: bytes) -> ModuleType:
    """The module that the source makes; tracebacks name the lines of the user's file."""
    # A name of its own: another file's may be the same, and an installed module's.
    name = f"textclf_sweep_own_{path.stem}_{hashlib.sha256(bytes(path) + source).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickles look it up there
    exec(compile(source, str(path), "exec"), module.__dict__)  # noqa: S102 - the user's own file, which is to be run
    return module


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Let modules beside a file be imported, and leave nothing of that behind for other files."""
    place, known = str(folder.resolve()), _helpers.setdefault(folder.resolve(), {})
    before = set(sys.modules)
    sys.path.insert(0, place)
    sys.modules.update({name: module for name, module in known.items() if name not in before})
    importlib.invalidate_caches()
    try:
        yield
    finally:
        if place in sys.path:
            sys.path.remove(place)
        for name in set(sys.modules) - before:
            if name in known or _beside(sys.modules[name], folder.resolve()):
                known[name] = sys.modules.pop(name)


def _beside(module: ModuleType, folder: Path) -> bool:
    """Whether a module was found in a folder itself: not one that is installed somewhere below it."""
    file = getattr(module, "__file__", None)
    name = getattr(module, "__name__", "")
    if not file or name.startswith("textclf_sweep_own_"):
        return False
    # `a.b` is at most two folders down, `a` one (its `__init__.py`) or none.
    return any(parent == folder for parent in Path(file).parents[: name.count(".") + 2])
