"""Files of word vectors, told by their content and read as a stream; only the rows that are wanted are kept.

| file | content |
|---|---|
| GloVe text (Pennington et al. 2014) | a word and its numbers in each line |
| word2vec and fastText text, .vec (Mikolov et al. 2013, Bojanowski et al. 2017) | the same below a line with the number of rows and their width |
| word2vec binary, .bin | that line, then each word, a space, and its numbers as little-endian float32 |
| NumPy, .npy | a matrix, and beside it the words by row: see `_vector_arrays.words_path` |

All but the last may be packed with gzip.
"""  # noqa: E501 - a table

from __future__ import annotations

import gzip
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from textclf_sweep.data.features import _vector_arrays
from textclf_sweep.data.features._embeddings import VectorFile
from textclf_sweep.errors import DataError, Problem

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_SNIFFED = 1 << 16
_BLOCK = 1 << 20
_LONGEST_WORD = 4096
"""Bytes of one; the longest of the Google News vectors has 98."""
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r")) + b"\x7f"
_BINARY = 0.02
"""The share of bytes from which on it is no text that control characters and what is no UTF-8 have; of random bytes it
is about a half, and of text that is not UTF-8 less, because most of it is numbers."""
_FOREIGN = {
    b"PK\x03\x04": "a zip archive: unpack it and name the file inside",
    b"BZh": "packed with bzip2: unpack it",
    b"\xfd7zXZ": "packed with xz: unpack it",
    b"\x28\xb5\x2f\xfd": "packed with zstd: unpack it",
    b"\xba\x16\x4f\x2f": "a fastText model (.bin): take the text file (.vec) of the same vectors",
    b"\x80": "a pickle (of gensim, say): write the vectors with save_word2vec_format(..., binary=True)",
    b"\x89HDF": "an HDF5 file: write the vectors as text",
    b"PAR1": "a Parquet file: write the vectors as text",
}
"""Beginnings of files that people have vectors in, and what to do about them."""

Rows = Iterator[tuple[bytes, "npt.NDArray[np.float32]"]]


def find(file: VectorFile, wanted: Collection[str]) -> dict[str, npt.NDArray[np.float32]]:
    """The vectors of the words that the file has, each of shape (width,); of two rows of a word the first counts.

    Raises:
        DataError: the file is not there, not of a known format, cut off, or has what is no finite number for a word
            that is wanted.
    """
    if not wanted:
        return {}
    encoded = {word.encode("utf-8", "surrogatepass"): word for word in wanted}
    found: dict[str, npt.NDArray[np.float32]] = {}
    for token, vector in _rows(file, encoded):
        found.setdefault(encoded[token], vector)
    return found


def check(file: VectorFile) -> None:
    """Read the file to its end, all but the numbers; again only when its size or time has changed.

    Raises:
        DataError: as `find`.
    """
    _check(file, tuple(map(stamp, parts(file))))


@lru_cache
def _check(file: VectorFile, stamps: tuple[tuple[int, int], ...]) -> None:  # noqa: ARG001 - the cache's key
    for _ in _rows(file, ()):
        pass


def parts(file: VectorFile) -> tuple[Path, ...]:
    """All files that the vectors are in.

    Raises:
        DataError: one is not there.
    """
    with _opened(file.path) as stream:
        start = stream.read(len(_vector_arrays.MAGIC))
    return (file.path, _vector_arrays.words_path(file)) if start == _vector_arrays.MAGIC else (file.path,)


def stamp(path: Path) -> tuple[int, int]:
    """Size and time of a file, in bytes and nanoseconds: while they are the same, its content is.

    Raises:
        DataError: it is not there.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from error
    return found.st_size, found.st_mtime_ns


def _unreadable(path: Path, error: OSError) -> DataError:
    fix = "check the path; a relative one starts from the definition's folder"
    return DataError(Problem(f"the vectors cannot be read: {error.strerror or error}", fix=fix, where=str(path)))


def _rows(file: VectorFile, wanted: Collection[bytes]) -> Rows:
    path = file.path
    with _opened(path) as stream:
        start = stream.read(_SNIFFED)
    if not start:
        raise _wrong(f"{path}:1", "the file is empty")
    if start.startswith(_vector_arrays.MAGIC):
        return _vector_arrays.rows(file, wanted)
    for magic, fix in _FOREIGN.items():
        if start.startswith(magic):
            raise _wrong(str(path), f"it is {fix.partition(':')[0]}", fix=fix.partition(": ")[2])
    head, _, rest = start.partition(b"\n")
    size = _header(head)
    if _is_binary(rest if size else start):
        if size is None:
            raise _wrong(str(path), "its format is not known: it is neither text nor begins as word2vec's binary files")
        return _binary(path, len(head) + 1, *size, wanted)
    return _text(path, wanted)


def _header(line: bytes) -> tuple[int, int] | None:
    """The number of rows and their width, of a first line that says them."""
    fields = line.split()
    return (int(fields[0]), int(fields[1])) if len(fields) == 2 and all(item.isdigit() for item in fields) else None


def _is_binary(content: bytes) -> bool:
    text = content.translate(None, _CONTROL).decode(errors="ignore")
    return len(content) - len(text.encode()) > max(3, _BINARY * len(content))  # 3: the last letter may be cut off


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """A file that may be gzip, unpacked."""
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            yield cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _wrong(str(path), f"the gzip file is damaged or cut off: {error}") from error
    except OSError as error:
        raise _unreadable(path, error) from error


def _text(path: Path, wanted: Collection[bytes]) -> Rows:
    with _opened(path) as stream:
        for number, token, line, width in _lines(path, stream):
            if token in wanted:
                yield token, _numbers(line.split(b" ")[-width:], f"{path}:{number}")


def _lines(path: Path, stream: BinaryIO) -> Iterator[tuple[int, bytes, bytes, int]]:
    """(line, word, its whole row, width) of each row; every row has as many fields as the first."""
    first = next(stream).rstrip(b" \r\n")
    if not first:
        raise _wrong(f"{path}:1", "the first line is blank")
    header = _header(first)
    width, number = (header[1], 1) if header else (first.count(b" "), 0)
    if width < 1:
        raise _wrong(f"{path}:1", "the first line has no numbers")
    for raw in stream if header else chain([first], stream):
        line = raw.rstrip(b" \r\n")
        number += 1
        if line.count(b" ") == width:
            yield number, line[: line.index(b" ")], line, width
            continue
        # A word may hold spaces (GloVe's 840B file has some), so the numbers are counted from the right.
        token, *fields = line.rsplit(b" ", width)
        if len(fields) != width or _is_number(token.rpartition(b" ")[2]):
            what = f"the row has {line.count(b' ')} numbers, and those above have {width}"
            cut = "" if raw.endswith(b"\n") else "; it is the last, so the file may be cut off"
            raise _wrong(f"{path}:{number}", what + cut)
        yield number, token, line, width
    if header and number - 1 != header[0]:
        what = f"the file ends after {number - 1:,} rows, and its first line promises {header[0]}"
        raise _wrong(f"{path}:{number}", what)


def _binary(path: Path, offset: int, count: int, width: int, wanted: Collection[bytes]) -> Rows:
    """Rows of word2vec's binary format, from the byte `offset` on."""
    import numpy as np  # noqa: PLC0415 - heavy

    size, buffer, start = 4 * width, b"", 0
    with _opened(path) as stream:
        stream.read(offset)
        for row in range(count):
            while (space := buffer.find(b" ", start)) < 0 or len(buffer) - space - 1 < size:
                here = f"{path}, byte {offset + start:,}"
                more = stream.read(max(_BLOCK, size))
                if not more:
                    raise _wrong(here, f"the file ends within row {row + 1:,} of {count:,}")
                if space < 0 and len(buffer) - start > _LONGEST_WORD:
                    raise _wrong(here, f"row {row + 1:,} has no word: the width {width} is not that of the rows")
                offset, buffer, start = offset + start, buffer[start:] + more, 0
            token = buffer[start:space].lstrip(b"\n")  # some writers end a row with one
            if token in wanted:
                vector = np.frombuffer(buffer, "<f4", width, space + 1).astype(np.float32)
                if not np.isfinite(vector).all():
                    word = token.decode(errors="replace")
                    raise _wrong(f"{path}, byte {offset + space + 1:,}", f"a number of {word!r} is not finite")
                yield token, vector
            start = space + 1 + size
        if (buffer[start:] + stream.read(2)).strip():
            raise _wrong(f"{path}, byte {offset + start:,}", f"more follows the {count:,} rows that it promises")


def _numbers(fields: list[bytes], where: str) -> npt.NDArray[np.float32]:
    import numpy as np  # noqa: PLC0415 - heavy

    try:
        values = np.array(fields, np.float32)
    except ValueError:
        values = np.full(1, np.nan, np.float32)
    if not np.isfinite(values).all():
        wrong = next((field for field in fields if not _is_number(field)), fields[0])
        raise _wrong(where, f"{wrong.decode(errors='replace')!r} is no finite number")
    return values


def _is_number(field: bytes) -> bool:
    try:
        return float(field) - float(field) == 0  # not of inf and nan
    except ValueError:
        return False


def _wrong(where: str, what: str, fix: str = "download the file again, or name another one") -> DataError:
    expected = "word vectors in GloVe's, word2vec's or fastText's text format, word2vec's binary format, or .npy"
    return DataError(Problem(what, expected, fix, where))
