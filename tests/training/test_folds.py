"""A trial with folds: the models train side by side and are judged together; the final one is trained on all rows."""

from __future__ import annotations

import json
import math
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import fmean, pstdev
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from textclf_sweep.data import snapshot as snapshots
from textclf_sweep.data.corpus import ALL, Corpus, fold_name
from textclf_sweep.data.splits import split
from textclf_sweep.definition.types import DataSettings, EarlyStopping, Metric
from textclf_sweep.training.tasks import Decision, EvaluateTask, Evaluation, Refit, TrainTask
from textclf_sweep.trial import METRICS, SPREADS, EpochEvent, Trial, TrialResult, TrialState, derive_seed

PARAMETERS = {
    "embedding_dim": 8, "filters": 6, "kernel_size": 1, "kernels": 2, "dropout": 0.2, "l1": 0.0, "l2": 0.0,
    "vocabulary_size": 200, "max_length": 8, "lowercase": True, "min_count": 1,
    "learning_rate": 0.01, "batch_size": 16, "optimizer": "adam", "epochs": 3,
}  # fmt: skip
FOLDS = 3
PACE = ("epoch_seconds", "examples_per_second")

# Keras warns of itself when it saves.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, vocabulary: Mapping[str, list[str]]) -> Path:
    """A sweep's folder with 90 distinct rows in three folds, and 30 test rows."""
    generator = np.random.default_rng(0)
    labels = [label for label in vocabulary for _ in range(40)]
    # A number makes each text one of its own; words of other labels make some hard to tell.
    words = [" ".join(generator.choice(vocabulary[label], generator.integers(1, 4))) for label in labels]
    other = [str(generator.choice(vocabulary[str(generator.choice(list(vocabulary)))])) for _ in labels]
    texts = tuple(f"{word} {more} n{row}" for row, (word, more) in enumerate(zip(words, other, strict=True)))
    settings = DataSettings("csv", validation=0.25, test=0.25, folds=FOLDS)
    path = tmp_path_factory.mktemp("sweep")
    snapshots.write(split(Corpus(texts, tuple(labels), tuple(range(2, 122))), settings, 1), path / "corpus")
    return path


@pytest.fixture(scope="module")
def task(folder: Path) -> Callable[..., TrainTask]:
    def make(
        number: int, *, results: str = "results", seed: int = 11, folds: int | None = FOLDS, **parameters: Any
    ) -> TrainTask:
        return TrainTask(
            trial=Trial(number, "cnn", PARAMETERS | parameters, seed),
            attempt=1,
            metric=Metric(),
            early_stopping=None,
            corpus=folder / "corpus",
            cache=folder / "cache",
            results=folder / results,
            definition_hash="d3f1",
            data_hash="da7a",
            limit=60.0,
            folds=folds,
        )

    return make


def proceed(event: EpochEvent) -> Decision:
    return Decision()


def written(task: TrainTask) -> TrialResult:
    return TrialResult.from_json(json.loads((task.results / f"{task.key}.json").read_text()))


def untimed(result: TrialResult) -> TrialResult:
    """The result without what a clock says."""
    clocked = dict.fromkeys(PACE, 0.0)
    epochs = tuple(replace(event, metrics={**event.metrics, **clocked}, time=0.0) for event in result.epochs)
    return replace(result, epochs=epochs, metrics={**result.metrics, **clocked}, seconds=0.0)


@pytest.fixture(scope="module")
def together(run: ModuleType, task: Callable[..., TrainTask]) -> tuple[TrainTask, TrialResult, list[EpochEvent]]:
    events: list[EpochEvent] = []
    trained = task(1)
    result = run.run_task(trained, lambda event: events.append(event) or Decision(), 1)
    return trained, result, events


@pytest.fixture(scope="module")
def alone(run: ModuleType, folder: Path, task: Callable[..., TrainTask]) -> list[TrialResult]:
    """Each fold of the same trial as a trial of its own."""
    found = []
    for number in range(1, FOLDS + 1):
        single = task(number, results="alone", seed=derive_seed(11, "fold", number), folds=None)
        found.append(run.run_task(replace(single, corpus=folder / "corpus" / fold_name(number)), proceed, 1))
    return found


class TestTogether:
    def test_an_epochs_metrics_are_the_means_and_spreads_of_its_folds_trained_alone(self, together, alone) -> None:
        _, result, events = together
        assert [event.epoch for event in events] == [1, 2, 3]
        assert len({single.value for single in alone}) > 1
        for index, event in enumerate(events):
            folds = [single.epochs[index].metrics for single in alone]
            assert {*METRICS, *SPREADS} <= set(event.metrics)
            for name in METRICS:
                if name not in PACE:
                    assert event.metrics[name] == fmean(fold[name] for fold in folds), name
            for name in SPREADS:
                assert event.metrics[name] == pstdev(fold[name.removesuffix("_std")] for fold in folds), name
        assert result.value == result.metrics["val_accuracy"] == max(event.metrics["val_accuracy"] for event in events)
        assert result.epochs == tuple(events)

    def test_the_pace_is_that_of_all_folds(self, together) -> None:
        _, result, events = together
        for event in events:
            # Each of the 90 rows is trained on in two of the three folds.
            rows = event.metrics["examples_per_second"] * event.metrics["epoch_seconds"]
            assert rows == pytest.approx(2 * 90)
        assert result.seconds >= sum(event.metrics["epoch_seconds"] for event in events)

    def test_the_confusion_matrix_counts_every_row_once(self, together) -> None:
        _, result, _ = together
        assert np.sum(result.confusion, axis=1).tolist() == [30, 30, 30]
        # The folds are equally large, so that the share of all rows is the mean of the shares.
        assert np.trace(result.confusion) / 90 == pytest.approx(result.value)

    def test_no_weights_are_kept(self, together) -> None:
        task, result, _ = together
        assert (result.state, result.weights_hash) == (TrialState.COMPLETE, "")
        assert [path.name for path in task.results.iterdir()] == ["1.1.json"]
        assert written(task) == result

    def test_folds_are_pruned_together(self, run, task) -> None:
        pruned = task(2, results="pruned")
        result = run.run_task(pruned, lambda event: Decision(event.epoch == 2, "too poor", pruned=True), 1)
        assert (result.state, result.reason, len(result.epochs)) == (TrialState.PRUNED, "too poor", 2)
        assert set(result.metrics) == {*METRICS, *SPREADS}

    def test_early_stopping_acts_on_the_means(self, run, task) -> None:
        stopping = EarlyStopping("val_accuracy", patience=2)
        still = replace(task(3, results="early", learning_rate=1e-12, epochs=6), early_stopping=stopping)
        result = run.run_task(still, proceed, 1)
        assert (result.reason, result.best_epoch) == ("early stopping after epoch 3", 1)

    def test_a_fold_that_diverges_fails_the_trial(self, run, task) -> None:
        result = run.run_task(task(4, results="diverged", learning_rate=1e38, optimizer="sgd"), proceed, 1)
        assert (result.state, result.failure.kind, result.value) == (TrialState.FAILED, "diverged", None)
        assert result.reason.startswith("diverged: fold 1: ")


def test_a_warm_workers_trial_is_a_fresh_process_result_bit_by_bit(run, task) -> None:
    for number, other in enumerate(({"filters": 9}, {"folds": None}), 1):
        run.run_task(task(number, results="warm", **other), proceed, 1)
    warm, fresh = task(3, results="warm"), task(3, results="fresh")
    run.run_task(warm, proceed, 1)
    script = Path(__file__).with_name("fresh_process.py")
    done = subprocess.run(
        [sys.executable, script], input=pickle.dumps(fresh), capture_output=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr.decode()
    assert untimed(written(warm)) == untimed(written(fresh))


class TestFit:
    """The loop over several runs."""

    @pytest.fixture
    def runs(self, fit: ModuleType, averaging, random_rows, steps_of, settings) -> list[Any]:
        return [
            fit.Run(
                steps_of(averaging(seed=seed), settings["parameters"]),
                random_rows(20, seed=seed),
                random_rows(9 + seed, seed=9),
                seed,
                f"fold {seed}",
            )
            for seed in (1, 2)
        ]

    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        parameters = {"learning_rate": 0.05, "batch_size": 8, "optimizer": "adam", "epochs": 5}
        return {"parameters": parameters, "metric": Metric(), "early_stopping": None}

    def test_every_models_weights_are_those_of_the_epoch_whose_mean_is_best(self, fit, runs, settings) -> None:
        fitted = fit.Fitted()
        fit.fit(runs, **settings, report=lambda epoch, metrics: Decision(), fitted=fitted)
        values = [metrics["val_accuracy"] for metrics in fitted.metrics]
        assert fitted.best_epoch == values.index(max(values)) + 1
        scored = [fit.evaluate(item.steps.score, item.validation) for item in runs]
        best = fitted.metrics[fitted.best_epoch - 1]
        assert fmean(item.loss for item in scored) == best["val_loss"]
        assert fitted.confusion.tolist() == sum(item.confusion for item in scored).tolist()

    def test_one_value_that_is_not_finite_is_enough(self, fit, runs, settings) -> None:
        vectors, *others = runs[1].steps.model.get_weights()
        vectors[:] = math.inf
        runs[1].steps.model.set_weights([vectors, *others])
        fitted = fit.Fitted()
        with pytest.raises(fit.DivergedError, match=r"^fold 2: the loss became nan at batch 1$"):
            fit.fit(runs, **settings, report=lambda epoch, metrics: Decision(), fitted=fitted)
        assert (fitted.metrics, fitted.best_epoch, len(fitted.losses)) == ([], 0, 1)

    def test_momentum_is_that_of_the_trial(self, fit, averaging, random_rows, settings, steps_of) -> None:
        def weights(**own: Any) -> Any:
            parameters = settings["parameters"] | {"optimizer": "sgd"} | own
            run = fit.Run(steps_of(averaging(), parameters), random_rows(20), random_rows(9), 1)
            own_settings = {**settings, "parameters": parameters}
            fit.fit([run], **own_settings, report=lambda epoch, metrics: Decision(), fitted=fit.Fitted())
            return run.steps.model.get_weights()[1].tolist()

        assert weights() == weights(momentum=0.9) != weights(momentum=0.5)

    @pytest.mark.parametrize("epochs", [1, 3])
    def test_a_refit_is_the_same_training_without_a_look_at_other_rows(
        self, *, fit, averaging, random_rows, settings, steps_of, epochs: int
    ) -> None:
        data, parameters = random_rows(20), settings["parameters"]
        fitted, refitted = steps_of(averaging(), parameters), steps_of(averaging(), parameters)
        settings |= {"parameters": parameters | {"epochs": epochs}}
        settings |= {"early_stopping": EarlyStopping("val_accuracy", 99, restore_best_weights=False)}
        report = lambda epoch, metrics: Decision()  # noqa: E731
        fit.fit([fit.Run(fitted, data, random_rows(9), 3)], **settings, report=report, fitted=fit.Fitted())
        fit.refit(refitted, data, parameters=parameters, seed=3, epochs=epochs)
        for mine, theirs in zip(refitted.model.get_weights(), fitted.model.get_weights(), strict=True):
            assert mine.tolist() == theirs.tolist()


@pytest.fixture
def evaluate(run: ModuleType, folder: Path, task: Callable[..., TrainTask]) -> Callable[..., Evaluation]:
    def call(export: str, epochs: int = 2, seed: int = 11) -> Evaluation:
        trained, refit = task(1), Refit(epochs, seed)
        corpus = trained.corpus / ALL
        return run.run_task(
            EvaluateTask(trained.trial, None, corpus, trained.cache, folder / export, 60.0, refit), proceed, 1
        )

    return call


class TestRefit:
    """The final model."""

    def test_it_scores_the_test_part_and_exports_the_model(self, keras, folder: Path, evaluate) -> None:
        found = evaluate("model")
        part = snapshots.read_part(folder / "corpus", "test")
        assert (found.rows, np.sum(found.confusion)) == (30, 30)
        model = keras.saving.load_model(folder / "model" / "model.keras")
        vocabulary = json.loads((folder / "model" / "vocabulary.json").read_text())
        labels = json.loads((folder / "model" / "labels.json").read_text())
        ids = {word: index for index, word in enumerate(vocabulary)}
        rows = [[ids.get(word, 1) for word in text.split()] for text in part.texts]
        inputs = np.array([row + [0] * (8 - len(row)) for row in rows], np.int32)
        hits = [labels[output.argmax()] for output in model.predict(inputs, verbose=0)]
        assert np.mean([hit == label for hit, label in zip(hits, part.labels, strict=True)]) == pytest.approx(
            found.metrics["accuracy"]
        )

    def test_it_learns_from_the_rows_of_all_folds(self, folder: Path, evaluate) -> None:
        evaluate("all")
        vocabulary = json.loads((folder / "all" / "vocabulary.json").read_text())
        trained = {text.split()[-1] for part in ("train", "validation") for text in _texts(folder, part)}
        tested = {text.split()[-1] for text in _texts(folder, "test")}
        assert {word for word in vocabulary if word.startswith("n") and word[1:].isdigit()} == trained
        assert not trained & tested

    def test_epochs_and_seed_decide(self, evaluate) -> None:
        first = evaluate("again")
        assert evaluate("again") == first
        assert evaluate("again", epochs=3) != first
        assert evaluate("again", seed=12) != first

    def test_a_task_without_a_model_is_refused(self, run, folder: Path, task) -> None:
        trained = task(1)
        empty = EvaluateTask(trained.trial, None, trained.corpus, trained.cache, folder / "none", 60.0)
        with pytest.raises(ValueError, match=r"^task evaluate\.1 has neither weights nor"):
            run.run_task(empty, proceed, 1)


def _texts(folder: Path, part: snapshots.PartName) -> tuple[str, ...]:
    return snapshots.read_part(folder / "corpus", part).texts
