"""What looking into a model costs: CPU time of training with and without probes, in turn, in one process.

    python benchmarks/probes.py [--seconds 10] [--repeats 3]

Each architecture trains on the bundled sample with its defaults, for about so many seconds; the median ratio of the
repeats is shown.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from textclf_sweep import data
from textclf_sweep.data import snapshot
from textclf_sweep.definition.types import DataSettings, Metric
from textclf_sweep.trial import Trial

ARCHITECTURES = ("mean_embedding", "tfidf_mlp", "cnn", "cnn_lstm", "gru", "lstm", "attention", "transformer")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="about how long a trial trains")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--architecture", nargs="*", default=ARCHITECTURES)
    given = parser.parse_args()
    from textclf_sweep.training import preload, run  # noqa: F401, PLC0415 - after the environment is set

    run._configure(1)
    with tempfile.TemporaryDirectory() as folder:
        snapshot.write(data.again(DataSettings(source="uci_news"), 0), Path(folder) / "corpus")
        print(f"{'architecture':<16}{'epochs':>7}{'without':>10}{'with':>8}{'ratio':>8}")
        for name in given.architecture:
            print(_line(name, Path(folder), given.seconds, given.repeats), flush=True)


def _line(name: str, folder: Path, seconds: float, repeats: int) -> str:
    _trained(name, folder, 2, probed=True)
    first = _trained(name, folder, 2, probed=False) / 2
    epochs = max(3, round(seconds / first))
    pairs = [
        (_trained(name, folder, epochs, probed=False), _trained(name, folder, epochs, probed=True))
        for _ in range(repeats)
    ]
    without, looked = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(with_ / bare for bare, with_ in pairs)
    return f"{name:<16}{epochs:>7}{without:>9.1f}s{looked:>7.1f}s{ratio:>8.3f}"


def _trained(name: str, folder: Path, epochs: int, *, probed: bool) -> float:
    """CPU seconds of training, without what comes before the first epoch."""
    from textclf_sweep.training import fit, models  # noqa: PLC0415 - heavy
    from textclf_sweep.training.tasks import CheckTask, Decision  # noqa: PLC0415 - heavy

    trial = Trial(1, name, {"epochs": epochs}, seed=1)
    task = CheckTask(trial, folder / "corpus", folder / "cache", 3600)
    train, held = models.load(task, task.corpus, "train"), models.load(task, task.corpus, "validation")
    with models.borrowed(task, train.info, 1) as steps:
        run = fit.Run(steps, train, held, 1)
        started = time.process_time()
        fit.fit(
            [run], parameters=models.parameters_of(task), metric=Metric(), early_stopping=None,
            report=lambda *_: Decision(), fitted=fit.Fitted(), probed=probed,
        )  # fmt: skip
        return time.process_time() - started


if __name__ == "__main__":
    main()
