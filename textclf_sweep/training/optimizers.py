"""Optimizers by their value in a definition."""

from __future__ import annotations

import keras


def make(name: str, learning_rate: float) -> keras.optimizers.Optimizer:
    """A fresh optimizer.

    Args:
        name: ``adam``, ``rmsprop`` or ``sgd`` (with Nesterov momentum 0.9); other settings are Keras' defaults.
        learning_rate: > 0.
    """
    match name:
        case "adam":
            return keras.optimizers.Adam(learning_rate)
        case "rmsprop":
            return keras.optimizers.RMSprop(learning_rate)
        case "sgd":
            return keras.optimizers.SGD(learning_rate, momentum=0.9, nesterov=True)
    raise ValueError(f"unknown optimizer {name!r}")
