"""What is special to attention: its weights, and its encoders."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from textclf_sweep.architectures import BuildInfo, attention

INFO = BuildInfo(labels=3, vocabulary_size=50, max_length=12, plain=True)
DEFAULTS = {parameter.name: parameter.preset for parameter in attention.PARAMETERS}
TOKENS = np.array([[4, 8, 15, 16, 0, 0]], np.int32)


def build(**changes: Any) -> Any:
    small = {"units": 4, "attention_units": 6, "embedding_dim": 5}
    return attention.build(INFO, **DEFAULTS | small | changes)


def kinds(model: Any) -> list[str]:
    return [type(layer).__name__ for layer in model.layers]


def test_the_output_is_of_the_mean_weighted_by_a_softmax_of_scores(keras: ModuleType) -> None:
    model = build(encoder="cnn", kernel_size=3)
    embedding, convolution, keys, scores, last = model.layers[1:]
    hidden = convolution(embedding(TOKENS[:, :4])).numpy()[0]
    score = np.tanh(hidden @ keys.kernel.numpy() + keys.bias.numpy()) @ scores.kernel.numpy()
    weights = np.exp(score) / np.exp(score).sum()
    expected = last((weights * hidden).sum(axis=0)[None]).numpy()
    np.testing.assert_allclose(model(TOKENS, training=False).numpy(), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("encoder", "bidirectional", "layers", "width"),
    [
        ("gru", True, "Bidirectional", 8),
        ("gru", False, "GRU", 4),
        ("lstm", False, "LSTM", 4),
        ("cnn", True, "Conv1D", 4),
    ],
)
def test_the_encoder_is_of_so_many_layers(
    keras: ModuleType, encoder: str, bidirectional: bool, layers: str, width: int
) -> None:
    model = build(encoder=encoder, bidirectional=bidirectional, depth=2)
    assert kinds(model).count(layers) == 2
    assert model.layers[-1].kernel.shape == (width, 3)


@pytest.mark.parametrize("encoder", ["gru", "cnn"])
def test_a_text_of_padding_alone_has_an_answer(keras: ModuleType, encoder: str) -> None:
    output = build(encoder=encoder)(np.zeros((1, 4), np.int32), training=False).numpy()
    assert np.isfinite(output).all()


@pytest.mark.parametrize("encoder", ["lstm", "cnn"])
def test_dropout_follows_the_embedding_each_layer_and_the_pooling(keras: ModuleType, encoder: str) -> None:
    assert kinds(build(encoder=encoder, depth=2, dropout=0.4)).count("Dropout") == 4
