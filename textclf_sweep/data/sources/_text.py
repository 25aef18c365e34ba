"""Bytes of a file and the text they are, with the place of what is wrong; shared by sources of text files."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from textclf_sweep.definition.space import Parameter
from textclf_sweep.errors import DataError, Problem

ENCODING = Parameter("encoding", "str", "utf-8", "Character encoding of the file; a byte order mark is allowed.")
"""The option of every source that reads text files."""

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins like UTF-16's, so it is looked for first
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8"),
)
_ARCHIVES = (
    (b"PK\x03\x04", "a zip archive or an Excel file"),
    (b"\x1f\x8b", "a gzip file"),
    (b"PAR1", "a Parquet file"),
)
_LINE_END = re.compile(rb"\r\n|\r|\n")


def read_file(path: str | None) -> bytes:
    """The content of the file at `path`.

    Raises:
        DataError: no path is given, or there is no readable file.
    """
    if path is None:
        raise DataError(Problem("no data file is named", fix="write its path in data.path", key="data.path"))
    try:
        return Path(path).read_bytes()
    except IsADirectoryError as error:
        problem = Problem("this is a folder", "a file", "name a file in it", where=path, key="data.path")
        raise DataError(problem) from error
    except FileNotFoundError as error:
        fix = "check data.path; a relative path counts from the definition's folder"
        raise DataError(Problem("there is no such file", "a data file", fix, where=path, key="data.path")) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(Problem(f"the file cannot be read: {reason}", where=path, key="data.path")) from error


def decode(data: bytes, encoding: str, where: str) -> str:
    """The text of `data`, without a byte order mark.

    Args:
        data: a whole file.
        encoding: a name that Python knows.
        where: the file, for messages.

    Raises:
        DataError: `encoding` is unknown or is not that of `data`, or the text holds a NUL character.
    """
    for start, kind in _ARCHIVES:
        if data.startswith(start):
            raise DataError(Problem(f"this is {kind}", "a plain text file", "unpack or export it", where=where))
    _check_encoding(data, encoding, where)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise DataError(_undecodable(data, encoding, error.start, where)) from error
    nul = text.find("\0")
    if nul >= 0:
        raise DataError(_nul(data, text, encoding, nul, where))
    return text.removeprefix("\ufeff")


def _check_encoding(data: bytes, encoding: str, where: str) -> None:
    try:
        # An empty text would be encoded without asking for the codec.
        "a".encode(encoding)
        known = codecs.lookup(encoding).name
    except (LookupError, ValueError) as error:
        problem = Problem(
            f"there is no text encoding {encoding!r}", "e.g. utf-8, cp1252 or utf-16", where=where, key="data.encoding"
        )
        raise DataError(problem) from error
    for mark, actual in _MARKS:
        if data.startswith(mark):
            if not known.startswith(actual):
                what = f"the file begins with the byte order mark of {actual.upper()}, not {encoding}"
                raise DataError(Problem(what, fix=f"write `encoding: {actual}`", where=where, key="data.encoding"))
            return


def _undecodable(data: bytes, encoding: str, offset: int, where: str) -> Problem:
    line = 1 + len(_LINE_END.findall(data[:offset]))
    before = data[:offset]
    if codecs.lookup(encoding).name != "utf-8":
        fix = "name the encoding the file was saved in, often utf-8"
    elif not before.isascii():
        fix = f"the text before it is valid UTF-8, so line {line} is probably damaged: repair it"
    else:
        fix = f"write `encoding: {_likely(data)}`, or save the file as UTF-8"
    what = f"byte {offset:,} (0x{data[offset]:02x}) is not {encoding.upper()}"
    return Problem(what, f"{encoding} text", fix, where=f"{where}:{line}", key="data.encoding")


def _likely(data: bytes) -> str:
    """The encoding of `data` that is most likely, when it is not UTF-8."""
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"


def _nul(data: bytes, text: str, encoding: str, position: int, where: str) -> Problem:
    line = 1 + len(_LINE_END.findall(text[:position].encode(errors="replace")))
    start = data[:1000]
    if start.count(0) > len(start) / 4:
        # Every other byte of Latin text is zero in UTF-16: the second one when the low byte comes first.
        likely = "utf-16-le" if start[1::2].count(0) > start[0::2].count(0) else "utf-16-be"
        fix = f"write `encoding: {likely}`"
    else:
        fix = "remove the NUL characters; the file may be damaged"
    return Problem(f"a NUL character, read as {encoding}", "text", fix, where=f"{where}:{line}")
