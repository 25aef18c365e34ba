"""Where texts and labels come from: one contract, one file per source.

A source module is named as in a definition (``source: csv``), has only light top-level imports, and declares what
`Source` lists. Which column is what, separate files and the data's own split are the same code for all (`_parts`).
Modules whose names begin with ``_`` are shared by sources and are none themselves.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Protocol, cast

from textclf_sweep.data.corpus import Corpus, PartName
from textclf_sweep.data.sources import _parts
from textclf_sweep.data.sources._table import PathKind, Table
from textclf_sweep.definition.space import Parameter
from textclf_sweep.definition.types import DataSettings
from textclf_sweep.errors import DataError, Problem
from textclf_sweep.trial import Scalar

__all__ = ["PathKind", "Source", "Table", "load", "read_table"]


class Source(Protocol):
    """The shape of a source module."""

    @property
    def PARAMETERS(self) -> tuple[Parameter, ...]:  # noqa: N802 - a module's constant
        """The source's own options."""

    @property
    def EXTENSIONS(self) -> tuple[str, ...]:  # noqa: N802 - a module's constant
        """File name endings it reads, lower case, with the dot; empty for a source that reads no file."""

    @property
    def PATH(self) -> PathKind:  # noqa: N802 - a module's constant
        """What its path is."""

    def read(self, path: str | None, options: Mapping[str, Scalar], columns: Collection[str] | None) -> Table:
        """Every row, in order, texts and labels untouched, blank where they are missing.

        A source drops nothing in silence: what it leaves out is in the table's notes, what it cannot read is an error
        with its place.

        Args:
            path: absolute path of the file or folder, or a name; None for a source without one.
            options: the source's own; one that is not there has its default.
            columns: those whose texts are wanted, so that others take no memory; names that do not exist are passed
                over. None: all that hold texts.

        Raises:
            DataError: the data cannot be read.
        """


def load(settings: DataSettings) -> Corpus:
    """The rows that `settings` name, of separate validation and test data too.

    Raises:
        DataError: there is no such source, it cannot read the data, or a column is missing.
    """
    _check_different(settings)
    columns = {name for _, name in _parts.wanted(settings)}
    main = _source(settings.source).read(settings.path, settings.options, columns)
    paths: dict[PartName, str | None] = {"validation": settings.validation_path, "test": settings.test_path}
    others = {part: _separate(settings, path, part) for part, path in paths.items() if path is not None}
    return _parts.corpus(main, others, settings)


def read_table(source: str, path: str | None, options: Mapping[str, Scalar]) -> Table:
    """All columns of a source's data that hold texts.

    Raises:
        DataError: there is no such source, or it cannot read the data.
    """
    return _source(source).read(path, options, None)


def _source(name: str) -> Source:
    module = f"{__name__}.{name}"
    try:
        return cast("Source", importlib.import_module(module))
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        problem = Problem(f"there is no data source {name!r}", fix="see `data.source`", key="data.source")
        raise DataError(problem) from error


def _separate(settings: DataSettings, path: str, part: PartName) -> Table:
    """The data of one part, read as those of ``settings.path`` unless the ending says that they are of another kind."""
    name = _kind(path, settings.source)
    source = _source(name)
    known = {item.name for item in source.PARAMETERS}
    options = {key: value for key, value in settings.options.items() if key in known}
    return source.read(path, options, {column for _, column in _parts.wanted(settings, part)})


def _kind(path: str, default: str) -> str:
    """The source that reads files of this ending, `default` when there is none or it is one of that."""
    ending, source = path.lower(), _source(default)
    if ending.endswith(source.EXTENSIONS):
        return default
    if source.PATH == "file" and Path(path).is_dir():
        return "folder"
    names = [item.name for item in pkgutil.iter_modules(__path__) if not item.name.startswith("_")]
    fitting = [name for name in names if ending.endswith(_source(name).EXTENSIONS)]
    return fitting[0] if fitting else default


def _check_different(settings: DataSettings) -> None:
    paths = {"path": settings.path, "validation": settings.validation_path, "test": settings.test_path}
    seen: dict[str, str] = {}
    for key, path in paths.items():
        if path is None:
            continue
        place = os.path.normpath(Path(path).absolute())
        if place in seen:
            what = f"`{key}` and `{seen[place]}` are the same"
            fix = f"leave out `{key}:`, or write a share, e.g. `{key}: 0.15`"
            raise DataError(Problem(what, "different data for each part", fix, where=path, key=f"data.{key}"))
        seen[place] = key
