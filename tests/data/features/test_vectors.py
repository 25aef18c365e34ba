"""Pretrained vectors: the right rows, noise elsewhere, and what is wrong with a file, by line."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from textclf_sweep.data.features._embeddings import VectorFile
from textclf_sweep.data.features._vectors import coverage, filled, known
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


def test_noise_has_the_mean_and_scale_of_the_vectors_in_each_dimension(tmp_path: Path) -> None:
    means, scales = np.array([0.0, 4.0, -1.0]), np.array([1.0, 0.2, 3.0])
    vectors = np.random.default_rng(1).normal(means, scales, (400, 3)).astype(np.float32)
    words = [f"w{index}" for index in range(400)]
    others = [f"other{index}" for index in range(1000)]
    matrix = filled(dict(zip(words, vectors, strict=True)), ["", "[UNK]", *words, *others])
    noise = matrix[402:]
    np.testing.assert_allclose(noise.mean(axis=0), vectors.mean(axis=0), atol=0.3)
    np.testing.assert_allclose(noise.std(axis=0), vectors.std(axis=0), rtol=0.1)
    np.testing.assert_array_equal(matrix[2:402], vectors)
    np.testing.assert_allclose(matrix[1], vectors.mean(axis=0), rtol=1e-5)
    assert not matrix[0].any()


def test_a_vocabulary_without_any_known_word_is_noise_of_the_known_ones() -> None:
    matrix = filled({"cat": np.array([1, 2], np.float32), "dog": np.array([3, 4], np.float32)}, ["", "[UNK]", "bird"])
    assert matrix.shape == (3, 2)
    assert np.isfinite(matrix).all()


def test_words_are_found_in_the_files_own_spelling(tmp_path: Path) -> None:
    (tmp_path / "vectors").write_text("Obama 1 2\nNASA 3 4\n's 5 6\n## 7 8\nus 0 1\nUS 2 2\n", encoding="utf-8")
    found = known(VectorFile(tmp_path / "vectors"), ["obama\u2019s nasa, 12 us Us"])
    assert {word: row.tolist() for word, row in found.items()} == {
        "12": [7, 8], "Us": [0, 1], "nasa": [3, 4], "obama": [1, 2], "us": [0, 1], "\u2019s": [5, 6],
    }  # fmt: skip


def test_characters(tmp_path: Path) -> None:
    (tmp_path / "vectors").write_text("a 1 2\nab 3 4\n")
    assert known(VectorFile(tmp_path / "vectors"), ["ab"], characters=True).keys() == {"a"}


def test_coverage() -> None:
    counts = Counter({"a": 6, "b": 3, "c": 1})
    found = coverage({"a", "c"}, ["", "[UNK]", "a", "b"], counts)
    assert found == {"tokens": 2, "covered": 1, "share": 0.5, "text_share": 0.7}
    assert coverage({"a"}, ["", "[UNK]"], Counter())["text_share"] == 0


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
        (gzip.compress(b"cat 1 2\n" * 99, mtime=0)[:-9], "the gzip file is damaged or cut off"),
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
