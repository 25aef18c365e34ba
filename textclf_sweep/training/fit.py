"""Training one model: the loop over batches and epochs, early stopping, and evaluation.

A loop of our own around one traced step, rather than ``Model.fit``: batches are cut to their longest text, the parent
answers after each epoch, and a non-finite loss ends the trial at its batch. The arithmetic is Keras' own layers,
losses and optimizers.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from textclf_sweep.data.features import Features
from textclf_sweep.definition.types import EarlyStopping, Metric
from textclf_sweep.training import optimizers, scores
from textclf_sweep.training.tasks import Decision
from textclf_sweep.trial import OBJECTIVES, Parameters

EVALUATION_BATCH = 256


class DivergedError(ArithmeticError):
    """A loss is no longer finite."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A model's loss (mean cross-entropy in nats) and confusion matrix on some rows."""

    loss: float
    confusion: NDArray[np.int64]

    def metrics(self, prefix: str = "") -> dict[str, float]:
        """loss, accuracy and macro_f1, each name behind `prefix`."""
        return {
            f"{prefix}loss": self.loss,
            f"{prefix}accuracy": scores.accuracy(self.confusion),
            f"{prefix}macro_f1": scores.macro_f1(self.confusion),
        }


@dataclass(slots=True)
class Fitted:
    """What training has reached so far; read after `fit` returns or raises.

    Attributes:
        metrics: of each epoch, in order.
        best_epoch: from 1; 0 before the first epoch ends. Its weights are the model's after `fit` returns.
        confusion: validation counts at the best epoch.
        decision: set when the parent ended the trial.
        stopped_early: whether early stopping ended it.
    """

    metrics: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    confusion: NDArray[np.int64] | None = None
    decision: Decision | None = None
    stopped_early: bool = False


StepFunction = Callable[[NDArray[np.int32], NDArray[np.int32]], tuple[tf.Tensor, tf.Tensor]]
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


def fit(  # noqa: PLR0913 - the parts of a training run, each once
    model: keras.Model,
    train: Features,
    validation: Features,
    *,
    parameters: Parameters,
    seed: int,
    metric: Metric,
    early_stopping: EarlyStopping | None,
    report: Callable[[int, dict[str, float]], Decision],
    fitted: Fitted,
) -> None:
    """Train `model` for up to ``parameters['epochs']`` epochs and restore its best weights.

    Args:
        model: uncompiled.
        train: rows to learn from; in a new order each epoch, a function of (seed, epoch).
        validation: rows to score after each epoch.
        parameters: learning_rate, batch_size, optimizer and epochs are read.
        seed: >= 0.
        metric: decides the best epoch when there is no early stopping.
        early_stopping: its metric decides the best epoch.
        report: called with (epoch, metrics) after each epoch; its answer can end training.
        fitted: filled as training goes, so that a failure keeps the finished epochs.

    Raises:
        DivergedError: a loss is not finite.
    """
    learning_rate = float(parameters["learning_rate"])
    train_step = trace_training(model, optimizers.make(str(parameters["optimizer"]), learning_rate))
    evaluate_step = trace_evaluation(model)
    watch = early_stopping or EarlyStopping(metric=metric.name, patience=int(parameters["epochs"]))
    watched = Metric(watch.metric, "maximize" if OBJECTIVES[watch.metric] == "maximize" else "minimize")
    best_weights: list[NDArray[Any]] = []
    waited, mark = 0, math.nan
    for epoch in range(1, int(parameters["epochs"]) + 1):
        started = time.perf_counter()
        trained = _train_epoch(train_step, train, int(parameters["batch_size"]), np.random.default_rng([seed, epoch]))
        seconds = time.perf_counter() - started
        scored = evaluate(evaluate_step, validation)
        metrics = trained.metrics() | scored.metrics("val_")
        metrics |= {
            "learning_rate": learning_rate,
            "epoch_seconds": seconds,
            "examples_per_second": len(train.labels) / seconds,
        }
        _check_finite(epoch, metrics)
        fitted.metrics.append(metrics)
        value = metrics[watched.name]
        if not best_weights or watched.better(value, fitted.metrics[fitted.best_epoch - 1][watched.name]):
            best_weights = model.get_weights()
            fitted.best_epoch, fitted.confusion = epoch, scored.confusion
        improved = math.isnan(mark) or (watched.better(value, mark) and abs(value - mark) >= watch.min_delta)
        waited, mark = (0, value) if improved else (waited + 1, mark)
        decision = report(epoch, metrics)
        if decision.stop:
            fitted.decision = decision
            break
        if waited >= watch.patience and epoch < int(parameters["epochs"]):
            fitted.stopped_early = True
            break
    model.set_weights(best_weights)


def evaluate(step: StepFunction, features: Features) -> Evaluated:
    """Score every row of `features` with a step of `trace_evaluation`."""
    labels = len(features.info.labels)
    loss, confusion = 0.0, np.zeros((labels, labels), np.int64)
    order = np.argsort(features.lengths, kind="stable")
    for inputs, true in _batches(features, order, EVALUATION_BATCH):
        batch_loss, predicted = step(inputs, true)
        loss += float(batch_loss)
        confusion += scores.count(true, predicted.numpy(), labels)
    return Evaluated(loss / max(len(order), 1), confusion)


def _train_epoch(step: StepFunction, features: Features, batch_size: int, generator: np.random.Generator) -> Evaluated:
    labels = len(features.info.labels)
    total, confusion = 0.0, np.zeros((labels, labels), np.int64)
    order = generator.permutation(len(features.labels))
    for number, (inputs, true) in enumerate(_batches(features, order, batch_size), start=1):
        loss, predicted = step(inputs, true)
        loss = float(loss)
        if not math.isfinite(loss):
            raise DivergedError(f"the loss became {loss} at batch {number}")
        total += loss * len(true)
        confusion += scores.count(true, predicted.numpy(), labels)
    return Evaluated(total / len(order), confusion)


def _batches(features: Features, order: NDArray[Any], size: int) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Rows in `order`, each batch cut to its longest text: padding is not computed."""
    for start in range(0, len(order), size):
        rows = order[start : start + size]
        yield features.inputs[rows, : features.lengths[rows].max()], features.labels[rows]


def _traced(step: Callable[..., Any], model: keras.Model) -> StepFunction:
    (tokens,) = model.inputs
    signature = [tf.TensorSpec([None, *tokens.shape[1:]], tokens.dtype), tf.TensorSpec([None], tf.int32)]
    traced: StepFunction = tf.function(step, input_signature=signature, autograph=False)
    return traced


def _cross_entropy(model: keras.Model) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """(labels of shape (batch,), output of shape (batch, labels)) -> nats of shape (batch,)."""
    last = model.layers[-1]
    softmax = getattr(last, "activation", None) is keras.activations.softmax or isinstance(last, keras.layers.Softmax)
    loss: Callable[..., Any] = keras.losses.SparseCategoricalCrossentropy(from_logits=not softmax, reduction="none")
    return loss


def _check_finite(epoch: int, metrics: dict[str, float]) -> None:
    for name, value in metrics.items():
        if not math.isfinite(value):
            raise DivergedError(f"{name} became {value} in epoch {epoch}")
