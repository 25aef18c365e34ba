from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textclf_sweep.training.scores import accuracy, count, macro_f1

pytestmark = pytest.mark.unit

LABELS = 4
pairs = st.lists(st.tuples(st.integers(0, LABELS - 1), st.integers(0, LABELS - 1)), min_size=1, max_size=60)


def confusion(rows):
    true, predicted = np.array(rows, np.int32).reshape(-1, 2).T
    return count(true, predicted, LABELS)


def f1(rows, label):
    """From the definition: precision and recall."""
    hits = sum(true == predicted == label for true, predicted in rows)
    said, was = sum(predicted == label for _, predicted in rows), sum(true == label for true, _ in rows)
    if not hits:
        return 0.0
    precision, recall = hits / said, hits / was
    return 2 * precision * recall / (precision + recall)


@given(pairs)
def test_the_confusion_matrix_counts_every_row_at_its_place(rows) -> None:
    matrix = confusion(rows)
    assert matrix.shape == (LABELS, LABELS)
    for true in range(LABELS):
        for predicted in range(LABELS):
            assert matrix[true, predicted] == rows.count((true, predicted))


@given(pairs)
def test_accuracy_is_the_share_of_hits(rows) -> None:
    assert accuracy(confusion(rows)) == pytest.approx(sum(true == said for true, said in rows) / len(rows))


@given(pairs)
def test_macro_f1_is_the_mean_over_the_labels_that_occur(rows) -> None:
    present = {label for row in rows for label in row}
    assert macro_f1(confusion(rows)) == pytest.approx(sum(f1(rows, label) for label in present) / len(present))


@given(pairs, st.permutations(range(LABELS)))
def test_the_order_of_labels_does_not_matter(rows, order) -> None:
    renamed = confusion([(order[true], order[said]) for true, said in rows])
    assert macro_f1(renamed) == pytest.approx(macro_f1(confusion(rows)))
    assert accuracy(renamed) == accuracy(confusion(rows))


def test_small_integer_types_do_not_overflow() -> None:
    labels = np.full(10, 199, np.uint8)
    assert count(labels, labels, 200)[199, 199] == 10


def test_no_rows() -> None:
    empty = np.zeros((3, 3), np.int64)
    assert (accuracy(empty), macro_f1(empty)) == (0.0, 0.0)
