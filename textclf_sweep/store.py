"""Where things are: the layout of a store, a folder that holds ``mlflow.db`` and ``mlruns/``.

STORE/
  mlflow.db                     MLflow's database; a bare ``mlflow ui`` here shows everything
  mlruns/                       MLflow's artifacts (and a .gitignore that keeps them out of git)
    sweeps/<name>/              one sweep's own files
      ledger.db                 the single source of truth
      sweep.lock workers.lock   held by the running parent and its workers
      corpus/                   the data as read, split: train.jsonl validation.jsonl test.jsonl
      cache/                    features, by content hash
      results/                  <trial>.<attempt>.json and .npz (weights)
      logs/                     what the workers and TensorFlow print
      model/                    the exported winner
"""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SweepFolder:
    """The files of one sweep. Nothing is created by naming it."""

    path: Path

    @property
    def ledger(self) -> Path:
        """The ledger's SQLite file."""
        return self.path / "ledger.db"

    @property
    def lock(self) -> Path:
        """Held exclusively by the parent; the parent's pid is written in it."""
        return self.path / "sweep.lock"

    @property
    def stop(self) -> Path:
        """Its existence asks the running parent to stop."""
        return self.path / "stop"

    @property
    def workers_lock(self) -> Path:
        """Held shared by each worker, so that a new parent can wait for orphans to go."""
        return self.path / "workers.lock"

    @property
    def corpus(self) -> Path:
        """The data as read and split."""
        return self.path / "corpus"

    @property
    def cache(self) -> Path:
        """Features by content hash."""
        return self.path / "cache"

    @property
    def results(self) -> Path:
        """Result and weights files written by workers."""
        return self.path / "results"

    @property
    def logs(self) -> Path:
        """Output of the workers."""
        return self.path / "logs"

    @property
    def plots(self) -> Path:
        """What the sweep looks like, as SVG."""
        return self.path / "plots"

    @property
    def model(self) -> Path:
        """The exported winner."""
        return self.path / "model"


@dataclass(frozen=True, slots=True)
class Store:
    """A folder that holds sweeps and their MLflow records."""

    root: Path

    @property
    def database(self) -> Path:
        """MLflow's SQLite file."""
        return self.root / "mlflow.db"

    @property
    def mlruns(self) -> Path:
        """MLflow's artifacts."""
        return self.root / "mlruns"

    @property
    def sweeps(self) -> Path:
        """The folder of all sweeps."""
        return self.mlruns / "sweeps"

    def sweep(self, name: str) -> SweepFolder:
        """The folder of one sweep."""
        return SweepFolder(self.sweeps / name)

    def tracking_uri(self) -> str:
        """``MLFLOW_TRACKING_URI`` when set, else this store's SQLite file."""
        return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{self.database.resolve()}"

    def command(self, *words: str) -> str:
        """One of our command lines, ready to paste: quoted, with ``--store`` unless that is the current folder.

        Args:
            words: of the command, such as ``"sync", name``.
        """
        root = self.root.resolve()
        option = () if root == Path.cwd() else ("--store", str(root))
        return shlex.join(["sweep", *words, *option])
