"""Optimizers by their value in a definition."""

from __future__ import annotations

import keras


def make(name: str, learning_rate: float, momentum: float = 0.9) -> keras.optimizers.Optimizer:
    """A fresh optimizer.

    Args:
        name: ``adam``, ``rmsprop`` or ``sgd`` (with Nesterov momentum); other settings are Keras' defaults.
        learning_rate: > 0.
        momentum: of ``sgd``, in [0, 1).
    """
    match name:
        case "adam":
            return keras.optimizers.Adam(learning_rate)
        case "rmsprop":
            return keras.optimizers.RMSprop(learning_rate)
        case "sgd":
            return keras.optimizers.SGD(learning_rate, momentum=momentum, nesterov=True)
    raise ValueError(f"unknown optimizer {name!r}")
