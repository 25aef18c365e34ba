"""Dropout whose rate can change after the model is traced."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


class VariableDropout(keras.layers.Dropout):  # type: ignore[misc]
    """Keras' dropout, with its rate in a variable: a search tries many rates on one traced model.

    Not to be saved in a model: a saved model is to be read without this package.

    Args:
        rate: share of values dropped in training, in (0, 1).
    """

    def __init__(self, rate: float, **settings: Any) -> None:
        super().__init__(rate, **settings)
        self.current = tf.Variable(rate, trainable=False, dtype=tf.float32)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """`inputs`, in training with a share of them dropped and the others scaled up."""
        if not training:
            return inputs
        # As Keras does it: seeds are 64 bits wide, and TensorFlow takes 32.
        seed = tf.cast(tf.math.floormod(self.seed_generator.next(), tf.int32.max - 1), tf.int32)
        return tf.nn.experimental.stateless_dropout(inputs, rate=self.current, seed=seed)
