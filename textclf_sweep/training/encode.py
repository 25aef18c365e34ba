"""What a pretrained model answers to each text, computed once and cached: trials that leave it as it is begin there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from textclf_sweep.data import features
from textclf_sweep.data.features import Features
from textclf_sweep.training.batches import consecutive
from textclf_sweep.trial import Scalar

VERSION = 1
"""Raised whenever the same checkpoint gives other answers to the same tokens, so that cached ones are left alone."""
BATCH = 64


def encoded(rows: Features, make: Callable[[], keras.Model], by: Mapping[str, Scalar], folder: Path) -> Features:
    """`rows` with the answers of a model in place of their inputs; from the cache, memory-mapped.

    Args:
        rows: token ids.
        make: makes the model, from token ids (batch, length) to float32 (batch, width); called where the cache has no
            answers.
        by: what its answers depend on, beside `rows` and their checkpoint: the architecture and its hyperparameters.
        folder: of the cache.

    Raises:
        OSError: the cache or the checkpoint cannot be read or written.
    """
    inputs, checkpoint = rows.inputs, rows.info.checkpoint
    if not isinstance(inputs, np.ndarray):
        raise TypeError("sparse rows have no encoder")
    key = {
        "encoded": VERSION,
        "inputs": hashlib.sha256(inputs.tobytes()).hexdigest(),
        "shape": inputs.shape,
        "checkpoint": "" if checkpoint is None else _content(checkpoint),
        **by,
    }
    entry = features.entry(folder, key, lambda fresh: _write(fresh / "encoded.npy", rows, make()))
    found = np.load(entry / "encoded.npy", mmap_mode="r")
    width = found.shape[1]
    # All rows are as long as each other, so batches are what chance makes them.
    lengths = np.full(len(found), width, np.int32)
    return replace(rows, inputs=found, lengths=lengths, info=replace(rows.info, encoded=width))


def _write(path: Path, rows: Features, model: keras.Model) -> None:
    answer = tf.function(
        lambda tokens: model(tokens, training=False),
        input_signature=[tf.TensorSpec([None, None], tf.int32)],
        autograph=False,
    )
    shape = (len(rows.lengths), model.output_shape[-1])
    array = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    # Texts of similar length together: a batch is as wide as its longest text.
    for batch in consecutive(np.argsort(rows.lengths, kind="stable"), BATCH):
        array[batch] = answer(rows.batch(batch)).numpy()
    array.flush()


def _content(folder: Path) -> str:
    """A hash of a checkpoint: its configuration and weights, which may be large."""
    names = sorted(path for path in folder.iterdir() if path.name == "config.json" or _is_weights(path))
    return _hash(tuple((path, path.stat().st_size, path.stat().st_mtime_ns) for path in names))


def _is_weights(path: Path) -> bool:
    return path.suffix in (".safetensors", ".h5")


@cache
def _hash(files: tuple[tuple[Path, int, int], ...]) -> str:
    """A hash of these files' content; their sizes and times are there so that a changed one is read again."""
    whole = hashlib.sha256()
    for path, *_ in files:
        with path.open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()
