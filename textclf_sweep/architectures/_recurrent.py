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
from textclf_sweep.architectures._packed import Floats, Places


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


_TOKENS = "_textclf_sweep_tokens"
"""The attribute of an embedding's output that says which tokens it is of; as Keras hands on a mask."""


@keras.saving.register_keras_serializable("textclf_sweep")
class FastEmbedding(keras.layers.Embedding):  # type: ignore[misc]
    """``keras.layers.Embedding`` that tells a recurrent layer right behind it which inputs are equal.

    What is equal is then projected once. The gradient is that of each place all the same: Keras' optimizers add up the
    squares of those that one row has.
    """

    def call(self, inputs: Any) -> Any:
        """As Keras' layer: token ids (batch, length) to (batch, length, features)."""
        found = super().call(inputs)
        setattr(found, _TOKENS, inputs)
        return found


@keras.saving.register_keras_serializable("textclf_sweep")
class FastLSTM(_Packed, keras.layers.LSTM):  # type: ignore[misc]
    """``keras.layers.LSTM``, faster on a CPU; Keras' own way where `is_fast` is false."""


@keras.saving.register_keras_serializable("textclf_sweep")
class FastGRU(_Packed, keras.layers.GRU):  # type: ignore[misc]
    """``keras.layers.GRU``, faster on a CPU; Keras' own way where `is_fast` is false."""


def is_fast(layer: Any) -> bool:
    """Whether a `FastLSTM` or `FastGRU` is computed on packed sequences: else it is what Keras makes of it.

    Its arithmetic must be the usual one (tanh, sigmoid, a bias, reset after the product), nothing dropped inside it,
    its state neither kept nor returned, its numbers float32; and no GPU, for which TensorFlow has a way of its own.
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


def _read(reading: Reading, sequences: Any, mask: Any, kernel: Any, recurrent: Any, bias: Any) -> Any:  # noqa: PLR0913, PLR0917
    """The layer as an operation of TensorFlow's graph, with a gradient."""
    if mask is None:
        mask = tf.ones(tf.shape(sequences)[:2], tf.bool)
    tokens = getattr(sequences, _TOKENS, None)
    tokens = tf.zeros((0,), tf.int32) if tokens is None else tf.reshape(tokens, (-1,))

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def operation(sequences: Any, kernel: Any, recurrent: Any, bias: Any) -> Any:
        read, weights = [sequences, tokens, mask], [kernel, recurrent, bias]
        found, *saved = _numpy(partial(forward, reading), read + weights, [tf.float32] * (reading.gates + 1))

        def gradient(upstream: Any) -> Any:
            given = [upstream, *read, recurrent, *saved]
            *d_weights, d_gates, places = _numpy(partial(backward, reading), given, [*[tf.float32] * 4, tf.int64])
            # An operation of its own: TensorFlow leaves it out where the inputs are not learned.
            (d_inputs,) = _numpy(inputs_gradient, [d_gates, places, kernel, sequences], [tf.float32])
            for tensor, like in zip((d_inputs, *d_weights), (sequences, *weights), strict=True):
                tensor.set_shape(like.shape)
            return d_inputs, *d_weights

        return found, gradient

    return operation(sequences, kernel, recurrent, bias)


def _numpy(function: Any, tensors: list[Any], results: list[Any]) -> list[Any]:
    """A pure NumPy function as an operation with results of these types."""

    def guarded(*arrays: NDArray[Any]) -> Any:
        # They are TensorFlow's memory, weights among them.
        for array in arrays:
            array.flags.writeable = False
        # Of weights that diverge the loss tells, as it does with TensorFlow's own operations.
        with np.errstate(all="ignore"):
            return function(*arrays)

    # Outside a graph, a single result comes without a list.
    return list(tf.nest.flatten(tf.numpy_function(guarded, tensors, results, stateful=False)))


def forward(  # noqa: PLR0913, PLR0917 - an operation's inputs
    reading: Reading,
    sequences: Floats,
    tokens: NDArray[np.int32],
    mask: NDArray[np.bool_],
    kernel: Floats,
    recurrent: Floats,
    bias: Floats,
) -> tuple[Floats, ...]:
    """The layer's output, and what `backward` needs: the packed outputs, and what else the cell saves."""
    plan = reading.plan(mask)
    inputs = _inputs(sequences, tokens, plan)
    compute = _packed.lstm_forward if reading.gates == 4 else _packed.gru_forward
    outputs, *saved = compute(inputs, kernel, recurrent, bias, plan)
    if not reading.sequences:
        return _packed.taken(outputs, plan.last), outputs, *saved
    return _packed.taken(outputs, plan.shown).reshape(*mask.shape, -1), outputs, *saved


def backward(  # noqa: PLR0913, PLR0917 - an operation's inputs
    reading: Reading,
    upstream: Floats,
    sequences: Floats,
    tokens: NDArray[np.int32],
    mask: NDArray[np.bool_],
    recurrent: Floats,
    outputs: Floats,
    *saved: Floats,
) -> tuple[Floats, Floats, Floats, Floats, Places]:
    """The gradients of kernel, recurrent kernel and bias, and for `inputs_gradient` the gates' and their places."""
    plan, units = reading.plan(mask), len(recurrent)
    inputs = _inputs(sequences, tokens, plan)
    gradient = _packed_gradient(reading, upstream, plan) if reading.sequences else None
    last = None if reading.sequences else _packed.taken(upstream, plan.order)
    former, first = _packed.taken(outputs, plan.before), plan.tokens - len(plan.before)
    if reading.gates == 4:
        gates = _packed.lstm_backward(gradient, last, recurrent, saved, plan)
        of_inputs = inputs.sums(gates)
        d_recurrent, d_bias = former.T @ gates[first:], gates.sum(axis=0)
    else:
        gates = _packed.gru_backward(gradient, last, recurrent, (outputs, *saved), plan)
        of_inputs, sums = inputs.sums(gates)[:, units:], gates.sum(axis=0)
        d_recurrent = np.roll(former.T @ gates[first:, : 3 * units], -units, axis=1)
        d_bias = np.stack([sums[units:], np.roll(sums[: 3 * units], -units)])
    return inputs.rows.T @ of_inputs, d_recurrent, d_bias, gates, plan.packed


def inputs_gradient(gates: Floats, packed: Places, kernel: Floats, sequences: Floats) -> Floats:
    """The gradient of the sequences, of each place its own: zero where its place in `packed` is behind the last."""
    rows = np.empty((len(gates) + 1, len(kernel)), np.float32)
    rows[-1] = 0
    # A GRU's gates begin with what the inputs have no part in.
    np.matmul(gates[:, -kernel.shape[1] :], kernel.T, out=rows[:-1])
    return _packed.taken(rows, packed).reshape(sequences.shape)


def _inputs(sequences: Floats, tokens: NDArray[np.int32], plan: _packed.Packing) -> _packed.Inputs:
    return _packed.packed_inputs(_rows(sequences), tokens if tokens.size else None, plan)


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
