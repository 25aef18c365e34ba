"""A smoke test: whether a model, as the first trial builds it, can learn anything at all; seconds, before its search.

A fresh classifier knows nothing, so its loss is near ln K; gradients reach every layer; a few texts can be learned by
heart; and then other texts' labels do not fit as well (Karpathy, "A Recipe for Training Neural Networks", 2019). What
fails here fails whatever the hyperparameters are, so the test goes by none that hold a model back: it takes Adam's
steps, without dropout and penalties where it knows how to leave them out.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from textclf_sweep.architectures._dropout import VariableDropout
from textclf_sweep.data.features import Features, SparseRows
from textclf_sweep.training import models
from textclf_sweep.training.probes import FEW_ROWS, LARGE, Prober, named
from textclf_sweep.training.steps import Steps, is_softmax, tensor
from textclf_sweep.training.symptoms import Measured, Tried
from textclf_sweep.training.tasks import CheckTask
from textclf_sweep.trial import Scalar

ROWS = 32
STEPS, LOOK = 150, 10
"""The most steps that learning the rows may take, and those between two looks at how far it is."""
SECONDS, AGAIN = 2.5, 1.5
"""CPU seconds that it may take, after the first step (which is the slowest); and at the second learning rate."""
RATES, RATES_OF_LARGE = (5e-3, 5e-4), (1e-4, 2e-3)
"""Adam's learning rates, tried in turn until one learns: a large model is pretrained, or it is not."""
KEPT = 20_000_000
"""Weights up to which a model's first ones are kept for the second learning rate."""
SAFE: dict[str, Scalar] = {"optimizer": "adam", "weight_decay": 0.0, "clip_norm": 0.0}
BOUNDED = ("softmax", "sigmoid", "tanh")
"""Activations whose answers lie between -1 and 1."""
UNHELD: dict[str, Scalar] = {"l1": 0.0, "l2": 0.0, "recurrent_dropout": 0.0}
"""Parameters of this package's architectures that hold a model back."""


def smoke(task: CheckTask, train: Features) -> Measured:
    """Try the model of a trial on a few texts.

    Args:
        task: what to try.
        train: the training part.
    """
    with _unheld(_safe(task), train) as steps:
        few = _few(train, FEW_ROWS if steps.model.count_params() > LARGE else ROWS)
        return _measure(steps, few)


def _safe(task: CheckTask) -> CheckTask:
    """The same task with an optimizer that learns a few rows of anything; a user's own parameters stay."""
    declared = {item.name for item in models.architecture_of(task).PARAMETERS}
    unheld = {name: value for name, value in UNHELD.items() if task.own is None and name in declared}
    return replace(task, trial=replace(task.trial, parameters={**task.trial.parameters, **SAFE, **unheld}))


@contextmanager
def _unheld(task: CheckTask, train: Features) -> Iterator[Steps]:
    """The model without dropout and penalties; one that a trial will use again is left as it was."""
    with models.borrowed(task, train.info, task.trial.seed) as steps:
        if task.own is not None:  # nobody has this model afterwards
            _let_go(steps.model)
        layers = [layer for layer in steps.model.layers if isinstance(layer, VariableDropout)]
        rates = [layer.current.numpy() for layer in layers]
        for layer in layers:
            layer.current.assign(0.0)
        yield steps
        for layer, rate in zip(layers, rates, strict=True):
            layer.current.assign(rate)


def _let_go(model: keras.Model) -> None:
    """Take dropout, noise and penalties out of a model that has not been traced yet."""
    for _, layer in named(model):
        if isinstance(layer, keras.layers.Dropout | keras.layers.GaussianDropout | keras.layers.AlphaDropout):
            layer.rate = 0.0
        if isinstance(layer, keras.layers.GaussianNoise):
            layer.stddev = 0.0
        layer.activity_regularizer = None
    for variable in model.trainable_variables:
        variable.regularizer = None


def _measure(steps: Steps, few: Features) -> Measured:
    every, model = np.arange(len(few.labels)), steps.model
    first, _ = _scored(steps, few, every)
    prober = Prober(model, few, 0)
    commonest, (head, bottleneck) = int(np.bincount(few.labels).max()), _head(model)
    measured = Measured(
        len(few.info.labels), len(every), commonest, first, start=prober.now(), head=head, bottleneck=bottleneck
    )
    if not math.isfinite(first) or len(np.unique(few.labels)) < 2:
        return measured
    before = _spread(model, few)
    tried = _learn(steps, few, first)
    spread = before, _spread(model, few)
    return replace(measured, tried=tried, after=prober.now(), spread=spread, telling=_telling(few))


def _spread(model: keras.Model, few: Features) -> float:
    """The greatest difference between the answers to two rows; infinite when there is one that is not finite."""
    answers = np.asarray(model(tensor(few.batch(np.arange(len(few.labels)))), training=False))
    return float(np.ptp(answers, axis=0).max()) if np.isfinite(answers).all() else math.inf


def _telling(few: Features) -> bool:
    """Whether the rows differ in enough words: with fewer than rows, or one in each, a sound model may fail, too."""
    if not isinstance(few.inputs, np.ndarray) or few.inputs.dtype != np.int32:
        return True
    return int(few.lengths.max()) > 1 and len(np.unique(few.inputs)) > len(few.labels)


def _head(model: keras.Model) -> tuple[str, str]:
    """What is wrong, and what is only odd, about what goes into the last softmax: it must be free numbers."""
    last = model.layers[-1]
    if not is_softmax(last):
        return "", ""
    for name, layer in named(model):
        kind = "softmax" if is_softmax(layer) else getattr(getattr(layer, "activation", None), "__name__", "")
        if layer is last or kind not in BOUNDED or not _feeds(layer, last):
            continue
        told = f"{name}, before the last softmax, has a {kind} of its own"
        if not last.weights:
            return f"{told}: no label can get much more than another", ""
        if kind == "softmax" and layer.output.shape[-1] == last.output.shape[-1]:
            return "", f"{told}, one answer for each label: are these the answers already?"
    return "", ""


def _feeds(layer: Any, last: Any) -> bool:
    """Whether a layer's answer is what the last one reads."""
    try:
        return layer.output is last.input
    except (AttributeError, ValueError):
        return False


def _learn(steps: Steps, few: Features, first: float) -> Tried:
    """Train on the rows until they are learned, at another learning rate when the first one comes to nothing."""
    large, size = steps.model.count_params() > LARGE, steps.model.count_params()
    rates = RATES_OF_LARGE if large else RATES
    weights = steps.model.get_weights() if size <= KEPT else None
    tried = _learn_at(rates[0], SECONDS, steps, few, first)
    if tried.learned(first) or weights is None:
        return tried
    steps.model.set_weights(weights)
    steps.reset()
    again = _learn_at(rates[1], AGAIN, steps, few, first)
    return tried if tried.loss < again.loss and not again.learned(first) else again


def _learn_at(rate: float, seconds: float, steps: Steps, few: Features, first: float) -> Tried:
    settings, every = steps.settings, np.arange(len(few.labels))
    settings.learning_rate.assign(rate)
    settings.label_smoothing.assign(0.0)
    settings.label_weights.assign(np.ones(settings.label_weights.shape, np.float32))
    started = 0.0
    for taken in range(1, STEPS + 1):
        loss, predicted = steps.learn(few.batch(every), few.labels)
        if taken == 1:
            started = time.process_time()
        if taken % LOOK:
            continue
        steps.settle()
        real, shuffled = _scored(steps, few, every), _scored(steps, few, np.roll(every, 1))
        # Batch normalisation answers otherwise while it learns: either way will do.
        learning = float(loss), float((predicted.numpy() == few.labels).mean())
        tried = Tried(taken, *min(real, learning), taken == STEPS, real[0], shuffled[0])
        if tried.learned(first) or not math.isfinite(tried.loss) or time.process_time() - started > seconds:
            break
    return tried


def _scored(steps: Steps, few: Features, inputs: NDArray[np.integer]) -> tuple[float, float]:
    """Mean cross-entropy and accuracy, with the inputs of these rows under the labels of all."""
    loss, predicted = steps.score(few.batch(inputs), few.labels)
    return float(loss) / len(few.labels), float((predicted.numpy() == few.labels).mean())


def _few(train: Features, count: int) -> Features:
    """Rows of as many labels as there are, one of each in turn, no two with the same input."""
    seen: set[bytes] = set()
    chosen: list[int] = []
    for row in _in_turn(np.asarray(train.labels)):
        key = _key(train, row)
        if key not in seen:
            seen.add(key)
            chosen.append(row)
        if len(chosen) == count:
            break
    rows = np.array(chosen)
    inputs = train.inputs.take(rows) if isinstance(train.inputs, SparseRows) else np.array(train.inputs[rows])
    return replace(train, inputs=inputs, lengths=np.array(train.lengths[rows]), labels=np.array(train.labels[rows]))


def _in_turn(labels: NDArray[np.int32]) -> Iterator[int]:
    """The first row of each label, then the second of each, and so on; of the first rows only."""
    order = np.argsort(labels[:20_000], kind="stable")
    ranks = np.concatenate([np.arange(count) for count in np.bincount(labels[:20_000]) if count] or [np.zeros(0)])
    yield from (int(row) for row in order[np.argsort(ranks, kind="stable")][:2_000])


def _key(train: Features, row: int) -> bytes:
    batch: Any = train.batch(np.array([row]))
    if isinstance(batch, SparseRows):
        return np.asarray(batch.coordinates()).tobytes() + np.asarray(batch.values).tobytes()
    return np.asarray(tensor(batch)).tobytes()
