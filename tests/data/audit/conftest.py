"""Subjects for the tests of the audit."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest

from textclf_sweep.data.audit import Assumptions, Subject
from textclf_sweep.data.corpus import Corpus

WORDS = (
    "apple", "river", "stone", "cloud", "window", "garden", "table", "music", "paper", "bridge", "forest", "candle",
    "market", "silver", "button", "ladder", "engine", "pocket", "winter", "summer", "castle", "or", "up",
    "orange", "finger", "planet", "a", "the", "of", "violin", "observation",
)  # fmt: skip


@pytest.fixture
def subject(corpus: Callable[..., Corpus]) -> Callable[..., Subject]:
    """Makes a subject of (text, label) pairs; what is no field of a corpus is one of the assumptions."""

    def make(pairs: Sequence[tuple[str, str]], **fields: object) -> Subject:
        own = {name: fields.pop(name) for name in ("groups", "parts", "files") if name in fields}
        return Subject(corpus(pairs, **own), Assumptions(**fields))  # type: ignore[arg-type]

    return make


@pytest.fixture
def clean() -> Callable[..., list[tuple[str, str]]]:
    """Makes so many rows without a fault: common words in drawn order and number, labels in turn."""

    def make(rows: int, labels: Sequence[str] = ("north", "south"), seed: int = 0) -> list[tuple[str, str]]:
        draw = random.Random(seed)
        texts = [" ".join(draw.choices(WORDS, k=draw.randint(5, 14))) for _ in range(rows)]
        return [(text, labels[row % len(labels)]) for row, text in enumerate(texts)]

    return make
