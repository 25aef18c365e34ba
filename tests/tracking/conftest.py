"""Fabricated sweeps, and one migrated MLflow database for all tests (making one takes seconds)."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from textclf_sweep.ledger import Ledger
from textclf_sweep.store import Store
from textclf_sweep.tracking import prepare
from textclf_sweep.trial import EpochEvent, Failure, Trial, TrialResult, TrialState, bits_of

LABELS = ["business", "entertainment", "health", "sci_tech"]


class FabricatedSweep:
    """Fills a ledger as a sweep would, on a clock that ticks one second at each look."""

    def __init__(self, store: Store, name: str = "lstm", sweep_id: str = "5eed0000") -> None:
        self.store, self.name = store, name
        ticks = itertools.count(1_790_000_000)
        self.clock = lambda: float(next(ticks))
        self.ledger = Ledger.create(store.sweep(name).ledger, self.clock)
        space = {
            "batch_size": {"kind": "categorical", "values": [16, 32, 64], "probabilities": None},
            "dropout": {"kind": "range", "low": 0.0, "high": 0.5, "integer": False, "log": False, "step": None},
            "learning_rate": {"kind": "range", "low": 1e-4, "high": 0.1, "integer": False, "log": True, "step": None},
            "epochs": {"kind": "constant", "value": 5},
        }
        self.ledger.put(
            sweep_id=sweep_id,
            name=name,
            description="Is it the data, the architecture or the hyperparameters?",
            state="running",
            reason="",
            definition={
                "name": name,
                "method": "bayes",
                "architecture": ["lstm"],
                "seed": 7,
                "metric": {"name": "val_accuracy", "goal": "maximize", "target": None},
                "space": {"lstm": space},
                "data": {"source": "uci_news", "text": "text", "label": "label"},
            },
            definition_text="architecture: lstm\nmethod: bayes\nrun_cap: 12\n",
            definition_hash="d" * 64,
            run_cap=12,
            data={"name": "news", "source": "uci_news", "path": None, "data_hash": "0123456789abcdef" * 4,
                  "labels": LABELS, "train": 4000, "validation": 800, "test": 2000},
            floors={"chance": 0.25, "majority": 0.26, "linear": 0.81},
            metric={"name": "val_accuracy", "goal": "maximize"},
            notes=["`project` is accepted and has no effect here"],
            findings=[
                {
                    "name": "near_duplicates", "severity": "warning", "count": 120, "share": 0.03, "texts": 60,
                    "rows": [], "why": "120 rows say nearly the same as another row", "fix": "remove copies",
                }
            ],
            versions={"tensorflow": "2.21.0", "keras": "3.15.1"},
        )  # fmt: skip

    def measure(self) -> None:
        """Baselines, the linear one right about the first 648 of 800 validation rows."""
        right, time = bits_of(row < 648 for row in range(800)), 1.79e9
        majority = {"metrics": {"accuracy": 0.26, "macro_f1": 0.1}, "right": "", "seconds": 0.01, "time": time}
        linear = {
            "metrics": {"accuracy": 0.81, "macro_f1": 0.81, "loss": 0.6}, "right": right, "seconds": 0.7, "time": time,
        }  # fmt: skip
        self.ledger.put(baselines={"majority": majority, "linear": linear})

    def begin(self, number: int, **parameters: Any) -> int:
        """Propose a trial unless it exists, and begin an attempt."""
        if number not in {record.number for record in self.ledger.history()}:
            values = {
                "batch_size": (16, 32, 64)[number % 3],
                "dropout": round(0.04 * number, 3),
                "learning_rate": 0.0003 * 1.5**number,
                "epochs": 5,
                **parameters,
            }
            self.ledger.propose(Trial(number, "lstm", values, seed=1000 + number))
        return self.ledger.begin_attempt(number)

    def event(self, number: int, attempt: int, epoch: int, level: float = 0.7, **metrics: float) -> EpochEvent:
        """What epoch `epoch` measures: a curve that rises towards `level`."""
        value = level - (level - 0.25) * 0.5**epoch
        figures = {
            "loss": 1.4 * (1 - value),
            "accuracy": min(1.0, value + 0.03),
            "macro_f1": value + 0.02,
            "val_loss": 1.5 * (1 - value),
            "val_accuracy": value,
            "val_macro_f1": value - 0.01,
            "learning_rate": 0.001,
            "epoch_seconds": 1.5,
            "examples_per_second": 2666.0,
        }
        return EpochEvent(number, attempt, epoch, {**figures, **metrics}, self.clock())

    def epochs(self, number: int, attempt: int, count: int, level: float = 0.7) -> tuple[EpochEvent, ...]:
        """Record `count` epochs."""
        events = tuple(self.event(number, attempt, epoch, level) for epoch in range(1, count + 1))
        for event in events:
            self.ledger.record_epoch(event)
        return events

    def finish(
        self,
        number: int,
        attempt: int,
        events: tuple[EpochEvent, ...],
        *,
        state: TrialState = TrialState.COMPLETE,
        reason: str = "all epochs",
        failure: Failure | None = None,
    ) -> TrialResult:
        """End an attempt with its last epoch as the best."""
        metrics = dict(events[-1].metrics) if events else {}
        result = TrialResult(
            trial=number,
            attempt=attempt,
            state=state,
            reason=reason,
            epochs=events,
            best_epoch=len(events),
            metrics=metrics,
            value=metrics.get("val_accuracy") if state is not TrialState.FAILED else None,
            seconds=1.5 * len(events),
            confusion=((180, 5, 5, 10), (6, 185, 4, 5), (3, 9, 181, 7), (12, 6, 8, 174)) if events else (),
            versions={"tensorflow": "2.21.0", "keras": "3.15.1"},
            right=bits_of(row < 720 for row in range(800)) if events else "",
            failure=failure,
        )
        self.ledger.finish(result)
        return result

    def complete(self, number: int, level: float = 0.7, epochs: int = 3) -> None:
        """A whole successful trial."""
        attempt = self.begin(number)
        self.finish(number, attempt, self.epochs(number, attempt, epochs, level))

    def fail(self, number: int) -> None:
        """A trial whose model cannot be built."""
        traceback = (
            'Traceback (most recent call last):\n  File "lstm.py", line 3, in build\nValueError: units must be > 0'
        )
        failure = Failure("error", "ValueError: units must be > 0", traceback)
        self.finish(number, self.begin(number), (), state=TrialState.FAILED, reason="error", failure=failure)

    def prune(self, number: int) -> None:
        """A trial that is stopped at its second epoch."""
        attempt = self.begin(number)
        events = self.epochs(number, attempt, 2, 0.4)
        self.finish(number, attempt, events, state=TrialState.PRUNED, reason="hyperband: worst third at epoch 2")

    def interrupt(self, number: int) -> None:
        """A trial that Ctrl-C cuts short in its second epoch."""
        attempt = self.begin(number)
        self.epochs(number, attempt, 1)
        self.ledger.interrupt(number, "Ctrl-C")

    def twelve(self) -> None:
        """Twelve trials: a failed, a pruned and an interrupted one among them; trial 8 is best and is tested."""
        for number in range(1, 13):
            match number:
                case 4:
                    self.fail(number)
                case 6:
                    self.prune(number)
                case 10:
                    self.interrupt(number)
                    self.complete(number, 0.75, 4)
                case 12:
                    self.interrupt(number)
                case _:
                    self.complete(number, 0.83 if number == 8 else 0.55 + 0.02 * number, 3 + number % 3)
        opening = self.ledger.open_test(8)
        figures = {"accuracy": 0.7515, "macro_f1": 0.7493, "loss": 0.61, "rows": 2000,
                   "floors": {"chance": 0.25, "majority": 0.25, "linear": 0.818}}  # fmt: skip
        self.ledger.record_test(opening, figures)
        self.ledger.put(state="interrupted", reason="Ctrl-C")


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database as MLflow makes it."""
    store = Store(tmp_path_factory.mktemp("migrated"))
    prepare(store, f"sqlite:///{store.database}")
    return store.database


@pytest.fixture
def store(tmp_path: Path, migrated: Path) -> Store:
    """A store with a database and nothing in it."""
    shutil.copy(migrated, tmp_path / "mlflow.db")
    return Store(tmp_path)


@pytest.fixture
def uri(store: Store) -> str:
    """The store's own tracking URI, whatever the environment says."""
    return f"sqlite:///{store.database}"


@pytest.fixture
def fabricate() -> Iterator[Callable[..., FabricatedSweep]]:
    """Makes fabricated sweeps and closes their ledgers."""
    made: list[FabricatedSweep] = []

    def make(store: Store, *args: str) -> FabricatedSweep:
        made.append(FabricatedSweep(store, *args))
        return made[-1]

    yield make
    for sweep in made:
        sweep.ledger.close()


@pytest.fixture
def sweep(store: Store, fabricate: Callable[..., FabricatedSweep]) -> FabricatedSweep:
    """An empty sweep in the store."""
    return fabricate(store)
