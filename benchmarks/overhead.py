"""Where the time of a tiny trial goes.

Runs ``sweep run`` (the installed command) on 40 random trials of one short epoch with two workers, in a temporary
store, and prints what each stage costs per trial, as seconds and as a share. Most figures come from the sweep's own
ledger. One epoch cannot tell training from tracing, so a second, small sweep of the same trials with two epochs gives
the time of an epoch that traces nothing. Proposals and MLflow are timed on the finished sweep's ledger.

    python benchmarks/overhead.py              about a minute on two idle cores
    python benchmarks/overhead.py --trials 10

Other programs on the same cores slow everything down; the shares suffer less than the seconds.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import textclf_sweep
from textclf_sweep import tracking
from textclf_sweep.definition.load import load_file
from textclf_sweep.definition.types import SweepDefinition
from textclf_sweep.ledger import Attempt, Ledger
from textclf_sweep.store import Store
from textclf_sweep.sweep.catalogue import discover
from textclf_sweep.sweep.propose import next_trial
from textclf_sweep.trial import History

ROWS = 1500
WORKERS = 2
TARGET = 60
"""Seconds that the whole of 40 trials should take on two cores."""

DEFINITION = """\
name: {name}
architecture: lstm
method: random
run_cap: {trials}
workers: {workers}
data: {{path: {data}, text: text, label: label, group: story}}
parameters:
  learning_rate: {{distribution: log_uniform_values, min: 0.001, max: 0.01}}
  optimizer: {{values: [adam, rmsprop, sgd]}}
  dropout: {{min: 0.0, max: 0.5}}
  embedding_dim: {{value: 32}}
  units: {{value: 32}}
  batch_size: {{value: 64}}
  epochs: {{value: {epochs}}}
"""


@dataclass(frozen=True, slots=True)
class Sweep:
    """A finished sweep.

    Attributes:
        definition: what ran.
        store: where.
        launched, ended: wall-clock seconds since 1970 of the command's start and end.
        attempts: by the time they started.
        history: every trial.
    """

    definition: SweepDefinition
    store: Store
    launched: float
    ended: float
    attempts: tuple[Attempt, ...]
    history: History

    @property
    def warm(self) -> list[Attempt]:
        """The attempts that did not wait for their worker to start."""
        return list(self.attempts[WORKERS:])


def main() -> None:
    """Run the sweeps and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--trials", type=int, default=40, help="trials of one epoch, more than the two workers")
    trials = parser.parse_args().trials
    with tempfile.TemporaryDirectory(prefix="overhead-") as folder:
        data = write_data(Path(folder) / "tiny.csv")
        tiny = run_sweep(Path(folder), data, "tiny", trials=trials, epochs=1)
        twice = run_sweep(Path(folder), data, "twice", trials=WORKERS + 6, epochs=2)
        print_stages(stages(tiny, twice), tiny)
        print_wall(tiny)


def write_data(path: Path) -> Path:
    """Cut the first rows of the bundled sample; returns `path`."""
    sample = Path(textclf_sweep.__file__).parent / "data" / "uci_news" / "train.csv"
    with sample.open(encoding="utf-8", newline="") as source, path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target)
        for _, row in zip(range(ROWS + 1), csv.reader(source), strict=False):
            writer.writerow(row)
    return path


def run_sweep(folder: Path, data: Path, name: str, *, trials: int, epochs: int) -> Sweep:
    """Run one sweep with the installed command and read its ledger."""
    file = folder / f"{name}.yaml"
    file.write_text(
        DEFINITION.format(name=name, data=json.dumps(str(data)), trials=trials, epochs=epochs, workers=WORKERS)
    )
    store = Store(folder)
    command = [str(Path(sys.executable).with_name("sweep")), "run", str(file), "--store", str(folder), "--json"]
    print(f"{trials} trials of {epochs} epoch(s) ...", file=sys.stderr)
    launched = time.time()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    ended = time.time()
    if done.returncode:
        sys.exit(f"{' '.join(command)} exited with {done.returncode}:\n{done.stderr}")
    with Ledger.read(store.sweep(name).ledger) as ledger:
        attempts = tuple(sorted(ledger.attempts(), key=lambda attempt: attempt.started))
        return Sweep(load_file(file, discover()), store, launched, ended, attempts, ledger.history())


def stages(tiny: Sweep, twice: Sweep) -> dict[str, float]:
    """Seconds per trial of `tiny` by stage, without the first trial of each worker; MLflow runs beside the rest."""
    train = statistics.mean(last["epoch_seconds"] for _, last, _ in _two_epochs(twice))
    validate = statistics.mean(between - last["epoch_seconds"] for _, last, between in _two_epochs(twice))
    results = [attempt.result for attempt in tiny.warm if attempt.result]
    first_epochs = statistics.mean(result.metrics["epoch_seconds"] for result in results)
    seconds = statistics.mean(result.seconds for result in results)
    dispatch = statistics.mean(lifetime(attempt) - result.seconds for attempt, result in
                               zip(tiny.warm, results, strict=True))  # fmt: skip
    proposing = propose_seconds(tiny)
    return {
        "propose": proposing,
        "dispatch, clear the last model": dispatch,
        "trace and first step": first_epochs - train,
        "train": train,
        "build, trace validation, save weights": seconds - first_epochs - validate,
        "validate": validate,
        "record": statistics.mean(turns(tiny)) - proposing,
        "MLflow (beside the others)": mlflow_seconds(tiny),
    }


def lifetime(attempt: Attempt) -> float:
    """Seconds from the commit of an attempt to the commit of its result."""
    if attempt.ended is None:
        raise ValueError(f"trial {attempt.trial} attempt {attempt.attempt} has not ended")
    return attempt.ended - attempt.started


def turns(sweep: Sweep) -> Iterator[float]:
    """Seconds from the end of each trial to the start of the one that takes its worker: the parent's turn."""
    ended = sorted(attempt.started + lifetime(attempt) for attempt in sweep.attempts)
    for before, after in zip(ended, sweep.warm, strict=False):
        yield after.started - before


def propose_seconds(sweep: Sweep) -> float:
    """Seconds of one proposal, on average over the sweep: each on the history it had."""
    history = sweep.history
    return _seconds(lambda: [next_trial(sweep.definition, history[:seen]) for seen in range(len(history))]) / len(
        history
    )


def mlflow_seconds(sweep: Sweep) -> float:
    """Seconds per trial of sending the ledger to a new MLflow database; its making is not counted."""
    name = sweep.definition.name
    with tempfile.TemporaryDirectory(prefix="overhead-mlflow-") as folder:
        store = Store(Path(folder))
        shutil.copytree(sweep.store.sweep(name).path, store.sweep(name).path)
        tracking.prepare(store, store.tracking_uri())
        with Ledger.create(store.sweep(name).ledger) as ledger:
            seconds = _seconds(lambda: tracking.sync(ledger, store, store.tracking_uri()))
    return seconds / len(sweep.history)


def print_stages(found: dict[str, float], sweep: Sweep) -> None:
    """The table: seconds per trial of one worker, and the share of its time."""
    *serial, beside = found.items()
    whole = sum(seconds for _, seconds in serial)
    print(f"\n{len(sweep.warm)} warm trials of {sweep.definition.name!r}, per trial of one worker of {WORKERS}\n")
    print(f"{'stage':40} {'seconds':>8} {'share':>7}")
    for stage, seconds in (*serial, ("a trial", whole), beside):
        print(f"{stage:40} {seconds:8.3f} {seconds / whole:7.1%}")


def print_wall(sweep: Sweep) -> None:
    """The command's wall time by phase."""
    first, last = sweep.attempts[0].started, max(attempt.started + lifetime(attempt) for attempt in sweep.attempts)
    waits = [lifetime(item) - (item.result.seconds if item.result else 0) for item in sweep.attempts[:WORKERS]]
    marks = [sweep.launched, first, first + min(waits), last, sweep.ended]
    phases: Sequence[str] = (
        "start the command, read the data",
        "start TensorFlow",
        "trials",
        "floors, test, MLflow, exit",
    )
    whole = sweep.ended - sweep.launched
    print(f"\n{'wall time':40} {'seconds':>8} {'share':>7}")
    for phase, (begin, end) in zip(phases, pairwise(marks), strict=True):
        print(f"{phase:40} {end - begin:8.1f} {(end - begin) / whole:7.1%}")
    print(f"{f'{len(sweep.history)} trials (target for 40: {TARGET} s)':40} {whole:8.1f} {1:7.1%}")


def _two_epochs(sweep: Sweep) -> Iterator[tuple[dict[str, float], dict[str, float], float]]:
    """Of each warm trial: the metrics of both epochs, and the seconds between their ends."""
    for attempt in sweep.warm:
        if attempt.result:
            first, last = attempt.result.epochs
            yield dict(first.metrics), dict(last.metrics), last.time - first.time


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
