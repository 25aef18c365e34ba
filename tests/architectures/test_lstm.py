"""What the hyperparameters of recurrent networks do: the LSTM's, and where it is another's, the GRU's."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from textclf_sweep.architectures import BuildInfo, gru, lstm

INFO = BuildInfo(labels=4, vocabulary_size=30, max_length=8, plain=True)


@pytest.fixture(params=[lstm, gru], ids=["lstm", "gru"])
def build(request: pytest.FixtureRequest, keras: ModuleType) -> Callable[..., Any]:
    """Builds one of both with these hyperparameters."""
    module = request.param

    def make(info: BuildInfo = INFO, **hyperparameters: Any) -> Any:
        presets = {parameter.name: parameter.preset for parameter in module.PARAMETERS}
        return module.build(info, **presets | hyperparameters)

    return make


def kinds(model: Any) -> list[str]:
    return [type(layer).__name__.replace("GRU", "LSTM") for layer in model.layers[1:]]


def test_the_plain_lstm_is_embedding_lstm_dense(keras: ModuleType) -> None:
    presets = {parameter.name: parameter.preset for parameter in lstm.PARAMETERS}
    model = lstm.build(INFO, **presets | {"embedding_dim": 5, "units": 7})
    assert kinds(model) == ["Embedding", "LSTM", "Dense"]
    assert [weights.shape for weights in model.get_weights()] == [(30, 5), (5, 28), (7, 28), (28,), (7, 4), (4,)]


def test_the_plain_gru_is_embedding_gru_dense(keras: ModuleType) -> None:
    presets = {parameter.name: parameter.preset for parameter in gru.PARAMETERS}
    model = gru.build(INFO, **presets | {"embedding_dim": 5, "units": 7})
    assert type(model.layers[2]) is keras.layers.GRU
    assert [weights.shape for weights in model.get_weights()] == [(30, 5), (5, 21), (7, 21), (2, 21), (7, 4), (4,)]


def test_depth_stacks_layers(build: Callable[..., Any]) -> None:
    assert kinds(build(units=3, depth=3)) == ["Embedding", "LSTM", "LSTM", "LSTM", "Dense"]


def test_dropout_follows_the_embedding_and_each_layer(build: Callable[..., Any]) -> None:
    model = build(units=3, depth=2, dropout=0.4)
    assert kinds(model) == ["Embedding", "Dropout", "LSTM", "Dropout", "LSTM", "Dropout", "Dense"]
    assert {layer.rate for layer in model.layers if hasattr(layer, "rate")} == {0.4}


def test_recurrent_dropout_is_each_layers(build: Callable[..., Any]) -> None:
    model = build(units=3, depth=2, recurrent_dropout=0.3)
    assert [layer.cell.recurrent_dropout for layer in model.layers[2:4]] == [0.3, 0.3]
    assert {layer.cell.dropout for layer in model.layers[2:4]} == {0.0}


def test_reading_in_both_directions_doubles_the_output(build: Callable[..., Any]) -> None:
    model = build(units=3, depth=2, bidirectional=True)
    assert kinds(model) == ["Embedding", "Bidirectional", "Bidirectional", "Dense"]
    assert model.layers[-1].kernel.shape == (6, 4)


@pytest.mark.parametrize(("l1", "l2"), [(0.5, 0.0), (0.0, 0.25), (0.5, 0.25)])
def test_penalties_are_on_input_and_output_kernels(build: Callable[..., Any], l1: float, l2: float) -> None:
    model = build(units=3, depth=2, l1=l1, l2=l2)
    kernels = [layer.cell.kernel for layer in model.layers[2:4]] + [model.layers[-1].kernel]
    expected = sum(l1 * np.abs(kernel).sum() + l2 * (kernel.numpy() ** 2).sum() for kernel in kernels)
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)


def test_without_penalties_nothing_is_added_to_the_loss(build: Callable[..., Any]) -> None:
    assert build(units=3).losses == []
