"""The contract of every architecture: one in the catalogue is tested here without an edit, those of other packages too.

All but the corners run as a worker runs a trial. The texts of all tasks have the same words, lengths and number of
labels, so that most tests train the model that the first of them traced.
"""

from __future__ import annotations

import importlib
import inspect
import zipfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pytest

from textclf_sweep.data import snapshot as snapshots
from textclf_sweep.data.corpus import Corpus, Splits
from textclf_sweep.data.features import Features, SparseRows
from textclf_sweep.definition.catalogue import Entry
from textclf_sweep.definition.space import Categorical, Parameter, Range, greatest
from textclf_sweep.definition.types import Metric
from textclf_sweep.errors import InputError
from textclf_sweep.sweep.catalogue import discover
from textclf_sweep.training.tasks import Decision, EvaluateTask, TrainTask
from textclf_sweep.trial import EpochEvent, Scalar, Trial, TrialResult

ARCHITECTURES = discover().architectures
WORDS = [f"word{index}" for index in range(40)]
LONGEST = 9
ROWS = 32
SMALL = {
    "embedding_dim": 16, "units": 16, "filters": 16, "attention_units": 16, "dropout": 0.1,
    "min_count": 1, "max_length": LONGEST + 2, "ngrams": 1,
    "batch_size": 8, "optimizer": "adam", "schedule": "constant", "warmup": 0.0, "epochs": 60,
}  # fmt: skip
"""What each architecture is given of this that it has; the rest is its default, but for the learning rate."""
FASTEST = 0.01
"""The learning rate, where that is not more than the architecture searches."""

pytestmark = [
    pytest.mark.contract,
    pytest.mark.parametrize("name", ARCHITECTURES),
    # Keras warns of itself when it saves.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


class Worker(NamedTuple):
    """Where a trial runs; its modules import TensorFlow."""

    keras: ModuleType
    models: ModuleType
    run: ModuleType
    steps: ModuleType


def own(entry: Entry) -> tuple[Parameter, ...]:
    """The architecture's own parameters."""
    shared = {item.name for item in discover().shared(entry.features)}
    return tuple(item for item in entry.parameters if item.name not in shared)


def corners(entry: Entry) -> list[dict[str, Scalar]]:
    """Of the default search space: all low, all high, and each listed value at least once."""
    spaces = {item.name: item.search for item in own(entry) if item.search is not None}
    listed = [len(space.values) for space in spaces.values() if isinstance(space, Categorical)]
    return [
        {item.name: _corner(item, number) for item in own(entry) if item.name in spaces}
        for number in range(max(2, *listed, 2))
    ]


def _corner(parameter: Parameter, number: int) -> Scalar:
    match parameter.search:
        case Categorical(values=values):
            return values[number % len(values)]
        case Range(low=low, high=high):
            return parameter.coerce((low, high)[number % 2])
        case _:
            return parameter.preset


def corpus(labels: int, *, separable: bool) -> Splits:
    """Train, validation and test texts; random ones are all the same in each, under random labels."""
    generator = np.random.default_rng(labels)
    parts: list[tuple[str, str, str]] = []
    for part in ("train", "validation", "test"):
        if not separable and parts:
            parts += [(part, text, label) for side, text, label in parts if side == "train"]
            continue
        of_label = len(WORDS) // labels
        for row in range(max(ROWS, labels)):
            # Every word is in the training texts, and the longest text is as long as it may be.
            length = int(generator.integers(1, LONGEST)) if row else LONGEST
            label = row % labels
            known = WORDS[label * of_label : (label + 1) * of_label] if separable else WORDS
            first = known[row // labels % len(known)] if separable else WORDS[row % len(WORDS)]
            more = [WORDS[-1 - row % 8]] if row and part == "train" and not separable else []
            text = " ".join([first, *more, *generator.choice(known, length)][:LONGEST])
            parts.append((part, text, f"label {label:03}"))
    sides, texts, names = zip(*parts, strict=True)
    return Splits.of(Corpus(texts, names, tuple(range(2, len(texts) + 2))), list(sides))


@pytest.fixture(scope="module")
def worker(keras: ModuleType) -> Worker:
    modules = (importlib.import_module(f"textclf_sweep.training.{name}") for name in ("models", "run", "steps"))
    return Worker(keras, *modules)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep's folder with a corpus for each test."""
    path = tmp_path_factory.mktemp("sweep")
    for labels in (2, 4, 150):
        snapshots.write(corpus(labels, separable=False), path / f"random{labels}")
    snapshots.write(corpus(4, separable=True), path / "separable")
    return path


@pytest.fixture
def entry(name: str) -> Entry:
    """The architecture; a test is skipped when it needs a package that is not installed."""
    found = ARCHITECTURES[name]
    if found.own is None:
        check = getattr(importlib.import_module(f"textclf_sweep.architectures.{name}"), "check", None)
        try:
            if check is not None:
                check({item.name: [item.preset] for item in found.parameters if item.default is not None}, Path())
        except InputError as error:
            pytest.skip(str(error))
    return found


@pytest.fixture
def task(entry: Entry, folder: Path, tiny_bert: Path) -> Callable[..., TrainTask]:
    """Makes a small trial on one of the corpora."""

    def make(data: str = "random4", *, seed: int = 5, results: str = "results", **parameters: Scalar) -> TrainTask:
        names = {item.name for item in entry.parameters}
        given = {item.name: item.preset for item in entry.parameters if item.default is not None}
        searched = next((item.search for item in entry.parameters if item.name == "learning_rate"), None)
        rate = min(FASTEST, FASTEST if searched is None else greatest(searched) or FASTEST)
        small = {**SMALL, "checkpoint": str(tiny_bert), "learning_rate": rate, **parameters}
        given |= {key: value for key, value in small.items() if key in names}
        return TrainTask(
            trial=Trial(1, entry.name, given, seed), attempt=1, metric=Metric(), early_stopping=None,
            corpus=folder / data, cache=folder / "cache", results=folder / results / entry.name,
            definition_hash="d3f1", data_hash="da7a", limit=60.0, own=entry.own,
        )  # fmt: skip

    return make


@pytest.fixture
def train(worker: Worker) -> Callable[..., TrialResult]:
    """Trains until validation is perfect."""

    def stop_at_perfection(event: EpochEvent) -> Decision:
        return Decision(stop=event.metrics["val_accuracy"] == 1.0, reason="perfect")

    def call(task: TrainTask) -> TrialResult:
        task.results.mkdir(parents=True, exist_ok=True)
        result: TrialResult = worker.run.run_task(task, stop_at_perfection, 1)
        assert result.failure is None, result.failure
        return result

    return call


@pytest.fixture(scope="module")
def kept() -> dict[str, TrialResult]:
    """Results of the tests before, by architecture."""
    return {}


@pytest.fixture
def trained(kept: dict[str, TrialResult], task: Callable[..., TrainTask], train: Callable[..., TrialResult]) -> Any:
    """The result of training on 32 random texts; done once for all tests of an architecture."""
    made = task()
    if made.trial.architecture not in kept:
        kept[made.trial.architecture] = train(made)
    return kept[made.trial.architecture]


@pytest.fixture
def rows(worker: Worker, task: Callable[..., TrainTask]) -> Features:
    """What its model reads of 32 random texts."""
    made = task()
    return worker.models.load(made, made.corpus, "train")


def weights_of(task: TrainTask) -> list[Any]:
    with np.load(task.results / f"{task.key}.npz") as arrays:
        return [arrays[f"arr_{index}"] for index in range(len(arrays.files))]


def whole(rows: Features) -> Any:
    """All inputs as any Keras model takes them."""
    return rows.inputs.dense() if isinstance(rows.inputs, SparseRows) else rows.inputs


class TestArchitecture:
    """Run for each architecture."""

    def test_declares_what_build_takes(self, name: str, *, entry: Entry) -> None:
        if entry.own is not None:
            pytest.skip("its parameters were read from its signature")
        build = importlib.import_module(f"textclf_sweep.architectures.{name}").build
        info, *hyperparameters = inspect.signature(build).parameters.values()
        assert info.name == "info"
        assert {item.kind for item in hyperparameters} == {inspect.Parameter.KEYWORD_ONLY}
        assert [item.name for item in hyperparameters] == [parameter.name for parameter in own(entry)]

    def test_declares_valid_defaults_and_ranges(self, *, entry: Entry) -> None:
        for parameter in entry.parameters:
            values = [corner.get(parameter.name, parameter.default) for corner in corners(entry)]
            assert all(value is None or parameter.reject(value) is None for value in values), (parameter.name, values)
            assert parameter.doc
        assert any(parameter.search is not None for parameter in entry.parameters)

    def test_its_first_line_describes_it(self, *, entry: Entry) -> None:
        assert len(entry.doc) > 10

    def test_builds_at_the_corners_of_its_default_search_space(self, *, entry, worker, task) -> None:
        """And from Keras' layers alone, with the same weights in the same order."""
        for corner in corners(entry):
            made = task(**corner)
            rows = worker.models.load(made, made.corpus, "train")
            batch = worker.steps.tensor(rows.batch(np.arange(3)))
            worker.keras.utils.set_random_seed(1)
            model, plain = (worker.models.build(made, rows.info, plain=plain) for plain in (False, True))
            output = model(batch, training=False).numpy()
            assert output.shape == (3, 4), corner
            assert np.isfinite(output).all(), corner
            if rows.info.encoded is None:
                assert [weight.shape for weight in plain.weights] == [weight.shape for weight in model.weights], corner
                plain.set_weights(model.get_weights())
                np.testing.assert_allclose(plain(batch, training=False).numpy(), output, atol=1e-5)
            assert not [item for item in plain._flatten_layers() if type(item).__module__.startswith("textclf_sweep")]

    def test_learns_a_separable_set(self, *, task, train) -> None:
        assert train(task("separable", results="separable results")).metrics["val_accuracy"] == 1.0

    def test_learns_32_texts_by_heart(self, *, trained: TrialResult) -> None:
        assert trained.metrics["val_accuracy"] == 1.0

    def test_the_seed_decides_everything(self, *, worker, task, train, trained, monkeypatch) -> None:
        """In a fresh process, or after other trials."""
        expected = weights_of(task())
        monkeypatch.setattr(worker.models, "_POOL", worker.models.Pool())
        again, other = train(task()), train(task(seed=6, epochs=1, results="other"))
        assert again.weights_hash == trained.weights_hash != other.weights_hash
        assert all(np.array_equal(*pair) for pair in zip(expected, weights_of(task()), strict=True))
        first, second = ([event.metrics["loss"] for event in result.epochs] for result in (trained, again))
        assert first == second
        assert other.epochs[0].metrics["loss"] != first[0]

    def test_every_trained_weight_learns_and_scoring_changes_none(self, *, worker, task, rows) -> None:
        batch, labels = rows.batch(np.arange(ROWS)), rows.labels[:ROWS]
        with worker.models.borrowed(task(), rows.info, 1) as steps:
            weights = [steps.model.get_weights()]
            for step in (steps.score, steps.learn, steps.score):
                step(batch, labels)
                weights.append(steps.model.get_weights())
            trained = [any(weight is item for item in steps.model.trainable_weights) for weight in steps.model.weights]
            paths = [weight.path for weight in steps.model.weights]
        changed = [[not np.array_equal(*both) for both in zip(*pair, strict=True)] for pair in pairwise(weights)]
        assert not any(changed[0] + changed[2])
        assert [path for path, is_changed in zip(paths, changed[1], strict=True) if is_changed] == [
            path for path, is_trained in zip(paths, trained, strict=True) if is_trained
        ]

    def test_padding_changes_nothing(self, *, worker, task, rows) -> None:
        if isinstance(rows.inputs, SparseRows) or rows.info.encoded is not None:
            pytest.skip("it reads arrays of one width, which nobody pads")
        model = worker.models.build(task(), rows.info)
        short = np.argsort(rows.lengths, kind="stable")[[0, 5, 20, -1]]
        together = model(np.pad(rows.inputs[short], ((0, 0), (0, 3))), training=False).numpy()
        for row, expected in zip(short, together, strict=True):
            alone = rows.inputs[row : row + 1, : rows.lengths[row]]
            for padding in (0, 1, 25):
                found = model(np.pad(alone, ((0, 0), (0, padding))), training=False).numpy()
                np.testing.assert_allclose(found[0], expected, atol=1e-5, err_msg=f"{row} {padding}")

    def test_what_is_exported_is_plain_and_predicts_the_same(self, tmp_path: Path, *, worker, task, trained) -> None:
        made = task()
        evaluate = EvaluateTask(
            trial=made.trial, weights=made.results / f"{made.key}.npz", corpus=made.corpus, cache=made.cache,
            export=tmp_path / "export", limit=60.0, own=made.own,
        )  # fmt: skip
        evaluation = worker.run.run_task(evaluate, lambda event: Decision(), 1)
        with zipfile.ZipFile(tmp_path / "export" / "model.keras") as archive:
            assert b"textclf_sweep" not in archive.read("config.json")
        loaded = worker.keras.saving.load_model(tmp_path / "export" / "model.keras")
        rows = worker.models.features.load(
            discover().architectures[made.trial.architecture].features, made.corpus, made.cache,
            made.trial.parameters, "test",
        )  # fmt: skip
        predicted = loaded.predict(whole(rows), verbose=0).argmax(axis=1)
        accuracy = np.mean(predicted == rows.labels)
        # The test texts are the validation texts.
        assert accuracy == evaluation.metrics["accuracy"] == pytest.approx(trained.metrics["val_accuracy"])

    @pytest.mark.parametrize("labels", [2, 150])
    def test_handles_any_number_of_labels(self, labels: int, *, worker, task) -> None:
        made = task(f"random{labels}")
        rows = worker.models.load(made, made.corpus, "train")
        model = worker.models.build(made, rows.info)
        output = model(worker.steps.tensor(rows.batch(np.arange(3))), training=False).numpy()
        assert output.shape == (3, labels)
        activations = worker.keras.activations
        last = getattr(model.layers[-1], "activation", activations.linear)
        assert last in {activations.softmax, activations.linear}
        if last is activations.softmax:
            np.testing.assert_allclose(output.sum(axis=1), 1.0, atol=1e-5)
