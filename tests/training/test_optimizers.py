"""Each optimizer is Keras' own, with the settings that its documentation in a definition names."""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest

from textclf_sweep.training.parameters import PARAMETERS


@pytest.fixture(scope="module")
def optimizers(keras: ModuleType) -> ModuleType:
    return importlib.import_module("textclf_sweep.training.optimizers")


CHOICES = next(parameter.choices for parameter in PARAMETERS if parameter.name == "optimizer")


@pytest.mark.parametrize("name", CHOICES)
def test_every_value_a_definition_allows_makes_a_fresh_optimizer(optimizers, name: str) -> None:
    first, second = optimizers.make(name, 0.25), optimizers.make(name, 0.25)
    assert first is not second
    assert type(first).__name__.lower() == name
    assert float(first.learning_rate) == 0.25


@pytest.mark.parametrize(("name", "kind"), [("adam", "Adam"), ("rmsprop", "RMSprop")])
def test_adam_and_rmsprop_are_keras_with_its_defaults(keras, optimizers, name: str, kind: str) -> None:
    made, plain = optimizers.make(name, 0.001), getattr(keras.optimizers, kind)(0.001)
    assert type(made) is type(plain)
    assert made.get_config() | {"name": ""} == plain.get_config() | {"name": ""}


def test_sgd_has_nesterov_momentum(keras, optimizers) -> None:
    made = optimizers.make("sgd", 0.1)
    assert type(made) is keras.optimizers.SGD
    assert (made.momentum, made.nesterov) == (0.9, True)


def test_another_name_is_refused(optimizers) -> None:
    with pytest.raises(ValueError, match="'adamw'"):
        optimizers.make("adamw", 0.1)
