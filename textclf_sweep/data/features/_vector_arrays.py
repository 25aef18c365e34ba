"""Word vectors in NumPy's format: a matrix, and the words of its rows in another file."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textclf_sweep.data.features._embeddings import VectorFile
from textclf_sweep.errors import DataError, Problem

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

MAGIC = b"\x93NUMPY"
"""What a file in NumPy's format begins with."""
_EXPECTED = "a matrix of finite numbers, a row for each word"


def rows(file: VectorFile, wanted: Collection[bytes]) -> Iterator[tuple[bytes, npt.NDArray[np.float32]]]:
    """The words that are wanted with their vectors.

    Raises:
        DataError: the matrix or its words cannot be read, or do not fit each other.
    """
    import numpy as np  # noqa: PLC0415 - heavy

    words = words_of(file)
    matrix = _matrix(file.path)
    if len(words) != len(matrix):
        what = f"the matrix has {len(matrix):,} rows, and {words_path(file)} has {len(words):,} words"
        raise DataError(Problem(what, _EXPECTED, "take both files from one place", str(file.path)))
    for row, word in enumerate(words):
        token = word.encode("utf-8", "surrogatepass")
        if token in wanted:
            vector = np.asarray(matrix[row], np.float32)
            if not np.isfinite(vector).all():
                what = f"row {row + 1:,}, of {word!r}, has a number that is not finite"
                raise DataError(Problem(what, _EXPECTED, "download the file again", str(file.path)))
            yield token, vector


def words_path(file: VectorFile) -> Path:
    """The file with the words: the array's own name with another ending, or ``vocabulary.json`` in its folder.

    ``X.npy`` goes with ``X.txt`` or ``X.vocab`` (a word in each line), or ``X.json`` or ``vocabulary.json`` (a list),
    the first of these that is there.

    Raises:
        DataError: there is none.
    """
    if file.words is not None:
        return file.words
    path = file.path
    beside = (*(path.with_suffix(end) for end in (".txt", ".vocab", ".json")), path.with_name("vocabulary.json"))
    found = next((other for other in beside if other.is_file()), None)
    if found is None:
        fix = f"put the words of its rows beside it, one in each line of {beside[0].name}"
        names = ", ".join(other.name for other in beside)
        raise DataError(Problem("nothing says which word a row is of", f"one of {names}", fix, str(path)))
    return found


def words_of(file: VectorFile) -> Sequence[str]:
    """The words of the rows, in their order.

    Raises:
        DataError: they cannot be read.
    """
    path = words_path(file)
    try:
        if path.suffix == ".parquet":
            from pyarrow import parquet  # noqa: PLC0415 - heavy

            words: Any = parquet.read_table(path).column(0).to_pylist()
        else:
            text = path.read_text(encoding="utf-8")
            words = json.loads(text) if path.suffix == ".json" else text.removesuffix("\n").split("\n")
    except (OSError, ValueError) as error:
        raise DataError(Problem(f"the words cannot be read: {error}", "UTF-8", where=str(path))) from error
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise DataError(Problem("it holds something else than words", "a list of texts", where=str(path)))
    return [word.removesuffix("\r") for word in words]


def _matrix(path: Path) -> npt.NDArray[np.floating]:
    import numpy as np  # noqa: PLC0415 - heavy

    try:
        matrix: npt.NDArray[np.floating] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        what = f"the array is damaged or cut off at byte {path.stat().st_size:,}: {error}"
        raise DataError(Problem(what, _EXPECTED, "download the file again", str(path))) from error
    if matrix.ndim != 2 or not matrix.shape[1] or not np.issubdtype(matrix.dtype, np.floating):
        what = f"the array has shape {matrix.shape} and type {matrix.dtype}"
        raise DataError(Problem(what, _EXPECTED, where=str(path)))
    return matrix
