"""Training one model: the loop over batches and epochs, and evaluation.

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
from numpy.typing import NDArray

from textclf_sweep.data.features import Features
from textclf_sweep.definition.types import EarlyStopping, Metric
from textclf_sweep.training import optimizers, scores
from textclf_sweep.training.early_stopping import Watch
from textclf_sweep.training.steps import StepFunction, trace_evaluation, trace_training
from textclf_sweep.training.tasks import Decision
from textclf_sweep.trial import Parameters

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
        best_epoch: from 1; 0 before the first epoch ends. Its weights are the model's after `fit` returns: the last
            epoch's when early stopping is not to restore the best one's.
        confusion: validation counts at the best epoch.
        decision: set when the parent ended the trial.
        stopped_early: whether early stopping ended it.
    """

    metrics: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    confusion: NDArray[np.int64] | None = None
    decision: Decision | None = None
    stopped_early: bool = False


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
    epochs, batch_size = int(parameters["epochs"]), int(parameters["batch_size"])
    learning_rate = float(parameters["learning_rate"])
    train_step = trace_training(model, optimizers.make(str(parameters["optimizer"]), learning_rate))
    evaluate_step = trace_evaluation(model)
    watch, weights = Watch.of(early_stopping, metric), list[NDArray[Any]]()
    for epoch in range(1, epochs + 1):
        started = time.perf_counter()
        trained = _train_epoch(train_step, train, batch_size, np.random.default_rng([seed, epoch]))
        seconds = time.perf_counter() - started
        scored = evaluate(evaluate_step, validation)
        pace = {"epoch_seconds": seconds, "examples_per_second": len(train.labels) / seconds}
        metrics = {**trained.metrics(), **scored.metrics("val_"), "learning_rate": learning_rate, **pace}
        _check_finite(epoch, metrics)
        fitted.metrics.append(metrics)
        watch = watch.see(metrics[watch.metric.name])
        if watch.is_kept:
            weights = model.get_weights()
            fitted.best_epoch, fitted.confusion = epoch, scored.confusion
        decision = report(epoch, metrics)
        if epoch < epochs and decision.stop:
            fitted.decision = decision
            break
        if epoch < epochs and watch.is_over:
            fitted.stopped_early = True
            break
    model.set_weights(weights)


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


def _check_finite(epoch: int, metrics: dict[str, float]) -> None:
    for name, value in metrics.items():
        if not math.isfinite(value):
            raise DivergedError(f"{name} became {value} in epoch {epoch}")
