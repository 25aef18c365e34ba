"""A CSV file (RFC 4180) with a header: a record a row, a column for the text and one for the label."""

from __future__ import annotations

from textclf_sweep.data.corpus import Corpus
from textclf_sweep.data.sources import _delimited, _text
from textclf_sweep.definition.space import Parameter
from textclf_sweep.definition.types import DataSettings

DELIMITER = Parameter("delimiter", "str", ",", "The character between two fields.")
PARAMETERS = (_text.ENCODING, DELIMITER)
EXTENSIONS = (".csv",)


def load(settings: DataSettings) -> Corpus:
    """The rows of the file at ``settings.path``; text is text, so ``NA``, ``null`` and ``01`` stay what they are.

    Raises:
        DataError: the file cannot be read, decoded or parsed, or a column is missing.
    """
    encoding, delimiter = (str(settings.options.get(item.name, item.default)) for item in PARAMETERS)
    where = str(settings.path)
    text = _text.decode(_text.read_file(settings.path), encoding, where)
    table = _delimited.parse(text, delimiter, where)
    return _delimited.to_corpus(table, settings.text[0], settings.label, settings.group)
