"""Which sweep `sweep ui` shows. No server is started: the address of one that runs already is only printed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from textclf_sweep.cli.ui import command
from textclf_sweep.errors import InputError
from textclf_sweep.ledger import Ledger
from textclf_sweep.store import Store

pytestmark = pytest.mark.unit

SERVER = "http://mlflow.example"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Two sweeps in an MLflow; `new` was active after `old`, and after both one whose ledger is damaged."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", SERVER)
    store = Store(tmp_path)
    for number, name in enumerate(("new", "old"), start=1):
        with Ledger.create(store.sweep(name).ledger) as ledger:
            ledger.put(name=name)
            ledger.set_parent(SERVER, str(number), "run")
        os.utime(store.sweep(name).ledger, (2e9 - number, 2e9 - number))
    store.sweep("broken").path.mkdir()
    store.sweep("broken").ledger.write_bytes(b"no database")
    os.utime(store.sweep("broken").ledger, (2e9, 2e9))
    return store


@pytest.mark.parametrize(("name", "experiment"), [(None, 1), ("new", 1), ("old", 2)])
def test_the_named_sweep_or_the_latest_that_can_be_read(
    store: Store, capsys: pytest.CaptureFixture[str], name: str | None, experiment: int
) -> None:
    assert command(name, store.root, browser=False) == 0
    assert capsys.readouterr().out.startswith(f"{SERVER}/#/experiments/{experiment}/runs?")


def test_an_empty_store_shows_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", SERVER)
    assert command(None, tmp_path, browser=False) == 0
    assert capsys.readouterr().out == f"{SERVER}/#/experiments\n"


def test_an_unknown_name(store: Store) -> None:
    with pytest.raises(InputError, match="no sweep 'lstm'"):
        command("lstm", store.root, browser=False)
