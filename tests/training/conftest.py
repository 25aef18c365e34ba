"""Data and models of a few rows and weights."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from textclf_sweep.data.features import FeatureInfo, Features

VOCABULARY = 30


@pytest.fixture(scope="session")
def run(keras: ModuleType) -> ModuleType:
    """The module `textclf_sweep.training.run`."""
    return importlib.import_module("textclf_sweep.training.run")


@pytest.fixture(scope="session")
def steps_of(keras: ModuleType) -> Callable[..., Any]:
    """The function `textclf_sweep.training.steps.steps_of`."""
    make: Callable[..., Any] = importlib.import_module("textclf_sweep.training.steps").steps_of
    return make


@pytest.fixture(scope="session")
def vocabulary() -> Mapping[str, list[str]]:
    """The words that tell each of three labels."""
    words = {
        "animal": "cat dog cow horse hen",
        "fruit": "apple pear plum fig grape",
        "tool": "saw file drill rasp vice",
    }
    return {label: text.split() for label, text in words.items()}


@pytest.fixture(scope="session")
def rows() -> Callable[..., Features]:
    """Makes features of these texts (token ids, none of them 0) and class numbers."""

    def make(texts: Sequence[Sequence[int]], classes: Sequence[int], labels: int) -> Features:
        lengths = np.array([len(text) for text in texts], np.int32)
        inputs = np.zeros((len(texts), lengths.max()), np.int32)
        for row, text in zip(inputs, texts, strict=True):
            row[: len(text)] = text
        names = tuple(f"label {index}" for index in range(labels))
        info = FeatureInfo(names, VOCABULARY, inputs.shape[1], (Path("vocabulary.json"),))
        return Features(inputs, lengths, np.array(classes, np.int32), info)

    return make


@pytest.fixture(scope="session")
def random_rows(rows: Callable[..., Features]) -> Callable[..., Features]:
    """Makes texts of 1 to 9 random tokens under random labels."""

    def make(count: int, labels: int = 3, seed: int = 0) -> Features:
        generator = np.random.default_rng(seed)
        texts = [generator.integers(1, VOCABULARY, generator.integers(1, 10)).tolist() for _ in range(count)]
        return rows(texts, generator.integers(0, labels, count).tolist(), labels)

    return make


@pytest.fixture
def averaging(keras: ModuleType) -> Callable[..., Any]:
    """Makes the quickest model there is to trace: the mean of word vectors, then a dense layer."""

    def make(labels: int = 3, *, seed: int = 1, softmax: bool = True, penalty: Any = None) -> Any:
        keras.utils.set_random_seed(seed)
        tokens = keras.Input((None,), dtype="int32")
        hidden = keras.layers.Embedding(VOCABULARY, 4, mask_zero=True)(tokens)
        hidden = keras.layers.GlobalAveragePooling1D()(hidden)
        activation = "softmax" if softmax else None
        return keras.Model(
            tokens, keras.layers.Dense(labels, activation=activation, kernel_regularizer=penalty)(hidden)
        )

    return make
