"""A smoke test: whether a model, as the first trial builds it, can learn anything at all; seconds, before its search.

A fresh classifier knows nothing, so its loss is near ln K; gradients reach every layer; a few texts can be learned by
heart; and then other texts' labels do not fit as well (Karpathy, "A Recipe for Training Neural Networks", 2019). What
fails here fails whatever the hyperparameters are.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from textclf_sweep.architectures._dropout import VariableDropout
from textclf_sweep.data.features import Features, SparseRows
from textclf_sweep.training import models
from textclf_sweep.training.parameters import complete
from textclf_sweep.training.probes import FEW_ROWS, LARGE, Prober, named
from textclf_sweep.training.steps import Steps, is_softmax, tensor
from textclf_sweep.training.tasks import CheckTask

ROWS = 32
STEPS, SECONDS = 150, 3.0
"""The most steps and seconds that learning the rows by heart may take."""
LEARNED = 0.5
"""Share of the first loss below which rows count as learned, when all are labelled rightly."""
NO_FALL = 0.95
"""Share of the first loss above which nothing has been learned."""
VANISHED = 1e-5
"""A layer's gradient, of a model that learns nothing, against the largest one."""
FAR = 3.0
"""Times ln K: a first loss that says more than nothing, and wrongly."""
RATES = {"sgd": 0.1, "adagrad": 0.1, "lion": 3e-4}
RATE, FINE_TUNING = 5e-3, 1e-4
"""A learning rate that is safe for a few rows: of other optimizers, and of large pretrained models."""


@dataclass
class Smoke:
    """What a smoke test found.

    Attributes:
        numbers: see `textclf_sweep.training.tasks.Checked`; besides, ``labels``, ``rows`` and ``learned`` (1 or 0).
        faults: what is broken, in a sentence each, by the name of the cause; the gravest first.
        warnings: what is suspicious, likewise.
    """

    numbers: dict[str, float] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    warnings: dict[str, str] = field(default_factory=dict)


def smoke(task: CheckTask, train: Features) -> Smoke:
    """Try the model of a trial on a few texts, with a safe learning rate and without dropout where that is known.

    Args:
        task: what to try.
        train: the training part.
    """
    found = Smoke()
    with models.borrowed(task, train.info, task.trial.seed) as steps:
        few = _few(train, FEW_ROWS if steps.model.count_params() > LARGE else ROWS)
        kept = [(layer, layer.current.numpy()) for layer in steps.model.layers if isinstance(layer, VariableDropout)]
        for layer, _ in kept:
            layer.current.assign(0.0)
        _try(task, steps, few, found)
        for layer, rate in kept:
            layer.current.assign(rate)
    return found


def _try(task: CheckTask, steps: Steps, few: Features, found: Smoke) -> None:
    every = np.arange(len(few.labels))
    expected = math.log(len(few.info.labels))
    first, _ = _scored(steps, few, every)
    found.numbers |= {
        "initial_loss": first, "expected_loss": expected, "labels": len(few.info.labels), "rows": len(every),
    }  # fmt: skip
    probe = Prober(steps.model, few, 0).now()
    _judge_start(probe, first, expected, found)
    if not math.isfinite(first) or len(every) < 2:
        return
    _judge_head(steps.model, found)
    taken, last, accuracy = _learn(task, steps, few, first)
    shuffled, _ = _scored(steps, few, np.roll(every, 1))
    learned = last < LEARNED * first and accuracy == 1.0
    found.numbers |= {
        "steps": taken, "learned_loss": last, "learned_accuracy": accuracy, "shuffled_loss": shuffled,
        "learned": float(learned),
    }  # fmt: skip
    if not learned:
        _judge_depth(probe, found)
    _judge_learning(found, learned=learned, distinct=len(np.unique(few.labels)) > 1)


def _judge_start(probe: Mapping[str, float], first: float, expected: float, found: Smoke) -> None:
    """Whether loss and gradients are what they are when nothing is known yet."""
    if not math.isfinite(first):
        found.faults["exploding_gradients"] = (
            f"before the first step its loss is {first}, not near ln K = {expected:.2f}: its numbers overflow"
        )
        return
    if first > FAR * max(expected, 0.5):
        found.warnings["exploding_gradients"] = (
            f"before the first step its loss is {first:.3g}, not near ln K = {expected:.2f}: its first weights are too "
            "large, or its answers mean something else"
        )
    gradients = {key.partition("/")[2]: value for key, value in probe.items() if key.startswith("gradient_norm/")}
    broken = [name for name, value in gradients.items() if not math.isfinite(value)]
    if broken:
        found.faults["exploding_gradients"] = f"the gradients of {', '.join(broken)} are not finite"
    lost = [name for name, value in gradients.items() if value == 0]
    if lost:
        dead = [key.partition("/")[2] for key, value in probe.items() if key.startswith("dead_units/") and value >= 1]
        if dead:
            found.faults["dead_units"] = f"every unit of {', '.join(dead)} answers 0 to every text, so none learns"
        else:
            found.faults["vanishing_gradients"] = (
                f"no gradient reaches {', '.join(lost)}: it is never learned. Is something behind it cut off "
                "(stop_gradient, a rounded or compared value, a layer that nobody reads)?"
            )


def _judge_depth(probe: Mapping[str, float], found: Smoke) -> None:
    """Whether hardly any gradient reaches some layer of a model that does not learn."""
    gradients = {key.partition("/")[2]: value for key, value in probe.items() if key.startswith("gradient_norm/")}
    if len(gradients) < 2 or not max(gradients.values()) > 0:
        return
    layer = min(gradients, key=lambda name: gradients[name])
    share = gradients[layer] / max(gradients.values())
    if share < VANISHED:
        found.faults.setdefault(
            "vanishing_gradients",
            f"the gradient of {layer} is {share:.0e} of the largest one, and {ROWS} texts cannot be learned by heart",
        )


def _judge_head(model: keras.Model, found: Smoke) -> None:
    """Whether what goes into the last softmax are logits."""
    last = model.layers[-1]
    if not is_softmax(last):
        return
    before = [layer for _, layer in named(model) if layer is not last and _feeds(layer, last)]
    for layer in before:
        activation = getattr(layer, "activation", None)
        if is_softmax(layer) or activation in (keras.activations.softmax, keras.activations.sigmoid):
            kind = "softmax" if is_softmax(layer) else "sigmoid"
            if isinstance(last, keras.layers.Activation | keras.layers.Softmax) or is_softmax(layer):
                found.faults["head_loss_mismatch"] = (
                    f"{layer.name}, before the last layer, has a {kind} of its own: the last softmax then flattens "
                    "what it gets, and no answer can be sure. Leave the first one out"
                )


def _feeds(layer: Any, last: Any) -> bool:
    """Whether a layer's answer is what the last one reads."""
    try:
        return layer.output is last.input
    except (AttributeError, ValueError):
        return False


def _judge_learning(found: Smoke, *, learned: bool, distinct: bool) -> None:
    numbers = found.numbers
    first, last, shuffled = numbers["initial_loss"], numbers["learned_loss"], numbers["shuffled_loss"]
    if not distinct or learned:
        return
    told = f"{numbers['rows']:.0f} texts cannot be learned by heart in {numbers['steps']:.0f} steps: the loss "
    told += f"went from {first:.3f} to {last:.3f}, the accuracy to {numbers['learned_accuracy']:.2f}"
    if abs(shuffled - last) < 1e-3 * max(1.0, last):
        found.faults.setdefault("ignores_input", f"its answers do not depend on the texts: {told}")
    elif last > NO_FALL * first:
        found.faults.setdefault("cannot_learn_a_batch", told)
    else:
        found.warnings.setdefault("cannot_learn_a_batch", told)


def _learn(task: CheckTask, steps: Steps, few: Features, first: float) -> tuple[int, float, float]:
    """Train on the rows until they are learned: steps taken, loss and accuracy afterwards."""
    given = complete(models.parameters_of(task))
    rate = RATES.get(str(given["optimizer"]), RATE)
    steps.settings.learning_rate.assign(FINE_TUNING if steps.model.count_params() > LARGE else rate)
    steps.settings.label_smoothing.assign(0.0)
    started, every = time.process_time(), np.arange(len(few.labels))
    last, accuracy, taken = first, 0.0, 0
    for taken in range(1, STEPS + 1):
        steps.learn(few.batch(every), few.labels)
        if taken % 10 and taken < STEPS:
            continue
        steps.settle()
        last, accuracy = _scored(steps, few, every)
        if (last < LEARNED * first and accuracy == 1.0) or not math.isfinite(last):
            break
        if time.process_time() - started > SECONDS:
            break
    return taken, last, accuracy


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
