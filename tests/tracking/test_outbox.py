"""The live writer."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from textclf_sweep.store import Store
from textclf_sweep.tracking import Outbox, connection, sync
from textclf_sweep.tracking.outbox import Pace

QUICK = Pace(interval=0.01, pause=0.05, longest_pause=0.2)
PATIENCE = 120.0
"""Seconds; only a test that fails waits that long."""


class Problems:
    """What the user was told."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.told = threading.Event()

    def __call__(self, text: str) -> None:
        self.texts.append(text)
        self.told.set()


def runs(uri: str) -> list[Any]:
    client = connection.client(uri)
    return list(client.search_runs([client.get_experiment_by_name("lstm").experiment_id], max_results=1000))


def test_what_the_ledger_has_is_in_mlflow_when_it_is_closed(sweep: Any, store: Store, uri: str) -> None:
    problems = Problems()
    outbox = Outbox(sweep.ledger, store, uri, problems, QUICK)
    for number in range(1, 4):
        attempt = sweep.begin(number)
        outbox.notify()
        events = sweep.epochs(number, attempt, 3)
        outbox.notify()
        sweep.finish(number, attempt, events)
        outbox.notify()
    sweep.ledger.put(state="complete")

    assert outbox.close(PATIENCE)
    assert outbox.close(PATIENCE)
    found = runs(uri)
    assert [run.info.status for run in found] == ["FINISHED"] * 4
    assert problems.texts == []
    assert sweep.ledger.unsent(uri) == ()
    experiment, parent = sweep.ledger.parent(uri)
    assert parent in {run.info.run_id for run in found}
    assert experiment == found[0].info.experiment_id
    report = sync(sweep.ledger, store, uri)
    assert (report.created, report.updated) == (0, 0)


def test_the_first_sending_makes_the_parent_before_there_is_a_trial(sweep: Any, store: Store, uri: str) -> None:
    assert Outbox(sweep.ledger, store, uri, pace=QUICK).close(PATIENCE)
    assert [run.data.tags["sweep.kind"] for run in runs(uri)] == ["parent"]


def test_a_database_that_is_broken_for_a_while_loses_nothing(
    sweep: Any, store: Store, uri: str, migrated: Path
) -> None:
    store.database.write_bytes(b"no database" * 100)
    problems = Problems()
    outbox = Outbox(sweep.ledger, store, uri, problems, QUICK)
    sweep.complete(1)
    outbox.notify()
    assert problems.told.wait(PATIENCE)
    shutil.copy(migrated, store.database)

    assert outbox.close(PATIENCE)
    assert len(runs(uri)) == 2
    assert len(problems.texts) == 1
    assert "is not a database" in problems.texts[0]


def test_a_database_someone_else_writes_is_waited_for(sweep: Any, store: Store, uri: str) -> None:
    outbox = Outbox(sweep.ledger, store, uri, pace=QUICK)
    with closing(sqlite3.connect(store.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        sweep.complete(1)
        outbox.notify()
        other.execute("ROLLBACK")

    assert outbox.close(PATIENCE)
    assert len(runs(uri)) == 2


def test_what_cannot_be_sent_is_told_once_and_left_to_sync(sweep: Any, store: Store, uri: str, migrated: Path) -> None:
    store.database.write_bytes(b"no database" * 100)
    problems = Problems()
    outbox = Outbox(sweep.ledger, store, uri, problems, QUICK)
    sweep.complete(1)

    assert not outbox.close(PATIENCE)
    assert len(problems.texts) == 1
    assert [attempt.attempt for attempt in sweep.ledger.unsent(uri)] == [1]
    shutil.copy(migrated, store.database)
    assert sync(sweep.ledger, store, uri).created == 2


def test_a_database_removed_while_it_is_written_is_made_again(
    sweep: Any, store: Store, uri: str, migrated: Path
) -> None:
    problems = Problems()
    sweep.complete(1)
    outbox = Outbox(sweep.ledger, store, uri, problems, QUICK)
    assert outbox.close(PATIENCE)

    shutil.copy(migrated, store.root / "fresh.db")
    outbox = Outbox(sweep.ledger, store, uri, problems, QUICK)
    (store.root / "fresh.db").replace(store.database)
    sweep.complete(2)
    outbox.notify()
    assert outbox.close(PATIENCE)
    assert len(runs(uri)) == 3


def test_a_server_that_is_away_does_not_hold_up_the_end(sweep: Any, store: Store) -> None:
    problems = Problems()
    outbox = Outbox(sweep.ledger, store, "http://127.0.0.1:9", problems, QUICK)

    assert not outbox.close(PATIENCE)
    assert "http://127.0.0.1:9" in problems.texts[0]
    assert sweep.ledger.parent("http://127.0.0.1:9") is None


@pytest.mark.parametrize("broken", ["name", "history"])
def test_a_mistake_of_ours_is_told_and_does_not_escape(broken: str, sweep: Any, store: Store, uri: str) -> None:
    problems = Problems()
    if broken == "name":
        sweep.ledger.put(name=7)
    else:
        sweep.ledger.close()
    outbox = Outbox(sweep.ledger, store, uri, problems, QUICK)

    assert not outbox.close(PATIENCE)
    assert len(problems.texts) == 1
