"""What is caught up is what Keras' optimizer does at every step."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import numpy as np
import pytest

ROWS, WIDTH = 40, 3
OPTIMIZERS = {
    "adam": ("Adam", {"learning_rate": 0.02}),
    "rmsprop": ("RMSprop", {"learning_rate": 0.02}),
    "rmsprop with momentum": ("RMSprop", {"learning_rate": 0.005, "momentum": 0.9}),
    "sgd with momentum": ("SGD", {"learning_rate": 0.1, "momentum": 0.9}),
    "sgd with nesterov": ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
}


@pytest.fixture(scope="module")
def tf(keras: ModuleType) -> ModuleType:
    return importlib.import_module("tensorflow")


@pytest.fixture(scope="module")
def catch_up(keras: ModuleType) -> ModuleType:
    return importlib.import_module("textclf_sweep.training.catch_up")


@pytest.fixture(scope="module")
def make(keras: ModuleType) -> Any:
    def optimizer(name: str) -> Any:
        kind, settings = OPTIMIZERS[name]
        return getattr(keras.optimizers, kind)(**settings)

    return optimizer


@pytest.fixture
def table(keras: ModuleType) -> Any:
    """Makes an embedding of 40 rows, the same one every time."""
    first = np.random.default_rng(1).normal(size=(ROWS, WIDTH))
    return lambda: keras.Variable(first, dtype="float32")


class Learner:
    """Draws the rows of a table towards targets, by an optimizer or (with a span) by catching up."""

    def __init__(self, catch_up: Any, tf: Any, optimizer: Any, table: Any, *, span: int = 0, scale: float = 1) -> None:
        self.optimizer, self.table = optimizer, table
        self.caught = catch_up.CatchUp(optimizer, table, span) if span else None
        if not span:
            optimizer.build([table])

        def step(tokens: Any, targets: Any) -> Any:
            rows = self.caught.before(tokens) if self.caught else None
            read = tf.gather(tf.convert_to_tensor(table), tokens)
            gradient = tf.IndexedSlices(scale * (read - targets), tokens, tf.constant([ROWS, WIDTH]))
            if self.caught:
                self.caught.apply(rows, gradient)
            else:
                optimizer.apply([gradient], [table])
            return tf.reduce_sum(read * read)

        signature = [tf.TensorSpec([None], tf.int32), tf.TensorSpec([None, WIDTH], tf.float32)]
        self.step = tf.function(step, input_signature=signature, autograph=False)

    def run(self, steps: int, early: int = 20) -> list[float]:
        """Losses of so many steps; the upper half of the rows is read in the first `early` of them alone."""
        generator, rate, losses = np.random.default_rng(2), float(self.optimizer.learning_rate), []
        for number in range(steps):
            self.optimizer.learning_rate.assign(rate * (1 + np.cos(number / steps * np.pi)) / 2)
            # The low ones often, so that most batches have them several times.
            tokens = np.minimum(generator.zipf(1.5, generator.integers(1, 12)), ROWS if number < early else ROWS // 2)
            targets = generator.normal(size=(len(tokens), WIDTH))
            losses.append(float(self.step(tokens.astype(np.int32) - 1, targets.astype(np.float32))))
        self.optimizer.learning_rate.assign(rate)
        return losses

    def values(self) -> Any:
        """The table, all of it up to date."""
        if self.caught:
            self.caught.finish()
        return self.table.numpy()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_rows_are_at_every_step_what_keras_makes_of_them(tf, catch_up, make, table, name: str) -> None:
    learners = [Learner(catch_up, tf, make(name), table(), span=span) for span in (0, 64)]
    # In pieces: the rows between them are read up to date, and the rate begins anew.
    for steps in (30, 200):
        dense, caught = (learner.run(steps) for learner in learners)
        np.testing.assert_allclose(caught, dense, rtol=2e-5)
        dense, caught = (learner.values() for learner in learners)
        np.testing.assert_allclose(caught, dense, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("scale", [1e-8, 1e-6, 1e-5, 1.0])
def test_rows_unseen_for_hundreds_of_steps_follow_adam_whatever_epsilon_does(
    tf, catch_up, make, table, scale: float
) -> None:
    learners = [Learner(catch_up, tf, make("adam"), table(), span=span, scale=scale) for span in (0, catch_up.SPAN)]
    first = table().numpy()
    dense, caught = (learner.run(330, early=3) for learner in learners)
    np.testing.assert_allclose(caught, dense, rtol=1e-5)
    dense, caught = (learner.values() for learner in learners)
    unseen = slice(ROWS // 2, None)
    moved = np.abs(dense - first)[unseen].max()
    assert moved > 1e-5
    assert np.abs(caught - dense)[unseen].max() < max(2e-5 * moved, 1e-6)
    np.testing.assert_allclose(caught, dense, rtol=2e-5, atol=1e-6)


def test_a_lazy_adam_would_not_pass_for_it(tf, catch_up, make, table) -> None:
    dense = Learner(catch_up, tf, make("adam"), table())
    lazy = Learner(catch_up, tf, make("adam"), table(), span=64)
    for learner in (dense, lazy):
        learner.run(30)
    assert np.abs(lazy.table.numpy() - dense.values()).max() > 1e-2
    assert np.abs(lazy.values() - dense.values()).max() < 1e-4


@pytest.mark.parametrize("name", ["adam", "rmsprop with momentum"])
def test_after_a_reset_the_same_steps_give_the_same_numbers(tf, catch_up, make, table, name: str) -> None:
    learner, found = Learner(catch_up, tf, make(name), table(), span=16), []
    for _ in range(2):
        found.append((learner.run(25), learner.values()))
        learner.run(5)  # some rows have missed steps when it is reset
        learner.table.assign(table())
        learner.caught.reset()
    assert found[0][0] == found[1][0]
    np.testing.assert_array_equal(found[0][1], found[1][1])


def test_finish_changes_nothing_the_second_time(tf, catch_up, make, table) -> None:
    learner = Learner(catch_up, tf, make("adam"), table(), span=64)
    learner.run(25)
    once = learner.values()
    np.testing.assert_array_equal(learner.values(), once)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_row_that_is_in_a_batch_twice_counts_as_with_keras(tf, catch_up, make, table, name: str) -> None:
    gradient = tf.IndexedSlices([[1.0, 2, 3], [4, 5, 6], [1, 0, -3]], [7, 2, 7], tf.constant([ROWS, WIDTH]))
    dense, caught = table(), table()
    make(name).apply([gradient], [dense])
    own = catch_up.CatchUp(make(name), caught)
    own.apply(own.before(gradient.indices), gradient)
    np.testing.assert_allclose(caught.numpy(), dense.numpy(), rtol=1e-5)
    assert np.flatnonzero((dense.numpy() != table().numpy()).any(1)).tolist() == [2, 7]


@pytest.mark.parametrize("name", ["adam", "sgd with momentum"])
def test_a_row_that_was_read_but_has_no_gradient_only_drifts(tf, catch_up, make, table, name: str) -> None:
    dense, caught, optimizer = table(), table(), make(name)
    own = catch_up.CatchUp(make(name), caught)
    for indices in ([3, 5], [3], [5], [3, 9]):
        gradient = tf.IndexedSlices(tf.ones((len(indices), WIDTH)), indices, tf.constant([ROWS, WIDTH]))
        optimizer.apply([gradient], [dense])
        own.apply(own.before(tf.constant([[3, 9, 3], [9, 5, 9]])), gradient)
    np.testing.assert_allclose(caught.numpy(), dense.numpy(), rtol=1e-5)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_gradient_of_all_rows_may_be_dense(tf, catch_up, make, table, name: str) -> None:
    gradient = np.zeros((ROWS, WIDTH), np.float32)
    gradient[[4, 6]] = [[1, -2, 3], [0.5, 0, 1]]
    dense, caught = table(), table()
    make(name).apply([tf.constant(gradient)], [dense])
    own = catch_up.CatchUp(make(name), caught)
    own.apply(own.before(tf.constant([6, 4, 6, 0])), tf.constant(gradient))
    own.finish()
    np.testing.assert_allclose(caught.numpy(), dense.numpy(), rtol=1e-5)


def test_a_model_with_mask_and_dropout_learns_as_with_keras(keras, tf, catch_up, random_rows) -> None:
    """Batches of any size and width on one trace."""
    batches = [random_rows(size, seed=size) for size in (5, 3, 8, 2, 7)]
    found = []
    for caught in (False, True):
        keras.utils.set_random_seed(3)
        tokens = keras.Input((None,), dtype="int32")
        hidden = keras.layers.Dropout(0.3)(keras.layers.Embedding(30, 4, mask_zero=True)(tokens))
        model = keras.Model(tokens, keras.layers.Dense(3)(keras.layers.GlobalAveragePooling1D()(hidden)))
        step, own = _training(keras, tf, catch_up, model, caught=caught)
        losses = [float(step(batch.inputs, batch.labels)) for batch in batches * 6]
        for table in own:
            table.finish()
        assert step.experimental_get_tracing_count() == 1
        found.append((losses, model.get_weights()))
    np.testing.assert_allclose(found[1][0], found[0][0], rtol=1e-5)
    for ours, plain in zip(found[1][1], found[0][1], strict=True):
        np.testing.assert_allclose(ours, plain, rtol=1e-4, atol=1e-5)


def _training(keras: Any, tf: Any, catch_up: Any, model: Any, *, caught: bool) -> tuple[Any, list[Any]]:
    optimizer = keras.optimizers.Adam(0.01)
    tables = catch_up.tables_of(model, optimizer, least=1) if caught else []
    assert len(tables) == caught
    own = [catch_up.CatchUp(optimizer, table) for table in tables]
    others = [item for item in model.trainable_variables if all(item is not table for table in tables)]
    optimizer.build(others)

    def step(tokens: Any, labels: Any) -> Any:
        rows = [table.before(tokens) for table in own]
        with tf.GradientTape() as tape:
            logits = model(tokens, training=True)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        gradients = tape.gradient(loss, tables + others)
        for table, read, gradient in zip(own, rows, gradients[: len(own)], strict=True):
            table.apply(read, gradient)
        optimizer.apply(gradients[len(own) :], others)
        return loss

    signature = [tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None], tf.int32)]
    return tf.function(step, input_signature=signature, autograph=False), own


def _model(keras: Any, change: Any = None, **settings: Any) -> Any:
    tokens = keras.Input((None,), dtype="int32")
    layer = keras.layers.Embedding(30, 4, **settings)
    hidden = layer(tokens if change is None else change(tokens))
    return keras.Model(tokens, keras.layers.Dense(3)(keras.layers.GlobalAveragePooling1D()(hidden)))


def test_an_embedding_of_the_models_own_input_is_found(keras, catch_up, make) -> None:
    model = _model(keras, mask_zero=True)
    (table,) = catch_up.tables_of(model, make("adam"), least=120)
    assert table is model.layers[1].embeddings
    assert catch_up.tables_of(model, make("adam"), least=121) == []


def test_one_that_a_fast_recurrent_layer_reads_is_found_too(keras, catch_up, make) -> None:
    fast = importlib.import_module("textclf_sweep.architectures._recurrent")
    tokens = keras.Input((None,), dtype="int32")
    layer = fast.FastEmbedding(30, 4, mask_zero=True)
    model = keras.Model(tokens, keras.layers.Dense(3)(fast.FastLSTM(2)(layer(tokens))))
    (table,) = catch_up.tables_of(model, make("rmsprop"), least=1)
    assert table is layer.embeddings


def _twice(keras: Any) -> Any:
    tokens, layer = keras.Input((None,), dtype="int32"), keras.layers.Embedding(30, 4)
    both = keras.layers.Add()([layer(tokens), layer(tokens)])
    return keras.Model(tokens, keras.layers.GlobalAveragePooling1D()(both))


@pytest.mark.parametrize(
    "build",
    [
        lambda keras: _model(keras, trainable=False),
        lambda keras: _model(keras, embeddings_regularizer="l2"),
        lambda keras: _model(keras, embeddings_constraint="non_neg"),
        lambda keras: _model(keras, dtype="float16"),
        lambda keras: _model(keras, dtype="mixed_float16"),
        lambda keras: _model(keras, lora_rank=2),
        lambda keras: _model(keras, lambda tokens: tokens + 1),
        _twice,
    ],
    ids=["frozen", "regularizer", "constraint", "float16", "mixed", "lora", "other tokens", "called twice"],
)
def test_another_embedding_is_left_to_keras(keras, catch_up, make, build) -> None:
    assert catch_up.tables_of(build(keras), make("adam"), least=1) == []


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("Adam", {"weight_decay": 0.1}),
        ("Adam", {"clipnorm": 1.0}),
        ("RMSprop", {"global_clipnorm": 1.0}),
        ("SGD", {"momentum": 0.9, "clipvalue": 1.0}),
        ("Adam", {"amsgrad": True}),
        ("RMSprop", {"centered": True}),
        ("SGD", {"momentum": 0.9, "use_ema": True}),
        ("SGD", {}),
        ("Adam", {"gradient_accumulation_steps": 2}),
        ("Adam", {"beta_1": 0.9, "beta_2": 0.5}),
        ("AdamW", {}),
        ("Nadam", {}),
    ],
)
def test_another_optimizer_is_left_to_keras(keras, catch_up, table, kind: str, settings: dict[str, Any]) -> None:
    optimizer = getattr(keras.optimizers, kind)(0.01, **settings)
    assert catch_up.tables_of(_model(keras), optimizer, least=1) == []
    with pytest.raises(ValueError, match="every row"):
        catch_up.CatchUp(optimizer, table())
