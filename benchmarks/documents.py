"""Longer texts than headlines, for benchmarks: the headlines of a story joined to one document."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

from textclf_sweep.data.corpus import Corpus, Splits


def documents(path: Path, parts: int = 10, headlines: int | None = None) -> Splits:
    """The headlines in `path` of each story and label as documents of so many (the last has the rest), or as one.

    Of `parts` documents one is for validation.
    """
    stories: dict[tuple[str, str], list[str]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            stories[row["story"], row["label"]].append(row["text"])
    found = [
        (". ".join(item[first : first + (headlines or len(item))]), label)
        for (_, label), item in stories.items()
        for first in range(0, len(item), headlines or len(item))
    ]
    texts, labels = tuple(text for text, _ in found), tuple(label for _, label in found)
    corpus = Corpus(texts, labels, tuple(range(1, len(texts) + 1)))
    return Splits.of(corpus, ["train" if row % parts else "validation" for row in range(len(texts))])
