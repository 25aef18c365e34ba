"""Optimizers by their value in a definition."""

from __future__ import annotations

from typing import Any

import keras

from textclf_sweep.trial import Parameters

_CLASSES: dict[str, Any] = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "nadam": keras.optimizers.Nadam,
    "adamax": keras.optimizers.Adamax,
    "rmsprop": keras.optimizers.RMSprop,
    "adagrad": keras.optimizers.Adagrad,
    "lion": keras.optimizers.Lion,
    "sgd": keras.optimizers.SGD,
}
UNDECAYED = ("bias", "gamma", "beta")
"""Weights that decay would only hold back: they scale or shift, and are few (Loshchilov and Hutter 2019 decay all)."""


def make(parameters: Parameters) -> keras.optimizers.Optimizer:
    """A fresh optimizer; what is not in `parameters` is Keras' default.

    Args:
        parameters: of training, complete: optimizer, learning_rate, momentum and nesterov (of sgd), weight_decay and
            clip_norm are read.

    Raises:
        ValueError: there is no such optimizer.
    """
    name = str(parameters["optimizer"])
    if name not in _CLASSES:
        raise ValueError(f"unknown optimizer {name!r}")
    settings: dict[str, Any] = {}
    if name == "sgd":
        settings = {"momentum": float(parameters["momentum"]), "nesterov": bool(parameters["nesterov"])}
    decay, norm = float(parameters["weight_decay"]), float(parameters["clip_norm"])
    optimizer = _CLASSES[name](
        float(parameters["learning_rate"]),
        weight_decay=decay or None if name != "adamw" else decay,
        global_clipnorm=norm or None,
        **settings,
    )
    if decay:
        optimizer.exclude_from_weight_decay(var_names=list(UNDECAYED))
    return optimizer
