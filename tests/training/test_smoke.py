"""The smoke test on real models: sound ones pass, broken ones are named, and no later trial notices it."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from textclf_sweep.data import snapshot
from textclf_sweep.data.corpus import Corpus, Splits
from textclf_sweep.definition.types import Metric, OwnArchitecture
from textclf_sweep.training.tasks import Checked, CheckTask, Decision, TrainTask
from textclf_sweep.trial import Scalar, Trial, TrialResult

pytestmark = [
    pytest.mark.contract,
    # Keras warns of itself when it saves, and of layers without a gradient.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Gradients do not exist:UserWarning"),
]

HEAD = """import keras
from keras import layers


def build(info, width: int = 16):
    tokens = keras.Input((None,), dtype="int32")
    words = layers.Embedding(info.vocabulary_size, width)(tokens)
    mean = layers.GlobalAveragePooling1D()(words)
"""
END = '    return keras.Model(tokens, layers.Dense(info.labels, activation="softmax")({}))\n'
GATE = """    class Gate(layers.Layer):
        def build(self, shape):
            self.open = self.add_weight(shape=(), initializer="zeros")

        def call(self, x):
            return x * self.open

"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a corpus of 60 texts of 200 words with 3 labels is."""
    generator = np.random.default_rng(0)
    texts = tuple(" ".join(f"word{word}" for word in generator.integers(0, 200, 9)) for _ in range(60))
    labels = tuple("abc"[number % 3] for number in range(60))
    path = tmp_path_factory.mktemp("smoke")
    parts = ["train"] * 48 + ["validation"] * 6 + ["test"] * 6
    snapshot.write(Splits.of(Corpus(texts, labels, tuple(range(60))), parts), path / "corpus")
    return path


@pytest.fixture
def try_own(run: ModuleType, folder: Path, tmp_path: Path) -> Callable[..., Checked]:
    """Write a user's model and have it tried as a worker does."""

    def call(*lines: str, **parameters: Scalar) -> Checked:
        source = HEAD + "".join(lines)
        (tmp_path / "mine.py").write_text(source)
        own = OwnArchitecture("mine.py", "build", "tokens", hashlib.sha256(source.encode()).hexdigest())
        trial = Trial(1, "mine", {"min_count": 1, **parameters}, seed=1)
        found = run.run_task(CheckTask(trial, folder / "corpus", folder / "cache", 60.0, tmp_path, own), None, 1)
        assert isinstance(found, Checked)
        return found

    return call


@pytest.mark.parametrize(
    "lines",
    [
        (END.format("mean"),),
        (GATE, "    h = mean + Gate()(layers.Dense(16)(mean))\n", END.format("h")),
        (GATE, "    h = Gate()(mean)\n", END.format("h")),
        (
            "    h = layers.Activation('relu')(layers.BatchNormalization()(layers.Dense(32)(mean)))\n",
            END.format("h"),
        ),
        ("    h = layers.Dropout(0.95)(layers.Dense(32, activation='relu')(mean))\n", END.format("h")),
        (
            "    held = {'kernel_regularizer': 'l2', 'activity_regularizer': keras.regularizers.L1(9.0)}\n",
            "    h = layers.Dense(32, **held)(mean)\n",
            END.format("h"),
        ),
        (
            "    random = {'embeddings_initializer': 'normal', 'trainable': False}\n",
            "    h = layers.GlobalMaxPooling1D()(layers.Embedding(info.vocabulary_size, 64, **random)(tokens))\n",
            END.format("h"),
        ),
    ],
    ids=["plain", "gate", "gate before all", "batch normalisation", "dropout", "penalties", "frozen"],
)  # fmt: skip
def test_a_sound_model_passes(try_own: Callable[..., Checked], lines: tuple[str, ...]) -> None:
    # None of these is the model's fault, and the test goes by none of them.
    settings = {"learning_rate": 50.0, "optimizer": "sgd", "label_smoothing": 0.9, "weight_decay": 0.9}
    found = try_own(*lines, **settings)
    assert found.problem is None
    assert found.numbers["initial_loss"] == pytest.approx(found.numbers["expected_loss"], abs=0.7)
    assert found.numbers["shuffled_loss"] > found.numbers["learned_loss"]


def test_what_was_measured(try_own: Callable[..., Checked]) -> None:
    found = try_own(END.format("mean"))
    assert (found.warnings, found.numbers["learned"], found.numbers["learned_accuracy"]) == ({}, 1.0, 1.0)
    assert (found.numbers["rows"], found.numbers["labels"]) == (32, 3)
    assert 0 < found.numbers["steps"] <= 150
    assert found.seconds > 0


@pytest.mark.parametrize(
    ("lines", "cause", "words"),
    [
        (("    h = keras.ops.stop_gradient(layers.Dense(8)(mean))\n", END.format("h")), "vanishing_gradients",
         "no gradient reaches embedding and dense_1"),
        (("    h = layers.Dense(8)(keras.ops.ones_like(mean))\n", END.format("h")), "ignores_input",
         "different texts the same answer"),
        (("    h = layers.Dense(8, activation='relu', bias_initializer=keras.initializers.Constant(-9.0))(mean)\n",
          END.format("h")), "dead_units", "every unit of dense_1"),
        (("    far = keras.initializers.RandomNormal(stddev=9e3)\n"
          "    mean = layers.Dense(8, activation='tanh', kernel_initializer=far)(mean)\n"
          "    h = layers.Dense(8, activation='tanh', kernel_initializer=far)(mean)\n", END.format("h")),
         "saturated_activations", "dense_1"),
        (("    h = mean * 1e7\n", END.format("h")), "exploding_gradients", "before the first step its loss is"),
        (("    h = layers.Dense(info.labels, activation='softmax')(mean)\n",
          "    return keras.Model(tokens, layers.Softmax()(h))\n"), "head_loss_mismatch", "a softmax of its own"),
        (("    return keras.Model(tokens, layers.Dense(info.labels, activation='tanh')(mean))\n",),
         "head_loss_mismatch", "its last activation is tanh"),
    ],
    ids=["stopped", "ignored", "dead", "saturated", "exploding", "two softmaxes", "tanh"],
)  # fmt: skip
def test_a_broken_model_is_named(
    try_own: Callable[..., Checked], lines: tuple[str, ...], cause: str, words: str, tmp_path: Path
) -> None:
    problem = try_own(*lines).problem
    assert problem is not None
    assert problem.what.startswith(f"{cause}: ")
    assert words in problem.what
    assert problem.where == f"{tmp_path / 'mine.py'}:5"
    assert problem.expected
    assert problem.fix


def test_features_that_say_too_little_are_not_the_models_fault(try_own: Callable[..., Checked]) -> None:
    found = try_own(END.format("mean"), vocabulary_size=4)
    assert found.problem is None
    assert found.warnings


@pytest.fixture(scope="module")
def lstm(folder: Path) -> Callable[..., CheckTask]:
    def make(**parameters: Scalar) -> CheckTask:
        given: Mapping[str, Any] = {"embedding_dim": 8, "units": 6, "min_count": 1, "epochs": 2, "batch_size": 16}
        return CheckTask(Trial(1, "lstm", {**given, **parameters}, 5), folder / "corpus", folder / "cache", 60.0)

    return make


@pytest.mark.parametrize("parameters", [{"dropout": 0.4, "label_smoothing": 0.2}, {"l2": 0.1}, {"optimizer": "sgd"}])
def test_a_later_trial_does_not_notice(
    run: ModuleType, lstm: Callable[..., CheckTask], folder: Path, parameters: dict[str, Scalar]
) -> None:
    check = lstm(**parameters)

    def train(results: str) -> TrialResult:
        task = TrainTask(
            check.trial, 1, Metric(), None, check.corpus, check.cache, folder / results, "definition", "data", 60.0
        )
        result: TrialResult = run.run_task(task, lambda event: Decision(), 1)
        return result

    without = train("without")
    assert run.run_task(check, None, 1).problem is None
    after = train("after")
    assert without.weights_hash == after.weights_hash
    assert [epoch.metrics["loss"] for epoch in without.epochs] == [epoch.metrics["loss"] for epoch in after.epochs]


@pytest.mark.parametrize("penalty", ["l1", "l2"])
def test_penalties_of_this_packages_models_are_left_out(
    run: ModuleType, lstm: Callable[..., CheckTask], penalty: str
) -> None:
    found = run.run_task(lstm(**{penalty: 10.0}), None, 1)
    assert (found.problem, found.numbers["learned"]) == (None, 1.0)


def test_rows_are_of_every_label_and_all_differ(
    folder: Path, lstm: Callable[..., CheckTask], keras: ModuleType
) -> None:
    models, smoke = (importlib.import_module(f"textclf_sweep.training.{name}") for name in ("models", "smoke"))
    train = models.load(lstm(), folder / "corpus", "train")
    rows = np.array([0, 0, 1, 3, 3, 6])
    few = smoke._few(
        replace(train, inputs=train.inputs[rows], lengths=train.lengths[rows], labels=train.labels[rows]), 9
    )
    assert len(few.labels) == len(np.unique(few.inputs, axis=0)) == 4
    assert few.labels[:2].tolist() == [0, 1]
