"""Tables of delimited text, read strictly: never fewer rows in silence. Shared by sources of such tables."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal

from textclf_sweep.data.sources import _file, _text
from textclf_sweep.data.sources._table import BlankLines, Table, chosen, option
from textclf_sweep.errors import DataError, Problem
from textclf_sweep.trial import Scalar

FIELD_LIMIT = 10_000_000
"""The longest field that is accepted, in characters."""
_SEPARATOR = re.compile("sep=.")
"""A first line by which spreadsheet programs tell the delimiter."""
_DELIMITERS = {",": "`,`", ";": "`;`", "\t": "a tab", "|": "`|`"}


def read(
    path: str | None, options: Mapping[str, Scalar], delimiter: str, columns: Collection[str] | None, *, quoting: bool
) -> Table:
    """The table in the file at `path`, which may be packed with gzip; see `parse`.

    Raises:
        DataError: the file cannot be read, decoded or parsed.
    """
    encoding, where = str(option(options, _text.ENCODING)), str(path)
    with _file.open_file(path) as file:
        return parse(_text.lines(file, encoding, where), delimiter, where, columns, quoting=quoting)


def parse(
    lines: Iterable[str],
    delimiter: str,
    where: str,
    columns: Collection[str] | None = None,
    *,
    quoting: bool = True,
) -> Table:
    r"""The table in `lines`.

    Args:
        lines: those of a whole file, each with its end.
        delimiter: one character between fields; ``\t`` may be spelled out.
        where: the file, for messages.
        columns: those whose texts are kept; None keeps all.
        quoting: whether fields may be in double quotes, and then hold delimiters and line ends; else a quote is a
            character like any other.

    Raises:
        DataError: an empty table, a ragged row, a quote that is not closed, a field that is too long, two columns of
            one name, or a delimiter that cannot be one.
    """
    delimiter = _checked(delimiter, where)
    records = _records(lines, delimiter, where, quoting=quoting)
    blank = BlankLines()
    header = _header(records, delimiter, blank, where)
    kept: dict[str, list[str]] = {name: [] for name in chosen(header, columns)}
    starts = _collect(records, header, kept, blank, where)
    if not starts:
        problem = Problem("the file has a header but no rows", "at least one row", "check data.path", where=where)
        raise DataError(problem)
    # Converted one by one, so that the lists do not all stand beside the tuples.
    texts = {name: tuple(kept.pop(name)) for name in list(kept)}
    notes = blank.notes() if quoting else (*blank.notes(), *_quoted(texts.values(), starts))
    return Table(where, header, texts, tuple(starts), notes, advice=_advice(header, delimiter))


def _header(records: Iterator[tuple[int, list[str]]], delimiter: str, blank: BlankLines, where: str) -> tuple[str, ...]:
    """The first record that is not blank; the others are left in `records`."""
    for line, record in records:
        if _is_blank(record):
            blank.add(line)
        elif line > 1 or not _SEPARATOR.fullmatch(delimiter.join(record)):
            _check_header(record, f"{where}:{line}")
            return tuple(record)
    raise DataError(Problem("the file is empty", "a header and rows", "check data.path", where=where))


def _collect(
    records: Iterator[tuple[int, list[str]]],
    header: Sequence[str],
    kept: Mapping[str, list[str]],
    blank: BlankLines,
    where: str,
) -> list[int]:
    """Add the fields of all records to the lists in `kept`, and return the lines where the records start."""
    width = len(header)
    picked = [(kept[name], header.index(name)) for name in kept]
    starts: list[int] = []
    ragged: list[int] = []  # the first one's line and width, and a count
    for line, record in records:
        if len(record) == width and (width > 1 or record[0].strip()):
            if blank.since:
                blank.row()
            starts.append(line)
            for values, index in picked:
                values.append(record[index])
        elif _is_blank(record):
            blank.add(line)
        elif ragged:
            ragged[2] += 1
        else:
            ragged = [line, len(record), 1]
    if ragged:
        raise DataError(_ragged(ragged, width, where))
    return starts


def _is_blank(record: Sequence[str]) -> bool:
    return len(record) < 2 and not any(field.strip() for field in record)


def _checked(delimiter: str, where: str) -> str:
    plain = {"\\t": "\t"}.get(delimiter, delimiter)
    if len(plain) != 1 or plain in '"\r\n':
        problem = Problem(
            f"{delimiter!r} cannot separate fields",
            "one character that is no quote and no line end",
            "write e.g. `delimiter: ';'`",
            where=where,
            key="data.delimiter",
        )
        raise DataError(problem)
    return plain


def _records(lines: Iterable[str], delimiter: str, where: str, *, quoting: bool) -> Iterator[tuple[int, list[str]]]:
    """Each record and the line it starts in."""
    style: Literal[0, 3] = csv.QUOTE_MINIMAL if quoting else csv.QUOTE_NONE
    reader = csv.reader(lines, delimiter=delimiter, quoting=style, strict=True)
    limit = csv.field_size_limit(FIELD_LIMIT)
    start = 1
    try:
        for record in reader:
            yield start, record
            start = reader.line_num + 1
    except csv.Error as error:
        raise DataError(_malformed(str(error), f"{where}:{start}", reader.line_num)) from error
    finally:
        # The limit belongs to the whole process.
        csv.field_size_limit(limit)


def _malformed(reason: str, where: str, line: int) -> Problem:
    if "unexpected end" in reason:
        return Problem(
            "a quote opened in this record is not closed before the end of the file",
            'a closing " before the next delimiter or line end',
            'close the quote, or write a quote that belongs to the text twice (""), within quotes',
            where=where,
        )
    if "field larger" in reason:
        return Problem(
            f"a field is longer than {FIELD_LIMIT:,} characters; a quote may not be closed",
            "shorter fields",
            "close the quote, or shorten the text",
            where=where,
        )
    return Problem(
        f"after a closing quote in line {line} there is more text",
        "the delimiter or the end of the line",
        'close the quote where the field ends, and write a quote that belongs to the text twice ("")',
        where=where,
    )


def _check_header(header: Sequence[str], where: str) -> None:
    double = sorted({name for name in header if header.count(name) > 1})
    if double:
        problem = Problem(
            f"the header names {', '.join(map(repr, double))} more than once",
            "a different name for each column",
            "rename or remove one of them",
            where=where,
        )
        raise DataError(problem)


def _ragged(ragged: Sequence[int], width: int, where: str) -> Problem:
    line, found, count = ragged
    more = f" ({count - 1:,} more rows like it)" if count > 1 else ""
    return Problem(
        f"the row has {_fields(found)}{more}",
        f"{_fields(width)}, as in the header",
        'put a text that holds the delimiter into double quotes: "..."',
        where=f"{where}:{line}",
    )


def _fields(count: int) -> str:
    return f"{count} field" if count == 1 else f"{count} fields"


def _quoted(columns: Iterable[Sequence[str]], starts: Sequence[int]) -> tuple[str, ...]:
    """A note when fields read without quoting look as if they had been written with it."""
    rows = {
        row
        for column in columns
        for row, text in enumerate(column)
        if text.startswith('"') and len(text) > 1 and text.endswith('"') and text[1:-1].count('"') % 2 == 0
    }
    if not rows:
        return ()
    found = "1 row has a field" if len(rows) == 1 else f"{len(rows):,} rows have fields"
    return (f"{found} within quotes (first: line {starts[min(rows)]}), which are kept; `quoting: true` removes them",)


def _advice(header: Sequence[str], delimiter: str) -> str:
    if header[0].lstrip().startswith("{"):
        return "the file seems to be JSON Lines: write `source: jsonl`"
    others = [mark for mark in _DELIMITERS if mark != delimiter and mark in header[0]]
    if len(header) > 1 or not others:
        return ""
    shown = others[0].replace("\t", r"\t")
    source = "`source: csv` and " if delimiter == "\t" else ""
    return f'the columns seem to be separated by {_DELIMITERS[others[0]]}: write {source}`delimiter: "{shown}"`'
