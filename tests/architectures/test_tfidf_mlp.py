"""What is special to the perceptron on bags of n-grams."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from textclf_sweep.architectures import BuildInfo, tfidf_mlp

INFO = BuildInfo(labels=3, vocabulary_size=20, max_length=20, plain=True)
DEFAULTS = {parameter.name: parameter.preset for parameter in tfidf_mlp.PARAMETERS}


def build(**changes: Any) -> Any:
    return tfidf_mlp.build(INFO, **DEFAULTS | changes)


def test_without_hidden_layers_it_is_a_linear_model(keras: ModuleType) -> None:
    model = build(depth=0, dropout=0.5)
    kernel, bias = (weight.numpy() for weight in model.weights)
    row = np.random.default_rng(0).random((1, 20), np.float32)
    expected = np.exp(row @ kernel + bias)
    np.testing.assert_allclose(model(row, training=False).numpy(), expected / expected.sum(), atol=1e-6)


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_depth_is_the_number_of_hidden_layers(keras: ModuleType, depth: int) -> None:
    model = build(depth=depth, units=7, dropout=0.5, l2=0.1)
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds.count("Dense") == len(model.losses) == depth + 1
    assert kinds.count("Dropout") == depth


def test_its_input_is_sparse(keras: ModuleType) -> None:
    assert build().inputs[0].sparse
