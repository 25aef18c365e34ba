"""A sweep's plots as files: in its folder, from where MLflow gets them, or wherever they are wanted."""

from __future__ import annotations

from pathlib import Path

from textclf_sweep.analysis import plots
from textclf_sweep.definition.types import Metric
from textclf_sweep.errors import InputError, StorageError
from textclf_sweep.ledger import Ledger
from textclf_sweep.store import Store
from textclf_sweep.sweep.manage import open_ledger


def plot(store: Store, name: str, out: Path | None = None) -> tuple[Path, ...]:
    """Write the plots of a sweep: ``trials.svg`` and ``curves.svg``.

    Args:
        store: where the sweep is.
        name: of the sweep.
        out: the folder to write to; None: the sweep's own.

    Returns:
        The files.

    Raises:
        InputError: there is no such sweep, or no trial of it has finished an epoch.
        StorageError: the ledger cannot be read, or the folder cannot be written.
    """
    with open_ledger(store, name) as ledger:
        if not any(record.epochs for record in ledger.history()):
            raise InputError(
                f"no trial of the sweep {name!r} has finished an epoch yet", fix="there is nothing to plot"
            )
        folder = out or store.sweep(name).plots
        try:
            return draw(ledger, folder)
        except OSError as error:
            fix = "name another folder with --out"
            raise StorageError(f"{folder} cannot be written: {error.strerror}", fix=fix) from error


def draw(ledger: Ledger, folder: Path) -> tuple[Path, ...]:
    """Write the plots of the sweep in an open ledger; returns the files.

    Raises:
        OSError: the folder cannot be written.
    """
    found, metric = ledger.history(), ledger.get("metric")
    seen = ledger.get("name"), found, Metric(metric["name"], metric["goal"]), ledger.get("baselines") or {}
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in (("trials", plots.trials(*seen)), ("curves", plots.curves(*seen))):
        written.append(folder / f"{name}.svg")
        written[-1].write_text(text, encoding="utf-8")
    return tuple(written)
