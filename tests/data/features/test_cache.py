"""The cache of features: built once, whoever asks, and never half."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from textclf_sweep.data import cleaning, features, snapshot
from textclf_sweep.data.corpus import Corpus, Splits
from textclf_sweep.errors import StorageError

PAIRS = [("a b c a", "x"), ("b a", "y"), ("c c", "x")]


@pytest.fixture
def folder(corpus: Callable[..., Corpus], tmp_path: Path) -> Path:
    snapshot.write(Splits.of(corpus(PAIRS), ["train", "validation", "test"]), tmp_path / "corpus")
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
    assert len(entries(folder)) == 3  # cleaned texts, vocabulary, arrays
    load(folder, "validation")
    assert len(entries(folder)) == 5


@pytest.mark.unit
@pytest.mark.parametrize("change", [{"max_length": 1}, {"vocabulary_size": 3}, {"lowercase": False}, {"min_count": 1}])
def test_settings_that_matter_have_entries_of_their_own(folder: Path, change: dict[str, int]) -> None:
    load(folder)
    before = entries(folder)
    load(folder, **change)
    assert entries(folder).keys() > before.keys()


@pytest.mark.unit
def test_texts_are_cleaned_once_for_all_settings_of_features(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(folder, strip_accents=True)
    with monkeypatch.context() as patched:
        patched.setattr(cleaning, "clean", lambda *_: pytest.fail("they were cleaned again"))
        load(folder, strip_accents=True, max_length=1)
        load(folder, strip_accents=True, vocabulary_size=3)
    before = entries(folder)
    load(folder, strip_accents=True, digits="fold")
    assert len(entries(folder)) == len(before) + 3


@pytest.mark.unit
def test_what_models_see_is_cleaned(folder: Path, corpus: Callable[..., Corpus]) -> None:
    pairs = [("\u00c9t\u00e9 <b>12</b> \ud83d", "x"), *PAIRS[1:]]
    snapshot.write(Splits.of(corpus(pairs), ["train", "validation", "test"]), folder / "corpus")
    steps = {"strip_html": True, "strip_accents": True, "digits": "fold", "strip_control": True}
    info = load(folder, min_count=1, **steps).info
    assert sorted(json.loads(info.vocabulary.read_text(encoding="utf-8"))) == ["", "00", "[UNK]", "ete"]


@pytest.mark.unit
def test_other_data_in_the_same_place(folder: Path, corpus: Callable[..., Corpus]) -> None:
    load(folder)
    snapshot.write(Splits.of(corpus([("z z", "x"), *PAIRS[1:]]), ["train", "validation", "test"]), folder / "corpus")
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
    assert {path.suffix for path in (folder / "cache").iterdir()} == {".lock"}


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
from textclf_sweep.data import cleaning, features

folder = Path(sys.argv[1])
clean = cleaning.clean

def slowly(texts, parameters):
    with (folder / "cleanings").open("a") as log:
        log.write(f"{os.getpid()}\\n")
    time.sleep(0.3)
    return clean(texts, parameters)

cleaning.clean = slowly

def build(target):
    with (folder / "builds").open("a") as log:
        log.write(f"{os.getpid()}\\n")
    time.sleep(0.3)
    (target / "value").write_text("built")

def load(request, cached):
    assert request.texts("train") == ("a b c a",)
    return cached({"part": request.part}, build)

counted = types.ModuleType("counted")
counted.PARAMETERS, counted.VERSION = (), 1
counted.load = load
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
    assert len((folder / "cleanings").read_text().splitlines()) == 1
