"""One traced step of a model: learning from a batch, or scoring it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from textclf_sweep.data.features import SparseRows

StepFunction = Callable[[NDArray[np.int32] | SparseRows, NDArray[np.int32]], tuple[tf.Tensor, tf.Tensor]]
"""(inputs of shape (batch, width), labels of shape (batch,)) -> (loss, predicted labels of shape (batch,))."""


def trace_training(model: keras.Model, optimizer: keras.optimizers.Optimizer) -> StepFunction:
    """A function that updates the weights of `model` with one batch.

    Its loss is the batch's mean cross-entropy plus the model's penalties; it predicts with the weights before the
    update. It is traced at its first call, for batches of any size and width.

    Args:
        model: output (batch, labels): probabilities when its last activation is softmax, else logits.
        optimizer: fresh.
    """
    cross_entropy = _cross_entropy(model)
    optimizer.build(model.trainable_variables)

    def step(inputs: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            output = model(inputs, training=True)
            loss = tf.reduce_mean(cross_entropy(labels, output))
            if model.losses:
                loss += tf.add_n(model.losses)
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return loss, tf.argmax(output, axis=-1, output_type=tf.int32)

    return _traced(step, model)


def trace_evaluation(model: keras.Model) -> StepFunction:
    """A function that scores one batch; its loss is the sum of the batch's cross-entropies, without penalties.

    It is traced at its first call, for batches of any size and width.

    Args:
        model: as for `trace_training`.
    """
    cross_entropy = _cross_entropy(model)

    def step(inputs: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        output = model(inputs, training=False)
        return tf.reduce_sum(cross_entropy(labels, output)), tf.argmax(output, axis=-1, output_type=tf.int32)

    return _traced(step, model)


def _traced(step: Callable[..., Any], model: keras.Model) -> StepFunction:
    (inputs,) = model.inputs
    spec = tf.SparseTensorSpec if inputs.sparse else tf.TensorSpec
    signature = [spec([None, *inputs.shape[1:]], inputs.dtype), tf.TensorSpec([None], tf.int32)]
    traced: StepFunction = tf.function(step, input_signature=signature, autograph=False)
    return lambda batch, labels: traced(tensor(batch), labels)


def tensor(batch: NDArray[np.int32] | SparseRows) -> Any:
    """A batch as a model takes it: sparse rows as a ``tf.SparseTensor``, arrays as they are."""
    if isinstance(batch, SparseRows):
        return tf.SparseTensor(batch.coordinates(), batch.values, (len(batch), batch.width))
    return batch


def _cross_entropy(model: keras.Model) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """(labels of shape (batch,), output of shape (batch, labels)) -> nats of shape (batch,)."""
    last = model.layers[-1]
    softmax = getattr(last, "activation", None) is keras.activations.softmax or isinstance(last, keras.layers.Softmax)
    loss: Callable[..., Any] = keras.losses.SparseCategoricalCrossentropy(from_logits=not softmax, reduction="none")
    return loss
