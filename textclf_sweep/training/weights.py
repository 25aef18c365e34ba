"""A model's first weights, drawn again: so that a model that was trained and traced serves the next trial.

Keras draws weights when a model is built, from seeds that it takes as layers are made. Here every weight has a seed of
its own, a function of the trial's seed and the weight's number, so that a model that is built anew and one that was
used before start from the same weights.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from textclf_sweep.trial import derive_seed


class Start:
    """The first weights of a model, for any seed.

    Args:
        model: just built, from layers that draw their weights from initializers.

    Attributes:
        known: whether the first value of every weight is known for every seed. Where it is not (a weight with an
            initializer that this class does not find), `draw` must not be called.
    """

    def __init__(self, model: keras.Model) -> None:
        self._random: list[tuple[Any, Any]] = []
        self._fixed: list[tuple[Any, np.ndarray[Any, Any]]] = []
        found = {id(variable): initializer for variable, initializer in _initializers(model)}
        self.known = all(id(variable) in found for variable in model.weights)
        for variable in model.weights:
            initializer = found.get(id(variable))
            if _is_random(initializer):
                self._random.append((variable, initializer))
            else:
                self._fixed.append((variable, variable.numpy()))
        weights = {id(variable) for variable in model.weights}
        self._generators = [variable for variable in model.variables if id(variable) not in weights]

    def draw(self, seed: int) -> None:
        """Give every weight its first value, and every layer that draws (dropout) its first state.

        Args:
            seed: >= 0.
        """
        for number, (variable, initializer) in enumerate(self._random):
            config = {**initializer.get_config(), "seed": derive_seed(seed, "weight", number)}
            variable.assign(type(initializer).from_config(config)(variable.shape, dtype=variable.dtype))
        for variable, value in self._fixed:
            variable.assign(value)
        for number, variable in enumerate(self._generators):
            # A Keras seed generator's state is its seed and how often it was asked.
            variable.assign(np.array([derive_seed(seed, "generator", number), 0], variable.dtype))


def _is_random(initializer: Any) -> bool:
    return hasattr(initializer, "get_config") and "seed" in initializer.get_config()


def _initializers(model: keras.Model) -> list[tuple[Any, Any]]:
    """(weight, initializer) of every weight whose layer names its initializer as Keras' own layers do."""
    return [
        (variable, getattr(layer, name))
        for layer in model._flatten_layers()
        for variable in layer._trainable_variables + layer._non_trainable_variables
        for name in (f"{variable.name}_initializer", f"{variable.name.removesuffix('_kernel')}_initializer")
        if hasattr(layer, name)
    ]
