"""Every format of vectors gives the same rows, told by content; what is wrong with a file is told with its place."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textclf_sweep.data.features._embeddings import VectorFile
from textclf_sweep.data.features._vector_files import check, find, parts
from textclf_sweep.errors import DataError

pytestmark = pytest.mark.unit

WORDS = ["the", "caf\u00e9", "cat", "\u6771\u4eac", "dog"]
ROWS = np.random.default_rng(0).normal(size=(5, 7)).astype(np.float32)

Table = tuple[list[str], npt.NDArray[np.float32]]


def text(table: Table, *, header: bool = False) -> bytes:
    words, rows = table
    start = f"{rows.shape[0]} {rows.shape[1]}\n" if header else ""
    numbers = (" ".join(map(repr, row)) for row in rows.tolist())
    return (start + "".join(f"{word} {row}\n" for word, row in zip(words, numbers, strict=True))).encode()


def binary(table: Table, end: bytes = b"\n") -> bytes:
    words, rows = table
    start = f"{rows.shape[0]} {rows.shape[1]}\n".encode()
    return start + b"".join(word.encode() + b" " + row.tobytes() + end for word, row in zip(words, rows, strict=True))


FORMATS: dict[str, Callable[[Table], bytes]] = {
    "GloVe": text,
    "word2vec text": lambda table: text(table, header=True),
    "word2vec binary": binary,
    "word2vec binary by gensim": lambda table: binary(table, b""),
}


def write(folder: Path, content: bytes) -> VectorFile:
    path = folder / "vectors"
    path.write_bytes(content)
    return VectorFile(path)


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("name", FORMATS)
def test_formats(tmp_path: Path, name: str, *, packed: bool) -> None:
    content = FORMATS[name]((WORDS, ROWS))
    file = write(tmp_path, gzip.compress(content) if packed else content)
    found = find(file, {"dog", "caf\u00e9", "\u6771\u4eac", "bird"})
    assert found.keys() == {"dog", "caf\u00e9", "\u6771\u4eac"}
    for word, row in found.items():
        assert row.dtype == np.float32
        np.testing.assert_array_equal(row, ROWS[WORDS.index(word)])
    check(file)
    assert find(file, ()) == {}


@given(
    st.lists(st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1, max_size=6), min_size=1, unique=True),
    st.integers(3, 9),
    st.integers(0, 2**32 - 1),
    st.sampled_from(sorted(FORMATS)),
)
@settings(max_examples=40, deadline=None)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, words: list[str], width: int, seed: int, name: str
) -> None:
    rows = np.random.default_rng(seed).normal(size=(len(words), width)).astype(np.float32)
    file = write(tmp_path_factory.getbasetemp(), FORMATS[name]((words, rows)))
    found = find(file, set(words))
    np.testing.assert_array_equal(np.stack([found[word] for word in words]), rows)


def test_a_binary_file_longer_than_a_block(tmp_path: Path) -> None:
    rows = np.random.default_rng(1).normal(size=(3000, 100)).astype(np.float32)
    words = [f"w{number}" for number in range(3000)]
    found = find(write(tmp_path, binary((words, rows))), {"w0", "w1500", "w2999"})
    np.testing.assert_array_equal(np.stack([found["w0"], found["w1500"], found["w2999"]]), rows[[0, 1500, 2999]])


@pytest.mark.parametrize("name", ["x.txt", "x.vocab", "x.json", "vocabulary.json"])
@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_an_array_with_its_words(tmp_path: Path, name: str, kind: type[np.floating]) -> None:
    np.save(tmp_path / "x.npy", ROWS.astype(kind))
    content = json.dumps(WORDS) if name.endswith("json") else "".join(f"{word}\n" for word in WORDS)
    (tmp_path / name).write_text(content, encoding="utf-8")
    file = VectorFile(tmp_path / "x.npy")
    assert parts(file) == (tmp_path / "x.npy", tmp_path / name)
    found = find(file, {"dog", "bird"})
    np.testing.assert_allclose(found["dog"], ROWS[4], rtol=1e-3)
    assert found["dog"].dtype == np.float32


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: content[:-10], r"vectors, byte \d+: the file ends within row 5 of 5"),
        (lambda content: content[:30], r"vectors, byte 4: the file ends within row 1 of 5"),
        (lambda content: content + b"more", r"vectors, byte \d+: more follows the 5 rows that it promises"),
        (lambda content: content.replace(b"5 7", b"5 8", 1), r"vectors, byte \d+: the file ends within row"),
        (lambda content: b"x" + content, "its format is not known"),
        (lambda content: content[4:], "its format is not known"),
        (lambda content: gzip.compress(content)[:-12], "vectors: the gzip file is damaged or cut off"),
        (lambda content: b"PK\x03\x04" + content, "vectors: it is a zip archive.*\n.*unpack it"),
        (lambda content: b"\xba\x16\x4f\x2f" + content, r"a fastText model.*\n.*take the text file \(.vec\)"),
    ],
)
def test_bad_binary_files(tmp_path: Path, change: Callable[[bytes], bytes], message: str) -> None:
    file = write(tmp_path, change(binary((WORDS, ROWS))))
    with pytest.raises(DataError, match=message):
        check(file)


def test_a_number_that_is_not_finite(tmp_path: Path) -> None:
    rows = ROWS.copy()
    rows[1, 2] = np.nan
    with pytest.raises(DataError, match=r"vectors, byte \d+: a number of 'caf.*' is not finite"):
        find(write(tmp_path, binary((WORDS, rows))), {"caf\u00e9"})
    np.save(tmp_path / "x.npy", rows)
    (tmp_path / "x.txt").write_text("\n".join(WORDS), encoding="utf-8")
    with pytest.raises(DataError, match="row 2, of 'caf\u00e9', has a number that is not finite"):
        find(VectorFile(tmp_path / "x.npy"), {"caf\u00e9"})


def test_a_text_file_that_ends_within_a_row_is_said_to_be_cut_off(tmp_path: Path) -> None:
    content = text((WORDS, ROWS))
    with pytest.raises(DataError, match=r"vectors:5: the row has \d numbers.* may be cut off"):
        check(write(tmp_path, content[: content.rindex(b" ")]))


def _array(folder: Path, rows: object = ROWS, words: str | None = "\n".join(WORDS)) -> VectorFile:
    np.save(folder / "x.npy", np.asarray(rows))
    if words is not None:
        (folder / "x.txt").write_text(words, encoding="utf-8")
    return VectorFile(folder / "x.npy")


@pytest.mark.parametrize(
    ("rows", "words", "message"),
    [
        (ROWS, None, "nothing says which word a row is of.*one of x.txt, x.vocab, x.json, vocabulary.json"),
        (ROWS, "the\ncat", "the matrix has 5 rows, and .*x.txt has 2 words"),
        (ROWS[0], "the", r"the array has shape \(7,\)"),
        ([[1, 2]], "the", "and type int64"),
    ],
)
def test_bad_arrays(tmp_path: Path, rows: object, words: str | None, message: str) -> None:
    with pytest.raises(DataError, match=message):
        check(_array(tmp_path, rows, words))


def test_an_array_that_is_cut_off(tmp_path: Path) -> None:
    file = _array(tmp_path)
    file.path.write_bytes(file.path.read_bytes()[:-4])
    with pytest.raises(DataError, match=r"x\.npy: the array is damaged or cut off at byte 264"):
        check(file)
    (tmp_path / "x.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match=r"x\.txt: the words cannot be read"):
        check(file)


@pytest.mark.parametrize("content", ['{"the": 1}', "[1, 2]", "["])
def test_a_list_that_is_none(tmp_path: Path, content: str) -> None:
    file = _array(tmp_path, words=None)
    (tmp_path / "vocabulary.json").write_text(content)
    with pytest.raises(DataError, match=r"vocabulary\.json"):
        check(file)


def test_a_folder_and_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Is a directory"):
        check(VectorFile(tmp_path))
    with pytest.raises(DataError, match=r"No such file.*\n.*the definition's folder"):
        check(VectorFile(tmp_path / "vectors"))
