"""The cache of features: built once, whoever asks, and never half."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from textclf_sweep.data import corpus as corpora
from textclf_sweep.data import features
from textclf_sweep.data.corpus import Corpus, Splits
from textclf_sweep.errors import StorageError

PAIRS = [("a b c a", "x"), ("b a", "y"), ("c c", "x")]


@pytest.fixture
def folder(corpus: Callable[..., Corpus], tmp_path: Path) -> Path:
    corpora.write(Splits.of(corpus(PAIRS), ["train", "validation", "test"]), tmp_path / "corpus")
    return tmp_path


def entries(folder: Path) -> dict[str, int]:
    """Each complete entry and when it was made."""
    return {path.name: path.stat().st_mtime_ns for path in (folder / "cache").iterdir() if path.is_dir()}


def load(folder: Path, part: str = "train", **parameters: bool | int | float | str) -> features.Features:
    return features.load("tokens", folder / "corpus", folder / "cache", parameters, part)


@pytest.mark.unit
def test_asking_again_builds_nothing(folder: Path) -> None:
    load(folder)
    before = entries(folder)
    load(folder, learning_rate=0.1, units=64)
    load(folder, vocabulary_size=20_000.0, lowercase=True)
    assert entries(folder) == before


@pytest.mark.unit
def test_parts_share_the_vocabulary(folder: Path) -> None:
    load(folder)
    assert len(entries(folder)) == 2
    load(folder, "validation")
    assert len(entries(folder)) == 3


@pytest.mark.unit
@pytest.mark.parametrize("change", [{"max_length": 1}, {"vocabulary_size": 3}, {"lowercase": False}, {"min_count": 1}])
def test_settings_that_matter_have_entries_of_their_own(folder: Path, change: dict[str, int]) -> None:
    load(folder)
    before = entries(folder)
    load(folder, **change)
    assert entries(folder).keys() > before.keys()


@pytest.mark.unit
def test_other_data_in_the_same_place(folder: Path, corpus: Callable[..., Corpus]) -> None:
    load(folder)
    corpora.write(Splits.of(corpus([("z z", "x"), *PAIRS[1:]]), ["train", "validation", "test"]), folder / "corpus")
    assert load(folder).inputs.tolist() == [[2, 2]]


@pytest.mark.unit
def test_only_what_is_asked_for_is_opened(folder: Path) -> None:
    (folder / "corpus" / "test.jsonl").unlink()
    assert load(folder, "validation").lengths.tolist() == [2]


@pytest.mark.unit
def test_failed_build_leaves_nothing_behind(folder: Path) -> None:
    (folder / "corpus" / "train.jsonl").unlink()
    with pytest.raises(StorageError):
        load(folder)
    assert [path.suffix for path in (folder / "cache").iterdir()] == [".lock"]


@pytest.mark.unit
def test_leftovers_of_a_killed_process_do_no_harm(folder: Path) -> None:
    load(folder)
    (entry,) = [name for name in entries(folder) if (folder / "cache" / name / "inputs.npy").exists()]
    (folder / "cache" / entry).rename(folder / "cache" / f"{entry}.1.tmp")
    assert load(folder).lengths.tolist() == [4]


@pytest.mark.unit
def test_unwritable_cache(folder: Path) -> None:
    (folder / "cache").write_text("")
    with pytest.raises(StorageError, match="can't be cached"):
        load(folder)


SCRIPT = """
import os, sys, time, types
from pathlib import Path
from textclf_sweep.data import features

folder = Path(sys.argv[1])

def build(target):
    with (folder / "builds").open("a") as log:
        log.write(f"{os.getpid()}\\n")
    time.sleep(0.3)
    (target / "value").write_text("built")

counted = types.ModuleType("counted")
counted.PARAMETERS, counted.VERSION = (), 1
counted.load = lambda request, cached: cached({"part": request.part}, build)
sys.modules["textclf_sweep.data.features.counted"] = counted
print("ready", flush=True)
sys.stdin.readline()
found = features.load("counted", folder / "corpus", folder / "cache", {}, "train")
print((found / "value").read_text())
"""


@pytest.mark.contract
def test_processes_that_ask_at_once_build_once(folder: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        answers = [process.communicate(timeout=60)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    assert answers == ["built\n"] * 4
    assert len((folder / "builds").read_text().splitlines()) == 1
