"""Brackets and thresholds are those of Weights & Biases; expected answers are worked out by hand."""

from __future__ import annotations

import pytest

from textclf_sweep.definition.types import Metric
from textclf_sweep.pruners import Curve, Look, hyperband

pytestmark = pytest.mark.unit

LOSS = Metric("val_loss", "minimize")
ACCURACY = Metric("val_accuracy", "maximize")


def flat(value: float, epochs: int) -> Curve:
    return (value,) * epochs


def ends(look: Look, **options: object) -> bool:
    return bool(hyperband.prune(look, **{"min_trials": 1, **options}))


def pruned_at(options: dict[str, object], epochs: int = 30) -> list[int]:
    """The epochs after which a hopeless trial would end, when it is only then that it falls behind."""
    found = []
    for epoch in range(1, epochs):
        # Its peers have come exactly so far: no earlier rung has enough of them, no later one is passed.
        peers = (flat(0.1, epoch),) * 5
        own = (*flat(0.1, epoch - 1), 0.9)
        if ends(Look(own, peers, LOSS, epochs), strict=True, **options):
            found.append(epoch)
    return found


@pytest.mark.parametrize(
    ("options", "rungs"),
    [
        ({"min_iter": 3}, [3, 9, 27]),
        ({"min_iter": 1, "eta": 2.0}, [1, 2, 4, 8, 16]),
        ({"min_iter": 2, "eta": 1.5}, [2, 3, 4, 6, 10, 15, 22]),
        ({"max_iter": 27, "s": 2}, [3, 9]),
        ({"max_iter": 27, "s": 9}, [1, 3, 9]),
        ({"max_iter": 20, "s": 2}, [2, 6]),
        ({"max_iter": 27, "s": 10**9, "eta": 2.0}, [1, 3, 6, 13]),
        ({"min_iter": 10**9}, []),
    ],
)
def test_rungs(options: dict[str, object], rungs: list[int]) -> None:
    assert pruned_at({"eta": 3.0, **options}) == rungs


@pytest.mark.parametrize(
    ("others", "worst_that_goes_on"),
    [
        ([1.0], 1.0),  # of 2, floor(2 / 3) = 0: the best only
        ([1.0, 2.0], 2.0),  # of 3, place 1 from 0: the second
        ([1.0, 2.0, 3.0, 4.0], 2.0),  # of 5
        ([1.0, 2.0, 3.0, 4.0, 5.0], 3.0),  # of 6
    ],
)
def test_the_threshold_is_the_value_at_place_n_by_eta(others: list[float], worst_that_goes_on: float) -> None:
    def gone(value: float) -> bool:
        return ends(Look(flat(value, 3), tuple(flat(other, 3) for other in others), LOSS, 20), min_iter=3)

    assert not gone(worst_that_goes_on)
    assert gone(worst_that_goes_on + 0.5)


def test_the_best_so_far_counts_unless_strict() -> None:
    """It was good at epoch 2 and is bad at the rung."""
    look = Look((0.9, 0.1, 0.9), (flat(0.2, 3),) * 5, LOSS, 20)
    assert not ends(look, min_iter=3)
    assert ends(look, min_iter=3, strict=True)


def test_one_that_has_caught_up_since_the_rung_goes_on_unless_strict() -> None:
    look = Look((0.9, 0.9, 0.9, 0.1), (flat(0.2, 3),) * 5, LOSS, 20)
    assert not ends(look, min_iter=3)
    assert ends(look, min_iter=3, strict=True)


def test_peers_that_came_to_the_rung_later_count_at_the_next_epoch() -> None:
    """Four workers: at the rung it had no peers, one epoch later it has."""
    look = Look(flat(0.3, 5), tuple(flat(value, 4) for value in (0.7, 0.8, 0.9, 0.6)), ACCURACY, 20)
    assert hyperband.prune(look, min_iter=4) == (
        "behind at epoch 5: val_accuracy 0.3, below the best third (0.8) of 5 trials at epoch 4"
    )


def test_before_the_first_rung_nothing_ends() -> None:
    assert not ends(Look(flat(0.9, 2), (flat(0.1, 20),) * 9, LOSS, 20), min_iter=3)


def test_the_reason() -> None:
    peers = tuple(flat(value, 20) for value in (0.1, 0.2, 0.61, 0.62, 0.7, 0.8, 0.3, 0.4))
    look = Look((0.3, 0.41, 0.4), peers, ACCURACY, 20)
    assert hyperband.prune(look, min_iter=3) == (
        "behind at epoch 3: val_accuracy 0.41, below the best third (0.61) of 9 trials"
    )
    assert "below the best half (0.4" in hyperband.prune(Look(flat(0.2, 3), peers, ACCURACY, 20), min_iter=3, eta=2.0)
    assert "the best 1/2.5 (" in hyperband.prune(Look(flat(0.2, 3), peers, ACCURACY, 20), min_iter=3, eta=2.5)


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"min_iter": 3}, ""),
        ({"max_iter": 27, "s": 2, "eta": 3.0}, ""),
        ({"max_iter": 27, "s": 2, "strict": True, "eta": 1.1}, ""),
        ({"min_iter": 3, "max_iter": 27, "s": 2}, ""),
        ({"min_iter": 3, "max_iter": 27}, ""),
        ({"min_iter": 3, "s": 2}, ""),
        ({}, "does not say when to prune: min_iter is missing, or max_iter and s"),
        ({"max_iter": 27}, "does not say when to prune: min_iter is missing, or max_iter and s"),
        ({"s": 2}, "does not say when to prune: min_iter is missing, or max_iter and s"),
        ({"max_iter": 2, "s": 2, "eta": 3.0}, "max_iter 2 leaves no rung: max_iter / eta is below 1"),
    ],
)
def test_options_that_do_not_go_together(options: dict[str, object], wrong: str) -> None:
    defaults = {item.name: item.default for item in hyperband.PARAMETERS if item.default is not None}
    assert hyperband.check(defaults | options) == wrong


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"min_iter": 3}, ()),
        ({"max_iter": 27, "s": 2}, ()),
        ({"min_iter": 3, "max_iter": 27, "s": 2}, ("min_iter",)),
        ({"min_iter": 3, "max_iter": 27}, ("max_iter",)),
        ({"min_iter": 3, "s": 2}, ("s",)),
    ],
)
def test_options_of_the_other_form_are_named_and_change_nothing(
    options: dict[str, int], names: tuple[str, ...]
) -> None:
    assert hyperband.idle(options) == names
    kept = {name: value for name, value in options.items() if name not in names}
    assert pruned_at(dict(options)) == pruned_at(dict(kept))
    assert hyperband.first_epoch({"eta": 3.0, **options}) == hyperband.first_epoch({"eta": 3.0, **kept})
