"""Which rows make a batch.

A batch is as wide as its longest text, so texts of similar length together leave little padding to compute
(Khomenko et al. 2016, "Accelerating recurrent neural network training using sequence bucketing").
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from textclf_sweep.data.features import Features, SparseRows

POOL = 16
"""Batches whose rows are sorted by length among themselves: more save less and less, and mix the rows less."""


def consecutive(order: NDArray[Any], size: int) -> list[NDArray[Any]]:
    """`order`, cut into batches of `size` rows, >= 1; the last one may be smaller."""
    return [order[start : start + size] for start in range(0, len(order), size)]


def shuffled(features: Features, size: int, generator: np.random.Generator) -> list[NDArray[np.int64]]:
    """Every row once, in batches of `size` rows, >= 1, a function of the generator's state.

    Sequences are shuffled, sorted by length within pools of `POOL` batches, and their batches shuffled. What is left
    over makes the last batch.
    """
    order = generator.permutation(len(features.labels))
    if isinstance(features.inputs, SparseRows):
        return consecutive(order, size)
    whole = len(order) // size * size
    pools = consecutive(order[:whole], POOL * size)
    full = [batch for pool in pools for batch in consecutive(by_length(pool, features.lengths), size)]
    rest = [order[whole:]] if whole < len(order) else []
    return [*(full[index] for index in generator.permutation(len(full))), *rest]


def by_length(rows: NDArray[Any], lengths: NDArray[np.integer]) -> NDArray[Any]:
    """`rows`, the shortest first."""
    return rows[np.argsort(lengths[rows], kind="stable")]
