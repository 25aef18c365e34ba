"""Pretrained word vectors for a vocabulary: only the rows that are needed are kept, the file is read as a stream.

Read are GloVe's text format (Pennington et al. 2014; no header) and that of word2vec and fastText (Mikolov et al. 2013,
Bojanowski et al. 2017; a first line with the number of rows and their width), plain or as gzip.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from textclf_sweep.data.features import Cached
from textclf_sweep.errors import DataError, Problem

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

VERSION = 1
_RESERVED = 2
"""Padding and unknown: no file has vectors of them."""


def matrix(path: Path, vocabulary: Sequence[str], cached: Cached) -> tuple[Path, Path]:
    """The files of `rows` through the cache, by the content of both: the matrix (.npy), and its coverage (JSON).

    The latter has ``tokens``, how many there are to cover, ``covered``, how many of them have a vector, and ``share``.

    Raises:
        DataError: as `rows`.
    """
    import numpy as np  # noqa: PLC0415 - heavy

    def build(folder: Path) -> None:
        found, covered = rows(path, vocabulary)
        tokens, count = max(0, len(covered) - _RESERVED), int(covered.sum())
        coverage = {"tokens": tokens, "covered": count, "share": count / max(1, tokens)}
        np.save(folder / "vectors.npy", found)
        (folder / "vectors_coverage.json").write_text(json.dumps(coverage), encoding="utf-8")

    words = hashlib.sha256(json.dumps(list(vocabulary)).encode()).hexdigest()
    folder = cached({"vectors": _content(path), "version": VERSION, "vocabulary": words}, build)
    return folder / "vectors.npy", folder / "vectors_coverage.json"


def rows(path: Path, vocabulary: Sequence[str]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """The vectors of a vocabulary.

    Args:
        path: the file of the vectors.
        vocabulary: the tokens by id; those of padding and unknown, the first two, are looked for in no file.

    Returns:
        A matrix of shape (len(vocabulary), width) and, for each row, whether the file has it. Padding is zero; the
        others that the file lacks are normal noise of the mean and scale of those that it has.

    Raises:
        DataError: the file is not there, not of this format, cut off, or has no vector of the vocabulary.
    """
    import numpy as np  # noqa: PLC0415 - heavy

    ids = {token.encode("utf-8", "surrogatepass"): index for index, token in enumerate(vocabulary)}
    for reserved in vocabulary[:_RESERVED]:
        del ids[reserved.encode()]
    found: dict[int, npt.NDArray[np.float32]] = {}
    for number, token, fields in _entries(path):
        index = ids.get(token)
        if index is not None and index not in found:  # of two rows of one word the first counts, as everywhere
            found[index] = _numbers(fields, path, number)
    if not found:
        raise DataError(
            Problem(
                f"none of the {len(ids):,} tokens of the training texts has a vector in it",
                expected="vectors of words of these texts",
                fix="take vectors of the texts' language, or write `vectors: none`",
                where=str(path),
            )
        )
    known = np.stack(list(found.values()))
    noise = np.random.default_rng(0).normal(known.mean(), known.std(), (len(vocabulary), known.shape[1]))
    whole, covered = noise.astype(np.float32), np.zeros(len(vocabulary), np.bool_)
    whole[0] = 0
    whole[list(found)], covered[list(found)] = known, True
    return whole, covered


def _entries(path: Path) -> Iterator[tuple[int, bytes, list[bytes]]]:
    """(line, word, its fields) of each row; every row has as many fields as the first."""
    lines = _lines(path)
    first = next(lines, None)
    if not first:
        raise _wrong(path, 1, "the file is empty" if first is None else "the first line is blank")
    start = first.split(b" ")
    header = len(start) == 2 and all(field.isdigit() for field in start)
    width, number = int(start[1]) if header else len(start) - 1, 1 if header else 0
    if width < 1:
        raise _wrong(path, 1, "the first line has no numbers")
    for line in lines if header else chain([first], lines):
        number += 1
        # A word may hold spaces (GloVe's 840B file has some), so the numbers are counted from the right.
        token, *fields = line.rsplit(b" ", width)
        if len(fields) != width or (b" " in token and _is_number(token.rpartition(b" ")[2])):
            there = line.count(b" ")
            raise _wrong(path, number, f"the row has {there} numbers, and those above have {width}")
        yield number, token, fields
    if header and number - 1 != int(start[0]):
        raise _wrong(
            path, number, f"the file ends after {number - 1:,} rows, and its first line promises {start[0].decode()}"
        )


def _lines(path: Path) -> Iterator[bytes]:
    """The lines of a file that may be gzip, without their ends."""
    number = 0
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            for line in cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw:
                number += 1
                yield line.rstrip(b" \r\n")
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _wrong(path, number + 1, f"the gzip file is damaged or cut off: {error}") from error
    except OSError as error:
        problem = f"the vectors cannot be read: {error.strerror or error}"
        fix = "give an absolute path, or one relative to the folder that the command runs in"
        raise DataError(Problem(problem, fix=fix, where=str(path))) from error


def _numbers(fields: list[bytes], path: Path, number: int) -> npt.NDArray[np.float32]:
    import numpy as np  # noqa: PLC0415 - heavy

    try:
        values = np.array(fields, np.float32)
    except ValueError:
        values = np.full(1, np.nan, np.float32)
    if not np.isfinite(values).all():
        wrong = next((field for field in fields if not _is_number(field)), fields[0])
        raise _wrong(path, number, f"{wrong.decode(errors='replace')!r} is no finite number")
    return values


def _is_number(field: bytes) -> bool:
    try:
        return float(field) - float(field) == 0  # not of inf and nan
    except ValueError:
        return False


def _wrong(path: Path, number: int, what: str) -> DataError:
    expected = "a word and its numbers, separated by single spaces, as many numbers in each row"
    fix = "download the file again, or take its text format (not .bin)"
    return DataError(Problem(what, expected=expected, fix=fix, where=f"{path}:{number}"))


def _content(path: Path) -> str:
    """SHA-256 of the file; read again only when its size or time has changed."""
    try:
        found = path.stat()
        return _digest(path.resolve(), found.st_size, found.st_mtime_ns)
    except OSError:
        next(_lines(path), None)  # says what is wrong
        raise


@lru_cache
def _digest(path: Path, size: int, changed: int) -> str:  # noqa: ARG001 - the cache's key
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
