from __future__ import annotations

import dataclasses
import math
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textclf_sweep.errors import StorageError
from textclf_sweep.ledger import FORMAT, Ledger, Opening
from textclf_sweep.trial import METRICS, EpochEvent, Failure, Trial, TrialRecord, TrialResult, TrialState

pytestmark = pytest.mark.unit

URI = "sqlite:///store/mlflow.db"


class Clock:
    """Time that passes when told to."""

    def __init__(self, now: float = 1_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sweeps" / "lstm" / "ledger.db"


@pytest.fixture
def ledger(path: Path, clock: Clock) -> Iterator[Ledger]:
    with Ledger.create(path, clock) as made:
        yield made


class LockedFolder:
    """A folder; inside a ``with`` neither it nor its files can be written, by root's tests either."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        for file in self.path.iterdir():
            file.chmod(0o444)
        self.path.chmod(0o555)
        if os.getuid() == 0:
            os.seteuid(65534)

    def __exit__(self, *_: object) -> None:
        os.seteuid(os.getuid())
        self.path.chmod(0o755)


@pytest.fixture
def locked_folder() -> Iterator[LockedFolder]:
    # Not `tmp_path`: other users may not enter the folders above it.
    with tempfile.TemporaryDirectory() as folder:
        yield LockedFolder(Path(folder))


def trial(number: int = 1) -> Trial:
    parameters = {"bidirectional": True, "dropout": 0.1 + 0.2, "optimizer": "adam", "units": 64}
    return Trial(number, "lstm", parameters, seed=10 + number, seen=tuple(range(1, number)))


def event(number: int, epoch: int, attempt: int = 1, value: float = 0.5) -> EpochEvent:
    return EpochEvent(number, attempt, epoch, dict.fromkeys(METRICS, value), time=1_000.5 + epoch)


def result(number: int = 1, attempt: int = 1, value: float = 0.7, epochs: int = 2) -> TrialResult:
    events = tuple(event(number, epoch, attempt, value) for epoch in range(1, epochs + 1))
    return TrialResult(
        number, attempt, TrialState.COMPLETE, "all epochs", events, epochs, dict(events[-1].metrics), value, 3.5,
        ((3, 1), (0, 4)), "definition", "data", "weights", versions={"keras": "3.15"},
    )  # fmt: skip


def failed(number: int = 1, attempt: int = 1) -> TrialResult:
    failure = Failure("diverged", "the loss became nan", "Traceback ...")
    return TrialResult(number, attempt, TrialState.FAILED, "diverged", failure=failure)


class TestTrials:
    def test_a_new_ledger_is_empty(self, ledger, path) -> None:
        assert path.is_file()
        assert ledger.history() == ledger.attempts() == ledger.openings() == ledger.unsent(URI) == ()
        assert ledger.active_seconds() == 0

    def test_a_proposal_waits(self, ledger) -> None:
        ledger.propose(trial())
        assert ledger.history() == (TrialRecord(trial(), TrialState.WAITING),)

    def test_an_attempt_runs(self, ledger, clock) -> None:
        ledger.propose(trial())
        clock.now = 1_007.0
        assert ledger.begin_attempt(1) == 1
        (record,) = ledger.history()
        assert (record.state, record.attempts, record.epochs, record.result) == (TrialState.RUNNING, 1, (), None)
        (attempt,) = ledger.attempts()
        assert (attempt.trial, attempt.attempt, attempt.state) == (1, 1, TrialState.RUNNING)
        assert (attempt.started, attempt.ended, attempt.counted, attempt.result) == (1_007.0, None, False, None)
        assert (attempt.tracking_uri, attempt.run_id, attempt.synced_epoch, attempt.finalised) == (None, None, 0, False)

    def test_epochs_come_in(self, ledger) -> None:
        ledger.propose(trial())
        ledger.begin_attempt(1)
        for epoch in (1, 2):
            ledger.record_epoch(event(1, epoch))
        assert ledger.history()[0].epochs == (event(1, 1), event(1, 2))
        assert ledger.epochs(1, 1, after=1) == (event(1, 2),)
        assert ledger.epochs(1, 2) == ()

    def test_an_epoch_of_an_attempt_that_is_over_is_kept_and_not_shown(self, ledger) -> None:
        ledger.propose(trial())
        ledger.begin_attempt(1)
        ledger.crash(1, "killed")
        ledger.begin_attempt(1)
        ledger.record_epoch(event(1, 1, attempt=1))
        assert ledger.history()[0].epochs == ()
        assert ledger.epochs(1, 1) == (event(1, 1, attempt=1),)

    def test_an_epoch_told_twice_or_late_stands_once_and_in_its_place(self, ledger) -> None:
        ledger.propose(trial())
        ledger.begin_attempt(1)
        for epoch in (1, 3, 3, 2):
            ledger.record_epoch(event(1, epoch))
        assert ledger.history()[0].epochs == ledger.epochs(1, 1) == tuple(event(1, epoch) for epoch in (1, 2, 3))

    def test_an_epoch_and_a_sending_cost_the_same_however_long_the_trial(self, ledger) -> None:
        ledger.propose(trial())
        ledger.begin_attempt(1)
        (attempt,) = ledger.attempts()
        statements: list[str] = []
        ledger._connection.set_trace_callback(statements.append)
        for epoch in range(1, 4):
            ledger.record_epoch(event(1, epoch))
            ledger.sent(dataclasses.replace(attempt, tracking_uri=URI, run_id="run", synced_epoch=epoch))
        assert len([text for text in statements if text.startswith("INSERT")]) == 3
        assert [text for text in statements if "SELECT" in text] == []
        (record,) = ledger.history()
        assert (len(record.epochs), record.run_id) == (3, "run")

    def test_the_result_counts(self, ledger, clock) -> None:
        ledger.propose(trial())
        ledger.begin_attempt(1)
        clock.now = 1_020.0
        ledger.finish(result())
        (record,) = ledger.history()
        assert (record.state, record.reason, record.result, record.value) == (
            TrialState.COMPLETE, "all epochs", result(), 0.7,
        )  # fmt: skip
        (attempt,) = ledger.attempts(1)
        assert (attempt.state, attempt.counted, attempt.result, attempt.ended) == (
            TrialState.COMPLETE, True, result(), 1_020.0,
        )  # fmt: skip

    def test_epochs_that_were_not_reported_come_with_the_result(self, ledger) -> None:
        ledger.propose(trial())
        ledger.begin_attempt(1)
        ledger.record_epoch(event(1, 1, value=0.7))
        ledger.finish(result(epochs=3))
        assert ledger.epochs(1, 1) == ledger.history()[0].epochs == result(epochs=3).epochs

    def test_finishing_again_changes_nothing(self, ledger, path) -> None:
        ledger.propose(trial())
        ledger.begin_attempt(1)
        ledger.finish(result())
        before = ledger.history(), ledger.attempts()
        ledger.finish(result())
        ledger.finish(failed())
        assert (ledger.history(), ledger.attempts()) == before

    def test_a_failure_has_no_value(self, ledger) -> None:
        ledger.propose(trial())
        ledger.begin_attempt(1)
        ledger.finish(failed())
        (record,) = ledger.history()
        assert (record.state, record.value, record.result) == (TrialState.FAILED, None, failed())

    def test_numbers_that_are_not_finite_survive(self, ledger, path) -> None:
        ledger.propose(trial())
        ledger.begin_attempt(1)
        ledger.finish(result(value=math.inf))
        with Ledger.read(path) as other:
            (record,) = other.history()
        assert record.result == result(value=math.inf)
        assert record.value is None

    def test_a_number_cannot_be_taken_twice(self, ledger) -> None:
        ledger.propose(trial())
        with pytest.raises(StorageError, match="cannot be written"):
            ledger.propose(dataclasses.replace(trial(), architecture="gru"))
        assert ledger.history() == (TrialRecord(trial(), TrialState.WAITING),)


class TestLostAttempts:
    def test_an_interrupted_trial_runs_again_as_the_next_attempt(self, ledger) -> None:
        ledger.propose(trial())
        ledger.begin_attempt(1)
        ledger.record_epoch(event(1, 1))
        ledger.interrupt(1, "Ctrl-C")
        (record,) = ledger.history()
        assert (record.state, record.reason, record.attempts) == (TrialState.INTERRUPTED, "Ctrl-C", 1)
        assert ledger.begin_attempt(1) == 2
        (record,) = ledger.history()
        assert (record.state, record.reason, record.attempts, record.epochs) == (TrialState.RUNNING, "", 2, ())
        ledger.finish(result(attempt=2))
        assert [attempt.state for attempt in ledger.attempts(1)] == [TrialState.INTERRUPTED, TrialState.COMPLETE]
        assert [attempt.counted for attempt in ledger.attempts(1)] == [False, True]
        assert ledger.history()[0].result == result(attempt=2)

    def test_crashes_are_counted_and_interruptions_are_not(self, ledger) -> None:
        ledger.propose(trial())
        spent = []
        for _ in range(3):
            ledger.begin_attempt(1)
            ledger.crash(1, "killed by SIGSEGV")
            spent.append(sum(attempt.state is TrialState.FAILED for attempt in ledger.attempts(1)))
            assert ledger.history()[0].state is TrialState.WAITING
            ledger.begin_attempt(1)
            ledger.interrupt(1, "Ctrl-C")
        assert spent == [1, 2, 3]
        assert ledger.history()[0].attempts == 6
        assert [attempt.attempt for attempt in ledger.attempts(1)] == [1, 2, 3, 4, 5, 6]
        assert not any(attempt.counted for attempt in ledger.attempts(1))

    def test_crashes_are_counted_per_trial(self, ledger) -> None:
        for number in (1, 2):
            ledger.propose(trial(number))
            ledger.begin_attempt(number)
            ledger.crash(number, "killed")
        assert [attempt.state for attempt in ledger.attempts(1)] == [TrialState.FAILED]
        assert [attempt.state for attempt in ledger.attempts(2)] == [TrialState.FAILED]

    def test_a_result_found_later_replaces_the_interruption_and_is_sent_again(self, ledger) -> None:
        ledger.propose(trial())
        ledger.begin_attempt(1)
        ledger.interrupt(1, "the program failed")
        (attempt,) = ledger.attempts()
        ledger.sent(dataclasses.replace(attempt, tracking_uri=URI, run_id="run", finalised=True))
        assert ledger.unsent(URI) == ()
        ledger.finish(result())
        assert ledger.history()[0].state is TrialState.COMPLETE
        (unsent,) = ledger.unsent(URI)
        assert (unsent.state, unsent.run_id, unsent.counted) == (TrialState.COMPLETE, "run", True)


class TestSweepFacts:
    def test_values_keep_their_types(self, ledger, path) -> None:
        values = {"a": {"b": [1, 2.5, None, True]}, "name": "lstm", "best": None}
        ledger.put(**values)
        with Ledger.read(path) as other:
            assert {key: other.get(key, "absent") for key in values} == values

    def test_an_absent_key_has_the_default(self, ledger) -> None:
        assert ledger.get("name") is None
        assert ledger.get("name", {}) == {}

    def test_values_are_replaced(self, ledger) -> None:
        ledger.put(state="running", reason="")
        ledger.put(state="complete")
        assert (ledger.get("state"), ledger.get("reason")) == ("complete", "")


class TestActiveTime:
    def test_it_runs_while_a_session_is_open(self, ledger, clock) -> None:
        clock.now += 50
        assert ledger.active_seconds() == 0
        ledger.start_session()
        clock.now += 30
        assert ledger.active_seconds() == 30

    def test_sessions_add_up_and_pauses_do_not_count(self, path, clock) -> None:
        with Ledger.create(path, clock) as first:
            first.start_session()
            clock.now += 100
            first.put(state="interrupted")
        clock.now += 5_000
        with Ledger.create(path, clock) as second:
            assert second.active_seconds() == 100
            second.start_session()
            clock.now += 20
            assert second.active_seconds() == 120

    def test_a_killed_session_counts_up_to_its_last_commit(self, path, clock) -> None:
        with Ledger.create(path, clock) as killed:
            killed.start_session()
            clock.now += 40
            killed.propose(trial())
            clock.now += 500
        with Ledger.create(path, clock) as after:
            assert after.active_seconds() == 40


class TestOpenings:
    def test_an_opening_is_committed_before_its_figures(self, ledger, clock, path) -> None:
        clock.now = 1_234.0
        assert ledger.open_test(3) == 1
        with Ledger.read(path) as other:
            assert other.openings() == (Opening(1, 3, 1_234.0, None),)
        ledger.record_test(1, {"accuracy": 0.8, "floors": {"linear": None}})
        assert ledger.openings() == (Opening(1, 3, 1_234.0, {"accuracy": 0.8, "floors": {"linear": None}}),)

    def test_openings_are_numbered(self, ledger) -> None:
        assert [ledger.open_test(number) for number in (3, 3, 8)] == [1, 2, 3]
        ledger.record_test(2, {"accuracy": 0.5})
        assert [opening.trial for opening in ledger.openings()] == [3, 3, 8]
        assert [opening.figures for opening in ledger.openings()] == [None, {"accuracy": 0.5}, None]


class TestSending:
    def test_what_was_sent_is_not_sent_again(self, ledger) -> None:
        ledger.propose(trial())
        ledger.begin_attempt(1)
        (attempt,) = ledger.unsent(URI)
        half = dataclasses.replace(attempt, tracking_uri=URI, run_id="run", synced_epoch=1)
        ledger.sent(half)
        assert ledger.unsent(URI) == (half,)
        assert ledger.history()[0].run_id == "run"
        ledger.finish(result())
        (whole,) = ledger.unsent(URI)
        assert (whole.run_id, whole.synced_epoch, whole.state) == ("run", 1, TrialState.COMPLETE)
        ledger.sent(dataclasses.replace(whole, synced_epoch=2, finalised=True))
        assert ledger.unsent(URI) == ()

    def test_another_tracking_uri_lacks_everything(self, ledger) -> None:
        ledger.propose(trial())
        ledger.begin_attempt(1)
        ledger.finish(result())
        ledger.sent(dataclasses.replace(ledger.attempts()[0], tracking_uri=URI, run_id="run", finalised=True))
        assert ledger.unsent("http://server") == ledger.attempts()

    def test_the_run_shown_is_the_counted_attempts(self, ledger) -> None:
        ledger.propose(trial())
        ledger.begin_attempt(1)
        ledger.interrupt(1, "Ctrl-C")
        ledger.begin_attempt(1)
        for attempt in ledger.attempts():
            ledger.sent(dataclasses.replace(attempt, tracking_uri=URI, run_id=f"run {attempt.attempt}"))
        ledger.finish(result(attempt=2))
        assert ledger.history()[0].run_id == "run 2"

    def test_one_parent_per_tracking_uri(self, ledger) -> None:
        assert ledger.parent(URI) is None
        ledger.set_parent(URI, "1", "first")
        ledger.set_parent("http://server", "7", "other")
        ledger.set_parent(URI, "1", "rebuilt")
        assert (ledger.parent(URI), ledger.parent("http://server")) == (("1", "rebuilt"), ("7", "other"))


operations = st.lists(
    st.tuples(
        st.sampled_from(["propose", "begin", "epoch", "finish", "fail", "interrupt", "crash", "sent"]),
        st.integers(0, 5),
    ),
    max_size=25,
)


class TestFile:
    @settings(deadline=None, max_examples=40, derandomize=True)
    @given(steps=operations)
    def test_reopened_it_tells_the_same(self, steps, tmp_path_factory) -> None:
        path = tmp_path_factory.mktemp("ledger") / "ledger.db"
        with Ledger.create(path, Clock()) as ledger:
            for verb, choice in steps:
                self.send(ledger, choice) if verb == "sent" else self.apply(ledger, verb, choice)
            before = ledger.history(), ledger.attempts()
        for opened in (Ledger.read(path), Ledger.create(path)):
            with opened as again:
                assert (again.history(), again.attempts()) == before
        for record in before[0]:
            counted = [attempt for attempt in before[1] if attempt.trial == record.number and attempt.counted]
            assert len(counted) == record.state.final

    @staticmethod
    def send(ledger: Ledger, choice: int) -> None:
        """Some attempt, if there is one that far."""
        for attempt in ledger.attempts()[choice : choice + 1]:
            ledger.sent(dataclasses.replace(attempt, tracking_uri=URI, run_id=f"run {choice}"))

    @staticmethod
    def apply(ledger: Ledger, verb: str, choice: int) -> None:
        """The step on a trial in a state that allows it, if there is one."""
        history = ledger.history()
        running = [record for record in history if record.state is TrialState.RUNNING]
        startable = [record for record in history if not record.state.final and record not in running]
        if verb == "propose":
            ledger.propose(trial(len(history) + 1))
        elif verb == "begin" and startable:
            ledger.begin_attempt(startable[choice % len(startable)].number)
        elif running and verb not in {"propose", "begin"}:
            record = running[choice % len(running)]
            match verb:
                case "epoch":
                    ledger.record_epoch(event(record.number, len(record.epochs) + 1, record.attempts))
                case "finish":
                    ledger.finish(result(record.number, record.attempts))
                case "fail":
                    ledger.finish(failed(record.number, record.attempts))
                case "interrupt":
                    ledger.interrupt(record.number, "Ctrl-C")
                case "crash":
                    ledger.crash(record.number, "killed by SIGKILL")

    def test_another_process_reads_while_it_is_written(self, ledger, path) -> None:
        ledger.propose(trial())
        with Ledger.read(path) as reader:
            ledger.begin_attempt(1)
            ledger.put(state="complete")
            # What a reader sees is of one moment.
            assert reader.history()[0].state is TrialState.WAITING
            assert reader.get("state") is None
            with Ledger.read(path) as later:
                assert later.history() == ledger.history()
                assert later.get("state") == "complete"

    def test_a_second_thread_may_share_it(self, ledger) -> None:
        for number in range(1, 6):
            ledger.propose(trial(number))
            ledger.begin_attempt(number)
        problems: list[BaseException] = []

        def send() -> None:
            try:
                while any(not attempt.finalised for attempt in ledger.unsent(URI)):
                    for attempt in ledger.unsent(URI):
                        done = attempt.state.final
                        ledger.sent(
                            dataclasses.replace(attempt, tracking_uri=URI, run_id=str(attempt.trial), finalised=done)
                        )
            except BaseException as problem:
                problems.append(problem)

        sender = threading.Thread(target=send)
        sender.start()
        for epoch in range(1, 6):
            for number in range(1, 6):
                ledger.record_epoch(event(number, epoch))
        for number in range(1, 6):
            ledger.finish(result(number, epochs=5))
        sender.join(timeout=60)
        assert not sender.is_alive()
        assert problems == []
        assert {record.run_id for record in ledger.history()} == {"1", "2", "3", "4", "5"}
        assert all(attempt.state is TrialState.COMPLETE for attempt in ledger.attempts())

    def test_closing_twice(self, path) -> None:
        ledger = Ledger.create(path)
        ledger.close()
        ledger.close()

    def test_what_cannot_be_committed_is_not_in_memory_either(self, ledger, path) -> None:
        ledger.start_session()
        ledger.propose(trial())
        ledger.begin_attempt(1)
        before = ledger.history()
        other = sqlite3.connect(path)
        other.execute("CREATE TRIGGER full BEFORE UPDATE ON sessions BEGIN SELECT RAISE(ABORT, 'disk full'); END")
        other.close()
        with pytest.raises(StorageError, match="disk full"):
            ledger.finish(result())
        assert ledger.history() == before
        assert ledger.attempts()[0].state is TrialState.RUNNING

    def test_an_epoch_or_a_sending_that_cannot_be_committed_is_not_in_memory_either(self, ledger, path) -> None:
        ledger.start_session()
        ledger.propose(trial())
        ledger.begin_attempt(1)
        ledger.record_epoch(event(1, 1))
        before, (attempt,) = ledger.history(), ledger.attempts()
        other = sqlite3.connect(path)
        other.execute("CREATE TRIGGER full BEFORE UPDATE ON sessions BEGIN SELECT RAISE(ABORT, 'disk full'); END")
        other.close()
        with pytest.raises(StorageError, match="disk full"):
            ledger.record_epoch(event(1, 2))
        with pytest.raises(StorageError, match="disk full"):
            ledger.sent(dataclasses.replace(attempt, run_id="run"))
        assert ledger.history() == before

    @pytest.mark.parametrize("killed", [False, True], ids=["closed", "killed"])
    def test_one_that_nobody_may_write_is_read(self, locked_folder, killed) -> None:
        path = locked_folder.path / "ledger.db"
        with Ledger.create(path) as ledger:
            ledger.propose(trial())
            if killed:
                # What a killed process leaves behind: the log beside the file, and nobody who holds it open.
                for file in sorted(path.parent.iterdir()):
                    shutil.copy(file, file.with_name(f"left-{file.name}"))
        if killed:
            for file in path.parent.glob("left-*"):
                file.replace(file.with_name(file.name.removeprefix("left-")))
            assert path.with_name("ledger.db-wal").stat().st_size
        files = sorted(path.parent.iterdir())
        with locked_folder, Ledger.read(path) as reader:
            assert [record.trial for record in reader.history()] == [trial()]
        assert sorted(path.parent.iterdir()) == files

    def test_one_whose_log_cannot_be_read_is_not_shown_as_it_was_before(self, locked_folder) -> None:
        path = locked_folder.path / "ledger.db"
        with Ledger.create(path) as ledger:
            ledger.propose(trial())
            shutil.copy(path.with_name("ledger.db-wal"), path.with_name("left"))
        path.with_name("left").replace(path.with_name("ledger.db-wal"))
        with locked_folder, pytest.raises(StorageError, match="cannot be opened"):
            Ledger.read(path)

    def test_reading_leaves_no_file_behind(self, path) -> None:
        Ledger.create(path).close()
        Ledger.read(path).close()
        assert list(path.parent.iterdir()) == [path]

    def test_a_missing_one_is_not_made_by_reading(self, path) -> None:
        with pytest.raises(StorageError, match="no ledger"):
            Ledger.read(path)
        assert not path.exists()

    @pytest.mark.parametrize("open_it", [Ledger.read, Ledger.create], ids=["read", "create"])
    def test_another_format_is_refused_and_left_alone(self, path, open_it) -> None:
        path.parent.mkdir(parents=True)
        foreign = sqlite3.connect(path)
        foreign.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
        foreign.execute("INSERT INTO meta VALUES ('format', ?)", (str(FORMAT + 1),))
        foreign.commit()
        with pytest.raises(StorageError, match=f"format {FORMAT + 1}"):
            open_it(path)
        assert foreign.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall() == [("meta",)]
        foreign.close()

    @pytest.mark.parametrize("open_it", [Ledger.read, Ledger.create], ids=["read", "create"])
    @pytest.mark.parametrize("damage", ["no database", "cut", "zeroed", "bad text", "bad state"])
    def test_a_damaged_file_is_a_storage_error(self, path, open_it, damage) -> None:
        with Ledger.create(path) as ledger:
            for number in range(1, 30):
                ledger.propose(trial(number))
        match damage:
            case "no database":
                path.write_bytes(b"These are not the bytes of a database. " * 100)
            case "cut":
                path.write_bytes(path.read_bytes()[:6000])
            case "zeroed":
                path.write_bytes(path.read_bytes()[:4096] + bytes(len(path.read_bytes()) - 4096))
            case "bad text" | "bad state":
                column = "trial" if damage == "bad text" else "state"
                connection = sqlite3.connect(path)
                connection.execute(f"UPDATE trials SET {column} = '{{' WHERE number = 7")
                connection.commit()
                connection.close()
        with pytest.raises(StorageError, match=r"ledger\.db") as caught:
            open_it(path)
        assert caught.value.problems[0].fix

    def test_damage_met_later_is_a_storage_error(self, ledger, path) -> None:
        ledger.propose(trial())
        other = sqlite3.connect(path)
        other.execute("DROP TABLE openings")
        other.close()
        with pytest.raises(StorageError, match="openings"):
            ledger.openings()

    def test_a_folder_that_cannot_be_made(self, tmp_path) -> None:
        (tmp_path / "file").write_text("in the way")
        with pytest.raises(StorageError, match="cannot be opened"):
            Ledger.create(tmp_path / "file" / "ledger.db")

    def test_an_empty_file_left_by_a_kill_is_made_whole(self, path) -> None:
        path.parent.mkdir(parents=True)
        path.touch()
        with pytest.raises(StorageError):
            Ledger.read(path)
        with Ledger.create(path) as ledger:
            ledger.propose(trial())
        with Ledger.read(path) as reader:
            assert len(reader.history()) == 1


WRITER = """
import sys
from pathlib import Path
from textclf_sweep.ledger import Ledger
from textclf_sweep.trial import EpochEvent, Trial, TrialResult, TrialState

with Ledger.create(Path(sys.argv[1])) as ledger:
    ledger.start_session()
    for number in range(len(ledger.history()) + 1, 100000):
        ledger.propose(Trial(number, "lstm", {"units": number}, seed=number, seen=tuple(range(1, number))))
        print(number, flush=True)
        ledger.begin_attempt(number)
        for epoch in (1, 2):
            ledger.record_epoch(EpochEvent(number, 1, epoch, {"val_accuracy": 0.5}, 1.0))
        ledger.finish(TrialResult(number, 1, TrialState.COMPLETE, "all epochs", value=0.5))
"""


class TestKilled:
    def test_after_kill_9_everything_committed_is_there(self, path) -> None:
        generator = random.Random(3)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        for _ in range(4):
            with subprocess.Popen(
                [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True, env=environment
            ) as writer:
                told = int(writer.stdout.readline())
                time.sleep(generator.uniform(0.0, 0.2))
                writer.send_signal(signal.SIGKILL)
                told = max([told, *map(int, writer.stdout.read().split())])
            with Ledger.read(path) as ledger:
                history, attempts = ledger.history(), ledger.attempts()
                epochs = {record.number: ledger.epochs(record.number, 1) for record in history}
            assert [record.number for record in history] == list(range(1, len(history) + 1))
            assert len(history) in {told, told + 1}
            for record in history:
                own = [attempt for attempt in attempts if attempt.trial == record.number]
                assert record.attempts == len(own)
                assert record.epochs == epochs[record.number]
                if record.state is TrialState.COMPLETE:
                    assert (len(record.epochs), [attempt.counted for attempt in own]) == (2, [True])
                elif record.state is TrialState.RUNNING:
                    assert [attempt.state for attempt in own] == [TrialState.RUNNING]
                else:
                    assert (record.state, own) == (TrialState.WAITING, [])


class TestRetryAndRedefine:
    def test_a_retried_trial_waits_and_its_result_counts_no_more(self, ledger: Ledger) -> None:
        ledger.propose(trial(1))
        attempt = ledger.begin_attempt(1)
        ledger.finish(failed(1, attempt))
        ledger.retry(1, "to be run again")
        (record,) = ledger.history()
        assert (record.state, record.reason, record.result, record.attempts) == (
            TrialState.WAITING, "to be run again", None, 1,
        )  # fmt: skip
        assert [item.counted for item in ledger.attempts()] == [False]
        again = ledger.begin_attempt(1)
        ledger.finish(result(1, again))
        assert [item.counted for item in ledger.attempts()] == [False, True]
        assert ledger.history()[0].state is TrialState.COMPLETE

    def test_trials_that_are_left_out_stay_so_after_a_restart(self, ledger: Ledger, path: Path) -> None:
        for number in (1, 2, 3):
            ledger.propose(trial(number))
            ledger.finish(result(number, ledger.begin_attempt(number)))
        ledger.redefine([1, 3], definition_hash="new")
        assert [record.counted for record in ledger.history()] == [False, True, False]
        assert ledger.get("definition_hash") == "new"
        ledger.close()
        with Ledger.read(path) as again:
            assert [record.counted for record in again.history()] == [False, True, False]
        with Ledger.create(path) as again:
            again.redefine([])
            assert all(record.counted for record in again.history())

    def test_mlflow_is_told_of_those_that_change(self, ledger: Ledger) -> None:
        for number in (1, 2):
            ledger.propose(trial(number))
            ledger.finish(result(number, ledger.begin_attempt(number)))
        for item in ledger.attempts():
            ledger.sent(dataclasses.replace(item, tracking_uri="u", run_id="r", finalised=True))
        ledger.redefine([2])
        assert [item.trial for item in ledger.unsent("u")] == [2]
        for item in ledger.unsent("u"):
            ledger.sent(dataclasses.replace(item, finalised=True))
        ledger.redefine([2])
        assert ledger.unsent("u") == ()
