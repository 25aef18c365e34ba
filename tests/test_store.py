from __future__ import annotations

from pathlib import Path

import pytest

from textclf_sweep.store import Store, SweepFolder

pytestmark = pytest.mark.unit


def test_the_layout(tmp_path) -> None:
    store = Store(tmp_path)
    folder = store.sweep("lstm")
    assert store.database == tmp_path / "mlflow.db"
    assert folder == SweepFolder(tmp_path / "mlruns" / "sweeps" / "lstm")
    assert folder.path.parent == store.sweeps
    named = [getattr(folder, name) for name in vars(SweepFolder) if isinstance(vars(SweepFolder)[name], property)]
    assert len(set(named)) == len(named) >= 8
    assert all(path.parent == folder.path for path in named)


def test_naming_makes_nothing(tmp_path) -> None:
    Store(tmp_path / "absent").sweep("lstm")
    assert list(tmp_path.iterdir()) == []


def test_the_tracking_uri_is_the_stores_own_file(tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    assert Store(Path()).tracking_uri() == f"sqlite:///{tmp_path.resolve()}/mlflow.db"


def test_a_command_to_paste_names_the_store_unless_we_are_in_it(tmp_path, monkeypatch) -> None:
    store = Store(tmp_path / "my store")
    store.root.mkdir()
    assert store.command("sync", "lstm") == f"sweep sync lstm --store '{tmp_path.resolve()}/my store'"
    monkeypatch.chdir(store.root)
    assert store.command("run", "my file.yaml") == "sweep run 'my file.yaml'"
    assert Store(Path()).command("ui") == "sweep ui"


def test_the_environment_names_another(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    assert Store(tmp_path).tracking_uri() == "http://127.0.0.1:5000"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    assert Store(tmp_path).tracking_uri().startswith("sqlite:///")
