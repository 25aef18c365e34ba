"""A user at work: folders with definitions and data, the installed `sweep` command, and what it leaves behind.

Everything is real: processes, TensorFlow, MLflow's database. Starting TensorFlow is most of the time these tests
take, so sweeps that only have to be there are run once (`base`, `shipped`) and looked at by many tests.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from textclf_sweep.ledger import Attempt, Ledger
from textclf_sweep.store import Store

REPOSITORY = Path(__file__).parents[2]
SWEEP = Path(sys.executable).with_name("sweep")
MARK = "TEXTCLF_SWEEP_TEST"
"""An environment variable that all processes of one command inherit, and so can be found by."""

PATIENCE = 300.0
"""Seconds anything may take; far more than it does, even on a busy machine."""

BASE = """\
architecture: lstm
method: bayes
run_cap: 3
workers: 1
seed: 3

data: {path: news.csv}

parameters:
  learning_rate: {distribution: log_uniform_values, min: 0.001, max: 0.05}
  optimizer: {values: [adam, rmsprop]}
  units: {value: 8}
  embedding_dim: {value: 8}
  max_length: {value: 12}
  epochs: {value: 50}

early_stopping: false
"""
"""Three small trials of 50 epochs: a second or two each, so that one can be caught in the middle."""


def until(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Wait until `condition` holds and return its value; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.02)
    return found


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON value on stdout; fails when there is anything else."""
        return json.loads(self.out)


class Command:
    """A command that was started, in a process group of its own, as a shell starts it.

    Args:
        words: the program and its arguments.
        folder: where it runs.
        environment: all its variables but `MARK`.
        terminal: a file descriptor that is its input and output; else both streams are files that can be looked at.
    """

    def __init__(
        self, words: Sequence[str], folder: Path, environment: Mapping[str, str], terminal: int | None = None
    ) -> None:
        self.mark = uuid.uuid4().hex
        self._files = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115 - closed in `close`
        self._process = subprocess.Popen(
            words,
            cwd=folder,
            env={**environment, MARK: self.mark},
            stdin=subprocess.DEVNULL if terminal is None else terminal,
            stdout=self._files[0] if terminal is None else terminal,
            stderr=self._files[1] if terminal is None else terminal,
            start_new_session=True,
        )
        self.pid = self._process.pid

    @property
    def out(self) -> str:
        """Stdout so far."""
        return _content(self._files[0])

    @property
    def err(self) -> str:
        """Stderr so far."""
        return _content(self._files[1])

    @property
    def ended(self) -> bool:
        """Whether it has."""
        return self._process.poll() is not None

    def says(self, pattern: str) -> None:
        """Wait until a line of its output matches; fail when it ends without."""

        def said() -> bool:
            over = self.ended  # before looking, so that its last words count
            found = re.search(pattern, f"{self.out}\n{self.err}", re.MULTILINE) is not None
            assert found or not over, f"ended without saying {pattern!r}:\n{self.out}\n{self.err}"
            return found

        until(said, f"{pattern!r} said by {self._process.args}")

    def end(self) -> Done:
        """Wait for its end."""
        code = self._process.wait(PATIENCE)
        return Done(code, self.out, self.err)

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> None:
        """Signal the whole process group, as Ctrl-C in a terminal does."""
        os.killpg(self.pid, number)

    def processes(self) -> dict[int, int]:
        """Its living processes, itself and all descendants, each with its parent's pid."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if f"{MARK}={self.mark}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                    found[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):  # gone meanwhile, or not ours
                continue
        return found

    def workers(self) -> list[int]:
        """The workers: forked from the process that the command has started."""
        found = self.processes()
        return sorted(pid for pid, parent in found.items() if parent in found and parent != self.pid)

    def gone(self) -> bool:
        """Whether no process of it is left."""
        return not self.processes()

    def close(self) -> None:
        """Kill whatever is left of it."""
        while left := self.processes():
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            self._process.poll()
        self._process.wait()
        for file in self._files:
            file.close()


def _content(file: Any) -> str:
    # Read at a place, so that the offset, which the command shares, stays where it is.
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode(errors="replace")


@dataclass
class Commands:
    """Every command that was started, to be cleaned up."""

    started: list[Command] = field(default_factory=list)

    def start(self, words: Sequence[str], folder: Path, *, terminal: int | None = None, **environment: str) -> Command:
        """Start a command; variables of the environment that would lead it to another MLflow are left out."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
        self.started.append(Command(words, folder, {**kept, **environment}, terminal))
        return self.started[-1]

    def close(self) -> None:
        while self.started:
            self.started.pop().close()


@dataclass(frozen=True)
class Run:
    """A run as MLflow's database has it; `points` are (step, value) by metric."""

    id: str
    name: str
    status: str
    tags: Mapping[str, str]
    params: Mapping[str, str]
    points: Mapping[str, list[tuple[int, float]]]

    @property
    def kind(self) -> str:
        return self.tags["sweep.kind"]

    @property
    def counted(self) -> bool:
        return self.tags.get("sweep.counted") == "true"


@dataclass
class Place:
    """A folder in which `sweep` commands are run; it is their store, too."""

    path: Path
    commands: Commands

    def write(self, name: str, content: str | bytes) -> Path:
        """A file in it."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def start(self, *arguments: str, **environment: str) -> Command:
        """Start ``sweep ARGUMENTS``."""
        return self.commands.start([str(SWEEP), *arguments], self.path, **environment)

    def sweep(self, *arguments: str, code: int | None = 0, **environment: str) -> Done:
        """Run ``sweep ARGUMENTS`` to its end, which must have this exit code."""
        done = self.start(*arguments, **environment).end()
        assert code is None or done.code == code, f"exit code {done.code}:\n{done.out}\n{done.err}"
        return done

    def status(self, name: str) -> Any:
        """The object of ``sweep status --json``."""
        return self.sweep("status", name, "--json").json

    def trials(self, name: str) -> list[Any]:
        """The trials of ``sweep trials --json``."""
        found: list[Any] = self.sweep("trials", name, "--json").json["trials"]
        return found

    def attempts(self, name: str) -> tuple[Attempt, ...]:
        """Every attempt the ledger knows."""
        with closing(Ledger.read(Store(self.path).sweep(name).ledger)) as ledger:
            return ledger.attempts()

    def runs(self, name: str) -> list[Run]:
        """The runs of the MLflow experiment of this name, in the order of their start."""
        with closing(sqlite3.connect(f"{(self.path / 'mlflow.db').as_uri()}?mode=ro", uri=True)) as database:
            rows = database.execute(
                "SELECT run_uuid, runs.name, status FROM runs JOIN experiments USING (experiment_id)"
                " WHERE experiments.name = ? AND runs.lifecycle_stage = 'active' ORDER BY start_time, runs.name",
                (name,),
            ).fetchall()
            return [
                Run(
                    *row,
                    tags=dict(database.execute("SELECT key, value FROM tags WHERE run_uuid = ?", row[:1])),
                    params=dict(database.execute("SELECT key, value FROM params WHERE run_uuid = ?", row[:1])),
                    points=_points(database, row[0]),
                )
                for row in rows
            ]

    def content(self) -> dict[str, bytes | None]:
        """Every file and folder in it; a folder's content is None."""
        return {
            str(path.relative_to(self.path)): path.read_bytes() if path.is_file() else None
            for path in sorted(self.path.rglob("*"))
        }


def _points(database: sqlite3.Connection, run: str) -> dict[str, list[tuple[int, float]]]:
    points = defaultdict(list)
    query = "SELECT key, step, value FROM metrics WHERE run_uuid = ? ORDER BY key, step, timestamp"
    for key, step, value in database.execute(query, (run,)):
        points[key].append((step, value))
    return dict(points)


@pytest.fixture(scope="session")
def commands() -> Iterator[Commands]:
    assert SWEEP.is_file(), "the project is not installed beside this Python: pip install -e '.[test]'"
    started = Commands()
    yield started
    started.close()


@pytest.fixture(autouse=True)
def _end_commands(commands: Commands) -> Iterator[None]:
    yield
    commands.close()


@pytest.fixture(scope="session")
def headlines() -> list[tuple[str, str]]:
    """320 texts of the bundled sample with their labels, equally many of each of the four."""
    by_label = defaultdict(list)
    path = REPOSITORY / "textclf_sweep" / "data" / "uci_news" / "train.csv"
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            by_label[row["label"]].append(row["text"])
    return [(texts[number], label) for number in range(80) for label, texts in sorted(by_label.items())]


@pytest.fixture(scope="session")
def news(headlines: list[tuple[str, str]]) -> str:
    """`headlines` as a CSV file with the columns text and label."""
    return as_csv([("text", "label"), *headlines])


@pytest.fixture(scope="session")
def csv_of() -> Callable[..., str]:
    """Makes a CSV file's content of rows."""
    return as_csv


def as_csv(rows: list[tuple[str, str]], delimiter: str = ",") -> str:
    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows(rows)
        file.seek(0)
        return file.read()


@pytest.fixture(scope="session")
def base_definition() -> str:
    """The text of a small sweep over `news`, which must be beside it as news.csv."""
    return BASE


@pytest.fixture(scope="session")
def make_place(tmp_path_factory: pytest.TempPathFactory, commands: Commands, news: str) -> Callable[[str], Place]:
    """Makes a folder with ``base.yaml`` and ``news.csv``."""

    def make(name: str) -> Place:
        place = Place(tmp_path_factory.mktemp(name), commands)
        place.write("base.yaml", BASE)
        place.write("news.csv", news)
        return place

    return make


@pytest.fixture(scope="session")
def place(make_place: Callable[[str], Place]) -> Place:
    """The folder that the tests share; each sweep in it has its own name. (MLflow takes seconds to make a database.)"""
    return make_place("place")


@pytest.fixture
def fresh(make_place: Callable[[str], Place]) -> Place:
    """A folder of the test's own, in which nothing was run."""
    return make_place("fresh")


@pytest.fixture(scope="session")
def base(place: Place) -> Done:
    """The sweep ``base``, run with ``--json`` and undisturbed to its end. Look, do not touch."""
    return place.sweep("run", "base.yaml", "--json")


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory, commands: Commands) -> Place:
    """A folder with a copy of the shipped definitions."""
    path = tmp_path_factory.mktemp("shipped")
    shutil.copytree(REPOSITORY / "sweeps", path / "sweeps")
    return Place(path, commands)


@pytest.fixture(scope="session")
def shorten() -> Callable[[list[str]], list[str]]:
    """Makes a ``sweep run`` command line a short one."""
    return lambda words: [*words, "--set", "run_cap=1", "--set", "parameters.epochs.value=1", "--plain"]


@pytest.fixture(scope="session")
def assert_whole(place: Place) -> Callable[..., None]:
    """Checks that a sweep has ended well, and that ledger, MLflow and commands agree on it."""

    def check(name: str, trials: int, place: Place = place) -> None:
        status, found = place.status(name), place.trials(name)
        assert (status["state"], status["trials"]["complete"]) == ("complete", trials)
        assert status["trials"]["running"] == status["trials"]["waiting"] == 0
        assert [trial["number"] for trial in found] == list(range(1, trials + 1))
        attempts = place.attempts(name)
        counted = [attempt.trial for attempt in attempts if attempt.counted]
        assert counted == list(range(1, trials + 1))
        assert "running" not in {str(attempt.state) for attempt in attempts}
        assert not list((place.path / "mlruns" / "sweeps" / name).glob("*/.*")), "temporary files are left"
        assert_shown(place, name, status, found, attempts)

    return check


def assert_shown(place: Place, name: str, status: Any, trials: list[Any], attempts: tuple[Attempt, ...]) -> None:
    """MLflow has one parent, one run for each attempt, and one counted run for each trial with all its epochs."""
    runs = place.runs(name)
    (parent,) = (run for run in runs if run.kind == "parent")
    assert (parent.id, parent.status) == (status["parent_run_id"], "FINISHED")
    assert parent.tags["best.trial"] == str(status["best"]["number"])
    children = [run for run in runs if run.kind == "trial"]
    shown = [(int(run.tags["sweep.trial"]), int(run.tags["sweep.attempt"])) for run in children]
    assert sorted(shown) == [(attempt.trial, attempt.attempt) for attempt in attempts]
    assert {run.tags["mlflow.parentRunId"] for run in children} == {parent.id}
    assert "RUNNING" not in {run.status for run in runs}
    counted = {int(run.tags["sweep.trial"]): run for run in children if run.counted}
    assert len([run for run in children if run.counted]) == len(counted) == len(trials)
    for trial in trials:
        run = counted[trial["number"]]
        assert (run.id, run.status) == (trial["run_id"], "FINISHED")
        assert [step for step, _ in run.points["val_accuracy"]] == list(range(1, trial["epochs"] + 1))
        assert run.points["best.val_accuracy"] == [(0, trial["value"])]
        assert run.params["learning_rate"] == str(trial["parameters"]["learning_rate"])


@pytest.fixture(scope="session")
def lasting() -> Callable[[list[Any]], list[Any]]:
    """Of trials, what must be the same whenever the same sweep is run: all but times, attempts and run ids."""

    def strip(trials: list[Any]) -> list[Any]:
        timed = ("epoch_seconds", "examples_per_second")
        return [
            {
                **{key: value for key, value in trial.items() if key not in ("seconds", "run_id", "attempts")},
                "metrics": {key: value for key, value in trial["metrics"].items() if key not in timed},
            }
            for trial in trials
        ]

    return strip


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., Any]:
    """Waits for a condition; fails after `seconds`."""
    return until
