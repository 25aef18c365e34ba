"""A CSV file (RFC 4180) with a header: a record a row, a column for the text and one for the label."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from textclf_sweep.data.sources import _delimited, _text
from textclf_sweep.data.sources._table import Table, option
from textclf_sweep.definition.space import Parameter
from textclf_sweep.trial import Scalar

DELIMITER = Parameter("delimiter", "str", ",", "The character between two fields.")
PARAMETERS = (_text.ENCODING, DELIMITER)
EXTENSIONS = (".csv", ".csv.gz")
PATH = "file"


def read(path: str | None, options: Mapping[str, Scalar], columns: Collection[str] | None) -> Table:
    """The rows of the file at `path`; text is text, so ``NA``, ``null`` and ``01`` stay what they are.

    Raises:
        DataError: the file cannot be read, decoded or parsed.
    """
    return _delimited.read(path, options, str(option(options, DELIMITER)), columns, quoting=True)
