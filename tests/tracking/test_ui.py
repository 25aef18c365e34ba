"""MLflow's UI, really started and really stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from textclf_sweep.errors import StorageError, TrackingError
from textclf_sweep.store import Store
from textclf_sweep.tracking import address, serve, sync
from textclf_sweep.tracking.ui import desktop, free_port

SERVE = """
import sys
from pathlib import Path
from textclf_sweep.store import Store
from textclf_sweep.tracking import serve
store = Store(Path(sys.argv[1]))
ended = serve(store, f"sqlite:///{store.database}", port=int(sys.argv[2]), open_browser=False,
              on_ready=lambda page: print(page, flush=True), name="lstm")
print("ended by", ended, flush=True)
"""


@pytest.fixture
def served(sweep: Any, store: Store, uri: str, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that serves a store with one sweep, ready to be browsed."""
    sweep.complete(1)
    sync(sweep.ledger, store, uri)
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "http.py").write_text("raise RuntimeError('a file of the user was imported')")
    command = [sys.executable, "-P", "-c", SERVE, str(store.root), str(free_port(5400))]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=tmp_path / "here"
    )
    yield process
    process.kill()
    process.communicate()


def gone(processes: list[psutil.Process]) -> bool:
    return not psutil.wait_procs(processes, timeout=30)[1]


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_it_shows_the_runs_and_leaves_nothing_behind(
    served: subprocess.Popen[str], store: Store, signum: signal.Signals
) -> None:
    assert served.stdout is not None
    page = served.stdout.readline().strip()
    base, _, fragment = page.partition("/#")
    assert fragment.startswith("/experiments/1/runs?workflowType=machine_learning")
    assert base.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(base + "/", timeout=30) as answer:
        assert b"<html" in answer.read()
    family = psutil.Process(served.pid).children(recursive=True)
    # The guard, MLflow's server and its one worker.
    assert len(family) == 3
    ports = {
        item.laddr.ip for process in family for item in process.net_connections() if item.status == psutil.CONN_LISTEN
    }
    assert ports == {"127.0.0.1"}

    os.kill(served.pid, signum)
    said, _ = served.communicate(timeout=60)
    assert said.strip() == ("" if signum == signal.SIGKILL else f"ended by {int(signum)}")
    assert gone(family)
    assert sorted(path.name for path in store.root.iterdir()) == ["here", "mlflow.db", "mlruns"]


def test_a_taken_port_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port(5450)))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) > port


@pytest.mark.unit
def test_the_address_is_that_of_the_named_sweep(tmp_path: Path, fabricate: Callable[..., Any]) -> None:
    store, base = Store(tmp_path), "http://127.0.0.1:5000"
    for name, experiment in (("lstm", "1"), ("cnn", "2")):
        fabricate(store, name).ledger.set_parent("sqlite:///a", experiment, "run")

    runs = "runs?workflowType=machine_learning&viewStateShareKey=sweep"
    assert address(store, "sqlite:///a", base, "cnn") == f"{base}/#/experiments/2/{runs}"
    assert address(store, "sqlite:///a", base, "lstm") == f"{base}/#/experiments/1/{runs}"
    assert address(store, "sqlite:///a", base) == f"{base}/#/experiments"
    assert address(store, "sqlite:///b", base, "lstm") == f"{base}/#/experiments"
    with pytest.raises(StorageError):
        address(store, "sqlite:///a", base, "gru")


@pytest.mark.unit
def test_a_damaged_ledger_does_not_keep_the_others_from_being_shown(tmp_path: Path) -> None:
    ledger = Store(tmp_path).sweep("broken").ledger
    ledger.parent.mkdir(parents=True)
    ledger.write_bytes(b"no database")
    pages: list[str] = []
    serve(Store(tmp_path), "http://mlflow.example", on_ready=pages.append, open_browser=False)
    assert pages == ["http://mlflow.example/#/experiments"]


@pytest.mark.unit
def test_a_server_that_runs_already_is_only_pointed_to(tmp_path: Path) -> None:
    pages: list[str] = []
    assert serve(Store(tmp_path), "http://mlflow.example/", on_ready=pages.append, open_browser=False) == 0
    assert pages == ["http://mlflow.example/#/experiments"]


@pytest.mark.unit
def test_a_folder_without_a_database_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match="no MLflow database") as caught:
        serve(Store(tmp_path), f"sqlite:///{tmp_path}/mlflow.db", on_ready=print, open_browser=False)
    assert "--store" in caught.value.problems[0].fix
    assert list(tmp_path.iterdir()) == []


@pytest.mark.unit
def test_no_browser_is_opened_without_a_desktop(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSH_CONNECTION", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert desktop() == (sys.platform == "darwin")
    monkeypatch.setenv("DISPLAY", ":0")
    assert desktop()
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 50000 10.0.0.2 22")
    assert not desktop()
