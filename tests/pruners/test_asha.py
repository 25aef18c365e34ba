from __future__ import annotations

import pytest

from textclf_sweep.definition.types import Metric
from textclf_sweep.pruners import Curve, Look, asha

pytestmark = pytest.mark.unit

LOSS = Metric("val_loss", "minimize")
ACCURACY = Metric("val_accuracy", "maximize")


def flat(value: float, epochs: int) -> Curve:
    return (value,) * epochs


def pruned_at(epochs: int = 20, **options: int | float) -> list[int]:
    """The epochs after which a hopeless trial ends."""
    peers = (flat(0.1, epochs),) * 4
    return [
        epoch for epoch in range(1, epochs + 1) if asha.prune(Look(flat(0.9, epoch), peers, LOSS, epochs), **options)
    ]


@pytest.mark.parametrize(
    ("options", "rungs"),
    [
        ({}, [3, 9]),
        ({"min_iter": 1}, [1, 3, 9]),
        ({"min_iter": 2}, [2, 6, 18]),
        ({"min_iter": 2, "max_iter": 18}, [2, 6]),
        ({"min_iter": 1, "eta": 2.0}, [1, 2, 4, 8, 16]),
        ({"min_iter": 1, "max_iter": 100}, [1, 3, 9]),
        ({"min_iter": 20}, []),
    ],
)
def test_rungs(options: dict[str, int | float], rungs: list[int]) -> None:
    assert pruned_at(**options) == rungs


@pytest.mark.parametrize(
    ("others", "worst_that_goes_on"),
    [([1, 2, 3, 4], 2), ([1, 2, 3, 4, 5], 2), ([1, 2, 3, 4, 5, 6], 3), ([1, 2, 2, 2, 2], 2)],
)
def test_the_best_third_goes_on_rounded_up(others: list[int], worst_that_goes_on: int) -> None:
    def ends(value: float) -> bool:
        return bool(asha.prune(Look((value,), tuple((float(other),) for other in others), LOSS, 20), min_iter=1))

    assert not ends(worst_that_goes_on)
    assert ends(worst_that_goes_on + 0.5)


def test_each_counts_with_its_best_up_to_the_rung() -> None:
    """Peers that became better only after it are no better at it; a dip at the rung is forgiven."""
    later = (0.2, 0.3, 0.3, 0.9, 0.9)
    assert asha.prune(Look((0.1, 0.4, 0.2), (later,) * 5, ACCURACY, 20), min_iter=3) == ""
    assert asha.prune(Look((0.1, 0.2, 0.2), (later,) * 5, ACCURACY, 20), min_iter=3) == (
        "behind at epoch 3: val_accuracy 0.2, below the best third (0.3) of 6 trials"
    )


def test_peers_that_have_not_come_to_the_rung_do_not_count() -> None:
    peers = (flat(0.9, 2),) * 9
    assert asha.prune(Look(flat(0.1, 3), peers, ACCURACY, 20)) == ""


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({}, ""),
        ({"max_iter": 4}, ""),
        ({"max_iter": 3}, "max_iter 3 leaves no rung: the first is min_iter, epoch 3"),
        ({"max_iter": 2}, "max_iter 2 leaves no rung: the first is min_iter, epoch 3"),
        ({"min_iter": 1, "max_iter": 2}, ""),
    ],
)
def test_a_largest_epoch_leaves_room_for_a_rung(options: dict[str, int], wrong: str) -> None:
    assert asha.check({"min_iter": 3, "eta": 3.0, "min_trials": 4} | options) == wrong
