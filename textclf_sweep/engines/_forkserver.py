"""A process that has imported TensorFlow and forks a warm worker whenever the parent asks for one.

The standard library's fork server is not used, because it runs the parent's main script again in each worker, keeps
one server and one resource tracker per process for good, and prints where the parent prints. This one:

- is a fresh interpreter without the parent's file descriptors, whose output goes to a log file from the start;
- hands each worker its end of a pipe by passing a file descriptor, so that no sibling ever holds it;
- ignores Ctrl-C and a closed terminal, as do its workers: only the parent handles those;
- kills and reaps every worker when the parent closes the connection, or dies.

Parent to server: a worker's number, with the worker's end of its pipe attached. Server to parent: a worker's number
and exit code (negative: the signal that killed it).
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import traceback
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from textclf_sweep.engines import _worker

_REQUEST = struct.Struct("!i")
_EXIT = struct.Struct("!ii")
_IGNORED = (signal.SIGINT, signal.SIGHUP)


class ForkServer:
    """The parent's handle on a running fork server.

    Args:
        log: the file that takes what the server and its imports print; its folder exists.
        preload: modules that are imported before the first fork. None of them may start threads that hold locks.
        environment: variables of the server and of all workers.

    Raises:
        OSError: the process cannot be started.
    """

    def __init__(self, log: Path, preload: Sequence[str], environment: Mapping[str, str]) -> None:
        self.log = log
        self._received = b""
        self._control, theirs = socket.socketpair()
        code = (
            f"import sys; sys.path[:] = {[path or str(Path.cwd()) for path in sys.path]!r}; "
            f"from {__name__} import main; main({theirs.fileno()}, {list(preload)!r})"
        )
        # Ctrl-C waits until the server is ready to ignore it: blocked signals stay blocked in a new process.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _IGNORED)
        try:
            with theirs, log.open("ab") as output:
                self._process = subprocess.Popen(
                    [sys.executable, "-u", "-P", "-c", code],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    env=dict(environment),
                    pass_fds=[theirs.fileno()],
                )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def fileno(self) -> int:
        """Becomes readable when `exits` has something to say."""
        return self._control.fileno()

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._control.fileno() < 0

    def fork(self, worker: int, handle: int) -> None:
        """Ask for a worker.

        Args:
            worker: the number that `exits` will name it by.
            handle: file descriptor of the worker's end of its pipe; the caller closes its own copy afterwards.
        """
        # When the server is gone `exits` says so.
        with contextlib.suppress(OSError):
            socket.send_fds(self._control, [_REQUEST.pack(worker)], [handle])

    def exits(self) -> list[tuple[int, int]]:
        """The workers that have ended since the last call, with their exit codes. Call it when `fileno` is readable.

        Raises:
            EOFError: the server is gone.
        """
        try:
            data = self._control.recv(4096)
        except OSError:
            data = b""
        if not data:
            raise EOFError
        self._received += data
        whole = len(self._received) // _EXIT.size * _EXIT.size
        exits, self._received = self._received[:whole], self._received[whole:]
        return list(_EXIT.iter_unpack(exits))

    def close(self) -> int:
        """End the server and every worker, wait until they are gone, and return the server's exit code.

        Workers end at once: killed by the server, or by themselves when their pipe ends. May be called twice.
        """
        self._control.close()
        # While it imports, the server reads nothing, and this signal still ends it.
        self._process.terminate()
        try:
            return self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


def main(control_handle: int, preload: Sequence[str]) -> NoReturn:
    """The server process: import, then fork on demand until the parent is gone.

    Args:
        control_handle: file descriptor of the connection to the parent.
        preload: modules to import first.
    """
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _IGNORED)
    # Threads of numeric libraries are what the warning is about; they sleep, and are started anew in a worker.
    warnings.filterwarnings("ignore", message=".*fork", category=DeprecationWarning)
    # Closed by the end of the process alone: the parent asks for the exit code and reads the log as soon as it is.
    control = socket.socket(fileno=control_handle)
    status = 1
    try:
        _import(control, preload)
        # Workers share what is imported: the collector must not write into it.
        gc.collect()
        gc.freeze()
        signals, wakeup = _signals()
        with signals, wakeup:
            _serve(control, signals, wakeup)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _import(control: socket.socket, modules: Sequence[str]) -> None:
    done, finish = os.pipe()
    watcher = threading.Thread(target=_exit_with_parent, args=(control.fileno(), done))
    watcher.start()
    try:
        for module in modules:
            importlib.import_module(module)
    finally:
        os.close(finish)
        watcher.join()
        os.close(done)


def _exit_with_parent(control: int, done: int) -> None:
    # Importing TensorFlow takes seconds; a parent that dies meanwhile must not leave it behind.
    poller = select.poll()
    poller.register(control, 0)
    poller.register(done, select.POLLIN)
    if any(handle == control for handle, _ in poller.poll()):
        os._exit(0)


def _signals() -> tuple[socket.socket, socket.socket]:
    """A socket from which the numbers of SIGCHLD and SIGTERM can be read as they arrive, and the one they go into."""
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)
    signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    return reader, writer


def _serve(control: socket.socket, signals: socket.socket, wakeup: socket.socket) -> None:
    children: dict[int, int] = {}
    try:
        while True:
            readable, _, _ = select.select([control, signals], [], [])
            if signals in readable:
                received = signals.recv(4096)
                _reap(children, control)
                if signal.SIGTERM in received:
                    return
            if control in readable:
                request, handles, _, _ = socket.recv_fds(control, _REQUEST.size, 1)
                if not request:
                    return
                (worker,) = _REQUEST.unpack(request)
                children[_fork(handles[0], control, signals, wakeup)] = worker
    except (BrokenPipeError, ConnectionResetError):
        return
    finally:
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        for pid in children:
            os.waitpid(pid, 0)


def _reap(children: dict[int, int], control: socket.socket) -> None:
    for pid in list(children):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            control.sendall(_EXIT.pack(children.pop(pid), os.waitstatus_to_exitcode(status)))


def _fork(handle: int, *inherited: socket.socket) -> int:
    # A received descriptor would else be inherited by whatever the worker starts.
    os.set_inheritable(handle, False)
    pid = os.fork()
    if pid == 0:
        _become_worker(handle, inherited)
    os.close(handle)
    return pid


def _become_worker(handle: int, inherited: Sequence[socket.socket]) -> NoReturn:
    try:
        signal.set_wakeup_fd(-1)  # from Python 3.12 on, asyncio has done so already, where something imported it
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        for connection in inherited:
            connection.close()
        _worker.main(handle)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)
