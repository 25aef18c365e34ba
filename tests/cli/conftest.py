"""Fabricated sweeps: events for the displays, and stores with real ledgers for the commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from textclf_sweep.definition.space import Categorical, Constant, Range, SearchSpace
from textclf_sweep.definition.types import DataSettings, Search, SweepDefinition
from textclf_sweep.ledger import Ledger
from textclf_sweep.store import Store
from textclf_sweep.sweep.events import EpochEnded, SweepEvent, SweepStarted, TrialEnded, TrialStarted
from textclf_sweep.trial import EpochEvent, Failure, Parameters, Trial, TrialRecord, TrialResult, TrialState

FLOORS = {"chance": 0.25, "majority": 0.2625, "linear": 0.8175}


class Story:
    """Makes the values of a fabricated sweep: trial n has learning rate n/1000 and reaches 0.5 + n/100."""

    space = SearchSpace.of(
        {
            "learning_rate": Range(1e-4, 1.0, log=True),
            "batch_size": Categorical((32, 64)),
            "optimizer": Categorical(("adam", "sgd")),
            "epochs": Constant(4),
        }
    )

    def definition(self, **changes: object) -> SweepDefinition:
        values = {"name": "news", "method": "random", "sampler": "random", "run_cap": 10, **changes}
        searches = (Search("lstm", self.space, values["run_cap"]),)  # type: ignore[arg-type]
        return SweepDefinition(**{"searches": searches, "data": DataSettings("sample"), **values})  # type: ignore[arg-type]

    def started(self, total: int | None = 10, history: tuple[TrialRecord, ...] = ()) -> SweepStarted:
        rows = {"train": 4000, "validation": 800, "test": 2000}
        return SweepStarted(
            self.definition(run_cap=total), total, 2, rows, ("bad", "good"), history, "mlruns/sweeps/news"
        )

    def trial(self, number: int) -> Trial:
        parameters = {"learning_rate": number / 1000, "batch_size": 32, "optimizer": "adam", "epochs": 4}
        return Trial(number, "lstm", parameters, seed=number)

    def epoch(self, number: int, epoch: int, value: float | None = None, attempt: int = 1) -> EpochEvent:
        reached = 0.5 + number / 100 if value is None else value
        return EpochEvent(number, attempt, epoch, {"val_accuracy": reached, "epoch_seconds": 1.9}, time=float(epoch))

    def record(self, number: int, state: TrialState = TrialState.COMPLETE, seconds: float = 12.0) -> TrialRecord:
        epochs = tuple(self.epoch(number, epoch) for epoch in (1, 2, 3))
        if not state.final:
            return TrialRecord(self.trial(number), state, "interrupt", 1, epochs)
        failed = state is TrialState.FAILED
        reason = "diverged" if failed else "early stopping"
        result = TrialResult(
            trial=number,
            attempt=1,
            state=state,
            reason=reason,
            epochs=epochs,
            best_epoch=2,
            metrics={} if failed else epochs[1].metrics,
            value=None if failed else epochs[1].metrics["val_accuracy"],
            seconds=seconds,
            failure=Failure("diverged", "the loss is nan at epoch 3") if failed else None,
        )
        return TrialRecord(self.trial(number), state, reason, 1, epochs, result)

    def events(self, finished: int, running: int = 0) -> list[SweepEvent]:
        """A sweep of which some trials are complete and the next ones have trained two epochs."""
        events: list[SweepEvent] = [self.started(total=finished + running + 5)]
        for number in range(1, finished + 1):
            record = self.record(number)
            events += [TrialStarted(record.trial, 1), *map(EpochEnded, record.epochs), TrialEnded(record, record)]
        for number in range(finished + 1, finished + running + 1):
            events += [TrialStarted(self.trial(number), 1), *(EpochEnded(self.epoch(number, one)) for one in (1, 2))]
        return events


@pytest.fixture(scope="session")
def story() -> Story:
    return Story()


@pytest.fixture
def make_sweep(tmp_path: Path, story: Story) -> Callable[..., Store]:
    """Writes a sweep with these trials into a store and returns the store."""

    def make(
        *states: TrialState, name: str = "news", space: SearchSpace = story.space, more: Parameters | None = None
    ) -> Store:
        store = Store(tmp_path)
        definition = story.definition(name=name, searches=(Search("lstm", space, 10),))
        with Ledger.create(store.sweep(name).ledger) as ledger:
            ledger.put(
                sweep_id=name,
                name=name,
                definition=definition.identity(),
                definition_hash="d",
                data={"data_hash": "h"},
                metric={"name": "val_accuracy", "goal": "maximize"},
                floors=FLOORS,
                state="complete",
                reason="every trial is done",
            )
            for number, state in enumerate(states, start=1):
                trial = story.trial(number)
                ledger.propose(replace(trial, parameters={**trial.parameters, **(more or {})}))
                ledger.begin_attempt(number)
                record = story.record(number, state)
                for epoch in record.epochs:
                    ledger.record_epoch(epoch)
                if record.result is not None:
                    ledger.finish(record.result)
                else:
                    ledger.interrupt(number, record.reason)
        return store

    return make
