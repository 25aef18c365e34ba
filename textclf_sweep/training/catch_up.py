"""An optimizer for embeddings that touches only the rows in a batch, and learns what Keras' own would.

Keras updates every row of an embedding at every step: a row without a gradient still moves while its momentum decays.
Such a step needs nothing but the row's own state, so all that a row has missed is done at once, when it is next read:
what the model computes is what it would be with Keras' optimizer, to float precision. ("Lazy" optimizers leave out the
missed steps, and learn differently.)

Let m and v be a row's moments when it was last updated, b and c² the shares of them that remain after a step, and a(s)
the learning rate of step s with Adam's correction (Kingma and Ba 2015, section 2). Over missed steps 1 to k the row
moves by

    sum of a(s) b^s m / (c^s sqrt(v) + epsilon)  =  B m / (sqrt(v) + epsilon B / A),
    A = sum of a(s) b^s,    B = sum of a(s) b^s / c^s

The right side is exact where epsilon is much greater than sqrt(v), and where it is much smaller; between them its error
is below 1e-5 of the movement, because b^s has decayed before c^s changes. A and B are the same for all rows that were
last updated at the same step: they are kept in a table of one line per step, and every `SPAN` steps all rows are
brought up to date and the table begins anew. The momentum of RMSprop and SGD is the case of a(s) = 1 without v.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from textclf_sweep.architectures._recurrent import FastEmbedding
from textclf_sweep.training._rules import Rule, rule_of

SPAN = 512
"""Steps after which every row is brought up to date: few enough that powers of decay stay floats."""
LEAST = 2**18
"""Numbers in an embedding from which on this is faster than Keras' own update."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that a step reads, up to date: what `CatchUp.before` hands to `CatchUp.apply`.

    Attributes:
        numbers: which rows, each once, int32 (rows,).
        values: float32 (rows, width).
        moments: as they were when each row was last updated, float32 (rows, width) each.
        missed: how many steps ago that was, apart from this one, int32 (rows,).
    """

    numbers: tf.Tensor
    values: tf.Tensor
    moments: tuple[tf.Tensor, ...]
    missed: tf.Tensor


def tables_of(model: keras.Model, optimizer: keras.optimizers.Optimizer, least: int = LEAST) -> list[keras.Variable]:
    """The embeddings of `model` that a `CatchUp` may update in place of `optimizer`; often one, or none.

    An embedding must be trainable, float32 and large, read the model's only input itself, once, have neither
    regularizer nor constraint, and be no other layer's weight. The optimizer must be Adam, RMSprop or SGD with
    momentum, without weight decay and without clipping. A GPU updates all rows sooner than it finds those of a batch.

    Args:
        model: built, functional.
        optimizer: as it will update the other variables.
        least: numbers in an embedding, so many or more.
    """
    if rule_of(optimizer) is None or len(model.inputs) != 1 or tf.config.list_logical_devices("GPU"):
        return []
    found = [layer.embeddings for layer in model.layers if _is_plain(layer) and _reads(layer, model.inputs[0])]
    return [table for table in found if np.prod(table.shape) >= least and _owners(model, table) == 1]


def _is_plain(layer: keras.layers.Layer) -> bool:
    return (
        type(layer) in (keras.layers.Embedding, FastEmbedding)
        and layer.trainable
        and layer.embeddings_regularizer is None
        and layer.embeddings_constraint is None
        and not layer.lora_enabled
        and layer.quantization_mode is None
        and layer.dtype_policy.name == "float32"
    )


def _reads(layer: keras.layers.Layer, tokens: keras.KerasTensor) -> bool:
    """Whether `layer` was called once, with `tokens` as they are."""
    return len(layer._inbound_nodes) == 1 and layer.input is tokens and "int" in tokens.dtype


def _owners(model: keras.Model, table: keras.Variable) -> int:
    return sum(any(weight is table for weight in layer.weights) for layer in model.layers)


class CatchUp:
    """Updates one embedding in place of a Keras optimizer, which updates the model's other variables.

    `before`, `apply` and `finish` are operations of TensorFlow's graph. The state is this object's own: the Keras
    optimizer is to be built without the embedding.

    Args:
        optimizer: says how to update; its learning rate is read at every step.
        table: the embedding, float32 (rows, width), one of `tables_of`.
        span: see `SPAN`; >= 1.

    Raises:
        ValueError: there is no rule for the optimizer.
    """

    def __init__(self, optimizer: keras.optimizers.Optimizer, table: keras.Variable, span: int = SPAN) -> None:
        rule = rule_of(optimizer)
        if rule is None:
            raise ValueError(f"{optimizer.name} with these settings updates every row: ask tables_of before")
        self._optimizer, self._rule, self._span = optimizer, rule, span
        self._table: tf.Variable = table.value
        rows = self._table.shape[0]
        self._moments = tuple(_zeros(self._table.shape) for _ in rule.decays)
        # Of each row the step at which it was last updated, and its place among those of a batch.
        self._updated, self._place = _zeros((rows,), tf.int32), _zeros((rows,), tf.int32)
        # Steps in all, steps since all rows were up to date, and for each of those the sums over the steps after it.
        self._steps, self._recent = _zeros((), tf.int32), _zeros((), tf.int32)
        self._sums = _zeros((span + 1, len(rule.ratios)))
        self._addends, self._fading = _addends(rule, span), _fading(rule, span)

    def before(self, tokens: tf.Tensor) -> Rows:
        """Bring the rows that a batch reads up to date; to be called before the model is.

        Args:
            tokens: row numbers, int32 of any shape; the same one may be there any number of times.
        """
        numbers, _ = tf.unique(tf.reshape(tokens, (-1,)))
        values, moments = tf.gather(self._table, numbers), tuple(tf.gather(item, numbers) for item in self._moments)
        updated = tf.gather(self._updated, numbers)
        if self._rule.ratios:
            values -= self._rule.missed(moments, tf.gather(self._sums, updated))
            self._table.scatter_update(tf.IndexedSlices(values, numbers))
            _share(self._table)
        return Rows(numbers, values, moments, self._recent - updated)

    def apply(self, rows: Rows, gradient: tf.IndexedSlices | tf.Tensor) -> None:
        """Do one step, with the optimizer's learning rate of now.

        As Keras' optimizers do, it adds up what `gradient` has for one row, and for the second moment its squares.

        Args:
            rows: of the same step; all rows of `gradient` are among them.
            gradient: of the embedding.
        """
        rate = tf.convert_to_tensor(self._optimizer.learning_rate)
        self._steps.assign_add(1)
        pace = self._rule.pace(tf.cast(self._steps, tf.float32), rate)
        faded = self._faded(rows.moments, rows.missed + 1)
        moments, change = self._rule.step(faded, *self._of_rows(rows, gradient), pace)
        for variable, new in zip((self._table, *self._moments), (rows.values - change, *moments), strict=True):
            variable.scatter_update(tf.IndexedSlices(new, rows.numbers))
        _share(self._table)
        self._count(rows, pace)

    def finish(self) -> None:
        """Bring all rows up to date; to be called before the embedding is read without `before`, as in validation."""
        moments = tuple(tf.convert_to_tensor(moment) for moment in self._moments)
        if self._rule.ratios:
            self._table.assign_sub(self._rule.missed(moments, tf.gather(self._sums, self._updated)))
            _share(self._table)
        for variable, new in zip(self._moments, self._faded(moments, self._recent - self._updated), strict=True):
            variable.assign(new)
        _clear(self._updated, self._recent, self._sums)

    def reset(self) -> None:
        """Forget all steps: the state is that of a new object."""
        _clear(*self._moments, self._updated, self._steps, self._recent, self._sums)

    def _faded(self, moments: tuple[tf.Tensor, ...], steps: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """What so many steps, int32 (rows,), leave of the moments of each row."""
        shares = tf.unstack(tf.gather(self._fading, steps), axis=1)
        return tuple(moment * share[:, None] for moment, share in zip(moments, shares, strict=True))

    def _of_rows(self, rows: Rows, gradient: tf.IndexedSlices | tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The gradients of `rows` and, if they are needed, their squares, float32 (rows, width)."""
        if not isinstance(gradient, tf.IndexedSlices):
            found = tf.gather(gradient, rows.numbers)
            return found, tf.square(found)
        count = tf.size(rows.numbers)
        self._place.scatter_update(tf.IndexedSlices(tf.range(count), rows.numbers))
        places = tf.gather(self._place, gradient.indices)
        # Sums of neighbours: several times faster than `tf.math.unsorted_segment_sum`.
        order = tf.argsort(places)
        values, places = tf.gather(gradient.values, order), tf.gather(places, order)
        found = _sums(values, places, count)
        return found, _sums(tf.square(values), places, count) if self._rule.squares else found

    def _count(self, rows: Rows, pace: tf.Tensor) -> None:
        """Take down that `rows` are up to date after this step, and that all others miss it."""
        recent = self._recent + 1
        self._recent.assign(recent)
        self._updated.scatter_update(tf.IndexedSlices(tf.fill(tf.shape(rows.numbers), recent), rows.numbers))
        if self._rule.ratios:
            addends = tf.slice(self._addends, (self._span - recent, 0), self._sums.shape)
            self._sums.assign_add(pace * addends if self._rule.paced else addends)

        def finished() -> bool:
            self.finish()
            return True

        tf.cond(recent >= self._span, finished, lambda: False)


def _zeros(shape: Any, dtype: tf.DType = tf.float32) -> tf.Variable:
    return tf.Variable(tf.zeros(shape, dtype), trainable=False)


def _sums(values: tf.Tensor, places: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """The sum of the rows of `values` for each place, (count, width); `places` ascend."""
    found = tf.math.segment_sum(values, places)
    return tf.pad(found, [[0, count - tf.shape(found)[0]], [0, 0]])


def _clear(*variables: tf.Variable) -> None:
    for variable in variables:
        variable.assign(tf.zeros_like(variable))


def _share(table: tf.Variable) -> None:
    """Let `table` be read without a copy: an update of some rows makes TensorFlow copy all of them at each read."""
    tf.raw_ops.DisableCopyOnRead(resource=table.handle)


def _addends(rule: Rule, span: int) -> tf.Tensor:
    """What a step of pace 1 adds to the sums of earlier ones, float32 (2 * span + 1, ratios).

    Line span - n is for the rows that have missed n steps with this one, and zero where n < 1.
    """
    missed = np.arange(span, 0, -1)[:, None]
    powers = np.array(rule.ratios)[None, :] ** missed
    return tf.constant(np.concatenate([powers, np.zeros((span + 1, len(rule.ratios)))]), tf.float32)


def _fading(rule: Rule, span: int) -> tf.Tensor:
    """What remains of each moment after n steps without a gradient, float32 (span + 1, moments); line n."""
    return tf.constant(np.array(rule.decays)[None, :] ** np.arange(span + 1)[:, None], tf.float32)
