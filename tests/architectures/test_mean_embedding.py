"""What is special to the mean of word vectors."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from textclf_sweep.architectures import BuildInfo, mean_embedding

INFO = BuildInfo(labels=3, vocabulary_size=50, max_length=12, plain=True)
DEFAULTS = {parameter.name: parameter.preset for parameter in mean_embedding.PARAMETERS}


def build(**changes: Any) -> Any:
    return mean_embedding.build(INFO, **DEFAULTS | {"embedding_dim": 5} | changes)


def test_without_hidden_layers_it_is_a_linear_model_of_the_mean(keras: ModuleType) -> None:
    model = build()
    embeddings, kernel, bias = (weight.numpy() for weight in model.weights)
    expected = np.exp(embeddings[[4, 8, 15]].mean(axis=0) @ kernel + bias)
    output = model(np.array([[4, 8, 15, 0, 0]], np.int32), training=False).numpy()
    np.testing.assert_allclose(output[0], expected / expected.sum(), atol=1e-6)


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_depth_is_the_number_of_hidden_layers(keras: ModuleType, depth: int) -> None:
    model = build(depth=depth, units=7, dropout=0.5)
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds.count("Dense") == kinds.count("Dropout") == depth + 1
    assert model.layers[-1].kernel.shape == (7 if depth else 5, 3)


def test_a_text_of_padding_alone_has_an_answer(keras: ModuleType) -> None:
    assert np.isfinite(build()(np.zeros((1, 4), np.int32), training=False).numpy()).all()
