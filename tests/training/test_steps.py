"""What the learning step optimises: smoothed and weighted cross-entropies, and clipped or scheduled steps."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from textclf_sweep.definition.types import Metric
from textclf_sweep.training.tasks import Decision

PLAIN = {"learning_rate": 0.5, "batch_size": 40, "optimizer": "sgd", "momentum": 0.0, "epochs": 1}


@pytest.fixture
def moved(fit: ModuleType, averaging, random_rows, rows, steps_of) -> Callable[..., tuple[Any, Any]]:
    """Trains the averaging model on all rows at once; its gradient (first weights less last ones, by the rate)."""

    def call(training: Any = None, **parameters: Any) -> list[Any]:
        given, training = PLAIN | parameters, random_rows(40) if training is None else training
        steps = steps_of(averaging(), given)
        before = steps.model.get_weights()
        fit.fit(
            [fit.Run(steps, training, random_rows(9, seed=1), 3)], parameters=given, metric=Metric(),
            early_stopping=None, report=lambda epoch, metrics: Decision(), fitted=fit.Fitted(),
        )  # fmt: skip
        return [(first - last) / 0.5 for first, last in zip(before, steps.model.get_weights(), strict=True)]

    return call


def test_smoothing_is_that_of_keras(keras, moved, averaging, random_rows) -> None:
    tensorflow, data, model = pytest.importorskip("tensorflow"), random_rows(40), averaging()
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=0.3)
    with tensorflow.GradientTape() as tape:
        value = loss(keras.ops.one_hot(data.labels, 3), model(data.inputs, training=True))
    expected = tape.gradient(value, model.trainable_variables)
    for mine, theirs in zip(moved(label_smoothing=0.3), expected, strict=True):
        np.testing.assert_allclose(mine, tensorflow.convert_to_tensor(theirs), atol=2e-6)


def test_balanced_weights_make_rare_labels_count_as_much(moved, rows) -> None:
    often, rarely = [[1, 2]] * 6 + [[3]] * 2, [0] * 6 + [1] * 2
    weighted = moved(rows(often, rarely, 3), class_weight="balanced")
    even = moved(rows([[1, 2]] * 4 + [[3]] * 4, [0] * 4 + [1] * 4, 3))  # label 2 has no text
    for mine, theirs in zip(weighted, even, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)


def test_the_loss_that_is_told_is_the_plain_cross_entropy(fit, averaging, random_rows, steps_of) -> None:
    def told(**parameters: Any) -> float:
        given, fitted = PLAIN | parameters, fit.Fitted()
        fit.fit(
            [fit.Run(steps_of(averaging(), given), random_rows(40), random_rows(9), 3)], parameters=given,
            metric=Metric(), early_stopping=None, report=lambda epoch, metrics: Decision(), fitted=fitted,
        )  # fmt: skip
        return float(fitted.metrics[0]["loss"])

    assert told() == told(label_smoothing=0.4) == told(class_weight="balanced")


def test_clipping_shortens_all_gradients_together(moved) -> None:
    free = moved()
    norm = np.sqrt(sum(np.sum(part**2) for part in free))
    for whole, clipped in zip(free, moved(clip_norm=norm / 4), strict=True):
        np.testing.assert_allclose(clipped, whole / 4, atol=1e-6)


def test_the_first_step_of_a_warm_up_is_a_part_of_the_full_one(moved) -> None:
    for whole, part in zip(moved(), moved(batch_size=40, epochs=2, warmup=0.5), strict=True):
        assert not np.allclose(whole, part)
