"""The recurrent layers give what Keras' own give: outputs, gradients, weights, training."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

CELLS = ("lstm", "gru")
FEATURES = 3


@pytest.fixture(scope="module")
def layers(keras: ModuleType) -> ModuleType:
    """The module under test, which imports TensorFlow."""
    return importlib.import_module("textclf_sweep.architectures._recurrent")


@pytest.fixture(scope="module")
def tf(keras: ModuleType) -> Any:
    return importlib.import_module("tensorflow")


def pair(layers: ModuleType, cell: str, units: int, **options: Any) -> tuple[Any, Any]:
    """Keras' layer and the fast one, with the same weights, none of them zero."""
    both = [layers.recurrent(cell, units, plain=plain, **options) for plain in (True, False)]
    generator = np.random.default_rng(units)
    for layer in both:
        layer.build((None, None, FEATURES))
    weights = [generator.normal(scale=0.5, size=weight.shape) for weight in both[0].get_weights()]
    for layer in both:
        layer.set_weights(weights)
    return both[0], both[1]


def batch(texts: int, width: int, seed: int = 0) -> Any:
    return np.random.default_rng([texts, width, seed]).normal(size=(texts, width, FEATURES)).astype("float32")


def padded(lengths: Any, width: int) -> Any:
    return np.arange(width) < np.asarray(lengths)[:, None]


def results(tf: Any, layer: Any, inputs: Any, mask: Any) -> list[Any]:
    """The output, and the gradients of inputs and weights of a loss that weighs every value of it differently."""
    inputs = tf.convert_to_tensor(inputs)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        output = layer(inputs, mask=None if mask is None else tf.convert_to_tensor(mask), training=True)
        loss = tf.reduce_sum(tf.sin(3.0 * output + 0.2))
    return [item.numpy() for item in (output, *tape.gradient(loss, [inputs, *layer.trainable_variables]))]


def assert_close(found: list[Any], expected: list[Any]) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5 * max(np.abs(other).max(initial=0), 1e-3))


def operations(tf: Any, layer: Any) -> set[str]:
    """The kinds of operations in the layer's graph."""
    traced = tf.function(lambda inputs: layer(inputs, training=True), autograph=False)
    concrete = traced.get_concrete_function(tf.TensorSpec((2, 4, FEATURES)))
    return {operation.type for operation in concrete.graph.get_operations()}


@pytest.fixture(scope="module")
def agree(layers: ModuleType, tf: Any) -> Callable[..., None]:
    def check(cell: str, units: int, mask: Any, *, masked: bool = True, **options: Any) -> None:
        plain, fast = pair(layers, cell, units, **options)
        given = batch(*mask.shape), mask if masked else None
        assert_close(results(tf, fast, *given), results(tf, plain, *given))

    return check


@pytest.mark.parametrize("cell", CELLS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lengths=st.lists(st.integers(0, 5), min_size=1, max_size=6),
    more=st.integers(0, 2),
    units=st.integers(1, 5),
    bidirectional=st.booleans(),
    return_sequences=st.booleans(),
)
@example(lengths=[1], more=0, units=2, bidirectional=True, return_sequences=True)
@example(lengths=[4, 4, 4], more=0, units=3, bidirectional=False, return_sequences=False)
@example(lengths=[1, 4, 2], more=2, units=3, bidirectional=False, return_sequences=True)
@example(lengths=[0, 0], more=1, units=2, bidirectional=False, return_sequences=True)
def test_outputs_and_gradients_are_those_of_keras(
    agree: Callable[..., None], cell: str, lengths: list[int], more: int, units: int, **options: bool
) -> None:
    agree(cell, units, padded(lengths, max(lengths) + more or 1), **options)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_any_place_can_be_masked(agree: Callable[..., None], cell: str, bidirectional: bool) -> None:
    mask = np.random.default_rng(1).random((5, 7)) < 0.6
    agree(cell, 4, mask, bidirectional=bidirectional, return_sequences=True)


@pytest.mark.parametrize("cell", CELLS)
def test_without_a_mask_every_place_counts(agree: Callable[..., None], cell: str) -> None:
    agree(cell, 4, padded([6, 6, 6], 6), masked=False, bidirectional=True, return_sequences=True)


def model(keras: ModuleType, layers: ModuleType, cell: str, *, plain: bool, depth: int = 2, **options: Any) -> Any:
    keras.utils.set_random_seed(5)
    tokens = keras.Input((None,), dtype="int32")
    embedding = keras.layers.Embedding if plain else layers.FastEmbedding
    hidden = embedding(9, FEATURES, mask_zero=True, **options)(tokens)
    for layer in range(depth):
        recurrent = layers.recurrent(cell, 4, bidirectional=layer == 0, return_sequences=layer < depth - 1, plain=plain)
        hidden = recurrent(hidden)
    return keras.Model(tokens, keras.layers.Dense(2)(hidden))


def texts(number: int, width: int, seed: int = 0) -> tuple[Any, Any]:
    """Tokens of which many are equal, 0 behind each text, and labels."""
    generator = np.random.default_rng([number, width, seed])
    tokens = generator.integers(1, 9, (number, width)) * padded(generator.integers(1, width + 1, number), width)
    return tokens.astype("int32"), (tokens[:, 0] % 2).astype("int32")


def training(keras: ModuleType, tf: Any, learner: Any) -> Any:
    """A traced step, for batches of any size; gives its loss and the gradients."""
    cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.Adam(0.02)
    optimizer.build(learner.trainable_variables)

    @tf.function(input_signature=[tf.TensorSpec((None, None), tf.int32), tf.TensorSpec((None,), tf.int32)])  # type: ignore[untyped-decorator]
    def step(tokens: Any, labels: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = cross_entropy(labels, learner(tokens, training=True))
        gradients = tape.gradient(loss, learner.trainable_variables)
        optimizer.apply(gradients, learner.trainable_variables)
        return loss, [tf.convert_to_tensor(gradient) for gradient in gradients]

    return step


@pytest.mark.parametrize("cell", CELLS)
def test_a_training_run_is_that_of_keras(keras: ModuleType, layers: ModuleType, tf: Any, cell: str) -> None:
    models = [model(keras, layers, cell, plain=plain) for plain in (True, False)]
    for one, other in zip(*(found.get_weights() for found in models), strict=True):
        np.testing.assert_array_equal(one, other)
    plain, fast = (training(keras, tf, found) for found in models)
    for seed, (number, width) in enumerate([(8, 6), (3, 2), (8, 9), (1, 1)] * 4):
        given = texts(number, width, seed)
        (expected, gradients), (found, others) = plain(*given), fast(*given)
        assert float(found) == pytest.approx(float(expected), rel=1e-4)
        if seed == 0:
            assert_close([item.numpy() for item in others], [item.numpy() for item in gradients])
    for one, other in zip(*(found.get_weights() for found in models), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)
    exported = model(keras, layers, cell, plain=True)
    exported.set_weights(models[1].get_weights())
    tokens, _ = texts(7, 8)
    np.testing.assert_allclose(exported(tokens), models[1](tokens), atol=1e-5)
    assert not any(isinstance(layer, layers.FastLSTM | layers.FastGRU) for layer in exported.layers)


@pytest.mark.parametrize("cell", CELLS)
def test_the_same_batch_gives_the_same_bits_from_any_thread(
    keras: ModuleType, layers: ModuleType, tf: Any, cell: str
) -> None:
    fast = pair(layers, cell, 5, return_sequences=True)[1]
    given = [(batch(6, 4, seed), padded([4, 1, 0, 3, 4, 2], 4)) for seed in range(6)]
    alone = [results(tf, fast, *one) for one in given]
    with ThreadPoolExecutor(3) as threads:
        together = list(threads.map(lambda one: results(tf, fast, *one), given))
    for one, other in zip(alone, together, strict=True):
        for expected, found in zip(one, other, strict=True):
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("cell", CELLS)
def test_texts_without_a_token_give_zeros_and_no_gradient(
    keras: ModuleType, layers: ModuleType, tf: Any, cell: str
) -> None:
    tokens, embedding = np.zeros((2, 3), "int32"), layers.FastEmbedding(9, FEATURES, mask_zero=True)
    layer = layers.recurrent(cell, 4, bidirectional=True, return_sequences=True)
    with tf.GradientTape() as tape:
        output = layer(embedding(tokens))
    assert output.shape == (2, 3, 8)
    assert not np.any(output)
    assert not any(np.any(tf.convert_to_tensor(item)) for item in tape.gradient(output, layer.trainable_variables))


def test_dropout_behind_the_embedding_makes_tokens_unequal(keras: ModuleType, layers: ModuleType, tf: Any) -> None:
    tokens, embedding = texts(4, 5)[0], layers.FastEmbedding(9, 64)
    fast, plain = layers.recurrent("lstm", 3), layers.recurrent("lstm", 3, plain=True)
    dropped = keras.layers.Dropout(0.5, seed=1)(embedding(tokens), training=True)
    fast.build(dropped.shape)
    plain.build(dropped.shape)
    plain.set_weights(fast.get_weights())
    np.testing.assert_allclose(fast(dropped), plain(dropped), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("trainable", [True, False])
def test_the_gradient_of_inputs_that_are_not_learned_is_not_computed(
    keras: ModuleType, layers: ModuleType, tf: Any, monkeypatch: pytest.MonkeyPatch, trainable: bool
) -> None:
    calls, compute = [], layers.inputs_gradient

    def count(*given: Any) -> Any:
        calls.append(len(given))
        return compute(*given)

    monkeypatch.setattr(layers, "inputs_gradient", count)
    step = training(keras, tf, model(keras, layers, "gru", plain=False, depth=1, trainable=trainable))
    step(*texts(4, 5))
    assert bool(calls) == trainable


@pytest.mark.parametrize("cell", CELLS)
def test_regularizers_and_bidirectional_copies_keep_the_layer_fast(
    keras: ModuleType, layers: ModuleType, tf: Any, cell: str
) -> None:
    layer = layers.recurrent(cell, 2, bidirectional=True, kernel_regularizer=keras.regularizers.L1L2(0.1, 0.2))
    assert "PyFuncStateless" in operations(tf, layer)
    assert len(layer.losses) == 2


OTHERS = [
    *((cell, options) for cell in CELLS for options in ({"recurrent_dropout": 0.5}, {"dropout": 0.5})),
    *((cell, options) for cell in CELLS for options in ({"activation": "relu"}, {"use_bias": False})),
    ("lstm", {"recurrent_activation": "hard_sigmoid"}),
    ("gru", {"reset_after": False}),
    ("gru", {"return_state": True}),
    ("lstm", {"unroll": True}),
    ("gru", {"dtype": "float64"}),
]


@pytest.mark.parametrize(("cell", "options"), OTHERS)
def test_what_is_not_usual_is_computed_by_keras(
    layers: ModuleType, tf: Any, cell: str, options: dict[str, Any]
) -> None:
    fast = {"lstm": layers.FastLSTM, "gru": layers.FastGRU}[cell](3, **options)
    assert not layers.is_fast(fast)
    assert "PyFuncStateless" not in operations(tf, fast)


def test_states_of_the_callers_own_are_used(keras: ModuleType, layers: ModuleType, tf: Any) -> None:
    plain, fast = pair(layers, "gru", 3)
    inputs, state = batch(2, 4), np.ones((2, 3), "float32")
    np.testing.assert_allclose(fast(inputs, initial_state=state), plain(inputs, initial_state=state), rtol=1e-6)
    assert not np.allclose(fast(inputs), fast(inputs, initial_state=state))


def test_a_gpu_has_its_own_way(layers: ModuleType, tf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert layers.is_fast(layers.FastLSTM(3))
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: [kind])
    assert not layers.is_fast(layers.FastLSTM(3))
