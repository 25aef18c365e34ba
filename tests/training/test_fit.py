"""The loop's arithmetic is Keras', and its decisions are what the definition says."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from textclf_sweep.data.features import Features
from textclf_sweep.definition.types import EarlyStopping, Metric
from textclf_sweep.training.tasks import Decision
from textclf_sweep.trial import METRICS

ACCURACY = Metric("val_accuracy", "maximize")
LOSS = Metric("val_loss", "minimize")
PARAMETERS = {"learning_rate": 0.05, "batch_size": 8, "optimizer": "adam", "epochs": 1}


@pytest.fixture
def train(fit: ModuleType) -> Callable[..., Any]:
    """Calls `fit.fit` and returns what it has filled."""

    def call(
        model: Any,
        training: Features,
        validation: Features,
        *,
        metric: Metric = ACCURACY,
        early_stopping: EarlyStopping | None = None,
        report: Callable[[int, dict[str, float]], Decision] = lambda epoch, metrics: Decision(),
        fitted: Any = None,
        **parameters: Any,
    ) -> Any:
        fitted = fitted if fitted is not None else fit.Fitted()
        fit.fit(
            model, training, validation, parameters=PARAMETERS | parameters, seed=3, metric=metric,
            early_stopping=early_stopping, report=report, fitted=fitted,
        )  # fmt: skip
        return fitted

    return call


class TestArithmetic:
    """One epoch beside `Model.fit` on the same batches."""

    @pytest.fixture
    def small_lstm(self, keras: ModuleType) -> Callable[[], Any]:
        def make() -> Any:
            keras.utils.set_random_seed(1)
            tokens = keras.Input((None,), dtype="int32")
            hidden = keras.layers.Embedding(30, 4, mask_zero=True)(tokens)
            penalty = keras.regularizers.L1L2(l1=1e-3, l2=1e-2)
            hidden = keras.layers.LSTM(5, kernel_regularizer=penalty)(hidden)
            return keras.Model(tokens, keras.layers.Dense(3, activation="softmax", kernel_regularizer=penalty)(hidden))

        return make

    @pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "sgd"])
    def test_one_epoch_gives_the_weights_and_figures_of_model_fit(
        self, keras, fit, train, small_lstm, random_rows, optimizer: str
    ) -> None:
        training, validation = random_rows(20), random_rows(9, seed=1)
        ours, theirs = small_lstm(), small_lstm()
        (ours_found,) = train(ours, training, validation, optimizer=optimizer, learning_rate=0.02).metrics

        theirs.compile(fit.optimizers.make(optimizer, 0.02), "sparse_categorical_crossentropy", metrics=["accuracy"])
        order = np.random.default_rng([3, 1]).permutation(20)
        history = theirs.fit(
            training.inputs[order], training.labels[order], batch_size=8, shuffle=False, verbose=0
        ).history

        assert any(np.abs(before - after).max() > 1e-3 for before, after in
                   zip(small_lstm().get_weights(), ours.get_weights(), strict=True))  # fmt: skip
        for our_weights, their_weights in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(our_weights, their_weights, atol=1e-5)
        assert ours_found["loss"] == pytest.approx(history["loss"][0], abs=1e-5)
        assert ours_found["accuracy"] == pytest.approx(history["accuracy"][0], abs=1e-6)

    def test_logits_give_what_probabilities_give(self, train, averaging, random_rows) -> None:
        training, validation = random_rows(20), random_rows(9, seed=1)
        (logits,) = train(averaging(softmax=False), training, validation).metrics
        (softmax,) = train(averaging(), training, validation).metrics
        assert logits["loss"] == pytest.approx(softmax["loss"], abs=1e-5)
        assert logits["val_loss"] == pytest.approx(softmax["val_loss"], abs=1e-5)

    def test_a_softmax_layer_counts_as_softmax(self, keras, train, averaging, random_rows) -> None:
        training, validation = random_rows(20), random_rows(9, seed=1)
        logits = averaging(softmax=False)
        model = keras.Model(logits.inputs, keras.layers.Softmax()(logits.outputs[0]))
        (found,) = train(model, training, validation).metrics
        (expected,) = train(averaging(), training, validation).metrics
        assert found["val_loss"] == pytest.approx(expected["val_loss"], abs=1e-5)

    def test_the_figures_of_an_evaluation_are_those_of_keras_and_scikit_learn(
        self, keras, fit, averaging, random_rows
    ) -> None:
        model, data = averaging(labels=5), random_rows(600, labels=4)  # label 4 never occurs, as truth
        data = Features(data.inputs, data.lengths, data.labels, random_rows(1, labels=5).info)
        scored = fit.evaluate(fit.trace_evaluation(model), data)

        output = model.predict(data.inputs, verbose=0)
        predicted = output.argmax(axis=1)
        cross_entropy = keras.losses.SparseCategoricalCrossentropy()(data.labels, output)
        expected = {
            "loss": pytest.approx(float(cross_entropy), abs=1e-5),
            "accuracy": pytest.approx(sklearn_metrics.accuracy_score(data.labels, predicted)),
            "macro_f1": pytest.approx(sklearn_metrics.f1_score(data.labels, predicted, average="macro")),
        }
        assert scored.metrics() == expected
        np.testing.assert_array_equal(
            scored.confusion, sklearn_metrics.confusion_matrix(data.labels, predicted, labels=range(5))
        )

    @pytest.mark.parametrize(("l1", "l2"), [(0.5, 0.0), (0.0, 0.5)])
    def test_penalties_are_in_the_training_loss_only(self, keras, train, averaging, random_rows, l1, l2) -> None:
        data = random_rows(20)
        plain, penalised = averaging(), averaging(penalty=keras.regularizers.L1L2(l1=l1, l2=l2))
        kernel = plain.get_weights()[1]
        penalty = l1 * np.abs(kernel).sum() + l2 * (kernel**2).sum()
        still = {"learning_rate": 1e-12, "optimizer": "sgd"}
        (without,) = train(plain, data, data, **still).metrics
        (with_penalty,) = train(penalised, data, data, **still).metrics
        assert penalty > 0.1
        assert with_penalty["loss"] - without["loss"] == pytest.approx(penalty, abs=1e-4)
        assert with_penalty["val_loss"] == pytest.approx(without["val_loss"], abs=1e-5)

    def test_penalties_shrink_the_weights(self, keras, train, averaging, random_rows) -> None:
        data = random_rows(20)
        plain, penalised = averaging(), averaging(penalty=keras.regularizers.L2(1.0))
        for model in (plain, penalised):
            train(model, data, data, epochs=5, early_stopping=EarlyStopping("loss", patience=5), metric=LOSS)
        assert np.abs(penalised.get_weights()[1]).sum() < 0.8 * np.abs(plain.get_weights()[1]).sum()

    def test_rows_come_in_another_order_each_epoch_and_the_same_one_each_time(
        self, fit, train, averaging, random_rows
    ) -> None:
        data = random_rows(20)
        runs = []
        for _ in range(2):
            model, weights = averaging(), []
            train(model, data, data, epochs=2, report=lambda *_, m=model, w=weights: w.append(m.get_weights())
                  or Decision())  # fmt: skip
            runs.append(weights)
        for first, again in zip(*runs, strict=True):
            assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
