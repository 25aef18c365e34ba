"""Training a trial's model, or one for each of its folds: the loop over batches and epochs, and evaluation.

A loop of our own around one traced step, rather than ``Model.fit``: batches hold texts of similar length, the parent
answers after each epoch, and a non-finite loss ends the trial at its batch. The arithmetic is Keras' own layers,
losses and optimizers. The models of folds train side by side, one epoch each in turn, so that the trial is judged
after each epoch by the means over all of them.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import fmean, pstdev
from typing import Any

import numpy as np
from numpy.typing import NDArray

from textclf_sweep.data.features import Features
from textclf_sweep.definition.types import EarlyStopping, Metric
from textclf_sweep.training import schedules, scores
from textclf_sweep.training.batches import consecutive, shuffled
from textclf_sweep.training.early_stopping import Watch
from textclf_sweep.training.parameters import complete
from textclf_sweep.training.probes import Prober
from textclf_sweep.training.steps import StepFunction, Steps
from textclf_sweep.training.tasks import Decision
from textclf_sweep.trial import SPREADS, Parameters

EVALUATION_BATCH = 256


class DivergedError(ArithmeticError):
    """A loss is no longer finite."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What a model makes of some rows.

    Attributes:
        loss: mean cross-entropy in nats.
        confusion: counts, shape (labels, labels): entry [t, p] of label t predicted as p.
        right: which rows are labelled rightly, in the rows' order, shape (rows,); None in training.
    """

    loss: float
    confusion: NDArray[np.int64]
    right: NDArray[np.bool_] | None = None

    def metrics(self, prefix: str = "") -> dict[str, float]:
        """loss, accuracy and macro_f1, each name behind `prefix`."""
        return {
            f"{prefix}loss": self.loss,
            f"{prefix}accuracy": scores.accuracy(self.confusion),
            f"{prefix}macro_f1": scores.macro_f1(self.confusion),
        }


@dataclass(frozen=True, slots=True)
class Run:
    """One model and its data.

    Attributes:
        steps: of a model with its first weights.
        train: rows to learn from; in a new order each epoch, a function of (seed, epoch).
        validation: rows to score after each epoch.
        seed: of that order, >= 0.
        name: what messages call it, when there are several; or empty.
    """

    steps: Steps
    train: Features
    validation: Features
    seed: int
    name: str = ""


@dataclass(slots=True)
class Fitted:
    """What training has reached so far; read after `fit` returns or raises.

    Attributes:
        metrics: of each epoch, in order.
        best_epoch: from 1; 0 before the first epoch ends. Its weights are the models' after `fit` returns: the last
            epoch's when early stopping is not to restore the best one's.
        confusions: validation counts after each epoch, of all folds together.
        right: which validation rows are labelled rightly at the best epoch, fold after fold.
        start: what was probed before the first step; see `textclf_sweep.training.probes`.
        losses: of the batches of the first epoch, or of the one in which the loss became non-finite.
        decision: set when the parent ended the trial.
        stopped_early: whether early stopping ended it.
    """

    metrics: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    confusions: list[NDArray[np.int64]] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    start: dict[str, float] = field(default_factory=dict)
    losses: list[float] = field(default_factory=list)
    decision: Decision | None = None
    stopped_early: bool = False

    @property
    def confusion(self) -> NDArray[np.int64] | None:
        """Validation counts at the best epoch; None before there is one."""
        return self.confusions[self.best_epoch - 1] if self.best_epoch else None


def fit(  # noqa: PLR0913 - the parts of a training run, each once
    runs: Sequence[Run],
    *,
    parameters: Parameters,
    metric: Metric,
    early_stopping: EarlyStopping | None,
    report: Callable[[int, dict[str, float]], Decision],
    fitted: Fitted,
    probed: bool = True,
) -> None:
    """Train the models for up to ``parameters['epochs']`` epochs and restore their weights of the best one.

    Args:
        runs: one, or one for each fold.
        parameters: of the trial; those of training are read.
        metric: decides the best epoch when there is no early stopping.
        early_stopping: its metric decides the best epoch.
        report: called with (epoch, metrics) after each epoch; its answer can end training.
        fitted: filled as training goes, so that a failure keeps the finished epochs.
        probed: whether the first model is looked into now and then; training is the same without.

    Raises:
        DivergedError: a loss is not finite.
    """
    epochs, watch = int(complete(parameters)["epochs"]), Watch.of(early_stopping, metric)
    train, weights = [_epochs_of(run, parameters, fitted) for run in runs], list[list[NDArray[Any]]]()
    prober = Prober(runs[0].steps.model, runs[0].train, runs[0].seed) if probed else None
    fitted.start = prober.now() if prober else {}
    for epoch in range(1, epochs + 1):
        found = [step(epoch) for step in train]
        metrics = _combined(found) | (prober.after(len(found[0].losses)) if prober else {})
        fitted.metrics.append(metrics)
        fitted.confusions.append(np.sum([item.scored.confusion for item in found], axis=0))
        watch = watch.see(metrics[watch.metric.name])
        if watch.is_kept:
            weights = [run.steps.model.get_weights() for run in runs]
            fitted.best_epoch = epoch
            fitted.right = [bool(bit) for item in found if item.scored.right is not None for bit in item.scored.right]
        decision = report(epoch, metrics)
        if epoch < epochs and (decision.stop or watch.is_over):
            fitted.decision, fitted.stopped_early = (decision, False) if decision.stop else (None, True)
            break
    for run, best in zip(runs, weights, strict=True):
        run.steps.model.set_weights(best)


def refit(steps: Steps, train: Features, *, parameters: Parameters, seed: int, epochs: int) -> None:
    """Train a model for exactly so many epochs, without looking at other rows.

    Args:
        steps: of a model with its first weights.
        train: rows to learn from; in a new order each epoch, a function of (seed, epoch).
        parameters: of the trial; those of training are read.
        seed: >= 0.
        epochs: >= 1.

    Raises:
        DivergedError: a loss is not finite.
    """
    learn = _learning(steps, train, parameters, seed)
    for epoch in range(1, epochs + 1):
        learn(epoch, [])


def evaluate(step: StepFunction, features: Features) -> Evaluated:
    """Score every row of `features` with the scoring step of its model."""
    loss, predicted = 0.0, np.zeros(len(features.labels), np.int32)
    order = np.argsort(features.lengths, kind="stable")
    for rows in consecutive(order, EVALUATION_BATCH):
        batch_loss, answers = step(features.batch(rows), features.labels[rows])
        loss += float(batch_loss)
        predicted[rows] = answers.numpy()
    confusion = scores.count(features.labels, predicted, len(features.info.labels))
    return Evaluated(loss / max(len(order), 1), confusion, predicted == features.labels)


@dataclass(frozen=True, slots=True)
class _Epoch:
    """What one epoch of one run measured; `rows` were learned from in `seconds`, in batches of these `losses`."""

    trained: Evaluated
    scored: Evaluated
    rows: int
    seconds: float
    learning_rate: float
    losses: Sequence[float]


def _epochs_of(run: Run, parameters: Parameters, fitted: Fitted) -> Callable[[int], _Epoch]:
    """What trains and scores the model of `run` for one epoch, called with its number from 1 on."""
    learn = _learning(run.steps, run.train, parameters, run.seed)

    def step(epoch: int) -> _Epoch:
        started, losses = time.perf_counter(), list[float]()
        try:
            trained, learning_rate = learn(epoch, losses)
        finally:
            if epoch == 1 or (losses and not math.isfinite(losses[-1])):
                fitted.losses = losses
        seconds = time.perf_counter() - started
        scored = evaluate(run.steps.score, run.validation)
        _check_finite(epoch, {**trained.metrics(), **scored.metrics("val_")})
        return _Epoch(trained, scored, len(run.train.labels), seconds, learning_rate, losses)

    def named(epoch: int) -> _Epoch:
        try:
            return step(epoch)
        except DivergedError as error:
            raise DivergedError(f"{run.name}: {error}") from None

    return named if run.name else step


def _learning(
    steps: Steps, train: Features, parameters: Parameters, seed: int
) -> Callable[[int, list[float]], tuple[Evaluated, float]]:
    """What trains a model for one epoch, called with its number from 1 on and a list that gets its batches' losses.

    It returns the last learning rate too.
    """
    given, settings = complete(parameters), steps.settings
    batch_size = int(given["batch_size"])
    settings.label_smoothing.assign(float(given["label_smoothing"]))
    settings.label_weights.assign(_label_weights(train, str(given["class_weight"])))
    count = math.ceil(len(train.labels) / batch_size)
    rate, at = schedules.rates(given, count), -1.0

    def set_rate(step: int) -> None:
        nonlocal at
        if (now := rate(step)) != at:
            settings.learning_rate.assign(now)
            at = now

    def learn(epoch: int, losses: list[float]) -> tuple[Evaluated, float]:
        first = (epoch - 1) * count
        generator = np.random.default_rng([seed, epoch])
        trained = _train_epoch(steps.learn, train, batch_size, generator, lambda step: set_rate(first + step), losses)
        steps.settle()
        return trained, at

    return learn


def _label_weights(train: Features, class_weight: str) -> NDArray[np.float32]:
    """How much a text of each label counts; over the texts of `train` the mean is 1."""
    counts = np.bincount(train.labels, minlength=len(train.info.labels))
    if class_weight == "none":
        return np.ones(len(counts), np.float32)
    present = max(1, np.count_nonzero(counts))
    weights: NDArray[np.float32] = np.float32(len(train.labels)) / (present * np.maximum(counts, 1)).astype(np.float32)
    return weights


def _combined(epochs: Sequence[_Epoch]) -> dict[str, float]:
    """The metrics of one epoch of all runs: means and spreads."""
    found = [{**item.trained.metrics(), **item.scored.metrics("val_")} for item in epochs]
    values = {name: [metrics[name] for metrics in found] for name in found[0]}
    seconds = math.fsum(item.seconds for item in epochs)
    metrics = {name: fmean(of_runs) for name, of_runs in values.items()}
    metrics["learning_rate"] = epochs[0].learning_rate
    metrics |= {"epoch_seconds": seconds, "examples_per_second": sum(item.rows for item in epochs) / seconds}
    if len(epochs) > 1:
        metrics |= {name: pstdev(values[name.removesuffix("_std")]) for name in SPREADS}
    losses = [loss for item in epochs for loss in item.losses]
    late = [loss for item in epochs for loss in item.losses[len(item.losses) // 2 :]]
    predicted = np.sum([item.scored.confusion for item in epochs], axis=(0, 1))
    return metrics | {
        "prediction_entropy": scores.entropy(predicted),
        "batch_loss_std": pstdev(late),
        "batch_loss_max": max(losses),
    }


def _train_epoch(  # noqa: PLR0913, PLR0917 - the parts of an epoch, each once
    step: StepFunction,
    features: Features,
    batch_size: int,
    generator: np.random.Generator,
    before: Callable[[int], object],
    losses: list[float],
) -> Evaluated:
    """One pass over the rows; `before` is called with each step's number, from 0, and `losses` gets each one's loss."""
    labels = len(features.info.labels)
    total, confusion = 0.0, np.zeros((labels, labels), np.int64)
    for number, rows in enumerate(shuffled(features, batch_size, generator), start=1):
        true = features.labels[rows]
        before(number - 1)
        loss, predicted = step(features.batch(rows), true)
        loss = float(loss)
        losses.append(loss)
        if not math.isfinite(loss):
            raise DivergedError(f"the loss became {loss} at batch {number}")
        total += loss * len(true)
        confusion += scores.count(true, predicted.numpy(), labels)
    return Evaluated(total / len(features.labels), confusion)


def _check_finite(epoch: int, metrics: dict[str, float]) -> None:
    for name, value in metrics.items():
        if not math.isfinite(value):
            raise DivergedError(f"{name} became {value} in epoch {epoch}")
