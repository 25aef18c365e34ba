"""What is going on inside a model: gradients, weights and units of each layer, on a few fixed rows, now and then.

A probe is one eager pass over some training rows, forward and back, without dropout. It reads and never writes: no
weight, no optimizer's state, no random number, so a trial is the same with and without. Eager, because tracing it would
take longer than all probes of a trial.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from textclf_sweep.data.features import Features
from textclf_sweep.training.steps import is_softmax, tensor
from textclf_sweep.trial import derive_seed

ROWS, FEW_ROWS, LARGE = 32, 8, 5_000_000
"""Rows of a probe; and of one of a model with more weights than `LARGE`."""
EVERY, SPACING = 8, 300
"""Epochs that are all probed, and the steps between two probes after them."""
TANH, SIGMOID = 0.98, 0.02
"""How far from its ends a unit's answer counts as saturated."""


@dataclass
class Prober:
    """Probes one model while it trains.

    Attributes:
        model: built; its weights are read at each probe.
        rows: training rows, of which a few are drawn by `seed`.
        seed: any integer.
        seen: probes after an epoch so far.
        steps: since the last of them.
    """

    model: keras.Model
    rows: Features
    seed: int
    seen: int = 0
    steps: int = 0
    _call: Callable[[], dict[str, float]] | None = field(default=None, repr=False)

    def now(self) -> dict[str, float]:
        """What there is to see; empty when the model cannot be looked into.

        Returns:
            ``loss`` of the rows, and of each layer ``gradient_norm/<layer>`` and ``weight_norm/<layer>`` (Euclidean, of
            its trainable weights), ``dead_units/<layer>`` (share of the units of a rectified layer that are 0 for every
            token of every row) and ``saturated_units/<layer>`` (share of the answers of tanh or sigmoid at their ends).
        """
        try:
            if self._call is None:
                self._call = _looking(self.model, self.rows, self.seed)
            return self._call()
        except Exception:  # of a user's model: it can be trained, and that is what counts
            self._call = dict
            return {}

    def after(self, steps: int) -> dict[str, float]:
        """The same after an epoch of so many steps, without ``loss``; empty when no probe is due."""
        self.steps += steps
        if self.seen >= EVERY and self.steps < SPACING:
            return {}
        self.seen, self.steps = self.seen + 1, 0
        found = self.now()
        found.pop("loss", None)
        return found


def _looking(model: keras.Model, rows: Features, seed: int) -> Callable[[], dict[str, float]]:
    """What probes a model, called again and again."""
    count = FEW_ROWS if model.count_params() > LARGE else ROWS
    chosen = np.random.default_rng(derive_seed(seed, "probe")).permutation(len(rows.labels))[:count]
    raw, labels = rows.batch(chosen), tf.constant(rows.labels[chosen])
    batch, softmax = tensor(raw), is_softmax(model.layers[-1])
    text = raw != 0 if isinstance(raw, np.ndarray) and raw.dtype == np.int32 else None
    layers = named(model)
    watched = [(name, layer, kind) for name, layer in layers if (kind := _kind(layer)) and _output(layer) is not None]
    outputs = [_output(layer) for _, layer, _ in watched]
    whole = keras.Model(model.inputs[0], [*outputs, model.output]) if outputs else model
    weighted = [(name, layer.trainable_variables) for name, layer in layers if layer.trainable_variables]
    variables = [variable for _, owned in weighted for variable in owned]

    def look() -> dict[str, float]:
        with tf.GradientTape() as tape:
            answers = whole(batch, training=False)
            *inner, output = answers if outputs else [answers]
            loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, output, from_logits=not softmax))
        found = {"loss": float(loss)}
        # A variable without a gradient (that of a branch nobody reads) has one of 0.
        gradients = dict(zip(map(id, variables), tape.gradient(loss, variables), strict=True))
        for name, owned in weighted:
            found[f"gradient_norm/{name}"] = _norm([gradients[id(variable)] for variable in owned])
            found[f"weight_norm/{name}"] = _norm([tf.convert_to_tensor(variable) for variable in owned])
        for (name, _, kind), values in zip(watched, inner, strict=True):
            shares = _SHARES[kind](_shown(np.asarray(values), text))
            found[f"{'dead' if kind == 'dead' else 'saturated'}_units/{name}"] = shares
        return found

    return look


def named(model: keras.Model) -> list[tuple[str, Any]]:
    """Every layer of a model and of the models in it, with a name that is the same in any process.

    Keras counts layers of one kind through all models of a process; here alike names are counted within the model.
    """
    found = [(re.sub(r"^fast_|_\d+$", "", layer.name), layer) for layer in _flat(model)]
    total, seen = Counter(name for name, _ in found), Counter[str]()
    names = []
    for name, layer in found:
        seen[name] += 1
        names.append((name if total[name] == 1 else f"{name}_{seen[name]}", layer))
    return names


def _flat(model: keras.Model) -> Iterator[Any]:
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _flat(layer)
        else:
            yield layer


def _kind(layer: Any) -> str:
    """What its answers are looked at for; empty for nothing."""
    activation = getattr(layer, "activation", None)
    if isinstance(layer, keras.layers.ReLU) or activation is keras.activations.relu:
        return "dead"
    inner = getattr(layer, "forward_layer", layer)
    if getattr(inner, "activation", None) is keras.activations.tanh:
        return "tanh"
    return "sigmoid" if activation is keras.activations.sigmoid else ""


def _output(layer: Any) -> Any:
    """A layer's one symbolic answer; None when it has none or several."""
    try:
        output = layer.output
    except (AttributeError, ValueError):
        return None
    return output if isinstance(output, keras.KerasTensor) else None


def _norm(tensors: list[Any]) -> float:
    return float(np.sqrt(sum(float(_square(item)) for item in tensors if item is not None)))


def _square(item: Any) -> Any:
    """The sum of the squares; rows of an embedding that occur several times are summed before."""
    if isinstance(item, tf.IndexedSlices):
        places, index = tf.unique(item.indices)
        item = tf.math.unsorted_segment_sum(item.values, index, tf.size(places))
    return tf.reduce_sum(tf.square(tf.cast(item, tf.float32)))


def _shown(values: NDArray[Any], text: NDArray[np.bool_] | None) -> NDArray[Any]:
    """The answers, shape (tokens, units), without those to padding."""
    if text is not None and values.ndim == 3 and values.shape[:2] == text.shape:
        return values[text]
    return values.reshape(-1, values.shape[-1])


_SHARES: dict[str, Callable[[NDArray[Any]], float]] = {
    "dead": lambda values: float((values.max(axis=0) <= 0).mean()),
    "tanh": lambda values: float((np.abs(values) > TANH).mean()),
    "sigmoid": lambda values: float(((values < SIGMOID) | (values > 1 - SIGMOID)).mean()),
}
