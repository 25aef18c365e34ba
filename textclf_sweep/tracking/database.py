"""MLflow's database: made once and whole, and its bad states recognised before MLflow stumbles over them.

What is read here is read with `sqlite3` alone, so that a running sweep learns in milliseconds, before any training,
that its results could not be shown.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import re
import shlex
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from textclf_sweep.errors import TrackingError
from textclf_sweep.store import Store
from textclf_sweep.tracking.connection import module, refuse_files, translated

IGNORE = """\
# MLflow writes artifacts and the sweeps their ledgers here; none of it belongs in version control.
*
!.gitignore
"""


def database_path(uri: str) -> Path | None:
    """The file behind ``sqlite:///...``; None for a server, another database, or a database in memory."""
    found = re.fullmatch(r"sqlite(?:\+\w+)?:///([^?]+)(?:\?.*)?", uri)
    return Path(found[1]) if found and found[1] != ":memory:" else None


def identity(uri: str) -> tuple[int, int] | None:
    """Which file is behind `uri` right now; None when there is none."""
    path = database_path(uri)
    if path is None or not path.exists():
        return None
    status = path.stat()
    return status.st_dev, status.st_ino


def artifact_folder(store: Store, name: str) -> Path:
    """Where the runs of sweep `name` keep their artifacts, when MLflow's database is a file."""
    return store.mlruns.resolve() / "artifacts" / name


def check(store: Store, uri: str, name: str) -> None:
    """Refuse an MLflow that cannot show sweep `name`. Does not ask a server; a database may be missing still.

    Raises:
        TrackingError: the URI is a folder of files; the file is no MLflow database or has another version's schema;
            or the sweep's experiment was deleted, keeps its artifacts outside this store, or is another program's.
            Each comes with a way on.
    """
    path = _usable_path(uri)
    if path is None or _blank(path):
        return
    again = store.command("sync", name)
    _check_schema(path, uri, again)
    try:
        row = _experiment(path, name)
        others = row is not None and _foreign(path, row[0])
    except sqlite3.Error as error:
        raise translated(error, uri, again) from error
    if row is None:
        return
    experiment, location, stage = row
    if stage == "deleted":
        raise deleted(name, experiment, uri)
    if others:
        raise foreign(name)
    if _outside(location, store):
        fix = f"`{again}` points it to this store"
        if not _owned(store, path):
            fix = "give the sweep another name with `--name`, or use the folder of that experiment as --store"
        raise TrackingError(
            f"MLflow's experiment {name!r} keeps its artifacts in {location}, outside this store"
            f" ({store.root}): the folder was moved or copied",
            fix=fix,
        )


def prepare(store: Store, uri: str) -> None:
    """Create MLflow's database when it is a file and missing, and the ``.gitignore`` beside the artifacts.

    The file is made under a lock and another name and then renamed, because two processes that migrate the same new
    file break it. Takes 2-6 s the first time.

    Raises:
        TrackingError: it cannot be created, or is not fit for use (see `check`).
    """
    path, again = _usable_path(uri), store.command("sync", "NAME")
    try:
        store.mlruns.mkdir(parents=True, exist_ok=True)
        if not (store.mlruns / ".gitignore").exists():
            (store.mlruns / ".gitignore").write_text(IGNORE)
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        if _blank(path):
            with _locked(path.parent):
                if _blank(path):
                    _create(path, store)
        _forget_connections(uri)
    except TrackingError:
        raise
    except Exception as error:
        raise translated(error, uri, again) from error
    _check_schema(path, uri, again)


def relocate(store: Store, uri: str, name: str) -> int:
    """After the folder was moved: point the artifacts of sweep `name` to where they are now.

    Only done in the store's own database, where artifacts belong inside the store by definition.

    Returns:
        How many runs had to be changed.

    Raises:
        TrackingError: the database cannot be read or written.
    """
    path = database_path(uri)
    if path is None or not _owned(store, path) or _blank(path):
        return 0
    new = artifact_folder(store, name).as_uri()
    try:
        row = _experiment(path, name)
        if row is None or not _outside(row[1], store):
            return 0
        experiment, old, _ = row
        with closing(sqlite3.connect(path, timeout=20)) as connection, connection:
            connection.execute(
                "UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?", (new, experiment)
            )
            changed = connection.execute(
                "UPDATE runs SET artifact_uri = ? || substr(artifact_uri, ?) WHERE experiment_id = ?"
                " AND substr(artifact_uri, 1, ?) = ?",
                (new, len(old) + 1, experiment, len(old), old),
            )
            return changed.rowcount
    except sqlite3.Error as error:
        raise translated(error, uri, store.command("sync", name)) from error


def deleted(name: str, experiment: object, uri: str) -> TrackingError:
    """The error for an experiment that was deleted in the UI; MLflow keeps its name reserved."""
    return TrackingError(
        f"MLflow's experiment {name!r} was deleted, and its name stays reserved",
        fix=f"bring it back with `MLFLOW_TRACKING_URI={shlex.quote(uri)} mlflow experiments restore"
        f" --experiment-id {experiment}`, or give the sweep another name with `--name`",
    )


def foreign(name: str) -> TrackingError:
    """The error for an experiment that another program filled."""
    return TrackingError(
        f"MLflow has an experiment {name!r} already, and none of its runs is from textclf-sweep",
        fix="give the sweep another name with `--name`, or rename that experiment in MLflow",
    )


def _revisions() -> tuple[str | None, frozenset[str]]:
    """The newest schema revision of the installed mlflow, and all it knows, without importing it.

    The newest is None if mlflow's files are laid out anew.
    """
    spec = importlib.util.find_spec("mlflow")
    if spec is None or spec.origin is None:
        return None, frozenset()
    parents: dict[str, str | None] = {}
    for file in (Path(spec.origin).parent / "store" / "db_migrations" / "versions").glob("*.py"):
        text = file.read_text(encoding="utf-8")
        name = re.search(r"^revision\s*=\s*[\"'](\w+)[\"']", text, re.MULTILINE)
        parent = re.search(r"^down_revision\s*=\s*[\"'](\w+)[\"']", text, re.MULTILINE)
        if name:
            parents[name[1]] = parent[1] if parent else None
    heads = set(parents) - set(parents.values())
    return (heads.pop() if len(heads) == 1 else None), frozenset(parents)


def _usable_path(uri: str) -> Path | None:
    """`database_path`, unless MLflow refuses `uri` or would look for another file: its library unquotes paths."""
    refuse_files(uri)
    path = database_path(uri)
    if uri.startswith("sqlite") and any(mark in uri for mark in "%?"):
        raise TrackingError(
            f"MLflow cannot keep its database at {uri}: the path contains '%' or '?'",
            fix="use a --store whose path has neither, or set MLFLOW_TRACKING_URI to a database elsewhere",
        )
    return path


def _blank(path: Path) -> bool:
    return not path.exists() or (path.is_file() and path.stat().st_size == 0)


def _owned(store: Store, path: Path) -> bool:
    return path.resolve() == store.database.resolve()


def _outside(location: str | None, store: Store) -> bool:
    """Whether an artifact location is a local folder that is not in the store."""
    parts = urlsplit(location or "")
    if parts.scheme not in ("", "file") or not location:
        return False
    folder = Path(unquote(parts.path) if parts.scheme else location)
    return not folder.resolve().is_relative_to(store.root.resolve())


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder itself, so that no lock file is left behind."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _create(path: Path, store: Store) -> None:
    for stale in path.parent.glob(f"{path.name}.*.new*"):
        stale.unlink()
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    sqlalchemy_store = module("mlflow.store.tracking.sqlalchemy_store").SqlAlchemyStore
    made = sqlalchemy_store(f"sqlite:///{fresh.resolve()}", str(store.mlruns.resolve()))
    made.engine.dispose()
    fresh.replace(path)


def _forget_connections(uri: str) -> None:
    """This process may still hold connections to a file of that name that someone removed or replaced."""
    if (loaded := sys.modules.get("mlflow.store.tracking.sqlalchemy_store")) is not None:
        engine = loaded.SqlAlchemyStore._engine_map.get(uri)
        if engine is not None:
            engine.dispose()


def _query(path: Path, query: str, *values: object) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=20)) as connection:
        return connection.execute(query, values).fetchall()


def _check_schema(path: Path, uri: str, again: str) -> None:
    aside = f"move it away (`mv {shlex.quote(str(path))} {shlex.quote(str(path) + '.broken')}`), then `{again}`"
    try:
        tables = {name for (name,) in _query(path, "SELECT name FROM sqlite_master WHERE type = 'table'")}
        found = _query(path, "SELECT version_num FROM alembic_version") if "alembic_version" in tables else []
    except sqlite3.OperationalError as error:
        raise translated(error, uri, again) from error
    except sqlite3.DatabaseError as error:
        raise TrackingError(f"{path} is not a database: {error}", fix=aside) from error
    if not found or "experiments" not in tables:
        raise TrackingError(f"{path} is a database, but not one that MLflow finished making", fix=aside)
    version, (head, known) = str(found[0][0]), _revisions()
    if head is None or version == head:
        return
    if version in known:
        raise TrackingError(
            f"{path} was made by an older MLflow (schema {version}, the installed one needs {head})",
            fix=f"make a copy of it, then run `mlflow db upgrade {shlex.quote(uri)}`",
        )
    raise TrackingError(
        f"{path} was made by a newer MLflow (schema {version}, unknown to the installed one)",
        fix="install that version: `pip install --upgrade mlflow`",
    )


def _experiment(path: Path, name: str) -> tuple[int, str, str] | None:
    """(id, artifact location, lifecycle stage) of the experiment called `name`."""
    rows = _query(
        path, "SELECT experiment_id, artifact_location, lifecycle_stage FROM experiments WHERE name = ?", name
    )
    return (int(str(rows[0][0])), str(rows[0][1] or ""), str(rows[0][2])) if rows else None


def _foreign(path: Path, experiment: int) -> bool:
    """Whether another program filled an experiment: it has living runs and none is ours. As `Writer` asks MLflow."""
    ours = "SELECT 1 FROM experiment_tags WHERE experiment_id = ?1 AND key = 'sweep.name'"
    living = "FROM runs WHERE experiment_id = ?1 AND lifecycle_stage = 'active'"
    tagged = "SELECT 1 FROM tags WHERE key = 'sweep.id' AND tags.run_uuid = runs.run_uuid"
    query = f"SELECT count(*), count(CASE WHEN EXISTS ({tagged}) THEN 1 END) {living} AND NOT EXISTS ({ours})"
    ((runs, from_us),) = _query(path, query, experiment)
    return bool(runs) and not from_us
