"""What is special to the convolutional network: its kernels."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from textclf_sweep.architectures import BuildInfo, cnn

INFO = BuildInfo(labels=3, vocabulary_size=50, max_length=12)
DEFAULTS = {parameter.name: parameter.preset for parameter in cnn.PARAMETERS}


def build(**changes: Any) -> Any:
    return cnn.build(INFO, **DEFAULTS | changes)


def kernels(keras: ModuleType, model: Any) -> list[int]:
    return [layer.kernel_size[0] for layer in model.layers if isinstance(layer, keras.layers.Conv1D)]


@pytest.mark.parametrize(("size", "count", "widths"), [(3, 3, [3, 4, 5]), (1, 1, [1]), (2, 4, [2, 3, 4, 5])])
def test_each_kernel_is_one_token_wider(keras: ModuleType, size: int, count: int, widths: list[int]) -> None:
    assert kernels(keras, build(kernel_size=size, kernels=count)) == widths


def test_the_text_is_reduced_to_one_maximum_for_each_filter(keras: ModuleType) -> None:
    model = build(filters=7, kernels=2)
    assert model.layers[-1].input.shape == (None, 14)


def test_a_text_shorter_than_the_kernel_is_read(keras: ModuleType) -> None:
    output = build(kernel_size=9)(np.array([[4]], np.int32), training=False).numpy()
    assert output.shape == (1, 3)
    assert np.isfinite(output).all()


def test_penalties_are_on_kernels_when_there_are_any(keras: ModuleType) -> None:
    assert len(build(l2=0.1, kernels=2).losses) == 3
    assert build().losses == []
