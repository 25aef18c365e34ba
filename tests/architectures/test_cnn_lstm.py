"""What is special to the convolutional LSTM: its steps."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from textclf_sweep.architectures import BuildInfo, cnn_lstm

INFO = BuildInfo(labels=3, vocabulary_size=50, max_length=12, plain=True)
DEFAULTS = {parameter.name: parameter.preset for parameter in cnn_lstm.PARAMETERS}


def build(**changes: Any) -> Any:
    return cnn_lstm.build(INFO, **DEFAULTS | {"filters": 4, "units": 3, "embedding_dim": 5} | changes)


def of_kind(model: Any, kind: type) -> Any:
    return next(layer for layer in model.layers if isinstance(layer, kind))


@pytest.mark.parametrize("padding", [0, 1, 4])
@pytest.mark.parametrize(("pool_size", "steps"), [(1, 7), (3, 3), (5, 2), (9, 1)])
def test_each_step_is_the_maximum_of_its_tokens(keras: ModuleType, pool_size: int, steps: int, padding: int) -> None:
    model = build(pool_size=pool_size)
    tokens = np.array([[4, 8, 15, 16, 23, 42, 7]], np.int32)
    words = of_kind(model, keras.layers.Embedding)(tokens)
    found = of_kind(model, keras.layers.Conv1D)(words).numpy()[0]
    pooled = np.stack([found[start : start + pool_size].max(axis=0) for start in range(0, 7, pool_size)])
    assert len(pooled) == steps
    expected = model.layers[-1](of_kind(model, keras.layers.LSTM)(pooled[None])).numpy()
    output = model(np.pad(tokens, ((0, 0), (0, padding))), training=False).numpy()
    np.testing.assert_allclose(output, expected, atol=1e-6)


def test_its_sizes_are_the_layers(keras: ModuleType) -> None:
    model = build(kernel_size=2, recurrent_dropout=0.3, dropout=0.4)
    assert of_kind(model, keras.layers.Conv1D).kernel.shape == (2, 5, 4)
    assert of_kind(model, keras.layers.LSTM).cell.recurrent_dropout == 0.3
    assert [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)] == [0.4] * 3
    assert build(bidirectional=True).layers[-1].kernel.shape == (6, 3)


def test_penalties_are_on_all_kernels(keras: ModuleType) -> None:
    assert len(build(l2=0.1).losses) == 3
    assert build().losses == []
