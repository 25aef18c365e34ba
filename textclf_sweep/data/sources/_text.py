"""Lines of text files, with the place of what is wrong in them; shared by sources of text files."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from itertools import chain

from textclf_sweep.data.sources import _file
from textclf_sweep.definition.space import Parameter
from textclf_sweep.errors import DataError, Problem

ENCODING = Parameter("encoding", "str", "utf-8", "Character encoding of the file; a byte order mark is allowed.")
"""The option of every source that reads text files."""
LINE_LIMIT = 50_000_000
"""The longest line that is accepted, in characters."""

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins like UTF-16's, so it is looked for first
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8"),
)
_LINE_END = re.compile(r"\r\n|\r|\n")
_FOREIGN = 0.3
"""The share of letters beyond ASCII from which a text of single bytes is hardly in a Western language."""


def lines(file: io.BufferedReader, encoding: str, where: str) -> Iterator[str]:
    r"""The lines of `file`, each with its end (``\n``, ``\r\n`` or ``\r``), without a byte order mark.

    Args:
        file: at its beginning; may be packed with gzip.
        encoding: a name that Python knows.
        where: the file, for messages.

    Raises:
        DataError: `encoding` is unknown or is not that of the file, the file is no text file or holds a NUL character,
            or a line is longer than `LINE_LIMIT`.
    """
    held: list[str] = []  # the beginning of a line whose end has not come yet
    length, line = 0, 1
    for text in texts(file, encoding, where):
        if "\n" not in text and "\r" not in text and not (held and held[-1].endswith("\r")):
            held.append(text)
            length += len(text)
            if length > LINE_LIMIT:
                what = f"the line is longer than {LINE_LIMIT:,} characters"
                raise DataError(Problem(what, "records in lines", "check data.path", where=f"{where}:{line}"))
            continue
        whole = io.StringIO("".join([*held, text]), newline="").readlines()
        # A last "\r" may be half of a line end.
        held = [] if whole[-1].endswith("\n") else [whole.pop()]
        length = len(held[0]) if held else 0
        line += len(whole)
        yield from whole
    if held:
        yield "".join(held)


def texts(file: io.BufferedReader, encoding: str, where: str) -> Iterator[str]:
    """As `lines`, in pieces of any length."""
    pieces = _file.chunks(file, where)
    first = next(pieces, b"")
    _check_encoding(first, encoding, where)
    decoder = codecs.getincrementaldecoder(encoding)()
    offset, line, ascii_so_far, begun, half = 0, 1, True, False, False
    for chunk in chain([first], pieces, [b""]):
        offset += len(chunk)
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            line += line_ends(_before(error), half=half)
            raise DataError(_undecodable(error, encoding, (offset, line, ascii_so_far), where)) from error
        except UnicodeError as error:  # of codecs that are no character encodings, e.g. punycode
            what, fix = f"the file is not {encoding}: {error}", "write `encoding: utf-8`"
            raise DataError(Problem(what, f"{encoding} text", fix, where, "data.encoding")) from error
        if "\0" in text:
            raise DataError(_nul(first, encoding, line + line_ends(text[: text.index("\0")], half=half), where))
        if not begun and text:
            begun, text = True, text.removeprefix("\ufeff")
        line += line_ends(text, half=half)
        half = text.endswith("\r") if text else half
        ascii_so_far = ascii_so_far and chunk.isascii()
        if text:
            yield text


def line_ends(text: str, *, half: bool = False) -> int:
    r"""How many lines end in `text`; `half`: it comes after a ``\r``, with which a first ``\n`` is one line end."""
    count = text.count("\n") if "\r" not in text else len(_LINE_END.findall(text))
    return count - (half and text.startswith("\n"))


def _before(error: UnicodeDecodeError) -> str:
    """The text before what cannot be decoded."""
    good = error.object[: error.start]
    try:
        return good.decode(error.encoding, "replace")
    except (UnicodeError, LookupError):  # not every codec can replace
        return good.decode("latin-1")


def _check_encoding(data: bytes, encoding: str, where: str) -> None:
    try:
        # An empty text would be encoded without asking for the codec.
        "a".encode(encoding)
        known = codecs.lookup(encoding).name
        codecs.getincrementaldecoder(encoding)
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
    start = data[:1000]
    if known.startswith(("utf-16", "utf-32")) and start and b"\0" not in start and start.isascii():
        what = f"the file is no {encoding.upper()}: its beginning is plain ASCII"
        raise DataError(Problem(what, fix="write `encoding: utf-8`", where=where, key="data.encoding"))


def _undecodable(error: UnicodeDecodeError, encoding: str, before: tuple[int, int, bool], where: str) -> Problem:
    """What is wrong at a byte, and the encoding that would do.

    Args:
        error: its object is what was being decoded.
        encoding: that was asked for.
        before: the offset of the object's end, the line of the error, whether all before it is ASCII.
        where: the file.
    """
    end, line, plain = before
    data = error.object
    offset, good = end - len(data) + error.start, data[: error.start]
    known = codecs.lookup(encoding).name
    if known == "cp1252":
        fix = "write `encoding: latin-1`, which knows every byte, or the one the file was saved in"
    elif known != "utf-8":
        fix = "name the encoding the file was saved in, often utf-8"
    elif double := _two_bytes(data):
        fix = f"write `encoding: {double}`"
    elif b"\0" in data:
        fix = "there are NUL bytes, too: the file may be no text at all"
    elif plain and good.isascii():
        fix = _single_bytes(data)
    else:
        fix = f"the text before it is valid UTF-8, so line {line} is probably damaged: repair it"
    what = f"byte {offset:,} (0x{data[error.start]:02x}) is not {encoding.upper()}"
    return Problem(what, f"{encoding} text", fix, where=f"{where}:{line}", key="data.encoding")


def _single_bytes(data: bytes) -> str:
    """What to do with text that is no UTF-8: name its most likely encoding."""
    letters = sum(65 <= byte <= 90 or 97 <= byte <= 122 for byte in data)
    beyond = sum(byte >= 0x80 for byte in data)
    if beyond > 20 and beyond > _FOREIGN * (letters + beyond):
        return (
            "write the `encoding:` the file was saved in, e.g. cp1251 for Russian, gb18030 for Chinese, shift_jis for "
            "Japanese, or save the file as UTF-8"
        )
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        return "write `encoding: latin-1`, or save the file as UTF-8"
    return "write `encoding: cp1252`, or save the file as UTF-8"


def _two_bytes(data: bytes) -> str:
    """UTF-16 in the byte order that `data` seem to have, when they have one; else empty."""
    start = data[:1000]
    # Every other byte of Latin text, delimiters and line ends is zero: the second one when the low byte comes first.
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if max(even, odd) < max(3, len(start) / 50) or min(even, odd) > max(even, odd) / 10:
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def _nul(data: bytes, encoding: str, line: int, where: str) -> Problem:
    likely = _two_bytes(data)
    fix = f"write `encoding: {likely}`" if likely else "remove the NUL characters; the file may be damaged"
    return Problem(f"a NUL character, read as {encoding}", "text", fix, where=f"{where}:{line}")
