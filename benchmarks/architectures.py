"""How fast training is, against the plain Keras script that a user would write for the same model.

For each architecture and batch size both train in turn, seed by seed, in one process with one thread, on texts of some
length (the headlines of a story joined to one document) or on the bundled sample. Prints CPU seconds per epoch with its
validation (the first epoch left out, it traces), their ratio, and validation accuracy after every epoch; and how soon a
second trial of the same shapes takes its first step. Compare the ratios within one run.

    python benchmarks/architectures.py
    python benchmarks/architectures.py --bench train.csv --architecture lstm cnn --batch-size 64 256 --seeds 5
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from documents import documents

from textclf_sweep import data
from textclf_sweep.data import features, snapshot
from textclf_sweep.data.features import Features
from textclf_sweep.definition.types import DataSettings, Metric
from textclf_sweep.sweep.catalogue import discover
from textclf_sweep.training.tasks import Decision, TrainTask
from textclf_sweep.trial import Trial

LENGTH, VOCABULARY, WIDTH = 64, 20_000, 128
"""Of texts in tokens, of the vocabulary, and of word vectors; the plain script pads to the first."""
HEADLINES = 4
"""Of a document."""
RATE = 0.002
Curve = tuple[float, list[float]]
"""CPU seconds of an epoch, and the accuracy after each."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, help="CSV with text, label and story; default: the bundled sample")
    parser.add_argument("--architecture", nargs="+", default=list(PLAIN), choices=list(PLAIN))
    parser.add_argument("--batch-size", nargs="+", type=int, default=[64, 256])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=3)
    options = parser.parse_args()
    one_thread()
    splits = documents(options.bench, headlines=HEADLINES) if options.bench else data.load(DataSettings("uci_news"), 0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        snapshot.write(splits, folder / "corpus")
        parts = {part: tokens(folder, part) for part in ("train", "validation")}
        length = int(statistics.median(parts["train"].lengths))
        print(f"{len(parts['train'].labels):,} texts, median {length} tokens, accuracy after each epoch: mean (spread)")
        print(f"{'architecture':<16}{'batch':>6}{'Keras s':>9}{'ours s':>8}{'ratio':>7}  accuracy")
        for architecture in options.architecture:
            for batch_size in options.batch_size:
                compare(architecture, batch_size, folder, parts, options)


def one_thread() -> None:
    """As in a worker."""
    import tensorflow as tf  # noqa: PLC0415 - heavy

    from textclf_sweep.training import preload  # noqa: F401, PLC0415 - heavy

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def tokens(folder: Path, part: str) -> Features:
    """Word tokens."""
    settings = {"max_length": LENGTH, "vocabulary_size": VOCABULARY, "min_count": 1}
    return features.load("tokens", folder / "corpus", folder / "cache", settings, part)


def compare(
    architecture: str, batch_size: int, folder: Path, parts: dict[str, Features], options: argparse.Namespace
) -> None:
    """Train both, seed by seed in turn, and print a line for each."""
    plain: list[Curve] = []
    own: list[Curve] = []
    starts: list[float] = []
    for seed in range(1, options.seeds + 1):
        plain.append(trained_plainly(architecture, batch_size, parts, seed, options.epochs))
        curve, start = trained(architecture, batch_size, folder, seed, options.epochs)
        own.append(curve)
        starts.append(start)
    seconds = [statistics.median(item[0] for item in curves) for curves in (plain, own)]
    ratio = statistics.median(before / after for (before, _), (after, _) in zip(plain, own, strict=True))
    head = f"{architecture:<16}{batch_size:>6}{seconds[0]:>9.2f}{seconds[1]:>8.2f}{ratio:>7.2f}"
    print(f"{head}  Keras {shown(plain)}; ours {shown(own)}; first step of a later trial after "
          f"{min(starts[1:] or starts):.3f} s", flush=True)  # fmt: skip


def shown(curves: list[Curve]) -> str:
    """Accuracy after each epoch: mean and standard deviation over seeds."""
    columns = zip(*(accuracies for _, accuracies in curves), strict=True)
    return " ".join(
        f"{statistics.fmean(column):.3f} ({statistics.stdev(column) if len(column) > 1 else 0:.3f})"
        for column in map(list, columns)
    )


def trained(architecture: str, batch_size: int, folder: Path, seed: int, epochs: int) -> tuple[Curve, float]:
    """A trial as a worker trains it; with the CPU seconds from the task's arrival to its first step's end."""
    from textclf_sweep.training import fit, run  # noqa: PLC0415 - heavy

    declared = discover().architectures[architecture].parameters
    chosen = {**SETTINGS, "epochs": epochs, "batch_size": batch_size, "optimizer": "adam"}
    given = {item.name: chosen.get(item.name, item.preset) for item in declared}
    accuracies: list[float] = []
    marks: list[float] = []
    first: list[float] = []
    train_epoch = fit._train_epoch

    def watched(step: Callable[..., Any], *others: Any) -> Any:
        def timed(*batch: Any) -> Any:
            found = step(*batch)
            if not first:
                float(found[0])
                first.append(time.process_time())
            return found

        return train_epoch(timed, *others)

    def report(event: Any) -> Decision:
        accuracies.append(event.metrics["val_accuracy"])
        marks.append(time.process_time())
        return Decision()

    paths = {name: folder / name for name in ("corpus", "cache", "results")}
    task = TrainTask(
        Trial(seed, architecture, given, seed), 1, Metric(), None, **paths,
        definition_hash="", data_hash="", limit=1e6,
    )  # fmt: skip
    fit._train_epoch = watched
    started = time.process_time()
    try:
        result = run.run_task(task, report, 1)
    finally:
        fit._train_epoch = train_epoch
    if result.failure is not None:
        raise RuntimeError(result.failure)
    return (seconds_of(marks), accuracies), first[0] - started


SETTINGS = {
    "learning_rate": RATE, "dropout": 0.3, "embedding_dim": WIDTH, "units": 64, "filters": 128, "kernel_size": 5,
    "kernels": 1, "depth": 1, "max_length": LENGTH, "vocabulary_size": VOCABULARY, "min_count": 1, "pool_size": 5,
}  # fmt: skip


def trained_plainly(architecture: str, batch_size: int, parts: dict[str, Features], seed: int, epochs: int) -> Curve:
    """The script of a user: padded arrays, ``compile`` and ``fit``."""
    import keras  # noqa: PLC0415 - heavy

    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    train, validation = parts["train"], parts["validation"]
    model = PLAIN[architecture](len(train.info.labels), train.info.vocabulary_size)
    model.compile(keras.optimizers.Adam(RATE), "sparse_categorical_crossentropy", metrics=["accuracy"])
    marks: list[float] = []
    watch = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: marks.append(time.process_time()))
    history = model.fit(
        train.inputs, train.labels, batch_size=batch_size, epochs=epochs, verbose=0, callbacks=[watch],
        validation_data=(validation.inputs, validation.labels), validation_batch_size=256,
    )  # fmt: skip
    return seconds_of(marks), history.history["val_accuracy"]


def seconds_of(marks: list[float]) -> float:
    """An epoch's CPU seconds, from the times at which epochs ended."""
    return statistics.median(after - before for before, after in itertools.pairwise(marks))


def _sequential(vocabulary: int, labels: int, *hidden: Any, mask: bool) -> Any:
    import keras  # noqa: PLC0415 - heavy

    layers = keras.layers
    return keras.Sequential([
        layers.Embedding(vocabulary, WIDTH, mask_zero=mask), layers.Dropout(0.3), *hidden, layers.Dropout(0.3),
        layers.Dense(labels, activation="softmax"),
    ])  # fmt: skip


def _lstm(labels: int, vocabulary: int) -> Any:
    import keras  # noqa: PLC0415 - heavy

    return _sequential(vocabulary, labels, keras.layers.LSTM(64), mask=True)


def _gru(labels: int, vocabulary: int) -> Any:
    import keras  # noqa: PLC0415 - heavy

    return _sequential(vocabulary, labels, keras.layers.GRU(64), mask=True)


def _cnn(labels: int, vocabulary: int) -> Any:
    import keras  # noqa: PLC0415 - heavy

    layers = keras.layers
    hidden = (layers.Conv1D(128, 5, padding="same", activation="relu"), layers.GlobalMaxPooling1D())
    return _sequential(vocabulary, labels, *hidden, mask=False)


def _cnn_lstm(labels: int, vocabulary: int) -> Any:
    import keras  # noqa: PLC0415 - heavy

    layers = keras.layers
    hidden = (layers.Conv1D(128, 5, padding="same", activation="relu"), layers.MaxPooling1D(5), layers.LSTM(64))
    return _sequential(vocabulary, labels, *hidden, mask=False)


def _mean_embedding(labels: int, vocabulary: int) -> Any:
    import keras  # noqa: PLC0415 - heavy

    hidden = (keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(64, activation="relu"))
    return _sequential(vocabulary, labels, *hidden, mask=True)


PLAIN = {"lstm": _lstm, "gru": _gru, "cnn": _cnn, "cnn_lstm": _cnn_lstm, "mean_embedding": _mean_embedding}


if __name__ == "__main__":
    main()
