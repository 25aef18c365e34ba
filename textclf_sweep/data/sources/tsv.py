"""A file of tab-separated values with a header; a quote is a character like any other unless `quoting` is true."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from textclf_sweep.data.sources import _delimited, _text
from textclf_sweep.data.sources._table import Table, option
from textclf_sweep.definition.space import Parameter
from textclf_sweep.trial import Scalar

QUOTING = Parameter("quoting", "bool", False, "Whether double quotes around a field enclose it, as in a CSV file.")
PARAMETERS = (_text.ENCODING, QUOTING)
EXTENSIONS = (".tsv", ".tab", ".tsv.gz", ".tab.gz")
PATH = "file"


def read(path: str | None, options: Mapping[str, Scalar], columns: Collection[str] | None) -> Table:
    """The rows of the file at `path`; text is text, so ``NA``, ``null`` and ``01`` stay what they are.

    Raises:
        DataError: the file cannot be read, decoded or parsed.
    """
    return _delimited.read(path, options, "\t", columns, quoting=bool(option(options, QUOTING)))
