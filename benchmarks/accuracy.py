"""What a sweep's winner reaches on test rows: retrained with other seeds, the mean and its spread.

Takes sweeps that are complete in a store. The winner is the one by validation; it is trained anew with each seed, with
the sweep's own early stopping on the validation part, and scored once on the test part. Nothing is chosen by what the
test part says.

    sweep run sweeps/gru.yaml && python benchmarks/accuracy.py sweeps/gru.yaml
    python benchmarks/accuracy.py --store runs --seeds 13 14 15 -- sweeps/*.yaml
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from textclf_sweep.definition.load import load_file
from textclf_sweep.definition.types import SweepDefinition
from textclf_sweep.ranking import best
from textclf_sweep.store import Store
from textclf_sweep.sweep.catalogue import discover
from textclf_sweep.sweep.manage import open_ledger
from textclf_sweep.training.tasks import Decision, EvaluateTask, TrainTask
from textclf_sweep.trial import Trial, TrialRecord


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("definition", nargs="+", type=Path, help="of a sweep that is complete in the store")
    parser.add_argument("--store", type=Path, default=Path())
    parser.add_argument("--name", help="of the sweep, where it is not its file's; for one definition")
    parser.add_argument("--seeds", nargs="+", type=int, default=[13, 14, 15])
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    print(f"{'sweep':<20}{'trials':>7}{'minutes':>8}{'validation':>11}{'test':>8}{'spread':>8}  each, and the winner")
    for path in options.definition:
        definition = load_file(path, discover())
        report(definition, options.name or definition.name, options)


def report(definition: SweepDefinition, name: str, options: argparse.Namespace) -> None:
    """Print a line on one sweep."""
    store = Store(options.store)
    with open_ledger(store, name) as ledger:
        history = ledger.history()
        definition = dataclasses.replace(definition, name=name)
        winner = best(history, definition.metric)
        minutes = ledger.active_seconds() / 60
    if winner is None or winner.result is None:
        raise SystemExit(f"{name} has no winner yet")
    found = [retrained(definition, winner, store, seed, options.threads) for seed in options.seeds]
    mean, spread = statistics.fmean(found), statistics.stdev(found) if len(found) > 1 else 0.0
    each = " ".join(f"{value:.4f}" for value in found)
    what = winner.trial
    searched = {key: what.parameters[key] for key in definition.searched if key in what.parameters}
    print(f"{name:<20}{len(history):>7}{minutes:>8.1f}{winner.result.value:>11.4f}{mean:>8.4f}{spread:>8.4f}  {each}; "
          f"trial {what.number}, {what.architecture}: {searched}", flush=True)  # fmt: skip


def retrained(definition: SweepDefinition, winner: TrialRecord, store: Store, seed: int, threads: int) -> float:
    """Test accuracy of the winner's parameters, trained with another seed."""
    from textclf_sweep.training import preload  # noqa: F401, PLC0415 - heavy
    from textclf_sweep.training.run import run_task  # noqa: PLC0415 - heavy

    folder, parameters = store.sweep(definition.name), winner.trial.parameters
    architecture = winner.trial.architecture
    trial = Trial(winner.number, architecture, parameters, seed)
    where: dict[str, Any] = {
        "corpus": folder.corpus, "cache": folder.cache, "folder": Path(definition.folder),
        "own": definition.own(architecture),
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as scratch:
        results = Path(scratch)
        train = TrainTask(
            trial, 1, definition.metric, definition.early_stopping, results=results,
            definition_hash="", data_hash="", limit=1e6, **where,
        )  # fmt: skip
        run_task(train, lambda _: Decision(), threads)
        weights = results / f"{train.key}.npz"
        evaluate = EvaluateTask(trial, weights, export=results / "model", limit=1e6, **where)
        found = run_task(evaluate, lambda _: Decision(), threads)
    return float(found.metrics["accuracy"])  # type: ignore[union-attr]


if __name__ == "__main__":
    main()
