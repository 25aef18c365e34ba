"""The loop's arithmetic is Keras', and its decisions are what the definition says."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from textclf_sweep.data.features import Features
from textclf_sweep.definition.types import EarlyStopping, Metric
from textclf_sweep.training.batches import shuffled
from textclf_sweep.training.parameters import complete
from textclf_sweep.training.tasks import Decision
from textclf_sweep.trial import METRICS, PROBED

ACCURACY = Metric("val_accuracy", "maximize")
LOSS = Metric("val_loss", "minimize")
PARAMETERS = {"learning_rate": 0.05, "batch_size": 8, "optimizer": "adam", "epochs": 1}


@pytest.fixture
def train(fit: ModuleType, steps_of) -> Callable[..., Any]:
    """Calls `fit.fit` and returns what it has filled."""

    def call(
        model: Any,
        training: Features,
        validation: Features,
        *,
        metric: Metric = ACCURACY,
        early_stopping: EarlyStopping | None = None,
        report: Callable[[int, dict[str, float]], Decision] = lambda epoch, metrics: Decision(),
        fitted: Any = None,
        **parameters: Any,
    ) -> Any:
        fitted = fitted if fitted is not None else fit.Fitted()
        fit.fit(
            [fit.Run(steps_of(model, PARAMETERS | parameters), training, validation, seed=3)],
            parameters=PARAMETERS | parameters, metric=metric,
            early_stopping=early_stopping, report=report, fitted=fitted,
        )  # fmt: skip
        return fitted

    return call


class TestArithmetic:
    """The same figures as Keras and scikit-learn give."""

    @pytest.fixture
    def recurrent(self, keras: ModuleType) -> Callable[..., Any]:
        def make() -> Any:
            keras.utils.set_random_seed(1)
            tokens = keras.Input((None,), dtype="int32")
            hidden = keras.layers.Embedding(30, 4, mask_zero=True)(tokens)
            hidden = keras.layers.LSTM(5, kernel_regularizer=keras.regularizers.L1(1e-3))(hidden)
            return keras.Model(tokens, keras.layers.Dense(3, activation="softmax")(hidden))

        return make

    @pytest.mark.parametrize(
        ("kind", "optimizer"),
        [("recurrent", "adam"), ("averaging", "rmsprop"), ("averaging", "sgd")],
    )
    def test_two_epochs_give_the_weights_and_figures_of_model_fit(
        self, *, request, keras, fit, train, random_rows, kind: str, optimizer: str
    ) -> None:
        """On the same batches; the last one of an epoch is incomplete, and Keras computes the padding too."""
        make, penalty = request.getfixturevalue(kind), keras.regularizers.L1L2(l1=1e-3, l2=1e-2)
        ours, theirs = (make() if kind == "recurrent" else make(penalty=penalty) for _ in range(2))
        start, training = ours.get_weights(), random_rows(20)
        after: list[list[Any]] = []

        def report(*_: object) -> Decision:
            after.append(ours.get_weights())
            return Decision()

        found = train(
            ours, training, random_rows(9, seed=1), report=report, epochs=2, optimizer=optimizer, learning_rate=0.02
        )

        optimizers = importlib.import_module("textclf_sweep.training.optimizers")
        theirs.compile(
            optimizers.make(complete({"optimizer": optimizer, "learning_rate": 0.02})),
            "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False,
        )  # fmt: skip
        for epoch, our_weights in enumerate(after, start=1):
            order = np.concatenate(shuffled(training, 8, np.random.default_rng([3, epoch])))
            inputs, labels = training.inputs[order], training.labels[order]
            history = theirs.fit(inputs, labels, batch_size=8, shuffle=False, verbose=0).history
            for mine, their, before in zip(our_weights, theirs.get_weights(), start, strict=True):
                np.testing.assert_allclose(mine, their, atol=1e-5)
                assert np.abs(mine - before).max() > 1e-3
            assert found.metrics[epoch - 1]["loss"] == pytest.approx(history["loss"][0], abs=1e-5)
            assert found.metrics[epoch - 1]["accuracy"] == pytest.approx(history["accuracy"][0], abs=1e-6)

    def test_logits_give_what_probabilities_give(self, train, averaging, random_rows) -> None:
        training, validation = random_rows(20), random_rows(9, seed=1)
        (logits,) = train(averaging(softmax=False), training, validation).metrics
        (softmax,) = train(averaging(), training, validation).metrics
        assert logits["loss"] == pytest.approx(softmax["loss"], abs=1e-5)
        assert logits["val_loss"] == pytest.approx(softmax["val_loss"], abs=1e-5)

    def test_a_softmax_layer_counts_as_softmax(self, keras, train, averaging, random_rows) -> None:
        training, validation = random_rows(20), random_rows(9, seed=1)
        logits = averaging(softmax=False)
        model = keras.Model(logits.inputs, keras.layers.Softmax()(logits.outputs[0]))
        (found,) = train(model, training, validation).metrics
        (expected,) = train(averaging(), training, validation).metrics
        assert found["val_loss"] == pytest.approx(expected["val_loss"], abs=1e-5)

    def test_the_figures_of_an_evaluation_are_those_of_keras_and_scikit_learn(
        self, keras, fit, averaging, random_rows, steps_of
    ) -> None:
        model, data = averaging(labels=5), random_rows(600, labels=4)  # label 4 never occurs, as truth
        data = Features(data.inputs, data.lengths, data.labels, random_rows(1, labels=5).info)
        scored = fit.evaluate(steps_of(model, PARAMETERS).score, data)

        output = model.predict(data.inputs, verbose=0)
        predicted = output.argmax(axis=1)
        cross_entropy = keras.losses.SparseCategoricalCrossentropy()(data.labels, output)
        expected = {
            "loss": pytest.approx(float(cross_entropy), abs=1e-5),
            "accuracy": pytest.approx(sklearn_metrics.accuracy_score(data.labels, predicted)),
            "macro_f1": pytest.approx(sklearn_metrics.f1_score(data.labels, predicted, average="macro")),
        }
        assert scored.metrics() == expected
        np.testing.assert_array_equal(
            scored.confusion, sklearn_metrics.confusion_matrix(data.labels, predicted, labels=range(5))
        )

    @pytest.mark.parametrize(("l1", "l2"), [(0.5, 0.0), (0.0, 0.5)])
    def test_penalties_are_in_the_training_loss_only(self, *, keras, train, averaging, random_rows, l1, l2) -> None:
        data = random_rows(20)
        plain, penalised = averaging(), averaging(penalty=keras.regularizers.L1L2(l1=l1, l2=l2))
        kernel = plain.get_weights()[1]
        penalty = l1 * np.abs(kernel).sum() + l2 * (kernel**2).sum()
        still = {"learning_rate": 1e-12, "optimizer": "sgd"}
        (without,) = train(plain, data, data, **still).metrics
        (with_penalty,) = train(penalised, data, data, **still).metrics
        assert penalty > 0.1
        assert with_penalty["loss"] - without["loss"] == pytest.approx(penalty, abs=1e-4)
        assert with_penalty["val_loss"] == pytest.approx(without["val_loss"], abs=1e-5)

    def test_penalties_shrink_the_weights(self, keras, train, averaging, random_rows) -> None:
        data = random_rows(20)
        plain, penalised = averaging(), averaging(penalty=keras.regularizers.L2(1.0))
        for model in (plain, penalised):
            train(model, data, data, epochs=5, early_stopping=EarlyStopping("loss", patience=5), metric=LOSS)
        assert np.abs(penalised.get_weights()[1]).sum() < 0.8 * np.abs(plain.get_weights()[1]).sum()


class TestScript:
    """Early stopping and the best epoch, on validation figures that a test dictates."""

    @pytest.fixture
    def scripted(
        self, keras: ModuleType, rows: Callable[..., Features], train: Callable[..., Any]
    ) -> Callable[..., Any]:
        """Trains so that validation row r has the logits (script[epoch - 1][r], 0) and the true label 0.

        The weights are set before each epoch, and the learning rate is too small to change them.
        """

        def run(script: Sequence[Sequence[float]], **arguments: Any) -> tuple[Any, Any]:
            count = len(script[0])
            data = rows([[row + 1] for row in range(count)], [0] * count, 2)
            tokens = keras.Input((None,), dtype="int32")
            vectors = keras.layers.Embedding(count + 1, 2, mask_zero=True)(tokens)
            model = keras.Model(tokens, keras.layers.GlobalAveragePooling1D()(vectors))

            def set_weights(epoch: int) -> None:
                if epoch <= len(script):
                    model.set_weights([np.array([(0, 0), *((margin, 0) for margin in script[epoch - 1])], np.float32)])

            report = arguments.pop("report", lambda epoch, metrics: Decision())

            def set_and_report(epoch: int, metrics: dict[str, float]) -> Decision:
                set_weights(epoch + 1)
                return report(epoch, metrics)

            set_weights(1)
            still = {"learning_rate": 1e-12, "optimizer": "sgd", "epochs": len(script)}
            return model, train(model, data, data, report=set_and_report, **still, **arguments)

        return run

    @staticmethod
    def accuracies(*eighths: int) -> list[list[float]]:
        """Scripts a validation accuracy for each epoch, in eighths."""
        return [[1.0] * right + [-1.0] * (8 - right) for right in eighths]

    @pytest.mark.parametrize(
        ("eighths", "patience", "min_delta", "epochs", "best"),
        [
            ((1, 2, 3, 4), 1, 0.0, 4, 4),  # better each time
            ((4, 3, 5, 6), 1, 0.0, 2, 1),  # one epoch without improvement is too many
            ((4, 3, 5, 6), 2, 0.0, 4, 4),  # and here it is not
            ((4, 3, 3, 6), 2, 0.0, 3, 1),
            ((4, 4, 4, 4), 2, 0.0, 3, 1),  # equal is no improvement, and of equals the first is the best
            ((2, 1, 3, 2, 1, 8), 2, 0.0, 5, 3),  # an improvement starts the count anew
            ((1, 2, 3, 4), 2, 0.25, 4, 4),  # 3 is two above 1, the last improvement: just enough
            ((1, 2, 3, 4), 1, 0.25, 2, 2),  # the best epoch is the best, however little it is better
            ((1, 3, 5, 7), 1, 0.25, 4, 4),  # a change of exactly min_delta counts
            ((4, 2, 1), 2, 0.0, 3, 1),  # running out of epochs is no early stopping
        ],
    )
    def test_patience_and_min_delta(self, *, scripted, eighths, patience, min_delta, epochs, best) -> None:
        model, found = scripted(
            self.accuracies(*eighths), early_stopping=EarlyStopping("val_accuracy", patience, min_delta)
        )
        assert [metrics["val_accuracy"] for metrics in found.metrics] == [count / 8 for count in eighths[:epochs]]
        assert found.best_epoch == best
        assert found.stopped_early == (epochs < len(eighths))
        assert found.decision is None
        assert found.confusion.tolist() == [[eighths[best - 1], 8 - eighths[best - 1]], [0, 0]]
        # The weights are those of the best epoch.
        np.testing.assert_allclose(model.get_weights()[0][1:, 0], self.accuracies(*eighths)[best - 1], atol=1e-6)

    def test_a_loss_is_better_when_smaller(self, scripted) -> None:
        model, found = scripted(
            [[margin] * 4 for margin in (1.0, 2.0, 3.0, 2.0, 2.5)], early_stopping=EarlyStopping("val_loss", 2),
            metric=ACCURACY,
        )  # fmt: skip
        losses = [metrics["val_loss"] for metrics in found.metrics]
        assert losses == pytest.approx([math.log1p(math.exp(-margin)) for margin in (1.0, 2.0, 3.0, 2.0, 2.5)])
        assert found.best_epoch == 3
        assert np.allclose(model.get_weights()[0][1:, 0], 3.0)

    def test_without_early_stopping_every_epoch_runs_and_the_objective_picks_the_best(self, scripted) -> None:
        # Accuracy falls after epoch 1; the loss is least in epoch 3.
        script = [[0.1, 0.1], [0.1, -0.1], [9.0, -0.1], [-1.0, -1.0]]
        _, by_loss = scripted(script, metric=LOSS)
        _, by_accuracy = scripted(script, metric=ACCURACY)
        assert (len(by_loss.metrics), by_loss.best_epoch, by_loss.stopped_early) == (4, 3, False)
        assert (len(by_accuracy.metrics), by_accuracy.best_epoch, by_accuracy.stopped_early) == (4, 1, False)

    def test_a_decision_to_stop_ends_it_with_the_best_weights_so_far(self, scripted) -> None:
        stop = Decision(stop=True, reason="pruned by the parent")
        model, found = scripted(self.accuracies(5, 3, 8, 8), report=lambda epoch, _: stop if epoch == 2 else Decision())
        assert (len(found.metrics), found.best_epoch, found.decision, found.stopped_early) == (2, 1, stop, False)
        np.testing.assert_allclose(model.get_weights()[0][1:, 0], self.accuracies(5)[0], atol=1e-6)

    @pytest.mark.parametrize(("patience", "epochs"), [(2, 3), (5, 4)], ids=["stopped early", "all epochs"])
    def test_the_last_epoch_is_kept_where_the_best_is_not_restored(
        self, *, scripted, patience: int, epochs: int
    ) -> None:
        eighths = (5, 3, 2, 4)
        stopping = EarlyStopping("val_accuracy", patience, restore_best_weights=False)
        model, found = scripted(self.accuracies(*eighths), early_stopping=stopping)
        assert (len(found.metrics), found.best_epoch) == (epochs, epochs)
        last = eighths[epochs - 1]
        assert found.confusion.tolist() == [[last, 8 - last], [0, 0]]
        np.testing.assert_allclose(model.get_weights()[0][1:, 0], self.accuracies(last)[0], atol=1e-6)

    def test_a_loss_that_is_not_finite_ends_it_and_keeps_the_finished_epochs(self, fit, scripted) -> None:
        fitted = fit.Fitted()
        with pytest.raises(fit.DivergedError, match=r"^the loss became nan at batch 1$"):
            scripted([*self.accuracies(5), [math.nan] * 8, *self.accuracies(8)], fitted=fitted)
        assert [metrics["val_accuracy"] for metrics in fitted.metrics] == [5 / 8]
        assert fitted.best_epoch == 1
        assert fitted.confusion.tolist() == [[5, 3], [0, 0]]


class TestLoop:
    """What every epoch does, whatever the data."""

    def test_the_metrics_are_those_that_a_trial_reports(self, train, averaging, random_rows) -> None:
        reported = []
        found = train(
            averaging(), random_rows(20), random_rows(9, seed=1), epochs=2,
            report=lambda epoch, metrics: reported.append((epoch, metrics)) or Decision(),
        )  # fmt: skip
        assert reported == list(enumerate(found.metrics, start=1))
        for metrics in found.metrics:
            assert {*METRICS, *PROBED, "gradient_norm/embedding", "weight_norm/dense"} <= set(metrics)
            assert all(type(value) is float and math.isfinite(value) for value in metrics.values())
            assert metrics["learning_rate"] == PARAMETERS["learning_rate"]
            assert metrics["examples_per_second"] == pytest.approx(20 / metrics["epoch_seconds"])

    def test_the_weights_afterwards_give_the_best_epochs_figures(
        self, fit, train, averaging, random_rows, steps_of
    ) -> None:
        model, validation = averaging(), random_rows(30, seed=1)
        found = train(model, random_rows(40), validation, epochs=6)  # random labels: it only learns by heart
        best = found.metrics[found.best_epoch - 1]
        scored = fit.evaluate(steps_of(model, PARAMETERS).score, validation)
        assert scored.metrics("val_") == {name: best[name] for name in scored.metrics("val_")}
        assert scored.confusion.tolist() == found.confusion.tolist()
        assert best["val_accuracy"] == max(metrics["val_accuracy"] for metrics in found.metrics)

    def test_a_validation_loss_that_is_not_finite_ends_it(self, fit, train, averaging, rows, random_rows) -> None:
        model = averaging()
        vectors, *others = model.get_weights()
        vectors[29] = math.inf
        model.set_weights([vectors, *others])
        fitted = fit.Fitted()
        with pytest.raises(fit.DivergedError, match=r"^val_loss became nan in epoch 1$"):
            train(model, rows([[1, 2], [3]], [0, 1], 3), rows([[29]], [0], 3), fitted=fitted)
        assert (fitted.metrics, fitted.best_epoch) == ([], 0)

    @pytest.mark.parametrize(("count", "batch_size"), [(20, 8), (5, 64), (3, 1)])
    def test_no_row_is_left_out(self, keras, train, rows, count: int, batch_size: int) -> None:
        """Each row has a token and so a weight of its own, and gradient descent moves it."""
        tokens = keras.Input((None,), dtype="int32")
        vectors = keras.layers.Embedding(count + 2, 2, mask_zero=True, embeddings_initializer="zeros")(tokens)
        model = keras.Model(tokens, keras.layers.GlobalAveragePooling1D()(vectors))
        data = rows([[row + 1] for row in range(count)], [0] * count, 2)
        train(model, data, data, batch_size=batch_size, optimizer="sgd", learning_rate=1.0)
        moved = np.abs(model.get_weights()[0][:, 0]) > 0
        assert moved.tolist() == [False, *[True] * count, False]

    def test_texts_of_one_token_and_longer_ones_make_one_batch(self, train, averaging, rows) -> None:
        data = rows([[1], [2], [3, 4, 5], [6]], [0, 1, 2, 0], 3)
        found = train(averaging(), data, rows([[1]], [0], 3), batch_size=2, epochs=30)
        assert found.metrics[-1]["accuracy"] == 1.0
        assert found.metrics[found.best_epoch - 1]["val_accuracy"] == 1.0
