"""What is seen of a model, and that looking changes nothing."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from textclf_sweep.definition.types import Metric
from textclf_sweep.training.tasks import Decision

PARAMETERS = {"learning_rate": 0.05, "batch_size": 8, "optimizer": "adam", "epochs": 3}


@pytest.fixture(scope="session")
def probes(keras: ModuleType) -> ModuleType:
    return importlib.import_module("textclf_sweep.training.probes")


@pytest.fixture
def look(probes: ModuleType, random_rows: Any) -> Callable[[Any], dict[str, float]]:
    """What is seen of a model before it trains."""
    return lambda model: probes.Prober(model, random_rows(40), 3).now()


@pytest.fixture
def stack(keras: ModuleType) -> Callable[..., Any]:
    """Makes an embedding, its mean, and these layers."""

    def make(*layers: Any) -> Any:
        tokens = keras.Input((None,), dtype="int32", name="tokens")
        values = keras.layers.GlobalAveragePooling1D()(keras.layers.Embedding(30, 4)(tokens))
        for layer in layers:
            values = layer(values)
        return keras.Model(tokens, keras.layers.Dense(3, activation="softmax")(values))

    return make


def test_every_layer_with_weights(look: Any, averaging: Any) -> None:
    model = averaging()
    found = look(model)
    assert set(found) == {
        "loss", "gradient_norm/embedding", "weight_norm/embedding", "gradient_norm/dense", "weight_norm/dense",
    }  # fmt: skip
    assert found["loss"] == pytest.approx(np.log(3), abs=0.2)
    assert found["weight_norm/embedding"] == pytest.approx(float(np.linalg.norm(model.get_weights()[0])), rel=1e-5)
    assert all(value > 0 for value in found.values())


def test_gradients_are_those_of_dense_arithmetic(keras: Any, probes: Any, averaging: Any, rows: Any) -> None:
    """A token that occurs several times has one gradient, the sum of its occurrences'."""
    model, data = averaging(), rows([[1, 1, 2], [1]], [0, 1], 3)
    found = probes.Prober(model, data, 0).now()
    tf = importlib.import_module("tensorflow")
    with tf.GradientTape() as tape:
        output = model(data.inputs, training=False)
        loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(data.labels, output))
    gradient = tf.convert_to_tensor(tape.gradient(loss, model.trainable_variables)[0])
    assert found["gradient_norm/embedding"] == pytest.approx(float(np.linalg.norm(gradient)), rel=1e-5)


def test_dead_and_living_units(keras: Any, look: Any, stack: Any) -> None:
    dead = keras.layers.Dense(5, activation="relu", bias_initializer=keras.initializers.Constant(-100))
    assert look(stack(dead))["dead_units/dense_1"] == 1
    alive = keras.layers.Dense(5, activation="relu", bias_initializer="ones")
    assert look(stack(alive))["dead_units/dense_1"] == 0


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_saturated_units(keras: Any, look: Any, stack: Any, activation: str) -> None:
    large = keras.initializers.RandomNormal(stddev=1e4)
    assert look(stack(keras.layers.Dense(5, activation=activation, kernel_initializer=large)))[
        "saturated_units/dense_1"
    ] > 0.9  # fmt: skip
    assert look(stack(keras.layers.Dense(5, activation=activation)))["saturated_units/dense_1"] == 0


def test_names_do_not_depend_on_what_was_built_before(look: Any, averaging: Any, stack: Any, keras: Any) -> None:
    first = look(stack(keras.layers.Dense(4), keras.layers.Dense(4)))
    assert set(look(stack(keras.layers.Dense(4), keras.layers.Dense(4)))) == set(first)
    assert {"weight_norm/dense_1", "weight_norm/dense_2", "weight_norm/dense_3"} <= set(first)


def test_padding_is_no_answer(keras: Any, probes: Any, rows: Any) -> None:
    tokens = keras.Input((None,), dtype="int32")
    embedded = keras.layers.Embedding(30, 4, embeddings_initializer=keras.initializers.Constant(-1.0))(tokens)
    # Of padding, and of nothing else, the rectified sum is above 0.
    shown = keras.layers.ReLU()(embedded + 5.0 * keras.ops.cast(keras.ops.equal(tokens[..., None], 0), "float32"))
    output = keras.layers.Dense(3, activation="softmax")(keras.layers.GlobalAveragePooling1D()(shown))
    found = probes.Prober(keras.Model(tokens, output), rows([[1, 2, 3], [4]], [0, 1], 3), 0).now()
    assert found["dead_units/re_lu"] == 1


def test_a_model_that_cannot_be_looked_into_is_left_alone(keras: Any, look: Any, averaging: Any) -> None:
    class Odd(keras.Model):  # type: ignore[misc, name-defined]
        """Can be trained in a graph and nowhere else."""

        def __init__(self) -> None:
            super().__init__()
            self.inner = averaging()

        def call(self, tokens: Any, training: bool = False) -> Any:
            tokens.op  # noqa: B018 - no eager tensor has one
            return self.inner(tokens, training=training)

    assert look(Odd()) == {}


def test_looking_changes_nothing(fit: Any, steps_of: Any, averaging: Any, random_rows: Any) -> None:
    def trained(*, probed: bool) -> tuple[Any, Any]:
        model, fitted = averaging(), fit.Fitted()
        run = fit.Run(steps_of(model, PARAMETERS), random_rows(40), random_rows(20, seed=1), 3)
        fit.fit([run], parameters=PARAMETERS, metric=Metric(), early_stopping=None,
                report=lambda *_: Decision(), fitted=fitted, probed=probed)  # fmt: skip
        return model.get_weights(), fitted

    (with_probes, looked), (without, fitted) = trained(probed=True), trained(probed=False)
    assert all(np.array_equal(one, other) for one, other in zip(with_probes, without, strict=True))
    assert "weight_norm/dense" in looked.metrics[0]
    assert "weight_norm/dense" not in fitted.metrics[0]
    assert [item["loss"] for item in looked.metrics] == [item["loss"] for item in fitted.metrics]


def test_short_epochs_are_probed_less_often_after_a_while(probes: Any, averaging: Any, random_rows: Any) -> None:
    prober = probes.Prober(averaging(), random_rows(40), 3)
    seen = [epoch for epoch in range(1, 40) if prober.after(100)]
    assert seen == [*range(1, 9), *range(11, 40, 3)]
    prober = probes.Prober(averaging(), random_rows(40), 3)
    assert all(prober.after(300) for _ in range(15))
