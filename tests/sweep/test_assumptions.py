from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

from textclf_sweep.data import Assumptions
from textclf_sweep.definition.load import load
from textclf_sweep.definition.types import SweepDefinition
from textclf_sweep.errors import InputError
from textclf_sweep.sweep.assumptions import assumptions, check_cleaning
from textclf_sweep.sweep.catalogue import discover

pytestmark = pytest.mark.unit
Read = Callable[..., SweepDefinition]


@pytest.fixture
def read() -> Read:
    def call(more: str = "", architecture: str = "lstm") -> SweepDefinition:
        text = f"name: a\narchitecture: {architecture}\nmethod: random\nrun_cap: 2\nseed: 5\n{more}"
        return load(text if "data:" in more else f"{text}\ndata: {{source: uci_news}}", discover(), path=None)

    return call


def test_of_a_search_the_worst_for_a_text_is_assumed(read: Read) -> None:
    found = assumptions(
        read(
            "parameters:\n  max_length: {values: [128, 32, 64]}\n  vocabulary_size: {min: 500, max: 9000}\n"
            "  min_count: {min: 1, max: 7}\n"
        )
    )
    assert (found.max_length, found.vocabulary_size, found.min_count, found.seed) == (32, 500, 7, 5)


@pytest.mark.parametrize(
    ("truncate", "told"), [("tail", "tail"), ("head_tail", "head_tail"), ("{values: [head_tail, tail]}", "head")]
)
def test_what_is_kept_of_a_text_counts_when_every_trial_keeps_it(read: Read, truncate: str, told: str) -> None:
    assert assumptions(read(f"parameters: {{truncate: {truncate}}}\n")).truncate == told


def test_what_is_not_searched_has_its_default(read: Read) -> None:
    found, standard = assumptions(read()), Assumptions()
    assert found.vocabulary_size == standard.vocabulary_size
    assert found.cleaning["lowercase"] is True
    assert found.unit == "word"
    assert found.vectors == ()


def test_the_least_of_all_architectures_counts(read: Read) -> None:
    more = "parameters:\n  cnn: {max_length: 40}\n  lstm: {max_length: {values: [30, 90]}}\n"
    assert assumptions(read(more, "[cnn, lstm]")).max_length == 30


def test_vectors_are_names_and_absolute_paths_of_every_architecture(read: Read, tmp_path: Path) -> None:
    (tmp_path / "own.txt").touch()
    more = f"parameters: {{lstm: {{embedding: {{values: [none, {tmp_path}/own.txt]}}}}, cnn: {{embedding: none}}}}\n"
    assert assumptions(read(more, "[cnn, lstm]")).vectors == (str(tmp_path / "own.txt"),)
    assert assumptions(read("embedding: {path: glove-uci-news-50d, trainable: false}\n")).vectors == (
        "glove-uci-news-50d",
    )


@pytest.mark.parametrize(
    ("unit", "told"), [("character", "character"), ("{values: [word, character]}", "word"), ("word", "word")]
)
def test_texts_are_characters_when_no_trial_reads_words(read: Read, unit: str, told: str) -> None:
    assert assumptions(read(f"parameters: {{unit: {unit}}}\n")).unit == told


def test_cleaning_counts_when_every_trial_has_it(read: Read) -> None:
    more = (
        "data: {source: uci_news, cleaning: {strip_html: true}}\n"
        "parameters:\n  digits: {values: [keep, fold]}\n  cnn: {urls: mask}\n"
    )
    found = assumptions(read(more, "[cnn, lstm]")).cleaning
    assert found["strip_html"] is True
    assert not {"digits", "urls"} & found.keys()


@pytest.mark.parametrize(
    "more",
    [
        "data: {source: uci_news, cleaning: {stop_words: remove}}\n",
        "parameters: {stop_words: {values: [keep, remove]}}\n",
    ],
)
def test_stop_words_take_negations_with_them(read: Read, more: str) -> None:
    (warning,) = check_cleaning(read(more))
    assert "remove_but_negations" in warning


def test_no_warning_without_a_reason(read: Read) -> None:
    assert check_cleaning(read("parameters: {stop_words: remove_but_negations}\n")) == ()


@pytest.mark.parametrize(
    "more",
    [
        "data: {source: uci_news, cleaning: {lemmatisation: true}}\n",
        "parameters: {lemmatisation: {values: [false, true]}}\n",
    ],
)
def test_a_package_that_is_lacking_is_named(read: Read, more: str, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "simplemma" else find(name))
    assert check_cleaning(read()) == ()
    with pytest.raises(InputError, match=r"textclf-sweep\[lemmas\]") as caught:
        check_cleaning(read(more))
    assert caught.value.exit_code == 2
