"""Each optimizer is Keras' own, with the settings that its documentation in a definition names."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import pytest

from textclf_sweep.training.parameters import OPTIMIZERS, complete


@pytest.fixture(scope="module")
def make(keras: ModuleType) -> Any:
    optimizers = importlib.import_module("textclf_sweep.training.optimizers")
    return lambda **parameters: optimizers.make(complete(parameters))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_value_a_definition_allows_makes_a_fresh_optimizer(make, name: str) -> None:
    first, second = make(optimizer=name, learning_rate=0.25), make(optimizer=name, learning_rate=0.25)
    assert first is not second
    assert type(first).__name__.lower() == name
    assert float(first.learning_rate) == 0.25
    assert not first.weight_decay
    assert first.global_clipnorm is None


@pytest.mark.parametrize(("name", "kind"), [("adam", "Adam"), ("rmsprop", "RMSprop"), ("nadam", "Nadam")])
def test_they_are_keras_with_its_defaults(keras, make, name: str, kind: str) -> None:
    made, plain = make(optimizer=name), getattr(keras.optimizers, kind)(0.001)
    assert type(made) is type(plain)
    assert made.get_config() | {"name": ""} == plain.get_config() | {"name": ""}


def test_sgd_has_nesterov_momentum_unless_told_otherwise(make) -> None:
    made = make(optimizer="sgd")
    assert (made.momentum, made.nesterov) == (0.9, True)
    made = make(optimizer="sgd", momentum=0.5, nesterov=False)
    assert (made.momentum, made.nesterov) == (0.5, False)


def test_decay_takes_its_share_of_kernels_and_leaves_biases(keras, make) -> None:
    kernel = keras.Variable([2.0], name="kernel")
    bias = keras.Variable([2.0], name="bias")
    optimizer = make(optimizer="adamw", learning_rate=0.1, weight_decay=0.5)
    optimizer.build([kernel, bias])
    optimizer.apply([keras.ops.zeros(1), keras.ops.zeros(1)])
    assert float(kernel.numpy()[0]) == pytest.approx(2 * (1 - 0.1 * 0.5))
    assert float(bias.numpy()[0]) == 2.0


def test_gradients_longer_than_clip_norm_are_shortened(keras, make) -> None:
    moved = keras.Variable([0.0, 0.0])
    optimizer = make(optimizer="sgd", momentum=0.0, learning_rate=1.0, clip_norm=0.5)
    optimizer.build([moved])
    optimizer.apply([keras.ops.array([3.0, 4.0])])
    assert moved.numpy().tolist() == pytest.approx([-0.3, -0.4])


def test_another_name_is_refused(make) -> None:
    with pytest.raises(ValueError, match="'adamax2'"):
        make(optimizer="adamax2")
