from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from textclf_sweep.errors import AlreadyRunningError, StorageError
from textclf_sweep.locks import hold_sweep_lock, holder, join_workers, wait_for_orphans
from textclf_sweep.store import SweepFolder

HOLD = """
import sys
from pathlib import Path
from textclf_sweep.locks import hold_sweep_lock, join_workers
from textclf_sweep.store import SweepFolder

folder = SweepFolder(Path(sys.argv[1]))
if sys.argv[2] == "parent":
    with hold_sweep_lock(folder):
        print("held", flush=True)
        sys.stdin.read()
else:
    join_workers(folder)
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path) -> SweepFolder:
    return SweepFolder(tmp_path / "lstm")


@pytest.fixture
def elsewhere(folder: SweepFolder) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Another process that holds a lock until its input ends."""
    started: list[subprocess.Popen[str]] = []

    def hold(what: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, folder.path, what],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        return process

    yield hold
    for process in started:
        with process:
            process.kill()


@pytest.mark.unit
def test_the_lock_names_its_holder_and_can_be_taken_again(folder: SweepFolder) -> None:
    for _ in range(2):
        with hold_sweep_lock(folder):
            assert folder.lock.read_text() == f"{os.getpid()} run\n"


@pytest.mark.unit
def test_a_longer_old_pid_leaves_nothing_behind(folder: SweepFolder) -> None:
    folder.path.mkdir()
    folder.lock.write_text("123456789012\n")
    with hold_sweep_lock(folder):
        assert folder.lock.read_text() == f"{os.getpid()} run\n"


@pytest.mark.unit
def test_the_lock_is_dropped_after_an_error(folder: SweepFolder) -> None:
    with pytest.raises(ZeroDivisionError), hold_sweep_lock(folder):
        _ = 1 / 0
    with hold_sweep_lock(folder):
        pass


@pytest.mark.unit
def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(StorageError, match="lock file cannot be opened"),
        hold_sweep_lock(SweepFolder(tmp_path / "file" / "lstm")),
    ):
        pass


@pytest.mark.unit
def test_no_orphans_no_wait(folder: SweepFolder) -> None:
    wait_for_orphans(folder, timeout=0.0)
    wait_for_orphans(folder, timeout=0.0)


@pytest.mark.unit
def test_orphans_are_reported_with_a_way_out(folder: SweepFolder) -> None:
    handle = join_workers(folder)
    with pytest.raises(AlreadyRunningError, match="workers of an earlier run of lstm") as caught:
        wait_for_orphans(folder, timeout=0.1)
    assert str(folder.workers_lock) in caught.value.problems[0].fix
    os.close(handle)
    wait_for_orphans(folder, timeout=0.0)


@pytest.mark.contract
def test_one_parent_at_a_time(folder: SweepFolder, elsewhere: Callable[[str], subprocess.Popen[str]]) -> None:
    other = elsewhere("parent")
    before = folder.lock.read_bytes(), folder.lock.stat().st_mtime_ns, {*folder.path.iterdir()}
    with (
        pytest.raises(AlreadyRunningError, match=f"lstm is running in process {other.pid}") as caught,
        hold_sweep_lock(folder),
    ):
        pass
    assert caught.value.exit_code == 5
    assert (folder.lock.read_bytes(), folder.lock.stat().st_mtime_ns, {*folder.path.iterdir()}) == before
    other.kill()
    other.wait()
    with hold_sweep_lock(folder):
        assert folder.lock.read_text() == f"{os.getpid()} run\n"


@pytest.mark.contract
def test_workers_share_and_a_new_parent_waits_for_the_last(
    folder: SweepFolder, elsewhere: Callable[[str], subprocess.Popen[str]]
) -> None:
    first, second = elsewhere("worker"), elsewhere("worker")
    first.kill()
    first.wait()
    with pytest.raises(AlreadyRunningError):
        wait_for_orphans(folder, timeout=0.0)
    second.kill()
    wait_for_orphans(folder)


@pytest.mark.unit
def test_only_sweep_run_makes_a_sweep_a_running_one(folder: SweepFolder) -> None:
    assert holder(folder) is None
    with hold_sweep_lock(folder):
        assert holder(folder) == os.getpid()
    with hold_sweep_lock(folder, "sync"):
        assert holder(folder) is None
    assert holder(folder) is None
