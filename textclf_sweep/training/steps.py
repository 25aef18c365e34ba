"""The traced steps of a model: learning from a batch, and scoring one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from textclf_sweep.data.features import SparseRows
from textclf_sweep.training import optimizers
from textclf_sweep.training.catch_up import CatchUp, tables_of
from textclf_sweep.training.parameters import complete
from textclf_sweep.trial import Parameters

Batch = NDArray[np.int32] | NDArray[np.float32] | SparseRows
StepFunction = Callable[[Batch, NDArray[np.int32]], tuple[tf.Tensor, tf.Tensor]]
"""(inputs of shape (batch, width), labels of shape (batch,)) -> (loss, predicted labels of shape (batch,))."""


@dataclass(frozen=True)
class Settings:
    """What may change between two trainings without another trace.

    Attributes:
        learning_rate: the optimizer's.
        label_smoothing: in [0, 1).
        label_weights: how much a text of each label counts, >= 0, shape (labels,).
    """

    learning_rate: Any
    label_smoothing: tf.Variable
    label_weights: tf.Variable


@dataclass(frozen=True)
class Steps:
    """A model and its traced steps; traced at their first call, for batches of any size and width.

    Attributes:
        model: output (batch, labels): probabilities when its last activation is softmax, else logits.
        settings: of the learning step.
        learn: updates the weights with one batch; its loss is the batch's mean cross-entropy (before smoothing and
            weighting) plus the model's penalties, and it predicts with the weights before the update.
        score: its loss is the sum of the batch's cross-entropies, without penalties.
        settle: brings weights up to date; to be called after a pass of learning, before they are read.
        reset: the optimizer's first state again.
    """

    model: keras.Model
    settings: Settings
    learn: StepFunction
    score: StepFunction
    settle: Callable[[], None]
    reset: Callable[[], None]


def steps_of(model: keras.Model, parameters: Parameters) -> Steps:
    """The steps of a model that was just built.

    Args:
        model: uncompiled.
        parameters: of a trial; those of training are read.
    """
    optimizer = optimizers.make(complete(parameters))
    caught_up = {id(table): CatchUp(optimizer, table) for table in tables_of(model, optimizer)}
    optimizer.build([variable for variable in model.trainable_variables if id(variable) not in caught_up])
    settings = Settings(
        optimizer.learning_rate,
        tf.Variable(complete(parameters)["label_smoothing"], trainable=False, dtype=tf.float32),
        tf.Variable(tf.ones(model.output_shape[-1]), trainable=False),
    )
    learn, score = _learning(model, optimizer, caught_up, settings), _scoring(model)
    # Every variable of an optimizer begins with one value throughout.
    first = [(variable, variable.numpy().flat[0]) for variable in optimizer.variables]

    def settle() -> None:
        for table in caught_up.values():
            table.finish()

    def reset() -> None:
        for variable, value in first:
            variable.assign(tf.fill(variable.shape, value))
        for table in caught_up.values():
            table.reset()

    return Steps(model, settings, _traced(learn, model), _traced(score, model), settle, reset)


def _learning(
    model: keras.Model, optimizer: keras.optimizers.Optimizer, caught_up: Mapping[int, CatchUp], settings: Settings
) -> Callable[..., Any]:
    """The learning step; embeddings are `caught_up` by the identity of their variable, the optimizer has the others."""
    logits_of = _logits(model)
    others = [variable for variable in model.trainable_variables if id(variable) not in caught_up]

    def step(inputs: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        rows = {table: embedding.before(inputs) for table, embedding in caught_up.items()}
        with tf.GradientTape() as tape:
            output = model(inputs, training=True)
            logits = logits_of(output)
            each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            smoothing = settings.label_smoothing
            spread = -tf.reduce_mean(tf.nn.log_softmax(logits), axis=-1)
            smooth = (1 - smoothing) * each + smoothing * spread
            objective = tf.reduce_mean(tf.gather(settings.label_weights, labels) * smooth)
            penalties = tf.add_n(model.losses) if model.losses else 0.0
            objective += penalties
        variables = model.trainable_variables
        gradients = dict(zip(map(id, variables), tape.gradient(objective, variables), strict=True))
        for table, embedding in caught_up.items():
            if gradients[table] is not None:
                embedding.apply(rows[table], gradients[table])
        rest = [gradients[id(variable)] for variable in others]
        if optimizer.global_clipnorm:
            # A word that stands in a batch twice has two gradients; the norm is that of their sum.
            rest = [None if gradient is None else tf.convert_to_tensor(gradient) for gradient in rest]
        optimizer.apply(rest, others)
        return tf.reduce_mean(each) + penalties, tf.argmax(output, axis=-1, output_type=tf.int32)

    return step


def _scoring(model: keras.Model) -> Callable[..., Any]:
    logits_of = _logits(model)

    def step(inputs: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        output = model(inputs, training=False)
        each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits_of(output))
        return tf.reduce_sum(each), tf.argmax(output, axis=-1, output_type=tf.int32)

    return step


def _traced(step: Callable[..., Any], model: keras.Model) -> StepFunction:
    (inputs,) = model.inputs
    spec = tf.SparseTensorSpec if inputs.sparse else tf.TensorSpec
    signature = [spec([None, *inputs.shape[1:]], inputs.dtype), tf.TensorSpec([None], tf.int32)]
    traced: StepFunction = tf.function(step, input_signature=signature, autograph=False)
    return lambda batch, labels: traced(tensor(batch), labels)


def tensor(batch: Batch) -> Any:
    """A batch as a model takes it: sparse rows as a ``tf.SparseTensor``, arrays as they are."""
    if isinstance(batch, SparseRows):
        return tf.SparseTensor(batch.coordinates(), batch.values, (len(batch), batch.width))
    return batch


def is_softmax(layer: keras.layers.Layer) -> bool:
    """Whether a layer's output is that of a softmax: of a model's last layer, whether it returns probabilities."""
    return getattr(layer, "activation", None) is keras.activations.softmax or isinstance(layer, keras.layers.Softmax)


def _logits(model: keras.Model) -> Callable[[tf.Tensor], tf.Tensor]:
    """Output of shape (batch, labels), in a graph -> logits of the same shape, as Keras' cross-entropy finds them."""
    if not is_softmax(model.layers[-1]):
        return lambda output: output
    epsilon = keras.config.epsilon()

    def logits(output: tf.Tensor) -> tf.Tensor:
        # What went into the softmax is exact where its output is rounded to 0 or 1.
        if output.op.type == "Softmax":
            return output.op.inputs[0]
        return tf.math.log(tf.clip_by_value(output, epsilon, 1 - epsilon))

    return logits
