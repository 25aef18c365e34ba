from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from textclf_sweep.engines import (
    Engine,
    EpochReported,
    TaskCrashed,
    TaskErrored,
    TaskFinished,
    TaskTimedOut,
    WorkerReady,
    local,
)
from textclf_sweep.errors import AlreadyRunningError, EngineError
from textclf_sweep.locks import wait_for_orphans
from textclf_sweep.store import SweepFolder

pytestmark = pytest.mark.contract

HERE = Path(__file__).parent


class Clock:
    """The real clock, which can be put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


@pytest.fixture
def folder(tmp_path: Path) -> SweepFolder:
    return SweepFolder(tmp_path / "sweep")


@pytest.fixture
def start(folder: SweepFolder) -> Iterator[Callable[..., Engine]]:
    engines: list[Engine] = []

    def one(workers: int | None, **options: object) -> Engine:
        engines.append(local.start(workers, folder, **{"runner": "task_runners:run_task", "preload": (), **options}))
        return engines[-1]

    yield one
    for engine in engines:
        engine.close()


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts `parent_process.py` in a process group of its own; all its descendants carry its `mark`."""
    started: list[subprocess.Popen[bytes]] = []

    def one(mark: str, workers: int, *does: str) -> subprocess.Popen[bytes]:
        path = os.pathsep.join(filter(None, [str(HERE), str(HERE.parents[1]), os.environ.get("PYTHONPATH")]))
        started.append(
            subprocess.Popen(
                [sys.executable, HERE / "parent_process.py", tmp_path, str(workers), *does],
                env={**os.environ, "PYTHONPATH": path, "ENGINE_TEST_MARK": mark},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        )
        return started[-1]

    yield one
    for process in started:
        with process:
            process.kill()


def marked(mark: str) -> set[int]:
    """The processes that carry a mark in their environment."""
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if f"ENGINE_TEST_MARK={mark}\0".encode() in (path / "environ").read_bytes():
                found.add(int(path.name))
        except OSError:
            continue
    return found


def eventually(condition: Callable[[], object], what: str) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.02)


def descriptors() -> int:
    return len([*Path("/proc/self/fd").iterdir()])


def end_of(events: list) -> object:
    # Another worker may have become ready in the same moment.
    return [event for event in events if not isinstance(event, WorkerReady)][-1]


class TestCrashes:
    @pytest.mark.parametrize(
        ("crash", "cause"),
        [
            ({"does": "killed", "signal": 9}, "killed by signal 9 (SIGKILL; often the system running out of memory)"),
            ({"does": "killed", "signal": 11}, "killed by signal 11 (SIGSEGV)"),
            ({"does": "killed", "signal": 15}, "killed by signal 15 (SIGTERM)"),
            ({"does": "exits"}, "exited with status 3"),
            ({"does": "forks"}, "exited with status 3"),
        ],
    )
    def test_a_crash_is_named_and_the_worker_replaced(self, start, make_task, drive, crash, cause) -> None:
        engine = start(1)
        assert end_of(drive(engine, [make_task(**crash)])) == TaskCrashed("1.1", cause)
        events = drive(engine, [make_task("epochs", 2, epochs=1)])
        assert any(isinstance(event, WorkerReady) for event in events)
        assert isinstance(end_of(events), TaskFinished)

    def test_a_crash_leaves_the_other_worker_alone(self, start, make_task, drive) -> None:
        events = drive(start(2), [make_task("exits", 1), make_task("epochs", 2, epochs=3)])
        assert {event.key: type(event) for event in events if not isinstance(event, WorkerReady | EpochReported)} == {
            "1.1": TaskCrashed,
            "2.1": TaskFinished,
        }

    def test_crash_after_crash(self, start, make_task, drive) -> None:
        events = drive(start(1), [make_task("exits", number) for number in range(1, 9)])
        assert sum(isinstance(event, TaskCrashed) for event in events) == 8

    def test_a_worker_that_dies_between_tasks_costs_no_task(self, start, make_task, drive) -> None:
        engine = start(1)
        for number in range(1, 2 * local.IDLE_DEATHS):
            events = drive(engine, [make_task("epochs", number, epochs=1)])
            assert isinstance(end_of(events), TaskFinished)
            (pid,) = (event.pid for event in events if isinstance(event, WorkerReady))
            os.kill(pid, signal.SIGKILL)

    def test_an_outcome_that_cannot_be_sent_is_an_error(self, start, make_task, drive) -> None:
        engine = start(1)
        assert isinstance(end_of(drive(engine, [make_task("unsendable", 1)])), TaskErrored)
        assert isinstance(end_of(drive(engine, [make_task("epochs", 2, epochs=1)])), TaskFinished)

    def test_the_fork_server_may_die_too(self, start, make_task, drive, tmp_path) -> None:
        engine = start(1)
        engine.submit(make_task("hangs", 1))
        here = tmp_path / "results" / "1.here"
        while not (here.exists() and here.read_text()):
            engine.poll(0.05)
        worker = int(here.read_text())
        server = int(Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(server, signal.SIGKILL)
        events = []
        while not events:
            events += engine.poll(1.0)
        assert isinstance(events[0], TaskCrashed)
        assert "killed by signal 9" in events[0].cause
        eventually(lambda: state(worker) == "Z", "the worker outlived its server")
        assert isinstance(end_of(drive(engine, [make_task("epochs", 2, epochs=1)])), TaskFinished)


def state(pid: int) -> str:
    """The letter `ps` shows for a process; Z when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


class TestLimits:
    def test_a_task_past_its_limit_is_killed_and_its_worker_replaced(self, start, make_task, tmp_path, drive) -> None:
        clock = Clock()
        engine = start(1, clock=clock)
        engine.submit(make_task("hangs", 1, limit=100.0))
        here = tmp_path / "results" / "1.here"
        while not (here.exists() and here.read_text()):
            assert not any(isinstance(event, TaskTimedOut) for event in engine.poll(0.05))
        worker = int(here.read_text())
        clock.ahead = 100.0
        events = []
        while not events:
            events += engine.poll(60.0)
        assert events[0] == TaskTimedOut("1.1", 100.0)
        assert state(worker) == "Z"
        assert isinstance(end_of(drive(engine, [make_task("epochs", 2, epochs=1)])), TaskFinished)

    def test_the_limit_counts_from_dispatch(self, start, make_task, drive) -> None:
        clock = Clock()
        engine = start(1, clock=clock)
        engine.submit(make_task("epochs", 1, epochs=1, limit=100.0))
        engine.submit(make_task("epochs", 2, epochs=1, limit=100.0))
        ends = []
        while len(ends) < 2:
            for event in engine.poll(1.0):
                if isinstance(event, EpochReported):
                    clock.ahead += 60.0
                    engine.decide(event.key, local.Decision())
                elif not isinstance(event, WorkerReady):
                    ends.append(event)
        assert [type(event) for event in ends] == [TaskFinished, TaskFinished]

    def test_a_worker_that_has_grown_is_replaced_after_its_result(self, start, make_task, drive, monkeypatch) -> None:
        monkeypatch.setattr(local, "outgrown", lambda first, now: now > first + 50_000_000)
        sizes = [1, 100, 1]
        engine = start(1)
        ends = [
            end_of(drive(engine, [make_task("grows", number, megabytes=size)])) for number, size in enumerate(sizes, 1)
        ]
        assert [type(end) for end in ends] == [TaskFinished] * 3
        pids = [end.outcome.metrics["pid"] for end in ends]
        assert pids[0] == pids[1] != pids[2]

    @pytest.mark.parametrize(
        ("first", "now", "expected"),
        [
            (300e6, 1_300e6, False),
            (300e6, 1_301e6, True),
            (2_000e6, 3_900e6, False),
            (2_000e6, 4_001e6, True),
        ],
    )
    def test_outgrown(self, first, now, expected) -> None:
        assert local.outgrown(int(first), int(now)) is expected


class TestStart:
    def test_a_runner_that_cannot_be_imported(self, start, folder) -> None:
        error = self.failure(start(2, runner="no_such_package.run:run_task"))
        assert "exited with status 1" in str(error)
        assert str(folder.logs / "worker-") in str(error)
        assert "No module named 'no_such_package'" in str(error)
        assert error.exit_code == 4

    def test_a_preload_that_cannot_be_imported(self, start, folder) -> None:
        error = self.failure(start(2, preload=("no_such_package",)))
        assert str(folder.logs / "workers.log") in str(error)
        assert "No module named 'no_such_package'" in str(error)

    def test_a_start_without_end(self, start, tmp_path, monkeypatch) -> None:
        (tmp_path / "endless_import.py").write_text("import time\ntime.sleep(600)\n")
        monkeypatch.syspath_prepend(tmp_path)
        clock = Clock()
        engine = start(1, preload=("endless_import",), clock=clock)
        assert engine.poll(0.0) == ()
        clock.ahead = local.START_LIMIT + 1
        assert "did not start within 300 s" in str(self.failure(engine))

    def test_logs_that_cannot_be_written(self, start, folder) -> None:
        folder.path.mkdir()
        folder.logs.write_text("in the way")
        with pytest.raises(EngineError, match="cannot be started"):
            start(1)

    def test_a_preload_that_resets_the_wakeup_descriptor(self, start, make_task, drive) -> None:
        end = end_of(drive(start(1, preload=("resets_wakeup",)), [make_task("epochs", epochs=1)]))
        assert isinstance(end, TaskFinished)

    def test_two_engines_one_after_the_other_and_at_once(self, start, make_task, drive) -> None:
        first = start(1, preload=("wave",))
        second = start(1)
        ends = [end_of(drive(engine, [make_task("process", 1)])) for engine in (first, second)]
        assert [end.outcome.versions["preloaded"] for end in ends] == ["True", "False"]
        first.close()
        assert isinstance(end_of(drive(second, [make_task("epochs", 2, epochs=1)])), TaskFinished)
        assert isinstance(end_of(drive(start(1), [make_task("epochs", 3, epochs=1)])), TaskFinished)

    def test_what_a_worker_finds(self, start, make_task, drive, monkeypatch) -> None:
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        monkeypatch.setattr(local._machine, "usable_cores", lambda: 7)
        monkeypatch.setattr(local._machine, "find_gpus", lambda: ("4", "5"))
        engine = start(2)
        outcome = end_of(drive(engine, [make_task("process", 1)])).outcome
        assert outcome.metrics["threads"] == 3
        assert outcome.versions["omp"] == "3"
        assert outcome.versions["gpu"] in ("4", "5")
        assert outcome.versions["stdin"] == "/dev/null"
        assert outcome.versions["inherited"].split() == ["0", "1", "2", "3"]  # 3 is what lists them
        assert outcome.versions["main"] == "None"

    def test_one_worker_per_gpu_by_default(self, start, monkeypatch) -> None:
        monkeypatch.setattr(local._machine, "find_gpus", lambda: ("0", "1", "2"))
        assert start(None).workers == 3

    @staticmethod
    def failure(engine: Engine) -> EngineError:
        with pytest.raises(EngineError) as caught:
            engine.poll(60.0)
        with pytest.raises(EngineError):
            engine.poll(0.0)
        return caught.value


class TestProcesses:
    def test_close_leaves_no_process_and_no_descriptor(self, start, make_task, drive, monkeypatch) -> None:
        mark = uuid.uuid4().hex
        monkeypatch.setenv("ENGINE_TEST_MARK", mark)
        before = descriptors()
        engine = start(2)
        drive(engine, [make_task("epochs", 1, epochs=1)])
        engine.submit(make_task("hangs", 2))
        assert len(marked(mark)) >= 2
        engine.close()
        assert marked(mark) == set()
        assert descriptors() == before

    def test_a_worker_that_does_not_react_is_killed_too(self, start, make_task, tmp_path, monkeypatch) -> None:
        mark = uuid.uuid4().hex
        monkeypatch.setenv("ENGINE_TEST_MARK", mark)
        engine = start(1)
        engine.submit(make_task("hangs", 1))
        here = tmp_path / "results" / "1.here"
        while not (here.exists() and here.read_text()):
            engine.poll(0.05)
        os.kill(int(here.read_text()), signal.SIGSTOP)
        eventually(lambda: state(int(here.read_text())) == "T", "the worker was not stopped")
        engine.close()
        assert marked(mark) == set()

    def test_close_while_the_imports_run(self, start, tmp_path, monkeypatch) -> None:
        mark = uuid.uuid4().hex
        (tmp_path / "endless_import.py").write_text(
            f"import time\nopen({str(tmp_path / 'on')!r}, 'w')\ntime.sleep(600)"
        )
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setenv("ENGINE_TEST_MARK", mark)
        engine = start(1, preload=("endless_import",))
        eventually((tmp_path / "on").exists, "the import never began")
        engine.close()
        assert marked(mark) == set()

    def test_descriptors_do_not_add_up(self, start, make_task, drive) -> None:
        engine = start(1)
        used, here = set(), set()
        for number in range(1, 21):
            end = end_of(drive(engine, [make_task("process", number)]))
            used.add(end.outcome.metrics["descriptors"])
            here.add(descriptors())
        assert len(used) == len(here) == 1
        for number in range(21, 26):
            drive(engine, [make_task("exits", number)])
        assert end_of(drive(engine, [make_task("process", 26)])).outcome.metrics["descriptors"] in used
        assert {descriptors()} == here

    def test_workers_hold_their_lock_until_they_are_gone(self, start, make_task, drive, folder) -> None:
        engine = start(1)
        drive(engine, [make_task("epochs", 1, epochs=1)])
        with pytest.raises(AlreadyRunningError, match="workers of an earlier run"):
            wait_for_orphans(folder, timeout=0.0)
        engine.close()
        wait_for_orphans(folder, timeout=0.0)

    def test_nothing_is_printed_where_the_parent_prints(self, parent, tmp_path) -> None:
        out, err = parent(uuid.uuid4().hex, 2, "prints", "prints").communicate(timeout=60)
        assert (out, err) == (b"", b"")
        logged = "".join(path.read_text() for path in (tmp_path / "logs").glob("worker-*.log"))
        for words in ("printed", "to stderr", "descriptor 1", "descriptor 2", "child"):
            assert logged.count(f"LEAK {words}\n") in (2, 4)

    def test_ctrl_c_reaches_only_the_parent(self, parent, tmp_path) -> None:
        process = parent(uuid.uuid4().hex, 2, "interrupts_group", "epochs", "interrupts_group")
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out, err) == (0, b"", b"")
        assert {path.read_text() for path in tmp_path.glob("*.end")} == {"TaskFinished"}

    def test_ctrl_c_during_the_start(self, parent, tmp_path) -> None:
        process = parent(uuid.uuid4().hex, 2, "meets")
        # The parent handles the signal before it starts anything, so the log exists only after that.
        eventually((tmp_path / "logs" / "workers.log").exists, "nothing was started")
        for _ in range(20):
            os.killpg(process.pid, signal.SIGINT)
            time.sleep(0.01)
        (tmp_path / "99.here").touch()
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out, err) == (0, b"", b"")
        assert (tmp_path / "1.1.end").read_text() == "TaskFinished"

    def test_nothing_outlives_a_killed_parent(self, parent, tmp_path) -> None:
        mark = uuid.uuid4().hex
        process = parent(mark, 2, "hangs", "hangs")
        eventually(lambda: len(list(tmp_path.glob("*.here"))) == 2, "the tasks never began")
        assert len(marked(mark)) == 4
        process.kill()
        process.wait()
        wait_for_orphans(SweepFolder(tmp_path), timeout=15.0)
        eventually(lambda: not marked(mark), "processes outlived the parent")

    def test_a_worker_ends_with_the_parent_even_without_the_server(self, parent, tmp_path) -> None:
        mark = uuid.uuid4().hex
        process = parent(mark, 2, "hangs", "hangs")
        eventually(lambda: all((tmp_path / f"{n}.here").exists() for n in (1, 2)), "the tasks never began")
        workers = {int((tmp_path / f"{n}.here").read_text() or 0) for n in (1, 2)}
        (server,) = marked(mark) - workers - {process.pid}
        os.kill(server, signal.SIGSTOP)
        process.kill()
        process.wait()
        try:
            eventually(lambda: all(state(pid) == "Z" for pid in workers), "a worker outlived the parent")
        finally:
            os.kill(server, signal.SIGKILL)
        eventually(lambda: not marked(mark), "processes outlived the parent")


@pytest.mark.parametrize(
    ("status", "words"),
    [(0, "exited with status 0"), (-64, "killed by signal 64 (SIGRTMAX)"), (-50, "killed by signal 50")],
)
def test_an_exit_in_words(status: int, words: str) -> None:
    assert local.describe_exit(status) == words
