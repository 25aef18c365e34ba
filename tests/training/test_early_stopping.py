"""The watch on a metric: pure, so no TensorFlow here."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textclf_sweep.definition.types import EarlyStopping, Metric
from textclf_sweep.training.early_stopping import Watch

pytestmark = pytest.mark.unit

ACCURACY = Metric("val_accuracy", "maximize")


def seen(watch: Watch, *values: float) -> Watch:
    for value in values:
        watch = watch.see(value)
    return watch


def test_without_early_stopping_it_watches_the_objective_and_never_ends() -> None:
    watch = seen(Watch.of(None, Metric("val_loss", "minimize")), *[1.0] * 500)
    assert (watch.metric.name, watch.is_over) == ("val_loss", False)


def test_the_direction_follows_the_watched_metric_not_the_objective() -> None:
    watch = seen(Watch.of(EarlyStopping("val_loss", patience=1), ACCURACY), 0.9, 0.5)
    assert (watch.best, watch.is_best, watch.is_over) == (0.5, True, False)


@pytest.mark.parametrize(("values", "over"), [((0.5, 0.4), False), ((0.5, 0.4, 0.45), True), ((0.5, 0.4, 0.6), False)])
def test_patience_counts_epochs_since_the_last_improvement(values: tuple[float, ...], over: bool) -> None:
    assert seen(Watch.of(EarlyStopping("val_accuracy", patience=2), ACCURACY), *values).is_over is over


def test_a_small_gain_is_the_best_epoch_but_no_improvement() -> None:
    watch = seen(Watch.of(EarlyStopping("val_accuracy", patience=1, min_delta=0.1), ACCURACY), 0.5, 0.55)
    assert (watch.best, watch.is_best, watch.is_over) == (0.55, True, True)


def test_small_gains_add_up_to_an_improvement() -> None:
    watch = Watch.of(EarlyStopping("val_accuracy", patience=3, min_delta=0.1), ACCURACY)
    assert seen(watch, 0.5, 0.56, 0.62).waited == 0


@given(st.lists(st.floats(0, 1), min_size=1), st.integers(1, 5))
def test_the_best_is_the_first_of_the_greatest(values: list[float], patience: int) -> None:
    watch = Watch.of(EarlyStopping("val_accuracy", patience=patience), ACCURACY)
    best = 0
    for index, value in enumerate(values):
        watch = watch.see(value)
        best = index if watch.is_best else best
    assert (watch.best, best) == (max(values), values.index(max(values)))
    assert watch.is_over == (len(values) - 1 - best >= patience)


@given(st.lists(st.floats(0, 1), min_size=1), st.booleans())
def test_a_trial_ends_with_its_best_epoch_or_its_last(values: list[float], restore: bool) -> None:
    watch = Watch.of(EarlyStopping("val_accuracy", restore_best_weights=restore), ACCURACY)
    kept = -1
    for index, value in enumerate(values):
        watch = watch.see(value)
        kept = index if watch.is_kept else kept
    assert kept == (values.index(max(values)) if restore else len(values) - 1)


@given(st.lists(st.floats(0, 1), min_size=1), st.integers(1, 5))
def test_when_it_ends_does_not_depend_on_the_weights_it_keeps(values: list[float], patience: int) -> None:
    both = [
        Watch.of(EarlyStopping("val_accuracy", patience=patience, restore_best_weights=restore), ACCURACY)
        for restore in (True, False)
    ]
    assert len({(after.waited, after.is_over, after.best) for after in (seen(watch, *values) for watch in both)}) == 1


def test_without_early_stopping_the_best_epoch_is_kept() -> None:
    assert not seen(Watch.of(None, ACCURACY), 0.5, 0.4).is_kept
