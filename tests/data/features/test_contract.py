"""The contract of every kind of features: a new one is a line in `KINDS`."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from textclf_sweep.data import features, snapshot
from textclf_sweep.data.corpus import PARTS, Corpus, PartName, Splits
from textclf_sweep.data.features import Features, SparseRows

KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "words": ("tokens", {"min_count": 1}),
    "characters": ("tokens", {"unit": "character", "max_length": 9, "truncate": "head_tail"}),
    "tfidf": ("tfidf", {"min_count": 1}),
    "character n-grams": ("tfidf", {"unit": "character", "weighting": "count"}),
    "wordpiece": ("wordpiece", {"checkpoint": "bert"}),
}
TEXTS = ("the cat sat", "", "a dog, a cat", "the", "new words here and there", "...")
SIDES: list[PartName] = ["train", "train", "train", "train", "validation", "test"]

pytestmark = pytest.mark.contract


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("features")
    (path / "bert").mkdir()
    (path / "bert/vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\nthe\ncat\ndog\n")
    corpus = Corpus(TEXTS, ("x", "y", "x", "y", "x", "y"), tuple(range(2, 8)))
    snapshot.write(Splits.of(corpus, SIDES), path / "corpus")
    return path


def load(folder: Path, kind: str, part: str = "train", cache: str = "cache") -> Features:
    name, parameters = KINDS[kind]
    given = parameters | ({"checkpoint": str(folder / "bert")} if "checkpoint" in parameters else {})
    return features.load(name, folder / "corpus", folder / cache, given, part)


def arrays(found: Features) -> list[Any]:
    inputs = found.inputs
    own = [inputs.indptr, inputs.indices, inputs.values] if isinstance(inputs, SparseRows) else [inputs]
    return [*own, found.lengths, found.labels]


def test_every_module_is_tested() -> None:
    modules = {item.name for item in pkgutil.iter_modules(features.__path__) if not item.name.startswith("_")}
    assert {name for name, _ in KINDS.values()} == modules


@pytest.mark.parametrize("kind", KINDS)
class TestFeatures:
    def test_its_parameters_are_valid_and_explained(self, folder: Path, kind: str) -> None:
        module = importlib.import_module(f"textclf_sweep.data.features.{KINDS[kind][0]}")
        for item in module.PARAMETERS:
            assert item.reject(item.preset) is None
            assert item.doc

    @pytest.mark.parametrize("part", PARTS)
    def test_shapes_and_lengths(self, folder: Path, kind: str, part: PartName) -> None:
        found, count = load(folder, kind, part), SIDES.count(part)
        assert len(found.inputs) == len(found.lengths) == len(found.labels) == count
        if isinstance(found.inputs, SparseRows):
            matrix = found.inputs.dense()
            assert matrix.shape == (count, found.info.vocabulary_size)
            assert found.lengths.tolist() == (matrix != 0).sum(axis=1).tolist()
        else:
            assert found.inputs.shape == (count, found.info.max_length)
            assert found.lengths.tolist() == (found.inputs != 0).sum(axis=1).tolist()
            assert found.lengths.min() >= 1  # of an empty text too
            assert all((row[:length] != 0).all() for row, length in zip(found.inputs, found.lengths, strict=True))
            assert 0 <= found.inputs.min() <= found.inputs.max() < found.info.vocabulary_size

    def test_arrays_are_read_only(self, folder: Path, kind: str) -> None:
        for array in arrays(load(folder, kind)):
            assert isinstance(array, np.memmap)
            assert not array.flags.writeable

    def test_parts_share_what_is_learned(self, folder: Path, kind: str) -> None:
        info = load(folder, kind).info
        assert {load(folder, kind, part).info for part in PARTS} == {info}
        assert all(path.is_file() for path in info.files)

    def test_built_anew_it_is_the_same(self, folder: Path, kind: str) -> None:
        first, second = load(folder, kind), load(folder, kind, cache="other")
        assert all(np.array_equal(a, b) for a, b in zip(arrays(first), arrays(second), strict=True))
        assert [a.read_bytes() == b.read_bytes() for a, b in zip(first.info.files, second.info.files, strict=True)]

    def test_a_batch_is_its_rows(self, folder: Path, kind: str) -> None:
        found, rows = load(folder, kind), np.array([3, 0, 1])
        batch = found.batch(rows)
        if isinstance(batch, SparseRows):
            assert isinstance(found.inputs, SparseRows)
            np.testing.assert_array_equal(batch.dense(), found.inputs.dense()[rows])
        else:
            assert isinstance(found.inputs, np.ndarray)
            assert batch.shape == (3, found.lengths[rows].max())
            np.testing.assert_array_equal(batch, found.inputs[rows, : batch.shape[1]])


SCRIPT = """
import sys
from pathlib import Path
from textclf_sweep.data import features
from textclf_sweep.data.features import {modules}

def count(module, name):
    own = getattr(module, name)
    def build(folder, *arguments):
        with (folder.parent / "builds").open("a") as log:
            log.write(f"{{module.__name__}}.{{name}}\\n")
        return own(folder, *arguments)
    setattr(module, name, build)

for module in (tokens, tfidf):
    count(module, "_build_vocabulary")
    count(module, "_build_arrays")
folder = Path(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for name, parameters in {kinds!r}:
    if "checkpoint" in parameters:
        parameters["checkpoint"] = str(folder / "bert")
    print(features.load(name, folder / "corpus", folder / "race", parameters, "train").lengths.tolist())
"""


def test_processes_that_ask_at_once_build_once_and_get_the_same(folder: Path) -> None:
    script = SCRIPT.format(modules="tfidf, tokens", kinds=list(KINDS.values()))
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
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
    assert set(answers) == {"".join(f"{load(folder, kind).lengths.tolist()}\n" for kind in KINDS)}
    builds = (folder / "race" / "builds").read_text().splitlines()
    assert len(builds) == 8  # a vocabulary and the arrays, of the four kinds that are counted
