"""What the learning step optimises: smoothed and weighted cross-entropies, and clipped or scheduled steps."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
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


@pytest.mark.parametrize("clip_norm", [0.0, 1.0])
def test_an_embedding_that_no_gradient_reaches_stays(keras, random_rows, steps_of, monkeypatch, clip_norm) -> None:
    steps = importlib.import_module("textclf_sweep.training.steps")
    monkeypatch.setattr(steps, "tables_of", partial(steps.tables_of, least=1))
    tokens, data = keras.Input((None,), dtype="int32"), random_rows(8)
    words = keras.ops.stop_gradient(keras.layers.Embedding(30, 4)(tokens))
    output = keras.layers.Dense(3, activation="softmax")(keras.layers.GlobalAveragePooling1D()(words))
    made = steps_of(keras.Model(tokens, output), PLAIN | {"optimizer": "adam", "clip_norm": clip_norm})
    before = made.model.get_weights()
    if clip_norm:  # Keras updates the embedding then, and says that there is nothing to do
        with pytest.warns(UserWarning, match="Gradients do not exist"):
            made.learn(data.inputs, data.labels)
    else:
        made.learn(data.inputs, data.labels)
    made.settle()
    changed = [not np.array_equal(*pair) for pair in zip(before, made.model.get_weights(), strict=True)]
    assert changed == [False, True, True]
