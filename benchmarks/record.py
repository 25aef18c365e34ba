"""The recording behind `benchmarks/search.py`: real learning curves of every configuration of a grid.

    python benchmarks/record.py STORE              runs curves/*.yaml into STORE (an hour on two cores), then exports
    python benchmarks/record.py STORE --export     exports what STORE has, finished or not, to curves/curves.csv.gz

Each row of the table is one configuration: its architecture, its state (complete, or failed when its training
diverged), the parameters that the grid varies as JSON, and val_accuracy and val_loss after each epoch, separated by
blanks.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import math
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from textclf_sweep.definition.load import load_file
from textclf_sweep.ledger import Ledger
from textclf_sweep.store import Store
from textclf_sweep.sweep.catalogue import discover
from textclf_sweep.trial import TrialRecord, TrialState

CURVES = Path(__file__).with_name("curves")
TABLE = CURVES / "curves.csv.gz"
COLUMNS = ("architecture", "state", "parameters", "val_accuracy", "val_loss")
DIGITS = {"val_accuracy": 5, "val_loss": 4}
"""Decimals kept: of 800 validation rows one is 0.00125, so an accuracy stays exact."""


def main() -> None:
    """Record, unless told not to, and export."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("store", type=Path, help="the folder that holds (or gets) mlflow.db and mlruns/")
    parser.add_argument("--export", action="store_true", help="only export")
    parser.add_argument("--table", type=Path, default=TABLE, help=f"where to; {TABLE.name} by default")
    arguments = parser.parse_args()
    definitions = sorted(CURVES.glob("*.yaml"))
    if not arguments.export:
        for file in definitions:
            run_sweep(file, arguments.store)
    rows = [row for file in definitions for row in curves(file, Store(arguments.store))]
    if not rows:
        sys.exit(f"{arguments.store} has no trial of {', '.join(file.stem for file in definitions)} that has ended")
    write(rows, arguments.table)
    print(f"{len(rows)} curves, {arguments.table.stat().st_size / 1024:.0f} KiB: {arguments.table}")


def run_sweep(file: Path, store: Path) -> None:
    """Run one definition with the installed command; what is finished already is not run again."""
    command = [str(Path(sys.executable).with_name("sweep")), "run", str(file), "--store", str(store), "--plain"]
    done = subprocess.run(command, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} exited with {done.returncode}")


def curves(file: Path, store: Store) -> Iterator[dict[str, str]]:
    """The rows of one definition's trials that have ended, in the ledger's order."""
    definition = load_file(file, discover())
    path = store.sweep(definition.name).ledger
    if not path.exists():
        return
    with Ledger.read(path) as ledger:
        history = ledger.history()
    (search,) = definition.searches
    for record in history:
        if record.state in (TrialState.COMPLETE, TrialState.FAILED):
            yield row(record, search.space.searched)


def row(record: TrialRecord, searched: Iterable[str]) -> dict[str, str]:
    """One row of the table."""
    parameters = {name: record.trial.parameters[name] for name in searched}
    finite = [epoch.metrics for epoch in record.epochs if all(math.isfinite(epoch.metrics[name]) for name in DIGITS)]
    values = {name: " ".join(f"{metrics[name]:.{digits}f}" for metrics in finite) for name, digits in DIGITS.items()}
    return {
        "architecture": record.trial.architecture,
        "state": record.state.value,
        "parameters": json.dumps(parameters),
        **values,
    }


def write(rows: Iterable[dict[str, str]], path: Path) -> None:
    """Write the table; the same rows give the same bytes."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))


if __name__ == "__main__":
    main()
