"""Answers of a pretrained model: computed once, the same as its own, and the trials that begin with them."""

from __future__ import annotations

import importlib
import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from textclf_sweep.data import snapshot as snapshots
from textclf_sweep.data.corpus import Corpus, Splits
from textclf_sweep.data.features import Features
from textclf_sweep.definition.types import Metric
from textclf_sweep.training.tasks import Decision, EvaluateTask, TrainTask
from textclf_sweep.trial import EpochEvent, Trial

# Keras warns of itself when it saves.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

WIDTH = 4


@pytest.fixture(scope="module")
def encode(keras: ModuleType) -> ModuleType:
    """The module `textclf_sweep.training.encode`."""
    return importlib.import_module("textclf_sweep.training.encode")


@pytest.fixture
def summing(keras: ModuleType) -> Callable[[], Any]:
    """Makes a model that answers with the sum of a text's ids, in `WIDTH` columns."""

    def make() -> Any:
        tokens = keras.Input((None,), dtype="int32")
        total = keras.ops.cast(keras.ops.sum(tokens, axis=1, keepdims=True), "float32")
        return keras.Model(tokens, keras.ops.repeat(total, WIDTH, axis=1))

    return make


def test_every_row_has_its_own_answer(
    encode: ModuleType, summing: Callable[[], Any], random_rows: Callable[..., Features], tmp_path: Path
) -> None:
    rows = random_rows(2 * encode.BATCH + 3)
    found = encode.encoded(rows, summing, {}, tmp_path)
    np.testing.assert_array_equal(found.inputs, np.repeat(rows.inputs.sum(axis=1, keepdims=True), WIDTH, axis=1))
    assert found.inputs.dtype == np.float32
    assert (found.info.encoded, found.lengths.tolist()) == (WIDTH, [WIDTH] * len(rows.labels))
    assert found.batch(np.array([5, 2])).tolist() == found.inputs[[5, 2]].tolist()
    assert found.labels is rows.labels


def test_answers_are_computed_once(
    encode: ModuleType, summing: Callable[[], Any], random_rows: Callable[..., Features], tmp_path: Path
) -> None:
    """However many ask at the same moment; and again for another model, other texts, another checkpoint."""
    made: list[str] = []

    def of(what: str, **changed: Any) -> Any:
        def make() -> Any:
            made.append(what)
            return summing()

        return encode.encoded(replace(rows, **changed), make, {"pooling": what}, tmp_path / "cache")

    rows = random_rows(20)
    summing()  # Keras is imported by one thread
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(of, ["mean"] * 4))
    assert made == ["mean"]
    assert len({str(item.inputs.filename) for item in found}) == 1
    of("cls")
    of("mean", inputs=np.asarray(rows.inputs[:, ::-1]))
    (tmp_path / "bert").mkdir()
    weights = tmp_path / "bert" / "model.safetensors"
    for content in (b"one", b"two", b"two"):
        weights.write_bytes(content)
        of("mean", info=replace(rows.info, checkpoint=tmp_path / "bert"))
    assert made == ["mean", "cls", "mean", "mean", "mean"]
    shutil.copytree(tmp_path / "bert", tmp_path / "moved")
    of("mean", info=replace(rows.info, checkpoint=tmp_path / "moved"))
    assert len(made) == 5


@pytest.fixture
def task(tiny_bert: Path, tmp_path: Path) -> Callable[..., TrainTask]:
    """Makes a trial of a frozen BERT on texts that one word tells apart."""
    texts = [f"word{row % 2} word{2 + row % 30}" + " word9" * (row % 5) for row in range(60)]
    labels = ["odd" if row % 2 else "even" for row in range(60)]
    corpus = Corpus(tuple(texts), tuple(labels), tuple(range(2, 62)))
    snapshots.write(Splits.of(corpus, [*["train"] * 30, *["validation"] * 15, *["test"] * 15]), tmp_path / "corpus")
    (tmp_path / "results").mkdir()

    def make(number: int = 1, **parameters: Any) -> TrainTask:
        given = {"checkpoint": str(tiny_bert), "fine_tuning": "frozen", "pooling": "mean", "units": 0, "dropout": 0.1}
        given |= {"learning_rate": 0.05, "batch_size": 8, "optimizer": "adam", "epochs": 5, "max_length": 9}
        return TrainTask(
            trial=Trial(number, "bert", given | parameters, 11), attempt=1, metric=Metric(), early_stopping=None,
            corpus=tmp_path / "corpus", cache=tmp_path / "cache", results=tmp_path / "results",
            definition_hash="d3f1", data_hash="da7a", limit=60.0,
        )  # fmt: skip

    return make


def proceed(event: EpochEvent) -> Decision:
    return Decision()


def test_a_frozen_trial_trains_what_is_on_top(
    encode: ModuleType, run: ModuleType, task: Callable[..., TrainTask], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("keras_hub")
    first = run.run_task(task(1), proceed, 1)
    assert first.failure is None
    with np.load(task(1).results / "1.1.npz") as arrays:
        assert [array.shape for array in arrays.values()] == [(32, 2), (2,)]
    # The second one has all answers, and is the same.
    monkeypatch.setattr(encode, "_write", None)
    second = run.run_task(task(2), proceed, 1)
    assert second.metrics["val_loss"] == first.metrics["val_loss"]
    assert second.weights_hash == first.weights_hash
    other = run.run_task(task(3, dropout=0.5), proceed, 1)
    assert other.metrics["val_loss"] != first.metrics["val_loss"]


def test_a_checkpoint_that_breaks_fails_its_trial(
    run: ModuleType, task: Callable[..., TrainTask], tiny_bert: Path, tmp_path: Path
) -> None:
    pytest.importorskip("keras_hub")
    folder = tmp_path / "broken"
    shutil.copytree(tiny_bert, folder)
    config = folder / "config.json"
    config.write_text(config.read_text().replace('"hidden_size": 32', '"hidden_size": 36'))
    result = run.run_task(task(1, checkpoint=str(folder)), proceed, 1)
    assert result.failure is not None
    assert result.failure.kind == "error"
    assert "keras_hub" in result.failure.traceback


def test_a_frozen_model_is_exported_as_a_whole(
    keras: ModuleType, run: ModuleType, task: Callable[..., TrainTask], tmp_path: Path
) -> None:
    pytest.importorskip("keras_hub")
    made = task(units=3)
    run.run_task(made, proceed, 1)
    evaluate = EvaluateTask(
        trial=made.trial, weights=made.results / "1.1.npz", corpus=made.corpus, cache=made.cache,
        export=tmp_path / "model", limit=60.0,
    )  # fmt: skip
    evaluation = run.run_task(evaluate, proceed, 1)
    model = keras.saving.load_model(tmp_path / "model" / "model.keras")
    assert [item.name for item in model.inputs] == ["tokens"]
    features = importlib.import_module("textclf_sweep.data.features")
    test = features.load("wordpiece", made.corpus, made.cache, made.trial.parameters, "test")
    predicted = model.predict(test.inputs, verbose=0)
    of_true = predicted[np.arange(len(predicted)), test.labels]
    assert -np.log(of_true).mean() == pytest.approx(evaluation.metrics["loss"], rel=1e-4)
    assert json.loads((tmp_path / "model" / "features.json").read_text())["max_length"] == test.info.max_length
