"""Where texts and labels come from: one contract, one file per source.

A source module is named as in a definition (``source: csv``), has only light top-level imports, and declares what
`Source` lists. Modules whose names begin with ``_`` are shared by sources and are none themselves.
"""

from __future__ import annotations

import importlib
from typing import Protocol, cast

from textclf_sweep.data.corpus import Corpus
from textclf_sweep.definition.space import Parameter
from textclf_sweep.definition.types import DataSettings
from textclf_sweep.errors import DataError, Problem


class Source(Protocol):
    """The shape of a source module."""

    @property
    def PARAMETERS(self) -> tuple[Parameter, ...]:  # noqa: N802 - a module's constant
        """The source's own options."""

    @property
    def EXTENSIONS(self) -> tuple[str, ...]:  # noqa: N802 - a module's constant
        """File name endings it reads, lower case, with the dot; empty for a source without a path."""

    def load(self, settings: DataSettings) -> Corpus:
        """Every row, in order, texts and labels untouched, blank where they are missing.

        A source drops nothing in silence: what it leaves out is in the corpus' notes, what it cannot read is an error
        with its place.

        Raises:
            DataError: the data cannot be read as `settings` ask.
        """


def load(settings: DataSettings) -> Corpus:
    """The rows of the source that `settings` names.

    Raises:
        DataError: there is no such source, or it cannot read the data.
    """
    name = f"{__name__}.{settings.source}"
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        problem = Problem(f"there is no data source {settings.source!r}", fix="see `data.source`", key="data.source")
        raise DataError(problem) from error
    return cast("Source", module).load(settings)
