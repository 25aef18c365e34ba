"""Who may touch a sweep's folder: one parent at a time, and no parent while workers of a dead one still run.

Both locks are ``flock`` locks, so the system drops them when their holder ends, however it ends. The lock files
themselves stay behind and mean nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from textclf_sweep.errors import AlreadyRunningError, Problem, StorageError
from textclf_sweep.store import SweepFolder


@contextlib.contextmanager
def hold_sweep_lock(folder: SweepFolder, doing: str = "run") -> Iterator[None]:
    """Be the one parent of a sweep for the length of a ``with`` block.

    The folder is created when it is missing. Nothing is changed when another process holds the lock.

    Args:
        folder: the sweep's folder.
        doing: the command that holds it; only ``run`` makes a sweep a running one.

    Raises:
        AlreadyRunningError: another process holds the lock; its pid is named.
        StorageError: the lock file cannot be opened or locked.
    """
    handle = _open(folder.lock)
    try:
        if not _try_exclusive(handle, folder.lock):
            pid = _read(handle)[0] or "unknown"
            raise AlreadyRunningError(
                Problem(
                    f"the sweep {folder.path.name} is running in process {pid}",
                    fix=f"wait for its end, or run `sweep stop {folder.path.name}`; what is finished is kept",
                    where=str(folder.lock),
                )
            )
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()} {doing}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def holder(folder: SweepFolder) -> int | None:
    """The pid of the process that runs a sweep (``sweep run``); None when nobody does. Changes nothing.

    Args:
        folder: the sweep's folder.

    Raises:
        StorageError: the lock file cannot be opened or locked.
    """
    try:
        handle = os.open(folder.lock, os.O_RDONLY | os.O_CLOEXEC)  # the store may be read-only
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(folder.lock, error) from error
    try:
        if _try_exclusive(handle, folder.lock):
            return None
        pid, doing = _read(handle)
        return int(pid or 0) if doing == "run" else None
    finally:
        os.close(handle)


def join_workers(folder: SweepFolder) -> int:
    """Hold the workers' lock, shared, until the calling process ends. Called by each worker for itself.

    Args:
        folder: the sweep's folder.

    Returns:
        The open file descriptor that holds the lock.

    Raises:
        StorageError: the lock file cannot be opened.
    """
    handle = _open(folder.workers_lock)
    fcntl.flock(handle, fcntl.LOCK_SH)
    return handle


def wait_for_orphans(folder: SweepFolder, timeout: float = 15.0) -> None:
    """Wait until no worker of an earlier, killed parent is left. The caller holds the sweep's lock.

    Args:
        folder: the sweep's folder.
        timeout: seconds to wait at most, >= 0.

    Raises:
        AlreadyRunningError: workers are still there after `timeout`.
        StorageError: the lock file cannot be opened or locked.
    """
    handle = _open(folder.workers_lock)
    until = time.monotonic() + timeout
    try:
        while not _try_exclusive(handle, folder.workers_lock):
            if time.monotonic() >= until:
                raise AlreadyRunningError(
                    Problem(
                        f"workers of an earlier run of {folder.path.name} are still running after {timeout:g} s",
                        fix=f"find them with `fuser {folder.workers_lock}`, stop them with `kill -9`, and run again",
                        where=str(folder.workers_lock),
                    )
                )
            time.sleep(0.05)
    finally:
        os.close(handle)


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: OSError) -> StorageError:
    return StorageError(
        Problem(
            f"the lock file cannot be opened: {error.strerror}",
            fix="check the permissions and the free space of the store, or choose another with --store",
            where=str(path),
        )
    )


def _try_exclusive(handle: int, path: Path) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise StorageError(
            Problem(
                f"the file system of the store refuses locks: {error.strerror}",
                fix="choose a store on a local disk with --store",
                where=str(path),
            )
        ) from error
    return True


def _read(handle: int) -> tuple[str, str]:
    """The holder's pid and command, as it wrote them; empty when it has not yet."""
    pid, _, doing = os.pread(handle, 64, 0).decode(errors="replace").strip().partition(" ")
    return pid, doing
