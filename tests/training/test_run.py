"""Whole tasks on a small corpus, as a worker runs them."""

from __future__ import annotations

import hashlib
import json
import math
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from textclf_sweep.data import snapshot as snapshots
from textclf_sweep.data.corpus import Corpus, Splits
from textclf_sweep.definition.types import EarlyStopping, Metric
from textclf_sweep.training.tasks import Decision, EvaluateTask, Evaluation, TrainTask
from textclf_sweep.trial import METRICS, EpochEvent, Trial, TrialResult, TrialState, from_bits

PARAMETERS = {
    "embedding_dim": 8, "units": 6, "depth": 1, "dropout": 0.2, "bidirectional": False, "l1": 0.0, "l2": 0.0,
    "vocabulary_size": 100, "max_length": 8, "lowercase": True, "min_count": 1,
    "learning_rate": 0.02, "batch_size": 16, "optimizer": "adam", "epochs": 2,
}  # fmt: skip

# Keras warns of itself when it saves.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, vocabulary: Mapping[str, list[str]]) -> Path:
    """A sweep's folder with a corpus of 60 training rows, and 30 equal ones for validation and test."""
    generator = np.random.default_rng(0)
    labels = [label for label in vocabulary for _ in range(20)]
    texts = [" ".join(generator.choice(vocabulary[label], generator.integers(1, 6))) for label in labels]
    held_out = list(range(0, 60, 2))
    corpus = Corpus(
        texts=(*texts, *(texts[row] for row in held_out * 2)),
        labels=(*labels, *(labels[row] for row in held_out * 2)),
        lines=tuple(range(2, 122)),
    )
    path = tmp_path_factory.mktemp("sweep")
    snapshots.write(Splits.of(corpus, ["train"] * 60 + ["validation"] * 30 + ["test"] * 30), path / "corpus")
    return path


@pytest.fixture(scope="module")
def task(folder: Path) -> Callable[..., TrainTask]:
    def make(number: int, *, results: str = "results", seed: int = 11, **parameters: Any) -> TrainTask:
        return TrainTask(
            trial=Trial(number, "lstm", PARAMETERS | parameters, seed),
            attempt=1,
            metric=Metric(),
            early_stopping=None,
            corpus=folder / "corpus",
            cache=folder / "cache",
            results=folder / results,
            definition_hash="d3f1",
            data_hash="da7a",
            limit=60.0,
        )

    return make


def proceed(event: EpochEvent) -> Decision:
    return Decision()


def written(task: TrainTask) -> TrialResult:
    return TrialResult.from_json(json.loads((task.results / f"{task.key}.json").read_text()))


def untimed(result: TrialResult) -> TrialResult:
    """The result without what a clock says."""
    clocked = {"epoch_seconds": 0.0, "examples_per_second": 0.0}
    epochs = tuple(replace(event, metrics={**event.metrics, **clocked}, time=0.0) for event in result.epochs)
    return replace(result, epochs=epochs, metrics={**result.metrics, **clocked}, seconds=0.0)


@pytest.fixture(scope="module")
def trained(run: ModuleType, task: Callable[..., TrainTask]) -> tuple[TrainTask, TrialResult, list[EpochEvent]]:
    events: list[EpochEvent] = []
    trained = task(1)
    result = run.run_task(trained, lambda event: events.append(event) or Decision(), 1)
    return trained, result, events


class TestTraining:
    def test_a_trial_ends_complete_with_what_it_measured(self, trained) -> None:
        _, result, events = trained
        assert (result.trial, result.attempt, result.state, result.reason) == (1, 1, TrialState.COMPLETE, "all epochs")
        assert result.failure is None
        assert result.epochs == tuple(events)
        assert [(event.trial, event.attempt, event.epoch) for event in events] == [(1, 1, 1), (1, 1, 2)]
        assert events[0].time <= events[1].time
        best = events[result.best_epoch - 1]
        assert result.metrics == {name: best.metrics[name] for name in METRICS}
        assert best.confusion == result.confusion
        right = from_bits(result.right)
        assert (len(right), sum(right) / 30) == (30, pytest.approx(result.value))
        assert result.start["loss"] == pytest.approx(math.log(3), abs=0.2)
        assert len(result.losses) > 1
        assert result.value == result.metrics["val_accuracy"] > 0.4
        assert np.trace(result.confusion) / np.sum(result.confusion) == pytest.approx(result.value)
        assert np.sum(result.confusion) == 30
        assert (result.definition_hash, result.data_hash) == ("d3f1", "da7a")
        assert result.seconds >= sum(event.metrics["epoch_seconds"] for event in events)
        assert set(result.versions) == {"python", "tensorflow", "keras", "numpy"}

    def test_the_result_file_is_the_result(self, trained) -> None:
        task, result, _ = trained
        assert written(task) == result

    def test_the_weights_file_has_the_hash_in_the_result(self, trained) -> None:
        task, result, _ = trained
        path = task.results / "1.1.npz"
        assert hashlib.sha256(path.read_bytes()).hexdigest() == result.weights_hash
        with np.load(path) as arrays:
            assert arrays["arr_0"].shape == (17, 8)  # 15 words, padding, unknown

    def test_nothing_else_is_left_in_the_results_folder(self, trained) -> None:
        task, _, _ = trained
        assert sorted(path.name for path in task.results.iterdir()) == ["1.1.json", "1.1.npz"]

    @pytest.mark.parametrize(("pruned", "state"), [(True, TrialState.PRUNED), (False, TrialState.COMPLETE)])
    def test_a_stop_decision_ends_it_with_the_epochs_it_has(self, run, task, pruned: bool, state: TrialState) -> None:
        stopped, decision = task(2, results=f"{state}", epochs=5), Decision(True, "the time is up", pruned)
        result = run.run_task(stopped, lambda event: decision, 1)
        assert (result.state, result.reason, len(result.epochs)) == (state, "the time is up", 1)
        assert result.value == result.epochs[0].metrics["val_accuracy"]
        assert (stopped.results / "2.1.npz").is_file()

    def test_early_stopping_is_named_as_the_reason(self, run, task) -> None:
        still = replace(
            task(3, results="early", learning_rate=1e-12, epochs=6, dropout=0.0),
            early_stopping=EarlyStopping("val_accuracy", patience=2),
        )
        result = run.run_task(still, proceed, 1)
        assert (result.state, result.reason) == (TrialState.COMPLETE, "early stopping after epoch 3")
        assert (result.best_epoch, len(result.epochs)) == (1, 3)

    def test_the_value_is_the_objective_in_the_best_epoch_of_early_stoppings_metric(self, run, task) -> None:
        apart = replace(
            task(4, results="apart"), early_stopping=EarlyStopping("loss", patience=9), metric=Metric("macro_f1")
        )
        result = run.run_task(apart, proceed, 1)
        assert result.best_epoch == min(result.epochs, key=lambda event: event.metrics["loss"]).epoch
        assert result.value == result.epochs[result.best_epoch - 1].metrics["macro_f1"]


class TestFailure:
    def test_what_building_raises_fails_the_trial_with_its_traceback(self, run, task) -> None:
        broken = task(5, results="broken", units=-3)
        result = run.run_task(broken, proceed, 1)
        assert (result.state, result.failure.kind, result.value) == (TrialState.FAILED, "error", None)
        assert result.reason == result.failure.message
        assert "-3" in result.reason
        assert "\n" not in result.reason
        assert "architectures/lstm.py" in result.failure.traceback
        assert (result.epochs, result.best_epoch, result.metrics, result.confusion) == ((), 0, {}, ())
        assert result.weights_hash == ""
        assert written(broken) == result
        assert not (broken.results / "5.1.npz").exists()

    def test_a_value_that_training_cannot_use_fails_the_trial(self, run, task) -> None:
        wrong = task(6, results="wrong", optimizer="newton")
        assert run.run_task(wrong, proceed, 1).reason == "ValueError: unknown optimizer 'newton'"

    @pytest.mark.parametrize("name", ["learning_rate", "optimizer", "batch_size", "units"])
    def test_a_parameter_that_a_condition_keeps_out_has_its_default(self, run, task, name: str) -> None:
        short = task(8, results=f"short-{name}")
        del short.trial.parameters[name]
        assert run.run_task(short, proceed, 1).state is TrialState.COMPLETE

    def test_a_loss_that_is_not_finite_fails_it_as_diverged(self, run, task) -> None:
        diverging = task(7, results="diverged", learning_rate=1e38, optimizer="sgd", epochs=3)
        result = run.run_task(diverging, proceed, 1)
        assert (result.state, result.failure.kind, result.value) == (TrialState.FAILED, "diverged", None)
        assert result.reason == f"diverged: {result.failure.message}"
        assert result.failure.traceback == ""
        assert written(diverging) == result
        assert all(math.isfinite(value) for event in result.epochs for value in event.metrics.values())

    def test_what_diverges_later_keeps_its_finished_epochs_and_has_no_value(self, run, task) -> None:
        # One step an epoch; the first one makes the weights so large that their squares overflow in the second.
        later = task(9, results="later", learning_rate=1e5, l2=1e10, optimizer="sgd", batch_size=64, epochs=3)
        result = run.run_task(later, proceed, 1)
        assert (result.state, result.failure.kind, result.value) == (TrialState.FAILED, "diverged", None)
        assert result.reason == "diverged: the loss became inf at batch 1"
        assert [event.epoch for event in result.epochs] == [1]
        assert result.best_epoch == 1
        assert result.metrics == {name: result.epochs[0].metrics[name] for name in METRICS}
        assert result.losses[-1] == math.inf
        assert np.sum(result.confusion) == 30
        assert result.weights_hash == ""
        assert written(later) == result

    def test_the_worker_goes_on_after_failures(self, run, task) -> None:
        assert run.run_task(task(8, results="after"), proceed, 1).state is TrialState.COMPLETE


def test_a_warm_workers_fifth_trial_is_a_fresh_process_result_bit_by_bit(run, task) -> None:
    others = ({"units": 9}, {"bidirectional": True}, {"learning_rate": 1e38}, {"seed": 12})
    before = [run.run_task(task(number, results="warm", **other), proceed, 1) for number, other in enumerate(others, 1)]
    warm, fresh = task(5, results="warm"), task(5, results="fresh")
    run.run_task(warm, proceed, 1)
    script = Path(__file__).with_name("fresh_process.py")
    done = subprocess.run(
        [sys.executable, script], input=pickle.dumps(fresh), capture_output=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr.decode()
    assert untimed(written(warm)) == untimed(written(fresh))
    hashes = [result.weights_hash for result in (*before, written(warm))]
    assert hashes[-1] == written(fresh).weights_hash
    assert len(set(hashes)) == 5  # one is empty; the last two differ in the seed alone


@pytest.fixture(scope="module")
def evaluated(run: ModuleType, folder: Path, task: Callable[..., TrainTask]) -> tuple[TrialResult, Evaluation, Path]:
    trained = task(1, results="evaluated")
    result = run.run_task(trained, proceed, 1)
    weights = trained.results / f"{trained.key}.npz"
    evaluate = EvaluateTask(trained.trial, weights, trained.corpus, trained.cache, folder / "model", limit=60.0)
    return result, run.run_task(evaluate, proceed, 1), folder / "model"


class TestEvaluation:
    def test_the_same_rows_give_the_figures_of_the_best_epoch(self, evaluated) -> None:
        result, evaluation, _ = evaluated
        assert evaluation.metrics == {name: result.metrics[f"val_{name}"] for name in ("loss", "accuracy", "macro_f1")}
        assert evaluation.confusion == result.confusion
        assert evaluation.rows == 30

    def test_the_exported_model_needs_keras_only(self, evaluated, folder: Path, keras) -> None:
        _, evaluation, export = evaluated
        model = keras.saving.load_model(export / "model.keras")
        vocabulary = json.loads((export / "vocabulary.json").read_text())
        labels = json.loads((export / "labels.json").read_text())
        part = snapshots.read_part(folder / "corpus", "test")
        ids = [[vocabulary.index(word) for word in text.split()] for text in part.texts]
        inputs = np.array([row + [0] * (8 - len(row)) for row in ids], np.int32)
        confusion = np.zeros((3, 3), int)
        for label, output in zip(part.labels, model.predict(inputs, verbose=0), strict=True):
            confusion[labels.index(label), output.argmax()] += 1
        assert confusion.tolist() == [list(row) for row in evaluation.confusion]

    def test_the_export_says_what_it_is(self, evaluated, vocabulary, folder: Path) -> None:
        result, _, export = evaluated
        assert sorted(path.name for path in export.iterdir()) == [
            "features.json", "labels.json", "model.keras", "trial.json", "vocabulary.json",
        ]  # fmt: skip
        words = json.loads((export / "vocabulary.json").read_text())
        width = max(len(text.split()) for text in snapshots.read_part(folder / "corpus", "train").texts)
        assert json.loads((export / "features.json").read_text()) == {
            "features": "tokens", "vocabulary_size": len(words), "max_length": width,
        }  # fmt: skip
        trial = Trial.from_json(json.loads((export / "trial.json").read_text()))
        assert (trial.number, trial.parameters) == (result.trial, PARAMETERS)
        assert json.loads((export / "labels.json").read_text()) == sorted(vocabulary)


def test_a_model_of_sparse_rows_is_trained_scored_and_exported(run, task, folder: Path, keras) -> None:
    made = task(1, results="sparse")
    parameters = {"depth": 1, "units": 8, "min_count": 1, "learning_rate": 0.05, "batch_size": 16, "epochs": 6}
    sparse = replace(made, trial=Trial(1, "tfidf_mlp", parameters, 11))
    result = run.run_task(sparse, proceed, 1)
    assert result.value == 1.0
    evaluate = EvaluateTask(
        sparse.trial, sparse.results / "1.1.npz", sparse.corpus, sparse.cache, folder / "sparse", 60.0
    )
    assert run.run_task(evaluate, proceed, 1).metrics["accuracy"] == 1.0
    export = folder / "sparse"
    assert {path.name for path in export.iterdir()} >= {"model.keras", "vocabulary.json", "idf.json", "labels.json"}
    terms, idf = (json.loads((export / f"{name}.json").read_text()) for name in ("vocabulary", "idf"))
    row = np.zeros((1, len(terms)), np.float32)
    row[0, terms.index("plum")] = idf[terms.index("plum")]
    output = keras.saving.load_model(export / "model.keras").predict(row / np.linalg.norm(row), verbose=0)
    assert json.loads((export / "labels.json").read_text())[output.argmax()] == "fruit"
