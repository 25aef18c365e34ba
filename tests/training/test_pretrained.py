"""A model that starts from pretrained vectors starts from them whichever seed draws its other weights."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from textclf_sweep.architectures import BuildInfo, cnn


@pytest.mark.parametrize("trainable", [False, True])
def test_pretrained_vectors_are_not_drawn_again(keras: ModuleType, tmp_path: Path, *, trainable: bool) -> None:
    vectors = np.random.default_rng(0).normal(size=(20, 5)).astype(np.float32)
    np.save(tmp_path / "vectors.npy", vectors)
    chosen = {item.name: item.preset for item in cnn.PARAMETERS} | {"trainable": trainable}
    model = cnn.build(BuildInfo(3, 20, 8, tmp_path / "vectors.npy"), **chosen)
    (layer,) = (item for item in model.layers if isinstance(item, keras.layers.Embedding))
    start = importlib.import_module("textclf_sweep.training.weights").Start(model)
    assert start.known
    kernel = model.layers[-1].get_weights()[0]
    for seed in (1, 2):
        layer.set_weights([np.zeros_like(vectors)])  # as training might leave them
        start.draw(seed)
        np.testing.assert_array_equal(layer.get_weights()[0], vectors)
        assert not np.array_equal(model.layers[-1].get_weights()[0], kernel)
