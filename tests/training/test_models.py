"""A trial's model is a function of its parameters and seed: whatever was trained before it in the same process."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from textclf_sweep.data import snapshot as snapshots
from textclf_sweep.data.corpus import Corpus, Splits
from textclf_sweep.definition.types import Metric
from textclf_sweep.sweep.catalogue import discover
from textclf_sweep.training.tasks import Decision, TrainTask
from textclf_sweep.trial import Scalar, Trial

ARCHITECTURES = {name: entry for name, entry in discover().architectures.items() if entry.own is None}
SMALL = {
    "embedding_dim": 6, "units": 5, "filters": 5, "attention_units": 4, "heads": 2, "min_count": 1, "max_length": 8,
    "dropout": 0.3, "batch_size": 16, "learning_rate": 0.02, "epochs": 2,
}  # fmt: skip


@pytest.fixture(scope="module")
def models(keras: ModuleType) -> ModuleType:
    return importlib.import_module("textclf_sweep.training.models")


@pytest.fixture(autouse=True)
def nothing_traced(models: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a fresh worker; and small embeddings are caught up as large ones are."""
    monkeypatch.setattr(models, "_POOL", models.Pool())
    steps = importlib.import_module("textclf_sweep.training.steps")
    monkeypatch.setattr(steps, "tables_of", partial(steps.tables_of, least=1))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, vocabulary: Mapping[str, list[str]]) -> Path:
    """A sweep's folder with a corpus, and the vectors of most of its words."""
    generator, path = np.random.default_rng(0), tmp_path_factory.mktemp("sweep")
    labels = [label for label in vocabulary for _ in range(16)]
    texts = [" ".join(generator.choice(vocabulary[label], generator.integers(1, 7))) for label in labels]
    corpus = Corpus(tuple(texts * 2), tuple(labels * 2), tuple(range(2, 98)))
    snapshots.write(Splits.of(corpus, ["train"] * 48 + ["validation"] * 48), path / "corpus")
    words = [word for known in vocabulary.values() for word in known[1:]]
    lines = [" ".join([word, *(f"{value:.3f}" for value in generator.normal(size=6))]) for word in words]
    (path / "vectors.txt").write_text("\n".join(lines) + "\n")
    (path / "results").mkdir()
    return path


@pytest.fixture
def task(folder: Path, tiny_bert: Path) -> Callable[..., TrainTask]:
    """Makes a trial with these parameters; those called `without` are not there."""

    def make(name: str, *, seed: int = 5, without: str = "", **parameters: Scalar) -> TrainTask:
        declared = {item.name: item for item in ARCHITECTURES[name].parameters}
        chosen = {**SMALL, "checkpoint": str(tiny_bert), **parameters}
        given = {key: item.preset for key, item in declared.items() if item.default is not None}
        given |= {key: value for key, value in chosen.items() if key in declared}
        given.pop(without, None)
        return TrainTask(
            trial=Trial(1, name, given, seed), attempt=1, metric=Metric(), early_stopping=None,
            corpus=folder / "corpus", cache=folder / "cache", results=folder / "results",
            definition_hash="d3f1", data_hash="da7a", limit=60.0, folder=folder,
        )  # fmt: skip

    return make


@pytest.fixture
def train(run: ModuleType) -> Callable[[TrainTask], Any]:
    """Trains, and returns the hash of the weights and the losses."""

    def call(task: TrainTask) -> Any:
        result = run.run_task(task, lambda _: Decision(), 1)
        assert result.failure is None, result.failure
        return result.weights_hash, [event.metrics["val_loss"] for event in result.epochs]

    return call


def shapes(models: ModuleType, task: TrainTask) -> Any:
    return models._shapes(task, models.load(task, task.corpus, "train").info)


class TestUsedAgain:
    """Trials of the same shapes share a traced model, and none sees what another did to it."""

    @pytest.mark.parametrize("name", ARCHITECTURES)
    def test_a_later_trial_is_what_it_would_be_as_the_first(self, name: str, *, models, task, train) -> None:
        special: dict[str, Scalar] = {"embedding": "vectors.txt", "fine_tuning": "frozen"}
        if name == "mean_embedding":
            special |= {"trainable": False, "optimizer": "rmsprop"}
        made = task(name, schedule="cosine", warmup=0.2, label_smoothing=0.1, class_weight="balanced", **special)
        if name == "bert" and importlib.util.find_spec("keras_hub") is None:
            pytest.skip("KerasHub is not installed")
        first = train(made)
        train(task(name, seed=6, dropout=0.6, learning_rate=0.1, batch_size=7, **special))
        assert len(models._POOL._idle) == 1
        assert train(made) == first
        assert len(models._POOL._idle) == 1

    def test_a_trial_that_finds_its_model_does_not_make_tensorflow_prepare_it_again(
        self, keras: ModuleType, task, train, monkeypatch
    ) -> None:
        """Either of these empties TensorFlow's cache of kernels, and the first step then takes a tenth of a second."""
        train(task("mean_embedding"))
        called: list[str] = []
        monkeypatch.setattr(keras.backend, "clear_session", lambda **_: called.append("clear_session"))
        monkeypatch.setattr(keras.utils, "set_random_seed", lambda _: called.append("set_random_seed"))
        train(task("mean_embedding", seed=6))
        assert called == []
        train(task("mean_embedding", depth=1))
        assert called == ["clear_session", "set_random_seed"]


class TestWhatIsNotThere:
    """A condition of the search space can keep any parameter out of a trial; it then is what the architecture says."""

    def test_is_the_default_of_the_architecture_not_that_of_training(self, models, task) -> None:
        for name, parameter in (("transformer", "warmup"), ("bert", "learning_rate"), ("bert", "lowercase")):
            preset = next(item.preset for item in ARCHITECTURES[name].parameters if item.name == parameter)
            assert models.parameters_of(task(name, without=parameter))[parameter] == preset

    def test_trains_as_the_default_does(self, task, train) -> None:
        there, absent = (task("transformer", warmup=0.1, **more) for more in ({}, {"without": "warmup"}))
        assert train(there) == train(absent)

    def test_shares_no_model_with_another_value(self, models, task) -> None:
        absent, there, off = (
            task("transformer", **more) for more in ({"without": "dropout"}, {"dropout": 0.1}, {"dropout": 0.0})
        )
        assert shapes(models, absent) == shapes(models, there) != shapes(models, off)
