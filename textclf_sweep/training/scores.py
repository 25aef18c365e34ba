"""Accuracy and macro F1 from counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def count(true: NDArray[np.integer], predicted: NDArray[np.integer], labels: int) -> NDArray[np.int64]:
    """The confusion matrix: entry [t, p] counts rows of label t predicted as p; shape (labels, labels)."""
    flat = np.bincount(true.astype(np.int64) * labels + predicted, minlength=labels * labels)
    return flat.reshape(labels, labels)


def entropy(counts: NDArray[np.integer]) -> float:
    """How evenly counts of labels are spread: 0 when all are of one, 1 when every label has as many."""
    shares = counts[counts > 0] / max(counts.sum(), 1)
    return float(-(shares * np.log(shares)).sum() / np.log(max(len(counts), 2)))


def accuracy(confusion: NDArray[np.int64]) -> float:
    """Share of rows on the diagonal, in [0, 1]."""
    return float(np.trace(confusion) / max(confusion.sum(), 1))


def macro_f1(confusion: NDArray[np.int64]) -> float:
    """Mean F1 over the labels that occur as truth or prediction, in [0, 1]; a label never hit counts 0."""
    hits = np.diag(confusion)
    either = confusion.sum(axis=0) + confusion.sum(axis=1)
    present = either > 0
    return float(np.mean(2 * hits[present] / either[present])) if present.any() else 0.0
