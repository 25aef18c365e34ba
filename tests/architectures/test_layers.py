"""What architectures have in common."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from textclf_sweep.architectures import BuildInfo, _layers

INFO = BuildInfo(labels=3, vocabulary_size=6, max_length=12)
TOKENS = np.array([[3, 5, 0]], np.int32)


@pytest.mark.parametrize("trainable", [True, False])
def test_words_start_from_the_vectors_there_are(keras: ModuleType, tmp_path: Path, trainable: bool) -> None:
    vectors = np.random.default_rng(0).random((6, 4), np.float32)
    np.save(tmp_path / "vectors.npy", vectors)
    info = dataclasses.replace(INFO, vectors=tmp_path / "vectors.npy")
    tokens = _layers.token_input()
    model = keras.Model(tokens, _layers.embedded(tokens, info, 7, trainable=trainable))
    np.testing.assert_array_equal(model(TOKENS).numpy(), vectors[TOKENS])
    assert len(model.trainable_weights) == trainable


def test_without_vectors_they_are_as_wide_as_asked(keras: ModuleType) -> None:
    tokens = _layers.token_input()
    assert _layers.embedded(tokens, INFO, 7, trainable=True).shape == (None, None, 7)


def test_text_is_told_from_padding(keras: ModuleType) -> None:
    np.testing.assert_array_equal(np.array(_layers.text_of(TOKENS)), [[[1.0], [1.0], [0.0]]])


def test_the_mean_is_over_the_text(keras: ModuleType) -> None:
    values = np.arange(6, dtype=np.float32).reshape(1, 3, 2)
    np.testing.assert_array_equal(np.array(_layers.mean_of(values, _layers.text_of(TOKENS))), [[1.0, 2.0]])


def test_what_is_exported_has_dropout_of_keras(keras: ModuleType) -> None:
    values = keras.Input((4,))
    assert _layers.dropped(values, 0.0, INFO) is values
    plain, ours = (
        keras.Model(values, _layers.dropped(values, 0.3, dataclasses.replace(INFO, plain=plain))).layers[1]
        for plain in (True, False)
    )
    assert type(plain) is keras.layers.Dropout
    assert isinstance(ours, keras.layers.Dropout)
    assert type(ours) is not keras.layers.Dropout
    assert plain.rate == ours.rate == 0.3


def test_a_penalty_of_nothing_is_none(keras: ModuleType) -> None:
    assert _layers.regularizer(0.0, 0.0) is None
    assert _layers.regularizer(0.1, 0.0) is not None
