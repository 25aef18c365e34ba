"""MLflow's UI: lean, on this machine only, gone when it is stopped.

MLflow's default is 7 processes and 1.3 GB; without its job runner and with one worker it is 2 and 0.5 GB. They run
under `guard`, in a process group of their own, so that Ctrl-C in the terminal reaches only us and nothing outlives us.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import IO, NoReturn

from textclf_sweep.errors import TrackingError
from textclf_sweep.ledger import Ledger
from textclf_sweep.store import Store
from textclf_sweep.tracking.connection import SETTINGS
from textclf_sweep.tracking.database import database_path, prepare
from textclf_sweep.tracking.guard import GRACE
from textclf_sweep.tracking.view import SAVED_VIEW

HOST = "127.0.0.1"
PORTS = 50
"""How many ports are tried, from the wanted one upwards."""

STARTUP = 120.0
"""Seconds a cold machine may need to import MLflow's server."""

LEAN = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", **SETTINGS}


class _Stopped(BaseException):
    """A signal asks us to end; not an Exception, so that nothing on the way swallows it."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


def address(store: Store, uri: str, base: str, name: str | None = None) -> str:
    """Where the runs of a sweep are shown.

    Args:
        store: the store.
        uri: MLflow's tracking URI, as the sweep used it.
        base: the server's address, ``http://127.0.0.1:5000``.
        name: a sweep; None for none in particular.

    Returns:
        The address of the experiment's runs, as the table the writer has saved there; or of the list of experiments
        when no sweep is named or this MLflow has not been sent it. The experiment's plain address opens a view that
        shows traces and no runs.

    Raises:
        StorageError: there is no sweep `name` in the store.
    """
    if name is not None:
        with Ledger.read(store.sweep(name).ledger) as ledger:
            parent = ledger.parent(uri)
        if parent is not None:
            page = f"{base}/#/experiments/{parent[0]}/runs?workflowType=machine_learning"
            return f"{page}&viewStateShareKey={SAVED_VIEW}"
    return f"{base}/#/experiments"


def serve(  # noqa: PLR0913 - all but two are keywords
    store: Store,
    uri: str,
    *,
    on_ready: Callable[[str], None],
    name: str | None = None,
    port: int = 5000,
    open_browser: bool = True,
) -> int:
    """Show MLflow's UI until a signal ends it. Call it from the main thread. Returns at once for a server's address.

    Args:
        store: the store.
        uri: MLflow's tracking URI.
        on_ready: is told the address to open, once it answers.
        name: the sweep to show; None shows the list of experiments.
        port: the port wanted; the next free one is taken.
        open_browser: also open the address, when there is a desktop.

    Returns:
        The signal that ended it; 0 when there was nothing to start.

    Raises:
        TrackingError: there is no database, it is unfit, or the server does not start.
        StorageError: there is no sweep `name` in the store.
    """
    if uri.startswith(("http:", "https:")):
        _announce(address(store, uri, uri.rstrip("/"), name), on_ready, open_browser)
        return 0
    _check_there_is_one(uri)
    prepare(store, uri)
    chosen = free_port(port)
    page = address(store, uri, f"http://{HOST}:{chosen}", name)
    with _signals():
        try:
            _run(store, uri, chosen, lambda: _announce(page, on_ready, open_browser))
        except _Stopped as stopped:
            return stopped.signum


def _check_there_is_one(uri: str) -> None:
    path = database_path(uri)
    if path is not None and not path.exists():
        raise TrackingError(
            f"there is no MLflow database at {path}",
            fix="run a sweep first, or name the folder that holds one with --store",
        )


def free_port(wanted: int) -> int:
    """The first free port from `wanted` on.

    Raises:
        TrackingError: none of `PORTS` is free.
    """
    for port in range(wanted, min(wanted + PORTS, 65536)):
        with socket.socket() as probe:
            # As the server will bind it: a port in TIME_WAIT is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise TrackingError(f"no port from {wanted} on is free", fix="name one with --port")


def desktop() -> bool:
    """Whether opening a browser would show a window, rather than a text browser in this terminal."""
    if os.environ.get("SSH_CONNECTION"):
        return False
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _announce(page: str, on_ready: Callable[[str], None], open_browser: bool) -> None:
    on_ready(page)
    if open_browser and desktop():
        webbrowser.open(page)


@contextmanager
def _signals() -> Iterator[None]:
    """Turn the signals that end a program into `_Stopped`; a second one, while stopping, changes nothing."""
    wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop(signum: int, _: FrameType | None) -> None:
        for each in wanted:
            signal.signal(each, signal.SIG_IGN)
        raise _Stopped(signum)

    before = {each: signal.signal(each, stop) for each in wanted}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def _server(store: Store, uri: str, port: int, log: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """The running server; at the end its whole group is gone."""
    path = database_path(uri)
    backend = uri if path is None else f"sqlite:///{path.resolve()}"
    artifacts = (store.mlruns.resolve() / "artifacts").as_uri()
    command = [
        sys.executable, "-m", "textclf_sweep.tracking.guard",
        sys.executable, "-m", "mlflow", "server", "--backend-store-uri", backend, "--artifacts-destination", artifacts,
        "--host", HOST, "--port", str(port), "--workers", "1",
        "--uvicorn-opts", "--log-level=warning --timeout-graceful-shutdown=1",
    ]  # fmt: skip
    guard = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=subprocess.STDOUT,
        env={**os.environ, **LEAN},
        # Python and uvicorn import from the current folder, where a user may well have a `random.py`.
        cwd=store.mlruns,
        start_new_session=True,
    )
    try:
        yield guard
    finally:
        if guard.stdin is not None:
            guard.stdin.close()
        try:
            guard.wait(2 * GRACE)
        except subprocess.TimeoutExpired:
            os.killpg(guard.pid, signal.SIGKILL)
            guard.wait()


def _run(store: Store, uri: str, port: int, on_up: Callable[[], None]) -> NoReturn:
    """Run the server until `_Stopped` ends it; whatever else ends it is an error."""
    with tempfile.TemporaryFile() as log:
        with _server(store, uri, port, log) as guard:
            _wait_until_up(guard, port, log)
            on_up()
            guard.wait()
        again = store.command("ui")
        raise TrackingError(f"MLflow's server ended by itself: {_tail(log)}", fix=f"start it again with `{again}`")


def _wait_until_up(guard: subprocess.Popen[bytes], port: int, log: IO[bytes]) -> None:
    deadline = time.monotonic() + STARTUP
    while time.monotonic() < deadline:
        if guard.poll() is not None:
            raise TrackingError(f"MLflow's server did not start: {_tail(log)}", fix="try another port with --port")
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise TrackingError(f"MLflow's server did not answer within {STARTUP:g} s: {_tail(log)}")


def _tail(log: IO[bytes]) -> str:
    """The last line the server wrote."""
    log.seek(0)
    lines = [line.strip() for line in log.read().decode(errors="replace").splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it said nothing"
