"""JSON Lines: one object a line, a key for the text and one for the label; numbers stay as they are written."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from textclf_sweep.data.sources import _file, _text
from textclf_sweep.data.sources._table import BlankLines, Table, option
from textclf_sweep.definition.space import Parameter
from textclf_sweep.errors import DataError, Problem
from textclf_sweep.trial import Scalar

PARAMETERS: tuple[Parameter, ...] = (_text.ENCODING,)
EXTENSIONS = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")
PATH = "file"

_WORDS = {True: "true", False: "false", None: ""}


class _DoubleKeyError(ValueError):
    """An object has a key twice."""


def read(path: str | None, options: Mapping[str, Scalar], columns: Collection[str] | None) -> Table:
    """The objects of the file at `path`. A key that an object does not have, or whose value is null, is blank.

    A string stays what it is, a number is as it is written: ``"1"`` and ``1`` are the same text, ``1.0`` is another.
    Without `columns`, keys that somewhere hold a list or an object are left out.

    Raises:
        DataError: the file cannot be read or decoded, a line is no object or has a key twice, or one of `columns`
            holds a list or an object.
    """
    where = str(path)
    reader = _Reader(where, columns)
    with _file.open_file(path) as file:
        for line, text in enumerate(_text.lines(file, str(option(options, _text.ENCODING)), where), start=1):
            reader.add(text, line)
    return reader.table()


class _Reader:
    """Collects objects.

    Args:
        where: the file.
        columns: the keys whose values are kept; None keeps all.
    """

    def __init__(self, where: str, columns: Collection[str] | None) -> None:
        self._where = where
        self._asked = None if columns is None else frozenset(columns)
        self._header: dict[str, None] = {}
        self._columns: dict[str, list[str]] = {}
        self._nested: set[str] = set()
        self._lines: list[int] = []
        self._blank = BlankLines()
        self._decode = json.JSONDecoder(
            object_pairs_hook=_distinct, parse_int=str, parse_float=str, parse_constant=str
        ).decode

    def add(self, text: str, line: int) -> None:
        """Take the object in one line of the file."""
        if text.isspace():
            self._blank.add(line)
            return
        record = self._object(text, line)
        if record.keys() - self._header.keys():
            self._header.update(dict.fromkeys(record))
            for name in record:
                if self._asked is None or name in self._asked:
                    self._columns.setdefault(name, [""] * len(self._lines))
        for name, values in self._columns.items():
            value = record.get(name)
            values.append(value if isinstance(value, str) else self._plain(value, name, line))
        self._lines.append(line)
        self._blank.row()

    def table(self) -> Table:
        """Everything that was added."""
        if not self._lines:
            what = "there is no object in the file" if self._blank.first else "the file is empty"
            raise DataError(Problem(what, "an object a line", "check data.path", where=self._where))
        texts = {name: tuple(self._columns.pop(name)) for name in list(self._columns) if name not in self._nested}
        return Table(self._where, tuple(self._header), texts, tuple(self._lines), self._blank.notes())

    def _plain(self, value: object, name: str, line: int) -> str:
        if value is None or isinstance(value, bool):
            return _WORDS[value]
        if self._asked is None:
            self._nested.add(name)
            return ""
        kind = "a list" if isinstance(value, list) else "an object"
        fix = "name another column, or write the text itself under a key of its own"
        raise DataError(Problem(f"{name!r} is {kind}", "a string or a number", fix, where=f"{self._where}:{line}"))

    def _object(self, text: str, line: int) -> dict[str, Any]:
        place = f"{self._where}:{line}"
        try:
            value = self._decode(text)
        except _DoubleKeyError as error:
            problem = Problem(f"the object has the key {error.args[0]!r} twice", "a key once", "remove one", place)
            raise DataError(problem) from error
        except (ValueError, RecursionError) as error:
            raise DataError(_malformed(text, error, place, first=not self._lines)) from error
        if isinstance(value, dict):
            return value
        kind = {list: "a list", str: "a string", bool: "true or false"}.get(type(value), "no object")
        # Numbers are read as they are written, as strings.
        kind = "a number" if kind == "a string" and not text.lstrip().startswith('"') else kind
        fix = "write each object in a line of its own, e.g. with `jq -c '.[]' FILE`" if kind == "a list" else ""
        expected = 'an object a line: {"text": ..., "label": ...}'
        raise DataError(Problem(f"the line is {kind}", expected, fix, where=place))


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these keys and values."""
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        raise _DoubleKeyError(next(name for name in names if names.count(name) > 1))
    return made


def _malformed(text: str, error: Exception, place: str, *, first: bool) -> Problem:
    shown = text.strip()
    if first and shown in {"[", "{"}:
        fix = "write each object in a line of its own, e.g. with " + ("`jq -c '.[]'`" if shown == "[" else "`jq -c .`")
        return Problem("the JSON goes over several lines", "an object a line", fix, where=place)
    reason = f"{error.msg} at character {error.pos + 1:,}" if isinstance(error, json.JSONDecodeError) else "too deep"
    if first and not shown.startswith("{"):
        fix = "name the file's kind, e.g. `source: csv`"
        return Problem("the file is no JSON Lines", "an object a line", fix, where=place)
    fix = 'repair the line; text within a string needs \\n for a line end and \\" for a quote'
    return Problem(f"the line is no JSON: {reason}", "an object a line", fix, where=place)
