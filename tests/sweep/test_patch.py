"""Definitions with a patch in them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from textclf_sweep.definition.load import load
from textclf_sweep.errors import InputError
from textclf_sweep.sweep.catalogue import discover
from textclf_sweep.sweep.patch import as_yaml, free_file, patched

pytestmark = pytest.mark.unit

TEXT = """\
# How it was meant
name: news
architecture: [cnn, lstm] # two of them
method: random
run_cap: 4
data: {source: uci_news}
parameters:
  learning_rate: {value: 10} # far too high
  dropout: {min: 0, max: 0.5}
  cnn: {learning_rate: {value: 20}, filters: {value: 32}}
enqueue:
  - {learning_rate: 30, dropout: 0.1}
"""


def test_comments_stay_and_nothing_else_says_the_old_value() -> None:
    patch = {"parameters": {"learning_rate": {"value": 0.001}}, "early_stopping": {"patience": 5}}
    text = patched(TEXT, (), patch, "news-fixed")
    for comment in ("# How it was meant", "# two of them"):
        assert comment in text
    assert not any(value in text for value in ("10}", "20}", "30"))
    found = load(text, discover(), path=Path("news-fixed.yaml"))
    assert found.name == "news-fixed"
    assert found.early_stopping is not None
    assert found.early_stopping.patience == 5
    assert [dict(search.space.distributions)["learning_rate"].value for search in found.searches] == [0.001, 0.001]


def test_overrides_are_part_of_it() -> None:
    text = patched(TEXT, ("run_cap=2", "parameters.dropout={min: 0.1, max: 0.3}"), {"embedding": "glove-6b-50d"}, "n")
    found = yaml.safe_load(text)
    assert (found["run_cap"], found["parameters"]["dropout"], found["embedding"]) == (
        2, {"min": 0.1, "max": 0.3}, "glove-6b-50d",
    )  # fmt: skip


def test_pretrained_vectors_have_a_width_of_their_own() -> None:
    text = """\
architecture: cnn
method: random
data: {source: uci_news}
parameters: {embedding_dim: {value: 16}, trainable: {value: false}, dropout: {min: 0, max: 0.5}}
enqueue: [{dropout: 0.1}]
"""
    patch = {"embedding": "glove-uci-news-50d", "parameters": {"trainable": {"value": True}}}
    (search,) = load(patched(text, (), patch, "n"), discover(), path=Path("n.yaml")).searches
    known = dict(search.space.distributions)
    assert (known["embedding"].value, known["trainable"].value) == ("glove-uci-news-50d", True)


def test_cleaning_that_is_not_named_stays() -> None:
    text = "data: {source: uci_news, cleaning: {digits: remove, lowercase: false}}\n"
    found = yaml.safe_load(patched(text, (), {"data": {"cleaning": {"digits": "keep"}}}, "n"))
    assert found["data"]["cleaning"] == {"digits": "keep", "lowercase": False}


def test_a_text_that_is_no_definition() -> None:
    with pytest.raises(InputError, match="cannot be read"):
        patched("just words", (), {"embedding": "none"}, "n")


def test_as_yaml() -> None:
    patch = {"parameters": {"learning_rate": {"min": 0.1, "max": 1}, "l2": {"value": 0.0}}, "embedding": "none"}
    assert as_yaml(patch) == ("parameters:\n  learning_rate: {min: 0.1, max: 1}\n  l2: {value: 0.0}\nembedding: none\n")


def test_free_files(tmp_path: Path) -> None:
    assert free_file(tmp_path, "a") == tmp_path / "a-fixed.yaml"
    (tmp_path / "a-fixed.yaml").touch()
    assert free_file(tmp_path, "a") == tmp_path / "a-fixed-2.yaml"
