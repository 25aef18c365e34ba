"""Files and what is in them, as bytes; gzip is unpacked on the way. Shared by sources that read files."""

from __future__ import annotations

import gzip
import io
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path

from textclf_sweep.errors import DataError, Problem

CHUNK = 1 << 20
"""Bytes that are read at once."""
MOST = 8 << 30
"""Bytes that a gzip file may unpack to."""
RATIO = 200
"""How many times larger a gzip file may become; texts become 2 to 20 times larger."""
UNSUSPECTED = 64 << 20
"""Bytes up to which any `RATIO` will do."""

GZIP = b"\x1f\x8b"
_KINDS = (
    (b"PK\x03\x04", "an archive (zip) or an Excel file", "unpack it, or export the sheet as CSV"),
    (b"PK\x05\x06", "an empty archive (zip)", "name a data file"),
    (b"7z\xbc\xaf\x27\x1c", "an archive (7z)", "unpack it and name the data file in it"),
    (b"Rar!", "an archive (rar)", "unpack it and name the data file in it"),
    (b"BZh", "an archive (bzip2)", "unpack it with `bunzip2`, or pack it with gzip, which is read directly"),
    (b"\xfd7zXZ\0", "an archive (xz)", "unpack it with `unxz`, or pack it with gzip, which is read directly"),
    (b"\x28\xb5\x2f\xfd", "an archive (zstd)", "unpack it with `unzstd`, or pack it with gzip, which is read directly"),
    (GZIP, "an archive (gzip within gzip)", "unpack it once"),
    (b"PAR1", "a Parquet file", "write `source: parquet`"),
    (b"ARROW1", "an Arrow file", "save it as Parquet"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file", "export the sheet as CSV"),
    (b"SQLite format 3\0", "an SQLite database", "export the table as CSV"),
    (b"%PDF-", "a PDF file", "extract its text"),
)
_TAR = 257  # where a tar archive says that it is one


def checked_path(path: str | None, *, folder: bool = False) -> Path:
    """The path of a file, or of a folder, that is there.

    Raises:
        DataError: no path is given, there is nothing at it, or it is of the other kind.
    """
    kind = "folder" if folder else "file"
    if path is None or not path.strip():
        raise DataError(Problem(f"no data {kind} is named", fix="write its path in data.path", key="data.path"))
    try:
        mode = Path(path).stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        fix = "check the path; in a definition, a relative one counts from the definition's folder"
        problem = Problem(f"there is no such {kind}", f"a data {kind}", fix, where=path, key="data.path")
        raise DataError(problem) from error
    except (OSError, ValueError) as error:
        raise DataError(unreadable(error, path)) from error
    right = stat.S_ISDIR(mode) if folder else stat.S_ISREG(mode)
    if right:
        return Path(path)
    if stat.S_ISDIR(mode):
        what, fix = "this is a folder", "name a file in it, or write `source: folder` for a folder per label"
    elif stat.S_ISREG(mode):
        what, fix = "this is a file", "name the folder, or leave out `source` to have it inferred from the path"
    else:
        what, fix = "this is neither a file nor a folder", "copy the data into a file"
    raise DataError(Problem(what, f"a {kind}", fix, where=path, key="data.path"))


def open_file(path: str | None) -> io.BufferedReader:
    """The file at `path`, to be read.

    Raises:
        DataError: no path is given, or there is no readable file.
    """
    file = checked_path(path)
    try:
        return file.open("rb")
    except OSError as error:
        raise DataError(unreadable(error, str(path))) from error


def chunks(file: io.BufferedReader, where: str) -> Iterator[bytes]:
    """What is in `file`, unpacked when it is a gzip file, in pieces that are not empty.

    Args:
        file: at its beginning.
        where: the file, for messages.

    Raises:
        DataError: it is an archive or another file without plain text, it is damaged, or it unpacks to too much.
    """
    packed = file.peek(2)[:2] == GZIP
    stream = gzip.GzipFile(fileobj=file) if packed else file
    size = 0
    while chunk := _read(stream, size, where):
        if not size:
            check_kind(chunk, where)
        size += len(chunk)
        if packed and size > UNSUSPECTED and (size > MOST or size > RATIO * file.tell()):
            problem = Problem(
                f"the gzip file unpacks to more than {size >> 20:,} MB, {size // file.tell():,} times its own size",
                f"at most {MOST >> 30} GB, and {RATIO} times its size",
                "make sure that it is what it should be; if it is, unpack it",
                where=where,
            )
            raise DataError(problem)
        yield chunk


def check_kind(start: bytes, where: str) -> None:
    """Stop at a file that holds no plain text.

    Raises:
        DataError: `start`, its first bytes, are those of an archive or of another kind of file that is known.
    """
    for signature, kind, fix in _KINDS:
        if start.startswith(signature):
            raise DataError(Problem(f"this is {kind}", "a plain text file or one packed with gzip", fix, where=where))
    if start[_TAR : _TAR + 5] == b"ustar":
        fix = "unpack it and name the data file in it"
        raise DataError(Problem("this is an archive (tar)", "one file of data", fix, where=where))


def unreadable(error: Exception, where: str) -> Problem:
    """The problem of a file that the system does not let us read."""
    reason = getattr(error, "strerror", None) or str(error)
    return Problem(
        f"the file cannot be read: {reason}", fix="check the path and its rights", where=where, key="data.path"
    )


def _read(stream: io.BufferedReader | gzip.GzipFile, offset: int, where: str) -> bytes:
    try:
        return stream.read(CHUNK)
    except EOFError as error:
        # What was unpacked since the last whole piece is lost.
        what = "the gzip file ends too early" + (f", after more than {offset:,} bytes of data" if offset else "")
        raise DataError(Problem(what, "a whole file", "copy or download it again", where=where)) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        what = f"the gzip file is damaged, after {offset:,} bytes of data: {error}"
        raise DataError(Problem(what, "a whole file", "copy or download it again", where=where)) from error
    except OSError as error:
        raise DataError(unreadable(error, where)) from error
