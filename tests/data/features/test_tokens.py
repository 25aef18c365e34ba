"""Token ids: what they are, and that they are learned from the training part only."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textclf_sweep import data
from textclf_sweep.data import snapshot as corpora
from textclf_sweep.data.corpus import Corpus, PartName, Splits
from textclf_sweep.data.features import Features, load
from textclf_sweep.data.features._sequences import padded
from textclf_sweep.data.features.tokens import (
    PARAMETERS,
    RESERVED,
    UNKNOWN,
    encode,
    learn,
    read_vocabulary,
    tokenize,
    tokenizer,
)
from textclf_sweep.definition.types import DataSettings
from textclf_sweep.errors import DataError, StorageError

pytestmark = pytest.mark.unit

Load = Callable[..., Features]
SIDES: list[PartName] = ["train", "train", "train", "validation", "test"]
PAIRS = [
    ("The cat, the dog.", "y"),
    ("the cat sat", "x"),
    ("the", "y"),
    ("The bird and the cat and two more words", "x"),
    ("bird " * 9, "y"),
]


@pytest.fixture
def features(corpus: Callable[..., Corpus], tmp_path: Path) -> Load:
    """Loads features of the five texts above."""
    corpora.write(Splits.of(corpus(PAIRS), SIDES), tmp_path / "corpus")

    def load_part(part: str = "train", **parameters: bool | int | float | str) -> Features:
        return load("tokens", tmp_path / "corpus", tmp_path / "cache", {"min_count": 1, **parameters}, part)

    return load_part


def test_defaults_are_valid() -> None:
    assert {item.name: item.default for item in PARAMETERS} == {
        "unit": "word", "vocabulary_size": 20_000, "max_length": 64, "length_percentile": 100.0, "truncate": "head",
        "min_count": 2, "embedding": "none",
    }  # fmt: skip
    assert all(item.reject(item.default) is None for item in PARAMETERS)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Don't stop!!", ["Don", "'", "t", "stop", "!", "!"]),
        ("25 % on_four", ["25", "%", "on_four"]),
        ("cafe\u0301", ["caf\u00e9"]),
        ("CAFE\u0301 \u00c9", ["CAF\u00c9", "\u00c9"]),
        (" \t\u00a0\u2003 ", []),
        ("東京 \U0001f600", ["東京", "\U0001f600"]),
    ],
)
def test_tokenize(text: str, tokens: list[str]) -> None:
    assert tokenize(text) == tokens


def test_characters_are_all_of_the_text() -> None:
    assert tokenize("a b!e\u0301", "character") == ["a", " ", "b", "!", "\u00e9"]


def test_vocabulary_falls_by_count_then_alphabet() -> None:
    texts = [["b", "a", "c", "c"], ["d", "b", "a", "c"]]
    assert learn(texts, 100, 1) == [*RESERVED, "c", "a", "b", "d"]
    assert learn(texts, 4, 1) == [*RESERVED, "c", "a"]
    assert learn(texts, 2, 1) == [*RESERVED]
    assert learn(texts, 100, 2) == [*RESERVED, "c", "a", "b"]


def test_training_part(features: Load) -> None:
    found = features()
    # the: 4, cat: 2, then , . dog sat
    assert read_vocabulary(found.info.vocabulary) == (*RESERVED, "the", "cat", ",", ".", "dog", "sat")
    assert found.info.vocabulary_size == 8
    assert found.info.labels == ("x", "y")
    assert found.inputs.tolist() == [[2, 3, 4, 2, 6, 5], [2, 3, 7, 0, 0, 0], [2, 0, 0, 0, 0, 0]]
    assert found.lengths.tolist() == [6, 3, 1]
    assert found.labels.tolist() == [1, 0, 1]
    assert found.info.max_length == 6


def test_other_parts_use_the_training_vocabulary_and_width(features: Load) -> None:
    validation = features("validation")
    assert validation.inputs.tolist() == [[2, UNKNOWN, UNKNOWN, 2, 3, UNKNOWN]]
    assert validation.lengths.tolist() == [6]
    assert features("test").inputs.tolist() == [[UNKNOWN] * 6]
    assert validation.info == features().info


def test_settings(features: Load) -> None:
    assert features(max_length=2).inputs.tolist() == [[2, 3], [2, 3], [2, 0]]
    assert features(max_length=2).info.max_length == 2
    assert features(vocabulary_size=3).inputs.max() == 2
    assert features(min_count=2).info.vocabulary_size == 4
    assert "The" in read_vocabulary(features(lowercase=False).info.vocabulary)


def test_characters(features: Load) -> None:
    found = features(unit="character", max_length=4)
    letters = read_vocabulary(found.info.vocabulary)
    assert "".join(letters[index] for index in found.inputs[0]) == "the "
    assert found.lengths.tolist() == [4, 4, 3]


@pytest.mark.parametrize(
    ("truncate", "kept"),
    [("head", ["the", "cat", ","]), ("tail", ["the", "dog", "."]), ("head_tail", ["the", "cat", "."])],
)
def test_what_is_kept_of_a_long_text(features: Load, truncate: str, kept: list[str]) -> None:
    found = features(max_length=3, truncate=truncate)
    letters = read_vocabulary(found.info.vocabulary)
    assert [letters[index] for index in found.inputs[0]] == kept
    assert found.inputs[1:].tolist() == features(max_length=3).inputs[1:].tolist()


@pytest.mark.parametrize(("percentile", "width"), [(1, 1), (33.3, 1), (50, 3), (66, 3), (67, 6), (100, 6)])
def test_the_width_is_a_percentile_of_the_training_texts_lengths(features: Load, percentile: float, width: int) -> None:
    for part in ("train", "validation"):
        found = features(part, length_percentile=percentile)
        assert found.info.max_length == found.inputs.shape[1] == width
    assert features(length_percentile=percentile, max_length=2).info.max_length == min(2, width)


def test_vectors_come_with_the_vocabulary(features: Load, tmp_path: Path) -> None:
    (tmp_path / "vectors.txt").write_text("the 1 2\ncat 3 4\nmouse 5 6\n")
    found = features(embedding=str(tmp_path / "vectors.txt"))
    assert found.info.vectors is not None
    matrix = np.load(found.info.vectors)
    assert matrix.shape == (found.info.vocabulary_size, 2)
    assert matrix[[0, 2, 3]].tolist() == [[0, 0], [1, 2], [3, 4]]
    assert json.loads(found.info.files[1].read_text()) == {
        "tokens": 6, "covered": 2, "share": 1 / 3, "text_share": 0.6,
    }  # fmt: skip
    assert found.info == features("validation", embedding=str(tmp_path / "vectors.txt")).info
    (tmp_path / "vectors.txt").write_text("the 7 8\ncat 3 4\n")
    other = features(embedding=str(tmp_path / "vectors.txt")).info.vectors
    assert other is not None
    assert np.load(other)[2].tolist() == [7, 8]


def test_texts_are_cut_as_the_vectors_are(features: Load, tmp_path: Path) -> None:
    (tmp_path / "vectors.txt").write_text("the 1 2\ncat, 3 4\n")
    found = features(embedding=str(tmp_path / "vectors.txt"))
    words = read_vocabulary(found.info.vocabulary)
    assert [words[index] for index in found.inputs[0]] == ["the", "cat,", "the", "dog", "."]
    assert [path.name for path in found.info.files] == [
        "vocabulary.json", "vectors_coverage.json", "vectors_words.json",
    ]  # fmt: skip
    # New texts, by the exported files alone.
    cut = tokenizer("word", json.loads(found.info.files[2].read_text()))
    assert cut("the cat, the cat") == ["the", "cat,", "the", "cat"]
    assert read_vocabulary(features().info.vocabulary) != words


def test_a_token_with_a_vector_needs_one_occurrence(features: Load, tmp_path: Path) -> None:
    (tmp_path / "vectors.txt").write_text("the 1 2\nsat 3 4\nbird 5 6\n")
    found = features(embedding=str(tmp_path / "vectors.txt"), min_count=2)
    assert read_vocabulary(found.info.vocabulary) == (*RESERVED, "the", "cat", "sat")  # bird: validation and test alone
    assert learn([["a", "b", "b", "c"]], 4, 2, {"a"}) == [*RESERVED, "b", "a"]
    assert learn([["a", "b", "b", "c"]], 3, 2, {"a"}) == [*RESERVED, "b"]


def test_vectors_are_read_once_for_all_vocabularies(
    features: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "vectors.txt").write_text("the 1 2\ncat 3 4\n")
    first = features(embedding=str(tmp_path / "vectors.txt"))
    monkeypatch.delattr("textclf_sweep.data.features._vector_files.find")
    again = features(embedding=str(tmp_path / "vectors.txt"), max_length=3)
    assert again.info.vectors == first.info.vectors
    smaller = features(embedding=str(tmp_path / "vectors.txt"), vocabulary_size=3).info
    assert smaller.vectors is not None
    assert np.load(smaller.vectors)[2].tolist() == [1, 2]


def test_a_relative_path_starts_from_the_folder(corpus: Callable[..., Corpus], tmp_path: Path) -> None:
    corpora.write(Splits.of(corpus(PAIRS), SIDES), tmp_path / "corpus")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "vectors.txt").write_text("the 1 2\n")
    asked = {"embedding": "vectors.txt"}
    assert load("tokens", tmp_path / "corpus", tmp_path / "cache", asked, "train", tmp_path / "own").info.vectors
    with pytest.raises(DataError, match=r"vectors\.txt: the vectors cannot be read: No such file"):
        load("tokens", tmp_path / "corpus", tmp_path / "cache", asked, "train", tmp_path)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose ``corpus`` is the bundled sample."""
    folder = tmp_path_factory.mktemp("sample")
    corpora.write(data.again(DataSettings("uci_news"), 0), folder / "corpus")
    return folder


def test_names_need_no_folder(sample: Path) -> None:
    found = load("tokens", sample / "corpus", sample / "cache", {"embedding": "glove-uci-news-50d"}, "validation")
    assert found.info.vectors is not None
    assert np.load(found.info.vectors, mmap_mode="r").shape == (found.info.vocabulary_size, 50)
    assert json.loads(found.info.files[1].read_text())["text_share"] > 0.99
    plain = load("tokens", sample / "corpus", sample / "cache", {}, "validation")
    unknown, before = ((part.inputs == UNKNOWN).sum() / part.lengths.sum() for part in (found, plain))
    assert unknown < 0.75 * before


def test_arrays_are_read_only_maps(features: Load) -> None:
    found = features()
    for array in (found.inputs, found.lengths, found.labels):
        assert isinstance(array, np.memmap)
        assert array.dtype == np.int32
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_text_without_tokens_is_one_unknown_token() -> None:
    assert encode([[], ["a"]], [*RESERVED, "a"], 3) == [[UNKNOWN], [2]]


WORDS = st.lists(st.sampled_from(["a", "b", "c", "d", "zz"]), max_size=8)


@given(st.lists(WORDS, min_size=1), st.integers(1, 10), st.integers(2, 8))
@settings(max_examples=50, deadline=None)
def test_ids_say_the_text_back(texts: list[list[str]], width: int, size: int) -> None:
    vocabulary = learn(texts, size, 1)
    inputs, lengths = padded(encode(texts, vocabulary, width), width)
    assert len(vocabulary) <= size
    assert inputs.shape == (len(texts), width)
    for tokens, row, length in zip(texts, inputs.tolist(), lengths.tolist(), strict=True):
        assert 1 <= length == max(1, min(len(tokens), width))
        assert row[length:] == [0] * (width - length)
        expected = [token if token in vocabulary else "[UNK]" for token in tokens[:width]] or ["[UNK]"]
        assert [vocabulary[index] for index in row[:length]] == expected


def test_sample_in_arrays(sample: Path) -> None:
    found = load("tokens", sample / "corpus", sample / "cache", {}, "validation")
    part = corpora.read_part(sample / "corpus", "validation")
    assert found.inputs.shape[0] == 800
    assert np.bincount(found.labels).tolist() == [200] * 4
    assert (found.inputs == UNKNOWN).sum() / found.lengths.sum() < 0.25
    assert found.inputs.max() < found.info.vocabulary_size
    assert [found.info.labels[index] for index in found.labels] == list(part.labels)
    assert (found.inputs != 0).sum(axis=1).tolist() == found.lengths.tolist()


def test_unknown_part(features: Load) -> None:
    with pytest.raises(ValueError, match="'dev'"):
        features("dev")


def test_missing_snapshot(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="snapshot"):
        load("tokens", tmp_path / "corpus", tmp_path / "cache", {}, "train")


def test_vocabulary_is_plain_json(features: Load) -> None:
    assert json.loads(features().info.vocabulary.read_text())[:2] == list(RESERVED)
