"""Bags of n-grams: scikit-learn's figures on the same terms."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from textclf_sweep.data import snapshot
from textclf_sweep.data.corpus import Corpus, Splits
from textclf_sweep.data.features import Features, SparseRows, load, tfidf
from textclf_sweep.data.features.tfidf import PARAMETERS, terms
from textclf_sweep.data.features.tokens import read_vocabulary

pytestmark = pytest.mark.unit

TEXTS = ["the cat sat on the mat", "the dog, the cat", "a bird", "the cat and a new word", "?? unseen"]


@pytest.fixture
def features(corpus: Callable[..., Corpus], tmp_path: Path) -> Callable[..., Features]:
    pairs = [(text, "xy"[row % 2]) for row, text in enumerate(TEXTS)]
    snapshot.write(Splits.of(corpus(pairs), ["train", "train", "train", "validation", "test"]), tmp_path / "corpus")

    def load_part(part: str = "train", **parameters: bool | int | float | str) -> Features:
        return load("tfidf", tmp_path / "corpus", tmp_path / "cache", {"min_count": 1, **parameters}, part)

    return load_part


@pytest.fixture
def in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer rows at once than there are, and some words too long to be remembered."""
    monkeypatch.setattr(tfidf, "PIECE", 2)
    monkeypatch.setattr(tfidf, "_LONG", 3)


def dense(found: Features) -> np.ndarray:
    assert isinstance(found.inputs, SparseRows)
    return found.inputs.dense()


def test_defaults_are_valid() -> None:
    assert all(item.reject(item.default) is None for item in PARAMETERS)


def test_terms() -> None:
    assert list(terms("a b, a", "word", 2)) == ["a", "b", ",", "a", "a b", "b ,", ", a"]
    assert list(terms("a b", "word", 3)) == ["a", "b", "a b"]
    assert list(terms("ab c", "character", 1)) == [" a", "ab", "b ", " ab", "ab ", " ab ", " c", "c ", " c "]
    assert not list(terms(" ", "character", 1))


@pytest.mark.parametrize("unit", ["word", "character"])
@pytest.mark.parametrize("ngrams", [1, 3])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"weighting": "tfidf"}, TfidfVectorizer(sublinear_tf=True)),
        ({"weighting": "tfidf", "sublinear": False}, TfidfVectorizer()),
        ({"weighting": "count"}, CountVectorizer()),
        ({"weighting": "binary"}, CountVectorizer(binary=True)),
    ],
)
@pytest.mark.usefixtures("in_pieces")
def test_the_figures_are_scikit_learns(features: Callable[..., Features], ours, theirs, unit: str, ngrams: int) -> None:
    found = features(unit=unit, ngrams=ngrams, **ours)
    vocabulary = read_vocabulary(found.info.vocabulary)
    theirs.set_params(analyzer=lambda text: terms(text, unit, ngrams), vocabulary=vocabulary)
    np.testing.assert_allclose(dense(found), theirs.fit_transform(TEXTS[:3]).toarray(), atol=1e-6)
    unseen = features("validation", unit=unit, ngrams=ngrams, **ours)
    np.testing.assert_allclose(dense(unseen), theirs.transform(TEXTS[3:4]).toarray(), atol=1e-6)


def test_columns_fall_by_count_then_alphabet(features: Callable[..., Features]) -> None:
    found = features(ngrams=1, vocabulary_size=4)
    assert read_vocabulary(found.info.vocabulary) == ("the", "cat", ",", "a")
    assert read_vocabulary(features(ngrams=1, min_count=2).info.vocabulary) == ("the", "cat")


def test_a_text_without_known_terms_is_all_zero(features: Callable[..., Features]) -> None:
    found = features("test")
    assert found.lengths.tolist() == [0]
    assert not dense(found).any()


def test_no_term_at_all(features: Callable[..., Features]) -> None:
    found = features(min_count=9)
    assert (found.info.vocabulary_size, len(found.inputs)) == (1, 3)
    assert not dense(found).any()


def test_the_export_has_what_encodes_new_texts(features: Callable[..., Features]) -> None:
    info = features().info
    assert [path.name for path in info.files] == ["vocabulary.json", "idf.json"]
    assert len(json.loads(info.files[1].read_text())) == info.vocabulary_size
    assert [path.name for path in features(weighting="count").info.files] == ["vocabulary.json"]


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_rows_taken_are_the_rows_of_the_matrix(data: st.DataObject) -> None:
    cell = st.sampled_from([0.0, 0.0, 1.5, 2.0])
    matrix = np.array(data.draw(st.lists(st.lists(cell, min_size=3, max_size=3), min_size=1, max_size=6)), np.float32)
    row, column = np.nonzero(matrix)
    indptr = np.searchsorted(row, np.arange(len(matrix) + 1)).astype(np.int64)
    rows = SparseRows(indptr, column.astype(np.int32), matrix[row, column], 3)
    np.testing.assert_array_equal(rows.dense(), matrix)
    wanted = np.array(data.draw(st.lists(st.integers(0, len(matrix) - 1), max_size=8)), np.int64)
    np.testing.assert_array_equal(rows.take(wanted).dense(), matrix[wanted])
