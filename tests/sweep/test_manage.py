from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable

import pytest

from textclf_sweep import locks
from textclf_sweep.errors import AlreadyRunningError, InputError, StorageError
from textclf_sweep.ledger import Ledger
from textclf_sweep.store import Store
from textclf_sweep.sweep import manage

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def own_mlflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture
def at() -> Callable[..., None]:
    def touch(sweep, seconds: float) -> None:
        """Make a closed ledger look as if it was last written then."""
        sweep.ledger.close()
        os.utime(sweep.folder.ledger, (seconds, seconds))

    return touch


@pytest.fixture
def finished(make_sweep):
    """A sweep of three trials, closed as a run ends it."""

    def make(name: str = "lstm"):
        sweep = make_sweep(name=name, run_cap=3)
        sweep.run()
        sweep.ledger.put(state="complete", reason="every trial is done")
        sweep.ledger.close()
        return sweep

    return make


class TestNames:
    def test_an_empty_store(self, tmp_path) -> None:
        assert manage.names(Store(tmp_path / "absent")) == []
        assert manage.list_sweeps(Store(tmp_path / "absent")) == []

    def test_the_last_active_first(self, make_sweep, at) -> None:
        for name, seconds in (("old", 1e9), ("new", 1.2e9), ("middle", 1.1e9)):
            at(make_sweep(name=name), seconds)
        store = make_sweep(name="running").store
        assert manage.names(store) == ["running", "new", "middle", "old"]

    def test_a_folder_without_a_ledger_is_no_sweep(self, make_sweep) -> None:
        store = make_sweep().store
        store.sweep("empty").path.mkdir()
        assert manage.names(store) == ["lstm"]


class TestList:
    def test_one_object_per_sweep(self, finished, at) -> None:
        sweep = finished()
        at(sweep, 1.2e9)
        (listed,) = manage.list_sweeps(sweep.store)
        assert listed == manage.status(sweep.store, "lstm") | {
            "architecture": "lstm", "method": "random", "sampler": "random", "updated": 1.2e9,
        }  # fmt: skip

    def test_looking_does_not_change_when_it_was_active(self, finished, at) -> None:
        sweep = finished()
        at(sweep, 1.2e9)
        first = manage.list_sweeps(sweep.store)
        assert manage.list_sweeps(sweep.store) == first

    def test_one_that_cannot_be_read_does_not_hide_the_others(self, finished, at) -> None:
        good, bad = finished("good"), finished("bad")
        at(good, 1e9)
        bad.folder.ledger.write_bytes(b"no database")
        first, second = manage.list_sweeps(good.store)
        assert (first["sweep"], first["state"], second["sweep"], second["state"]) == (
            "bad", "unreadable", "good", "complete",
        )  # fmt: skip
        assert first.keys() == second.keys()
        assert "ledger.db" in first["reason"]


class TestAsking:
    def test_status(self, finished) -> None:
        sweep = finished()
        told = manage.status(sweep.store, "lstm")
        assert (told["sweep"], told["state"], told["reason"]) == ("lstm", "complete", "every trial is done")
        assert told["trials"] == {"complete": 3, "pruned": 0, "failed": 0, "running": 0, "waiting": 0, "left_out": 0}
        assert told["parent_run_id"] is None

    def test_the_parent_run_is_the_one_of_this_mlflow(self, make_sweep) -> None:
        sweep = make_sweep()
        sweep.ledger.set_parent("http://elsewhere", "1", "other")
        assert manage.status(sweep.store, "lstm")["parent_run_id"] is None
        sweep.ledger.set_parent(sweep.store.tracking_uri(), "1", "ours")
        assert manage.status(sweep.store, "lstm")["parent_run_id"] == "ours"

    def test_trials_and_best(self, finished) -> None:
        sweep = finished()
        trials = manage.trials(sweep.store, "lstm")["trials"]
        assert [trial["number"] for trial in trials] == [1, 2, 3]
        leader = manage.best(sweep.store, "lstm")
        assert leader["value"] == max(trial["value"] for trial in trials)

    def test_no_best_without_a_success(self, make_sweep) -> None:
        assert manage.best(make_sweep().store, "lstm") is None

    def test_a_killed_sweep_is_interrupted(self, make_sweep) -> None:
        sweep = make_sweep()
        told = manage.status(sweep.store, "lstm")
        assert (told["state"], told["reason"]) == ("interrupted", "the program was killed")

    def test_a_running_sweep_is_running(self, make_sweep) -> None:
        sweep = make_sweep()
        with locks.hold_sweep_lock(sweep.folder):
            assert manage.status(sweep.store, "lstm")["state"] == "running"

    @pytest.mark.parametrize("ask", [manage.status, manage.trials, manage.best, manage.request_stop, manage.delete])
    def test_an_unknown_name(self, make_sweep, ask) -> None:
        store = make_sweep(name="lstm-small").store
        with pytest.raises(InputError, match="no sweep 'lstm-smal'") as caught:
            ask(store, "lstm-smal")
        assert "did you mean lstm-small" in str(caught.value)
        with pytest.raises(InputError, match="there are: lstm-small"):
            ask(store, "zzz")

    @pytest.mark.parametrize("name", ["", ".", "..", "../sweeps/lstm", "/etc"])
    def test_a_name_is_no_path(self, make_sweep, name) -> None:
        with pytest.raises(InputError):
            manage.status(make_sweep().store, name)

    def test_a_store_without_sweeps(self, tmp_path) -> None:
        with pytest.raises(InputError, match="sweep run FILE"):
            manage.status(Store(tmp_path), "lstm")

    def test_a_sweep_stopped_before_it_began(self, make_sweep) -> None:
        store = make_sweep(name="begun").store
        Ledger.create(store.sweep("lstm").ledger).close()
        with pytest.raises(StorageError, match="before it began"):
            manage.status(store, "lstm")
        assert {listed["sweep"] for listed in manage.list_sweeps(store)} == {"begun", "lstm"}


class TestStop:
    def test_nobody_runs_it(self, finished) -> None:
        sweep = finished()
        assert "not running" in manage.request_stop(sweep.store, "lstm")
        assert not sweep.folder.stop.exists()

    def test_the_running_process_is_asked(self, make_sweep) -> None:
        sweep = make_sweep()
        with locks.hold_sweep_lock(sweep.folder):
            assert str(os.getpid()) in manage.request_stop(sweep.store, "lstm")
        assert sweep.folder.stop.exists()


class TestDelete:
    def test_the_folder_goes(self, finished) -> None:
        sweep, other = finished(), finished("other")
        told = manage.delete(sweep.store, "lstm")
        assert any(str(sweep.folder.path) in line for line in told)
        assert manage.names(other.store) == ["other"]
        assert not sweep.folder.path.exists()

    def test_a_damaged_one_too(self, finished) -> None:
        sweep = finished()
        sweep.folder.ledger.write_bytes(b"no database")
        manage.delete(sweep.store, "lstm")
        assert not sweep.folder.path.exists()

    def test_not_while_it_runs(self, make_sweep) -> None:
        sweep = make_sweep()
        with locks.hold_sweep_lock(sweep.folder), pytest.raises(AlreadyRunningError):
            manage.delete(sweep.store, "lstm")
        assert sweep.folder.ledger.exists()


def test_the_snapshot_is_frozen(make_sweep) -> None:
    sweep = make_sweep()
    taken = manage.snapshot.take(sweep.ledger, sweep.store)
    with pytest.raises(dataclasses.FrozenInstanceError):
        taken.state = "complete"
