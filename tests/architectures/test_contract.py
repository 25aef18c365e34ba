"""The contract of every architecture: a new file in the package is tested here without an edit."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from textclf_sweep import architectures
from textclf_sweep.architectures import BuildInfo
from textclf_sweep.data import features
from textclf_sweep.data import snapshot as snapshots
from textclf_sweep.data.corpus import Corpus, Splits
from textclf_sweep.data.features import Features, SparseRows
from textclf_sweep.definition.space import Categorical, Constant, Distribution, Parameter, Range
from textclf_sweep.definition.types import Metric
from textclf_sweep.training.tasks import Decision
from textclf_sweep.trial import Scalar

NAMES = [item.name for item in pkgutil.iter_modules(architectures.__path__) if not item.name.startswith("_")]
WORDS = [f"word{index}" for index in range(40)]
ROWS = 32

pytestmark = [
    pytest.mark.contract,
    pytest.mark.parametrize("name", NAMES),
    # Keras warns of itself when it saves.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


def module(name: str) -> ModuleType:
    return importlib.import_module(f"textclf_sweep.architectures.{name}")


def defaults(name: str) -> dict[str, Scalar]:
    return {parameter.name: parameter.default for parameter in module(name).PARAMETERS}


def corners(name: str) -> list[dict[str, Scalar]]:
    """Every parameter at its low end, every one at its high end, and each alone at the other end."""
    ends = {parameter.name: _ends(parameter) for parameter in module(name).PARAMETERS}
    found = [{key: low for key, (low, _) in ends.items()}, {key: high for key, (_, high) in ends.items()}]
    for corner, other in zip(tuple(found), (1, 0), strict=True):
        found += [corner | {key: both[other]} for key, both in ends.items() if both[0] != both[1]]
    return found


def _ends(parameter: Parameter) -> tuple[Scalar, Scalar]:
    searched: Distribution = parameter.search or Constant(parameter.default)
    match searched:
        case Categorical(values):
            return values[0], values[-1]
        case Range(low, high):
            return parameter.coerce(low), parameter.coerce(high)
        case Constant(value):
            return value, value


def whole(rows: Features) -> Any:
    """All inputs as any Keras model takes them."""
    return rows.inputs.dense() if isinstance(rows.inputs, SparseRows) else rows.inputs


@pytest.fixture(scope="module")
def tensor(keras: ModuleType) -> Callable[..., Any]:
    """Makes a batch what a model is called with."""
    return importlib.import_module("textclf_sweep.training.steps").tensor


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Features]:
    """Makes the features that an architecture reads, of 32 short random texts under random labels."""

    def make(name: str, labels: int = 4) -> Features:
        generator = np.random.default_rng(labels)
        texts = [" ".join(generator.choice(WORDS, generator.integers(1, 9))) for _ in range(max(ROWS, labels))]
        classes = [f"label {index:03}" for index in (*range(labels), *generator.integers(0, labels, ROWS))][
            : len(texts)
        ]
        corpus = Corpus(tuple(texts), tuple(classes), tuple(range(2, len(texts) + 2)))
        folder = tmp_path_factory.mktemp(name)
        snapshots.write(Splits.of(corpus, ["train"] * len(texts)), folder / "corpus")
        return features.load(module(name).FEATURES, folder / "corpus", folder / "cache", {"min_count": 1}, "train")

    return make


@pytest.fixture
def build(keras: ModuleType) -> Callable[..., Any]:
    """Builds an architecture for these features: its defaults, with some hyperparameters changed."""

    def make(name: str, data: Features, *, seed: int = 1, **hyperparameters: Scalar) -> Any:
        keras.backend.clear_session()
        keras.utils.set_random_seed(seed)
        info = BuildInfo(len(data.info.labels), data.info.vocabulary_size, data.info.max_length)
        return module(name).build(info, **defaults(name) | hyperparameters)

    return make


@pytest.fixture
def train(fit: ModuleType) -> Callable[..., list[dict[str, float]]]:
    """Trains on the features until validation, on the same ones, is perfect; returns each epoch's metrics."""

    def call(model: Any, data: Features, **parameters: Any) -> list[dict[str, float]]:
        fitted = fit.Fitted()

        def stop_at_perfection(epoch: int, metrics: Mapping[str, float]) -> Decision:
            return Decision(stop=metrics["val_accuracy"] == 1.0, reason="perfect")

        settings = {"learning_rate": 0.01, "batch_size": 8, "optimizer": "adam", "epochs": 1} | parameters
        fit.fit(
            [fit.Run(model, data, data, seed=5)], parameters=settings, metric=Metric(), early_stopping=None,
            report=stop_at_perfection, fitted=fitted,
        )  # fmt: skip
        return fitted.metrics

    return call


class TestArchitecture:
    """Run for each architecture."""

    def test_declares_what_build_takes(self, name: str) -> None:
        signature = inspect.signature(module(name).build)
        info, *hyperparameters = signature.parameters.values()
        assert info.name == "info"
        assert {item.kind for item in hyperparameters} == {inspect.Parameter.KEYWORD_ONLY}
        assert [item.name for item in hyperparameters] == [parameter.name for parameter in module(name).PARAMETERS]

    def test_declares_valid_defaults_and_ranges(self, name: str) -> None:
        for parameter in module(name).PARAMETERS:
            for value in (parameter.default, *_ends(parameter)):
                assert parameter.reject(value) is None, (parameter.name, value)
            assert parameter.doc

    def test_its_first_line_describes_it(self, name: str) -> None:
        assert len((module(name).__doc__ or "").splitlines()[0]) > 10

    def test_builds_at_the_corners_of_its_default_search_space(self, name: str, *, build, data, tensor) -> None:
        rows = data(name)
        for corner in corners(name):
            output = build(name, rows, **corner)(tensor(rows.batch(np.arange(3))), training=False)
            assert output.shape == (3, 4), corner
            assert np.isfinite(output.numpy()).all(), corner

    @pytest.mark.parametrize("labels", [2, 150])
    def test_handles_any_number_of_labels(self, name: str, labels: int, *, keras, build, data, train) -> None:
        rows = data(name, labels)
        model = build(name, rows)
        (metrics,) = train(model, rows)
        assert np.isfinite(list(metrics.values())).all()
        output = model.predict(whole(rows), verbose=0)
        assert output.shape == (len(rows.labels), labels)
        if getattr(model.layers[-1], "activation", None) is keras.activations.softmax:
            np.testing.assert_allclose(output.sum(axis=1), 1.0, atol=1e-5)
            assert (output >= 0).all()

    def test_learns_32_texts_by_heart(self, name: str, *, build, data, train) -> None:
        rows = data(name)
        model = build(name, rows)
        metrics = train(model, rows, epochs=60)
        assert metrics[-1]["val_accuracy"] == 1.0
        assert (model.predict(whole(rows), verbose=0).argmax(axis=1) == rows.labels).all()

    def test_padding_changes_nothing(self, name: str, *, build, data) -> None:
        rows = data(name)
        model = build(name, rows)
        if isinstance(rows.inputs, SparseRows) or model.input_shape[1] is not None:
            pytest.skip("it reads arrays of one width, which nobody pads")
        for text, length in zip(rows.inputs[:8], rows.lengths, strict=False):
            bare, padded = text[None, :length], np.pad(text[None, :length], ((0, 0), (0, 25)))
            np.testing.assert_allclose(
                model(bare, training=False).numpy(), model(padded, training=False).numpy(), atol=1e-5
            )

    def test_a_saved_model_predicts_the_same(self, name: str, tmp_path: Path, *, keras, build, data, train) -> None:
        rows = data(name)
        model = build(name, rows)
        train(model, rows)
        model.save(tmp_path / "model.keras")
        loaded = keras.saving.load_model(tmp_path / "model.keras")
        np.testing.assert_array_equal(model.predict(whole(rows), verbose=0), loaded.predict(whole(rows), verbose=0))

    def test_the_seed_decides_everything(self, name: str, *, build, data, train) -> None:
        rows, high = data(name), corners(name)[1]  # the end where there is dropout, if there is any
        runs = []
        for _ in range(2):
            model = build(name, rows, **high)
            train(model, rows)
            runs.append(model.get_weights())
        start, other = (build(name, rows, seed=seed, **high).get_weights() for seed in (1, 2))
        assert all(np.array_equal(a, b) for a, b in zip(*runs, strict=True))
        assert not all(np.array_equal(a, b) for a, b in zip(start, other, strict=True))
        assert not all(np.array_equal(a, b) for a, b in zip(start, runs[0], strict=True))
