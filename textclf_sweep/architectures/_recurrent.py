"""Keras' LSTM and GRU layers, computed on packed sequences where that is the same.

`FastLSTM` and `FastGRU` are Keras' own layers with another way of computing: constructor, weights, their names and
initial values, outputs and gradients are those of ``keras.layers.LSTM`` and ``GRU``, so weights move between models
of either by ``get_weights`` and ``set_weights``. Steps are NumPy's (`textclf_sweep.architectures._packed`), inside
TensorFlow's graph: TensorFlow spends most of a step's time on starting its operations.

Not to be saved in a model: a saved model is to be read without this package, so it is built from Keras' layers
(``plain=True``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from textclf_sweep.architectures import _packed
from textclf_sweep.architectures._packed import Floats


def recurrent(  # noqa: PLR0913 - one argument per choice of a definition
    cell: str,
    units: int,
    *,
    bidirectional: bool = False,
    return_sequences: bool = False,
    recurrent_dropout: float = 0.0,
    kernel_regularizer: Any = None,
    plain: bool = False,
) -> Any:
    """A recurrent layer, from (batch, length, features) to (batch, units), or (batch, length, units).

    Args:
        cell: lstm or gru.
        units: width of each direction, >= 1.
        bidirectional: reads the text in both directions, and doubles the width.
        return_sequences: whether every step's output is returned, or only the last one's.
        recurrent_dropout: share of the state dropped at each step, in [0, 1); above 0, Keras computes the layer.
        kernel_regularizer: a Keras regularizer of the input kernel, or None.
        plain: whether to make Keras' layer, with the same weights, for a model that is saved.

    Returns:
        A ``keras.layers.Layer``.
    """
    fast, kept = {"lstm": (FastLSTM, keras.layers.LSTM), "gru": (FastGRU, keras.layers.GRU)}[cell]
    layer = (kept if plain else fast)(
        units,
        return_sequences=return_sequences,
        recurrent_dropout=recurrent_dropout,
        kernel_regularizer=kernel_regularizer,
    )
    return keras.layers.Bidirectional(layer) if bidirectional else layer


class _Packed:
    """What both layers do alike; the other base is Keras' layer."""

    def call(self: Any, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False) -> Any:
        """As Keras' layer: (batch, length, features) to (batch, units) or (batch, length, units)."""
        if initial_state is not None or not is_fast(self):
            return super().call(sequences, initial_state=initial_state, mask=mask, training=training)  # type: ignore[misc]
        mask = mask[0] if isinstance(mask, list | tuple) else mask
        reading = Reading(
            gates=4 if isinstance(self, keras.layers.LSTM) else 3,
            backwards=self.go_backwards,
            repeats=not self.zero_output_for_mask,
            sequences=self.return_sequences,
        )
        weights = [
            tf.convert_to_tensor(weight) for weight in (self.cell.kernel, self.cell.recurrent_kernel, self.cell.bias)
        ]
        found = _read(reading, tf.convert_to_tensor(sequences), mask, *weights)
        steps = sequences.shape[1:2] if self.return_sequences else ()
        found.set_shape((sequences.shape[0], *steps, self.units))
        return found


@keras.saving.register_keras_serializable("textclf_sweep")
class FastLSTM(_Packed, keras.layers.LSTM):  # type: ignore[misc]
    """``keras.layers.LSTM``, faster on a CPU; Keras' own way where `is_fast` is false."""


@keras.saving.register_keras_serializable("textclf_sweep")
class FastGRU(_Packed, keras.layers.GRU):  # type: ignore[misc]
    """``keras.layers.GRU``, faster on a CPU; Keras' own way where `is_fast` is false."""


def is_fast(layer: Any) -> bool:
    """Whether a `FastLSTM` or `FastGRU` is computed on packed sequences: else it is what Keras makes of it.

    Its arithmetic must be the usual one (tanh, sigmoid, a bias, reset after the product), nothing dropped inside it, its
    state neither kept nor returned, its numbers float32, and there must be no GPU, for which TensorFlow has its own.
    """
    cell = layer.cell
    usual = (
        cell.activation is keras.activations.tanh
        and cell.recurrent_activation is keras.activations.sigmoid
        and cell.use_bias
        and getattr(cell, "reset_after", True)
    )
    whole = not (cell.dropout or cell.recurrent_dropout or layer.stateful or layer.return_state or layer.unroll)
    return usual and whole and layer.compute_dtype == "float32" and not tf.config.list_logical_devices("GPU")


@dataclass(frozen=True, slots=True)
class Reading:
    """How a layer reads its sequences.

    Attributes:
        gates: 4 is an LSTM, 3 a GRU.
        backwards: whether from the end.
        repeats: whether a masked place shows the output before it; else zero.
        sequences: whether every step's output is returned.
    """

    gates: int
    backwards: bool
    repeats: bool
    sequences: bool

    def plan(self, mask: NDArray[np.bool_]) -> _packed.Packing:
        """How a batch of this mask is packed."""
        return _packed.packing(mask, backwards=self.backwards, repeats=self.repeats)


def _read(reading: Reading, sequences: Any, mask: Any, kernel: Any, recurrent: Any, bias: Any) -> Any:
    """The layer as an operation of TensorFlow's graph, with a gradient."""
    if mask is None:
        mask = tf.ones(tf.shape(sequences)[:2], tf.bool)

    @tf.custom_gradient
    def operation(sequences: Any, kernel: Any, recurrent: Any, bias: Any) -> Any:
        taken = [sequences, mask, kernel, recurrent, bias]
        found, *saved = _numpy(partial(forward, reading), taken, 5 if reading.gates == 4 else 4)

        def gradient(upstream: Any) -> Any:
            d_gates, *d_weights = _numpy(partial(backward, reading), [upstream, sequences, mask, recurrent, *saved], 4)
            # An operation of its own: TensorFlow leaves it out where the inputs are not learned.
            (d_inputs,) = _numpy(partial(inputs_gradient, reading), [d_gates, mask, kernel], 1)
            for tensor, like in zip((d_inputs, *d_weights), (sequences, kernel, recurrent, bias), strict=True):
                tensor.set_shape(like.shape)
            return d_inputs, *d_weights

        return found, gradient

    return operation(sequences, kernel, recurrent, bias)


def _numpy(function: Any, tensors: list[Any], results: int) -> list[Any]:
    """A pure NumPy function as an operation with so many float32 results."""
    return list(tf.numpy_function(function, tensors, [tf.float32] * results, stateful=False))


def forward(
    reading: Reading, sequences: Floats, mask: NDArray[np.bool_], kernel: Floats, recurrent: Floats, bias: Floats
) -> tuple[Floats, ...]:
    """The layer's output, and what `backward` needs: the packed outputs, and what else the cell saves."""
    plan = reading.plan(mask)
    inputs = _packed.taken(_rows(sequences), plan.inputs)
    compute = _packed.lstm_forward if reading.gates == 4 else _packed.gru_forward
    outputs, *saved = compute(inputs, kernel, recurrent, bias, plan)
    if not reading.sequences:
        return _packed.taken(outputs, plan.last), outputs, *saved
    return _packed.taken(outputs, plan.shown).reshape(*mask.shape, -1), outputs, *saved


def backward(
    reading: Reading,
    upstream: Floats,
    sequences: Floats,
    mask: NDArray[np.bool_],
    recurrent: Floats,
    outputs: Floats,
    *saved: Floats,
) -> tuple[Floats, Floats, Floats, Floats]:
    """The gradients of the packed gates (for `inputs_gradient`), and of kernel, recurrent kernel and bias."""
    plan, units = reading.plan(mask), len(recurrent)
    gradient = _packed_gradient(reading, upstream, plan) if reading.sequences else None
    last = None if reading.sequences else _packed.taken(upstream, plan.order)
    former, first = _packed.taken(outputs, plan.before), plan.tokens - len(plan.before)
    inputs = _packed.taken(_rows(sequences), plan.inputs)
    if reading.gates == 4:
        found = _packed.lstm_backward(gradient, last, recurrent, saved, plan)
        return found, inputs.T @ found, former.T @ found[first:], found.sum(axis=0)
    found = _packed.gru_backward(gradient, last, recurrent, (outputs, *saved), plan)
    of_inputs, sums = found[:, units:], found.sum(axis=0)
    of_state = np.roll(former.T @ found[first:, : 3 * units], -units, axis=1)
    return found, inputs.T @ of_inputs, of_state, np.stack([sums[units:], np.roll(sums[: 3 * units], -units)])


def inputs_gradient(reading: Reading, gates: Floats, mask: NDArray[np.bool_], kernel: Floats) -> Floats:
    """The gradient of the sequences, zero where they are masked."""
    plan = reading.plan(mask)
    rows = _packed.empty(plan.tokens + 1, len(kernel))
    rows[-1] = 0
    np.matmul(gates[:, -kernel.shape[1] :], kernel.T, out=rows[:-1])
    return _packed.taken(rows, plan.packed).reshape(*mask.shape, -1)


def _packed_gradient(reading: Reading, upstream: Floats, plan: _packed.Packing) -> Floats:
    """The gradient of each packed output, of all the places that show it."""
    rows = _rows(upstream)
    found = _packed.taken(rows, plan.outputs)
    if reading.repeats and len(rows) > plan.tokens:
        repeated = plan.shown < plan.tokens
        repeated[plan.outputs] = False
        places = np.flatnonzero(repeated)
        # Whoever reads the output usually skips its masked places too.
        if (more := rows[places]).any():
            np.add.at(found, plan.shown[places], more)
    return found


def _rows(batch: Floats) -> Floats:
    """(texts, width, features) as (texts * width, features)."""
    return batch.reshape(-1, batch.shape[2])
