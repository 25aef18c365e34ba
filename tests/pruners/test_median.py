from __future__ import annotations

import pytest

from textclf_sweep.definition.types import Metric
from textclf_sweep.pruners import Look, median

pytestmark = pytest.mark.unit

ACCURACY = Metric("val_accuracy", "maximize")


def test_a_best_value_is_held_against_the_median_of_averages() -> None:
    """Averages up to epoch 4 are 0.1, 0.3, 0.5 and 0.7: their median is 0.4."""
    peers = ((0.1,) * 9, (0.0, 0.6, 0.0, 0.6, 1.0), (0.5,) * 4, (0.4, 1.0, 0.4, 1.0))
    assert median.prune(Look((0.1, 0.4, 0.2, 0.1), peers, ACCURACY, 20)) == ""
    assert median.prune(Look((0.1, 0.39, 0.2, 0.1), peers, ACCURACY, 20)) == (
        "behind at epoch 4: val_accuracy 0.39, below the median (0.4) of the averages of 4 other trials"
    )


def test_nothing_ends_in_the_warm_up() -> None:
    ended = [epoch for epoch in range(1, 8) if median.prune(Look((0.1,) * epoch, ((0.9,) * 9,) * 4, ACCURACY, 8))]
    assert ended == [3, 4, 5, 6, 7]
    assert median.prune(Look((0.1,) * 4, ((0.9,) * 9,) * 4, ACCURACY, 8), min_iter=5) == ""
