"""What is special to the Transformer: positions, blocks and heads."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from textclf_sweep.architectures import BuildInfo, transformer

INFO = BuildInfo(labels=3, vocabulary_size=50, max_length=12, plain=True)
DEFAULTS = {parameter.name: parameter.preset for parameter in transformer.PARAMETERS}
TOKENS = np.array([[4, 8, 15, 16]], np.int32)


def build(info: BuildInfo = INFO, **changes: Any) -> Any:
    return transformer.build(info, **DEFAULTS | {"embedding_dim": 8, "units": 6} | changes)


def test_it_tells_the_order_of_words(keras: ModuleType) -> None:
    keras.utils.set_random_seed(1)
    model = build()
    there, back = (model(tokens, training=False).numpy() for tokens in (TOKENS, TOKENS[:, ::-1]))
    assert np.abs(there - back).max() > 1e-6
    (positions,) = (layer for layer in model.layers if layer.name == "positions")
    positions.set_weights([np.zeros((12, 8))])
    there, back = (model(tokens, training=False).numpy() for tokens in (TOKENS, TOKENS[:, ::-1]))
    np.testing.assert_allclose(there, back, atol=1e-6)


def test_a_text_longer_than_any_in_training_is_read(keras: ModuleType) -> None:
    output = build()(np.arange(1, 31, dtype=np.int32)[None], training=False).numpy()
    assert np.isfinite(output).all()


def test_depth_is_the_number_of_blocks(keras: ModuleType) -> None:
    kinds = [type(layer).__name__ for layer in build(depth=3, dropout=0.4).layers]
    assert kinds.count("MultiHeadAttention") == 3
    assert kinds.count("Dense") == 2 * 3 + 1
    assert kinds.count("LayerNormalization") == 2 * 3 + 1
    assert kinds.count("Dropout") == 3 * 3 + 2


@pytest.mark.parametrize("width", [6, 50])
def test_heads_need_not_divide_the_width(keras: ModuleType, tmp_path: Path, width: int) -> None:
    np.save(tmp_path / "vectors.npy", np.ones((50, width), np.float32))
    model = build(BuildInfo(3, 50, 12, vectors=tmp_path / "vectors.npy", plain=True), heads=4, trainable=False)
    assert np.isfinite(model(TOKENS, training=False).numpy()).all()
    assert {layer.name: layer.trainable for layer in model.layers if "embeddings" in str(layer.weights)} == {
        model.layers[1].name: False, "positions": True,
    }  # fmt: skip


def test_a_text_of_padding_alone_has_an_answer(keras: ModuleType) -> None:
    assert np.isfinite(build()(np.zeros((1, 4), np.int32), training=False).numpy()).all()
