"""Pretrained vectors: the right rows, noise elsewhere, and what is wrong with a file, by line."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from textclf_sweep.data.features._embeddings import VectorFile
from textclf_sweep.data.features._vectors import filled, known
from textclf_sweep.errors import DataError

pytestmark = pytest.mark.unit

VOCABULARY = ("", "[UNK]", "cat", "dog", "caf\u00e9", "other")
ROWS = "dog 1 2 3\n[UNK] 9 9 9\ncaf\u00e9 -1 .5 1e-2\nbird 8 8 8\ncat 4 5 6\ncat 0 0 0\n"


def rows(path: Path, vocabulary: Sequence[str]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    found = known(VectorFile(path), vocabulary[2:])
    return filled(found, vocabulary), np.array([index > 1 and word in found for index, word in enumerate(vocabulary)])


@pytest.mark.parametrize("start", ["", "6 3\n"], ids=["GloVe", "word2vec"])
@pytest.mark.parametrize("end", ["\n", " \n", "\r\n"], ids=["plain", "fastText", "Windows"])
@pytest.mark.parametrize("packed", [False, True])
def test_the_vocabularys_rows(tmp_path: Path, start: str, end: str, *, packed: bool) -> None:
    content = (start + ROWS).replace("\n", end).encode()
    (tmp_path / "vectors").write_bytes(gzip.compress(content) if packed else content)
    matrix, covered = rows(tmp_path / "vectors", VOCABULARY)
    assert matrix.dtype == np.float32
    assert covered.tolist() == [False, False, True, True, True, False]
    np.testing.assert_allclose(matrix[[0, 2, 3, 4]], [[0, 0, 0], [4, 5, 6], [1, 2, 3], [-1, 0.5, 0.01]], rtol=1e-6)
    assert np.isfinite(matrix).all()
    assert len({tuple(row) for row in matrix.tolist()}) == 6
    np.testing.assert_array_equal(matrix, rows(tmp_path / "vectors", VOCABULARY)[0])


def test_noise_has_the_scale_of_the_vectors(tmp_path: Path) -> None:
    known = np.random.default_rng(1).normal(0.3, 2.0, (50, 40))
    lines = (f"w{index} {' '.join(map(str, row))}\n" for index, row in enumerate(known))
    (tmp_path / "vectors").write_text("".join(lines))
    words = [f"w{index}" for index in range(50)]
    matrix, covered = rows(tmp_path / "vectors", ["", "[UNK]", *words, *(f"other{index}" for index in range(200))])
    noise = matrix[~covered][1:]
    assert noise.shape == (201, 40)
    assert noise.mean() == pytest.approx(known.mean(), abs=0.1)
    assert noise.std() == pytest.approx(known.std(), rel=0.05)


def test_a_word_may_hold_spaces(tmp_path: Path) -> None:
    (tmp_path / "vectors").write_text("cat 1 2\n. . . 3 4\ndog 5 6\n")
    matrix, _ = rows(tmp_path / "vectors", ["", "[UNK]", "dog"])
    assert matrix[2:].tolist() == [[5, 6]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "vectors:1: the file is empty"),
        (b"\ncat 1 2\n", "vectors:1: the first line is blank"),
        (b"cat\n", "vectors:1: the first line has no numbers"),
        (b"cat 1 2\ndog 1\n", "vectors:2: the row has 1 numbers, and those above have 2"),
        (b"cat 1 2\ndog 1 2 3\n", "vectors:2: the row has 3 numbers"),
        (b"cat 1 2\n\ndog 1 2\n", "vectors:2: the row has 0 numbers"),
        (b"bird 1 2\ncat 1 x\n", "vectors:2: 'x' is no finite number"),
        (b"bird 1 2\ncat 1 nan\n", "vectors:2: 'nan' is no finite number"),
        (b"3 2\ncat 1 2\ndog 1 2\n", "vectors:3: the file ends after 2 rows, and its first line promises 3"),
        (b"bird 1 2\n", "none of the texts' words"),
        (gzip.compress(b"cat 1 2\n" * 99)[:-9], "the gzip file is damaged or cut off"),
    ],
)
def test_bad_files(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "vectors").write_bytes(content)
    with pytest.raises(DataError) as caught:
        rows(tmp_path / "vectors", VOCABULARY)
    assert message in str(caught.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        rows(tmp_path / "vectors", VOCABULARY)
