"""TensorFlow for the tests that train: imported by the first of them, so that all others start at once."""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def keras() -> ModuleType:
    """Keras as a worker with one thread has it."""
    importlib.import_module("textclf_sweep.training.preload")
    tensorflow = importlib.import_module("tensorflow")
    # Before the first op, or `run_task` could not ask for it any more.
    tensorflow.config.threading.set_intra_op_parallelism_threads(1)
    tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    return importlib.import_module("keras")


@pytest.fixture(scope="session")
def fit(keras: ModuleType) -> ModuleType:
    """The module `textclf_sweep.training.fit`."""
    return importlib.import_module("textclf_sweep.training.fit")
