"""MLflow's database: how it is made, and the states in which it is refused."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from textclf_sweep.errors import TrackingError
from textclf_sweep.store import Store
from textclf_sweep.tracking import check, connection, prepare
from textclf_sweep.tracking.database import database_path

PREPARE = """
import sys
from pathlib import Path
from textclf_sweep.store import Store
from textclf_sweep.tracking import prepare
store = Store(Path(sys.argv[1]))
prepare(store, f"sqlite:///{store.database}")
"""


def test_a_new_store_gets_one_whole_database_however_many_ask_for_it(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error::UserWarning", "-c", PREPARE, str(tmp_path)]
    racing = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in range(2)]
    said = [process.communicate(timeout=120)[0] for process in racing]

    assert [process.returncode for process in racing] == [0, 0]
    assert said == ["", ""]  # nothing of MLflow's reaches the screen
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mlflow.db", "mlruns"]
    assert (tmp_path / "mlruns" / ".gitignore").read_text().splitlines()[-2:] == ["*", "!.gitignore"]
    store = Store(tmp_path)
    check(store, f"sqlite:///{store.database}", "lstm")
    default = connection.client(f"sqlite:///{store.database}").get_experiment("0")
    assert default.artifact_location == str(tmp_path / "mlruns" / "0")


def test_checking_imports_no_mlflow(store: Store, uri: str) -> None:
    code = (
        "import sys; from pathlib import Path;"
        "from textclf_sweep.store import Store; from textclf_sweep import tracking;"
        f"tracking.check(Store(Path({str(store.root)!r})), {uri!r}, 'lstm'); tracking.Outbox; tracking.serve;"
        "sys.exit('mlflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0


@pytest.mark.unit
def test_a_gitignore_of_the_users_own_stays(tmp_path: Path) -> None:
    (tmp_path / "mlruns").mkdir()
    (tmp_path / "mlruns" / ".gitignore").write_text("mine\n")
    prepare(Store(tmp_path), "http://127.0.0.1:9")

    assert (tmp_path / "mlruns" / ".gitignore").read_text() == "mine\n"
    assert not (tmp_path / "mlflow.db").exists()


@pytest.mark.unit
def test_a_store_without_a_database_is_fine(tmp_path: Path) -> None:
    store = Store(tmp_path)
    check(store, f"sqlite:///{store.database}", "lstm")
    check(store, "http://127.0.0.1:9", "lstm")
    assert list(tmp_path.iterdir()) == []


def test_an_older_database_is_recognised(store: Store, uri: str) -> None:
    with closing(sqlite3.connect(store.database)) as connection_, connection_:
        connection_.execute("UPDATE alembic_version SET version_num = '0584bdc529eb'")

    for look in (lambda: check(store, uri, "lstm"), lambda: prepare(store, uri)):
        with pytest.raises(TrackingError, match="older MLflow") as caught:
            look()
        assert f"mlflow db upgrade {uri}" in caught.value.problems[0].fix
        assert caught.value.exit_code == 4


def test_a_newer_database_is_recognised(store: Store, uri: str) -> None:
    with closing(sqlite3.connect(store.database)) as connection_, connection_:
        connection_.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")

    with pytest.raises(TrackingError, match="newer MLflow") as caught:
        check(store, uri, "lstm")
    assert "pip install --upgrade mlflow" in caught.value.problems[0].fix


@pytest.mark.unit
@pytest.mark.parametrize("content", [b"not a database, but some text\n" * 50, b"SQLite format 3\x00" + b"\xff" * 4096])
def test_a_file_that_is_no_database_is_recognised(tmp_path: Path, content: bytes) -> None:
    store = Store(tmp_path)
    store.database.write_bytes(content)
    with pytest.raises(TrackingError) as caught:
        check(store, f"sqlite:///{store.database}", "lstm")

    assert f"mv {store.database}" in caught.value.problems[0].fix
    assert store.database.read_bytes() == content


@pytest.mark.unit
def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with closing(sqlite3.connect(store.database)) as connection_, connection_:
        connection_.execute("CREATE TABLE recipes (name TEXT)")
    with pytest.raises(TrackingError, match="not one that MLflow finished making"):
        prepare(store, f"sqlite:///{store.database}")


def test_an_experiment_of_another_store_is_not_written_into(tmp_path: Path, migrated: Path) -> None:
    shared, store = tmp_path / "shared.db", Store(tmp_path / "mine")
    store.root.mkdir()
    shutil.copy(migrated, shared)
    with closing(sqlite3.connect(shared)) as connection_, connection_:
        connection_.execute(
            "INSERT INTO experiments (name, artifact_location, lifecycle_stage) VALUES (?, ?, 'active')",
            ("lstm", (tmp_path / "theirs" / "mlruns" / "artifacts" / "lstm").as_uri()),
        )
    with pytest.raises(TrackingError, match="outside this store") as caught:
        check(store, f"sqlite:///{shared}", "lstm")
    assert "--name" in caught.value.problems[0].fix


def test_an_experiment_another_program_filled_is_not_written_into(store: Store, uri: str) -> None:
    client = connection.client(uri)
    run = client.create_run(
        client.create_experiment("lstm", artifact_location=(store.mlruns / "9").as_uri())
    ).info.run_id
    with pytest.raises(TrackingError, match="none of its runs is from textclf-sweep") as caught:
        check(store, uri, "lstm")
    assert "--name" in caught.value.problems[0].fix
    check(store, uri, "gru")

    client.delete_run(run)
    check(store, uri, "lstm")  # an empty one is free


@pytest.mark.unit
@pytest.mark.parametrize("uri", ["./mlruns", "/data/mlruns", "file:///data/mlruns", "file:mlruns"])
def test_a_folder_of_files_is_refused_before_anything_else(tmp_path: Path, uri: str) -> None:
    store = Store(tmp_path / "store")
    for look in (lambda: check(store, uri, "lstm"), lambda: prepare(store, uri)):
        with pytest.raises(TrackingError, match="folder of files") as caught:
            look()
        assert "unset MLFLOW_TRACKING_URI" in caught.value.problems[0].fix
    assert list(tmp_path.iterdir()) == []


@pytest.mark.unit
def test_a_folder_of_files_is_taken_when_mlflow_was_told_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    check(Store(tmp_path), str(tmp_path / "mlruns"), "lstm")


@pytest.mark.unit
def test_the_hint_names_the_store(tmp_path: Path) -> None:
    store = Store(tmp_path / "my store")
    store.root.mkdir()
    store.database.write_bytes(b"no database" * 100)
    with pytest.raises(TrackingError) as caught:
        check(store, f"sqlite:///{store.database}", "lstm")
    assert f"`sweep sync lstm --store '{store.root}'`" in caught.value.problems[0].fix


@pytest.mark.unit
def test_a_file_where_a_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "mlruns").write_text("")
    with pytest.raises(TrackingError, match="mlruns"):
        prepare(Store(tmp_path), f"sqlite:///{tmp_path}/mlflow.db")


@pytest.mark.unit
@pytest.mark.parametrize("name", ["100%", "what?"])
def test_a_path_that_mlflow_would_misread_is_refused(tmp_path: Path, name: str) -> None:
    store = Store(tmp_path / name)
    with pytest.raises(TrackingError, match="'%' or '\\?'"):
        check(store, f"sqlite:///{store.database}", "lstm")


@pytest.mark.unit
@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("sqlite:////data/mlflow.db", "/data/mlflow.db"),
        ("sqlite:///mlflow.db", "mlflow.db"),
        ("sqlite+pysqlite:////data/mlflow.db?timeout=5", "/data/mlflow.db"),
        ("sqlite:///:memory:", None),
        ("sqlite://", None),
        ("http://127.0.0.1:5000", None),
        ("postgresql://host/mlflow", None),
        ("/data/mlruns", None),
    ],
)
def test_the_file_behind_a_uri(uri: str, path: str | None) -> None:
    assert database_path(uri) == (None if path is None else Path(path))
