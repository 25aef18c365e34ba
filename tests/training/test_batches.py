"""Batches: every row once, of similar length, and a function of the generator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textclf_sweep.data.features import FeatureInfo, Features, SparseRows
from textclf_sweep.training.batches import POOL, shuffled

pytestmark = pytest.mark.unit


def features(lengths: list[int], *, sparse: bool = False) -> Features:
    count, width = len(lengths), max(lengths)
    info = FeatureInfo(("a", "b"), 9, width, (Path("vocabulary.json"),))
    indptr = np.zeros(count + 1, np.int64)
    rows = SparseRows(indptr, np.zeros(0, np.int32), np.zeros(0, np.float32), width)
    inputs = rows if sparse else np.ones((count, width), np.int32)
    return Features(inputs, np.array(lengths, np.int32), np.zeros(count, np.int32), info)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=70), st.integers(1, 9), st.booleans(), st.integers(0, 99))
@settings(max_examples=50, deadline=None)
def test_every_row_is_in_one_batch(lengths: list[int], size: int, sparse: bool, seed: int) -> None:
    rows = features(lengths, sparse=sparse)
    batches, again = (shuffled(rows, size, np.random.default_rng([seed, 1])) for _ in range(2))
    assert [len(batch) for batch in batches[:-1]] == [size] * (len(batches) - 1)
    assert 1 <= len(batches[-1]) <= size
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(lengths)))
    assert all(np.array_equal(a, b) for a, b in zip(batches, again, strict=True))


def test_batches_are_of_similar_length_in_random_order() -> None:
    generator = np.random.default_rng(0)
    lengths = generator.integers(1, 50, 3_000)
    rows = features(lengths.tolist())
    batches = shuffled(rows, 8, np.random.default_rng(1))
    spans = [int(np.ptp(lengths[batch])) for batch in batches]
    assert np.median(spans) <= 50 / POOL + 1
    widths = [int(lengths[batch].max()) for batch in batches]
    assert abs(float(np.corrcoef(widths[:-1], widths[1:])[0, 1])) < 0.2
    other = shuffled(rows, 8, np.random.default_rng(2))
    # Not the same rows together in each epoch.
    assert not {frozenset(batch.tolist()) for batch in batches} & {frozenset(batch.tolist()) for batch in other}


def test_sparse_rows_are_not_sorted() -> None:
    lengths = list(range(1, 200))
    batches = shuffled(features(lengths, sparse=True), 8, np.random.default_rng(1))
    assert np.median([np.ptp(batch) for batch in batches]) > 100
