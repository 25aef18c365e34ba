"""What reaches a model of the sample's texts, and which setting loses it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from textclf_sweep import data
from textclf_sweep.data import snapshot
from textclf_sweep.data.corpus import Splits
from textclf_sweep.definition.types import DataSettings
from textclf_sweep.sweep.reading import Place, Reading, read

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> tuple[Splits, Path]:
    splits = data.again(DataSettings(source="uci_news"), 0)
    folder = tmp_path_factory.mktemp("reading")
    snapshot.write(splits, folder / "corpus")
    return splits, folder


def reading(news: tuple[Splits, Path], features: str = "tokens", **parameters: Any) -> Reading:
    splits, folder = news
    return read(Place(features, folder / "corpus", folder / "cache", folder, parameters), splits.train)


def test_usual_settings_lose_nothing(news: tuple[Splits, Path]) -> None:
    found = reading(news)
    assert found.seen == pytest.approx(found.whole, abs=0.03)
    assert found.changed == {}
    assert (found.empty, found.width >= found.longest) == (0, True)
    assert found.unknown < 0.3


def test_one_word_is_too_little(news: tuple[Splits, Path]) -> None:
    found = reading(news, max_length=1)
    assert found.width == 1
    assert found.seen is not None
    assert found.whole is not None
    assert found.seen < found.whole - 0.2
    assert found.changed["max_length"] > found.whole - 0.05
    assert found.changed["vocabulary"] < found.whole - 0.2


def test_a_tiny_vocabulary(news: tuple[Splits, Path]) -> None:
    found = reading(news, vocabulary_size=10)
    assert found.unknown > 0.6
    assert found.changed["vocabulary"] > found.changed["max_length"] + 0.2


def test_rows_of_tfidf(news: tuple[Splits, Path]) -> None:
    found = reading(news, "tfidf")
    assert found.seen == pytest.approx(found.whole, abs=0.03)
    assert found.empty < 0.01


def test_characters_are_not_compared_with_words(news: tuple[Splits, Path]) -> None:
    assert reading(news, unit="character").seen is None
