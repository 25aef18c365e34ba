"""What batches of similar length save, and what they cost in accuracy.

Trains the same models on batches of rows in random order and on batches of similar length (`training.batches`), seed by
seed in turn, on the bundled sample and, with ``--bench``, on longer texts: the headlines of a story joined to one
document. Prints seconds per epoch (the first left out, it traces), the share of computed cells that are padding, and
validation accuracy after the last epoch. Compare the ratios within one run.

    python benchmarks/batches.py
    python benchmarks/batches.py --bench train.csv --architecture lstm --seeds 5
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from documents import documents
from numpy.typing import NDArray

from textclf_sweep import data
from textclf_sweep.architectures import BuildInfo
from textclf_sweep.data import features, snapshot
from textclf_sweep.data.features import Features
from textclf_sweep.definition.types import DataSettings, Metric
from textclf_sweep.training import batches
from textclf_sweep.training.tasks import Decision

KINDS = ("random", "similar_length")
SIMILAR = batches.shuffled


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, help="CSV with text, label and story")
    parser.add_argument("--architecture", default="cnn")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--units", type=int, default=32, help="width of the embedding and the layers")
    options = parser.parse_args()
    sets = {"sample": data.load(DataSettings("uci_news"), 0)}
    if options.bench:
        sets["documents"] = documents(options.bench)
    print(f"{'data':<12}{'batches':<16}{'s/epoch':>8}{'padding':>9}{'accuracy':>10}{'+-':>7}")
    for name, splits in sets.items():
        with tempfile.TemporaryDirectory() as folder:
            snapshot.write(splits, Path(folder) / "corpus")
            parts = [load(Path(folder), part) for part in ("train", "validation")]
            compare(name, *parts, options)


def load(folder: Path, part: str) -> Features:
    """Word tokens, as long as the texts are."""
    return features.load("tokens", folder / "corpus", folder / "cache", {"max_length": 256}, part)


def compare(name: str, train: Features, validation: Features, options: argparse.Namespace) -> None:
    """Train with each kind of batches, seed by seed, and print a line for each."""
    found: dict[str, list[tuple[float, float]]] = {kind: [] for kind in KINDS}
    for seed in range(options.seeds):
        for kind in KINDS:
            found[kind].append(trained(kind, train, validation, seed, options))
    for kind, results in found.items():
        seconds, accuracies = (list(column) for column in zip(*results, strict=True))
        spread = statistics.stdev(accuracies) if len(accuracies) > 1 else 0.0
        share = padding(train, use(kind)(train, 64, np.random.default_rng([0, 1])))
        figures = f"{statistics.median(seconds):>8.2f}{share:>9.1%}{statistics.fmean(accuracies):>10.4f}{spread:>7.4f}"
        print(f"{name:<12}{kind:<16}{figures}", flush=True)
    first, second = (statistics.median(seconds for seconds, _ in found[kind]) for kind in KINDS)
    gains = [after - before for (_, before), (_, after) in zip(*found.values(), strict=True)]
    print(f"{name:<12}{first / second:.2f} times as fast, accuracy {statistics.fmean(gains):+.4f} seed by seed")


def use(kind: str) -> Any:
    """What divides rows into batches."""
    return SIMILAR if kind == "similar_length" else at_random


def at_random(features: Features, size: int, generator: np.random.Generator) -> list[NDArray[np.int64]]:
    """Batches of rows in random order."""
    return batches.consecutive(generator.permutation(len(features.labels)), size)


def padding(features: Features, made: Iterable[NDArray[np.int64]]) -> float:
    """The share of the cells of these batches that are padding."""
    lengths = [features.lengths[rows] for rows in made]
    return 1 - sum(int(item.sum()) for item in lengths) / sum(int(item.max()) * len(item) for item in lengths)


def trained(
    kind: str, train: Features, validation: Features, seed: int, options: argparse.Namespace
) -> tuple[float, float]:
    """Median seconds of an epoch and the last one's validation accuracy."""
    keras: Any = importlib.import_module("keras")
    fit: Any = importlib.import_module("textclf_sweep.training.fit")
    module = importlib.import_module(f"textclf_sweep.architectures.{options.architecture}")
    fit.shuffled = use(kind)
    steps: Any = importlib.import_module("textclf_sweep.training.steps")
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    own = {item.name: item.preset for item in module.PARAMETERS} | {"embedding_dim": options.units, "dropout": 0.3}
    own |= {name: options.units for name in ("units", "filters") if name in own}
    info = BuildInfo(len(train.info.labels), train.info.vocabulary_size, train.info.max_length)
    fitted = fit.Fitted()
    parameters = {"epochs": options.epochs, "batch_size": 64, "learning_rate": 0.002}
    fit.fit(
        [fit.Run(steps.steps_of(module.build(info, **own), parameters), train, validation, seed)],
        parameters=parameters,
        metric=Metric(),
        early_stopping=None,
        report=lambda *_: Decision(),
        fitted=fitted,
    )
    seconds = statistics.median(metrics["epoch_seconds"] for metrics in fitted.metrics[1:])
    return seconds, fitted.metrics[-1]["val_accuracy"]


if __name__ == "__main__":
    main()
