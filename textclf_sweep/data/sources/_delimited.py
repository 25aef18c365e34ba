"""Tables of delimited text, read strictly: never fewer rows in silence. Shared by sources of such tables."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from textclf_sweep.data.corpus import Corpus
from textclf_sweep.errors import DataError, Problem

FIELD_LIMIT = 10_000_000
"""The longest field that is accepted, in characters."""
_DELIMITERS = {",": "`,`", ";": "`;`", "\t": "a tab", "|": "`|`"}


@dataclass(frozen=True, slots=True)
class Table:
    """A table as read; every row has as many fields as the header.

    Attributes:
        where: the file, for messages.
        delimiter: one character.
        header: the column names, all different.
        rows: the fields of each record, text as it stands in the file.
        lines: the physical line where each record starts, header = 1.
        notes: one sentence for what was left out.
    """

    where: str
    delimiter: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    notes: tuple[str, ...] = ()

    def column(self, name: str) -> tuple[str, ...]:
        """The fields of the column `name`, which must exist."""
        index = self.header.index(name)
        return tuple([row[index] for row in self.rows])


def parse(text: str, delimiter: str, where: str) -> Table:
    r"""The table in `text`.

    Args:
        text: a whole file, decoded; fields may be in double quotes, and hold line ends then.
        delimiter: one character between fields; ``\t`` may be spelled out.
        where: the file, for messages.

    Raises:
        DataError: an empty table, a ragged row, a quote that is not closed, a field that is too long, two columns of
            one name, or a delimiter that cannot be one.
    """
    delimiter = _checked(delimiter, where)
    records = _records(text, delimiter, where)
    header: tuple[str, ...] = ()
    rows, lines, blank = [], [], []
    for line, record in records:
        if not any(field.strip() for field in record) and len(record) < 2:
            blank.append(line)
        elif not header:
            header = record
        else:
            rows.append(record)
            lines.append(line)
    if not header:
        raise DataError(Problem("the file is empty", "a header and rows", "check data.path", where=where))
    _check_header(header, where)
    _check_widths(header, rows, lines, where)
    if not rows:
        problem = Problem("the file has a header but no rows", "at least one row", "check data.path", where=where)
        raise DataError(problem)
    # Blank lines at the end lose nothing and are common; others may be a surprise.
    inner = [line for line in blank if line < lines[-1]]
    counted = "1 blank line was" if len(inner) == 1 else f"{len(inner):,} blank lines were"
    notes = (f"{counted} skipped (first: line {inner[0]})",) if inner else ()
    return Table(where, delimiter, header, tuple(rows), tuple(lines), notes)


def to_corpus(table: Table, text: str, label: str, group: str | None = None) -> Corpus:
    """The corpus of the columns `text`, `label` and, if not None, `group`.

    Raises:
        DataError: one of the columns does not exist; all that don't are named.
    """
    wanted = {"data.text": text, "data.label": label} | ({} if group is None else {"data.group": group})
    absent = [_no_column(table, name, key) for key, name in wanted.items() if name not in table.header]
    if absent:
        raise DataError(*absent)
    return Corpus(
        texts=table.column(text),
        labels=table.column(label),
        lines=table.lines,
        groups=None if group is None else table.column(group),
        name=table.where,
        notes=table.notes,
    )


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


def _records(text: str, delimiter: str, where: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Each record and the line it starts in."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    limit = csv.field_size_limit(FIELD_LIMIT)
    start = 1
    try:
        for record in reader:
            yield start, tuple(record)
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
            where=f"{where}:1",
        )
        raise DataError(problem)


def _check_widths(header: Sequence[str], rows: Sequence[Sequence[str]], lines: Sequence[int], where: str) -> None:
    ragged = [index for index, row in enumerate(rows) if len(row) != len(header)]
    if not ragged:
        return
    first = ragged[0]
    more = f" ({len(ragged) - 1:,} more rows like it)" if len(ragged) > 1 else ""
    problem = Problem(
        f"the row has {_fields(len(rows[first]))}{more}",
        f"{_fields(len(header))}, as in the header",
        'put a text that holds the delimiter into double quotes: "..."',
        where=f"{where}:{lines[first]}",
    )
    raise DataError(problem)


def _fields(count: int) -> str:
    return f"{count} field" if count == 1 else f"{count} fields"


def _no_column(table: Table, name: str, key: str) -> Problem:
    columns = ", ".join(repr(column) for column in table.header[:20])
    others = [mark for mark in _DELIMITERS if mark != table.delimiter and mark in table.header[0]]
    if len(table.header) == 1 and others:
        shown = re.sub(r"\t", r"\\t", others[0])
        fix = f'the columns seem to be separated by {_DELIMITERS[others[0]]}: write `delimiter: "{shown}"`'
    else:
        by_name = {column.strip().lower(): column for column in table.header}
        near = difflib.get_close_matches(name.strip().lower(), by_name, 1)
        fix = f"did you mean {by_name[near[0]]!r}?" if near else f"write the column's name in {key}"
    return Problem(f"there is no column {name!r}", f"one of {columns}", fix, where=f"{table.where}:1", key=key)
