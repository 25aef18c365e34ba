"""The bundled sample: 6,800 news headlines with four equally frequent labels, already split.

No news story is in two of its parts. F. Gasparetti, News Aggregator, UCI Machine Learning Repository, 2016; see
``textclf_sweep/data/uci_news/CITATION.md``.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from importlib import resources

from textclf_sweep.data.corpus import PARTS
from textclf_sweep.data.sources import _delimited, _text
from textclf_sweep.data.sources._table import Table, chosen
from textclf_sweep.definition.space import Parameter
from textclf_sweep.trial import Scalar

PARAMETERS: tuple[Parameter, ...] = ()
EXTENSIONS: tuple[str, ...] = ()
PATH = "none"

_COLUMNS = ("text", "label", "story")


def read(path: str | None, options: Mapping[str, Scalar], columns: Collection[str] | None) -> Table:  # noqa: ARG001
    """The sample's rows, with their news stories as groups and the sample's own split; there is nothing to choose."""
    kept = None if columns is None else {*columns, "story"}
    parts = {part: _part(part, kept) for part in PARTS}
    tables = parts.values()
    texts = {name: tuple(text for table in tables for text in table.columns[name]) for name in chosen(_COLUMNS, kept)}
    return Table(
        where="uci_news",
        header=(*_COLUMNS, "split"),
        columns=texts | {"split": tuple(part for part, table in parts.items() for _ in table.lines)},
        lines=tuple(line for table in tables for line in table.lines),
        files=tuple(table.where for table in tables for _ in table.lines),
        group="story",
        split="split",
    )


def _part(part: str, columns: Collection[str] | None) -> Table:
    where = f"uci_news/{part}.csv"
    content = (resources.files("textclf_sweep.data") / where).read_bytes()
    lines = _text.lines(io.BufferedReader(io.BytesIO(content)), "utf-8", where)
    return _delimited.parse(lines, ",", where, columns)
