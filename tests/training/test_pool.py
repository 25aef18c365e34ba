"""Models used again: the same results, less time."""

from __future__ import annotations

import importlib
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest


@pytest.fixture(scope="module")
def pool(keras: ModuleType) -> ModuleType:
    return importlib.import_module("textclf_sweep.training.pool")


def pooled(pool: ModuleType, elements: int = 10):
    weight = SimpleNamespace(shape=SimpleNamespace(num_elements=lambda: elements))
    return pool.Pooled(SimpleNamespace(model=SimpleNamespace(weights=[weight])), None)


def test_an_idle_model_is_taken_once(pool) -> None:
    idle, made = pool.Pool(), pooled(pool)
    assert idle.take("a", lambda: made) is made
    idle.give_back("a", made)
    assert idle.take("b", lambda: None) is None
    assert idle.take("a", lambda: None) is made
    assert idle.take("a", lambda: None) is None


def test_those_given_back_longest_ago_go_first(pool) -> None:
    idle = pool.Pool(count=2)
    for key in "abc":
        idle.give_back(key, pooled(pool))
    assert [key for key in "abc" if idle.take(key, lambda: None)] == ["b", "c"]


def test_large_ones_are_not_kept(pool) -> None:
    idle = pool.Pool(size=1000)
    idle.give_back("large", pooled(pool, 251))
    assert idle.take("large", lambda: None) is None
    for key in "ab":
        idle.give_back(key, pooled(pool, 150))
    assert idle.take("a", lambda: None) is None
    assert idle.take("b", lambda: None) is not None


class TestStart:
    """The first weights of a model, again and again."""

    @pytest.fixture
    def start_of(self, keras: ModuleType):
        return importlib.import_module("textclf_sweep.training.weights").Start

    @pytest.fixture
    def model(self, keras: ModuleType):
        tokens = keras.Input((None,), dtype="int32")
        hidden = keras.layers.Dropout(0.5)(keras.layers.Embedding(9, 4)(tokens))
        hidden = keras.layers.Bidirectional(keras.layers.LSTM(3))(hidden)
        return keras.Model(tokens, keras.layers.Dense(2)(keras.layers.LayerNormalization()(hidden)))

    def test_a_seed_gives_the_same_weights_whatever_was_there(self, keras, model, start_of) -> None:
        start = start_of(model)
        assert start.known
        start.draw(5)
        first = [variable.numpy() for variable in model.variables]
        for variable in model.variables:
            variable.assign(variable + 1)
        start.draw(6)
        other = [variable.numpy() for variable in model.variables]
        start.draw(5)
        for again, before in zip(model.variables, first, strict=True):
            np.testing.assert_array_equal(again.numpy(), before)
        kernels = [index for index, variable in enumerate(model.variables) if "kernel" in variable.path]
        assert len(kernels) == 5
        assert all(not np.array_equal(first[index], other[index]) for index in kernels)

    def test_weights_are_spread_as_keras_spreads_them(self, keras, model, start_of) -> None:
        plain = {variable.path: variable.numpy() for variable in model.weights}
        start_of(model).draw(1)
        for variable in model.weights:
            drawn, before = variable.numpy(), plain[variable.path]
            if np.ptp(before) == 0 or "bias" in variable.path:  # zeros, ones, and the ones of LSTM's forget gate
                np.testing.assert_array_equal(drawn, before)
            else:
                assert 0.5 < drawn.std() / before.std() < 2

    def test_a_weight_of_unknown_origin_is_admitted(self, keras, start_of) -> None:
        class Own(keras.layers.Layer):
            def build(self, shape) -> None:
                self.scale = self.add_weight(shape=(), initializer="random_normal", name="scale")

            def call(self, inputs):
                return inputs * self.scale

        inputs = keras.Input((2,))
        assert not start_of(keras.Model(inputs, Own()(inputs))).known
