"""What each cleaning step costs, and what it does to a linear model: a table in Markdown.

For each setting: texts a second of this step alone, the first time (dictionaries loaded, words met for the first time)
and again in a process that has done it, the share of texts it changes, the number of words it leaves, and the accuracy
on other rows of a linear support vector machine on TF-IDF of words and pairs of words (lower-cased, too, but where that
is off).

    python benchmarks/cleaning.py                          the bundled sample, a quarter of a minute
    python benchmarks/cleaning.py TRAIN.csv OTHER.csv      files with the columns text and label
"""

from __future__ import annotations

import csv
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

import textclf_sweep
from textclf_sweep.data import cleaning
from textclf_sweep.data.features.tokens import tokenize
from textclf_sweep.trial import Parameters

SAMPLE = Path(textclf_sweep.__file__).parent / "data" / "uci_news"
OFF = {"lowercase": False}

Rows = tuple[list[str], list[str]]


def main() -> None:
    """Print the table."""
    paths = [Path(name) for name in sys.argv[1:]] or [SAMPLE / "train.csv", SAMPLE / "validation.csv"]
    train, other = map(_read, paths)
    print("| cleaning | texts/s, first | again | texts changed | words | accuracy |\n|---|---|---|---|---|---|")
    for setting in _settings():
        alone = {**OFF, **setting} if setting else setting
        first, cleaned = _timed(train[0], alone)
        again, _ = _timed(train[0], alone)
        changed = sum(map(str.__ne__, cleaned, train[0])) / len(cleaned)
        words, accuracy = _linear(train, other, setting)
        name = ", ".join(f"`{key}: {str(value).lower()}`" for key, value in setting.items()) or "none but lower-casing"
        print(f"| {name} | {first:,.0f} | {again:,.0f} | {changed:.1%} | {words:,} | {accuracy:.3f} |", flush=True)


def _settings() -> list[Parameters]:
    """No step, each one by itself, and many at once."""
    single: list[Parameters] = [
        {item.name: value}
        for item in cleaning.PARAMETERS
        if item.name != "language"
        for value in (item.choices[1:] if item.choices else [not item.default])
    ]
    together: Parameters = {"stop_words": "remove", "stemming": True, "digits": "fold", "punctuation": "remove"}
    return [{}, *single, together]


def _read(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row["text"] for row in rows], [row["label"] for row in rows]


def _timed(texts: Sequence[str], setting: Parameters) -> tuple[float, list[str]]:
    start = time.perf_counter()
    cleaned = cleaning.clean(texts, setting)
    return len(texts) / (time.perf_counter() - start), cleaned


def _linear(train: Rows, other: Rows, setting: Parameters) -> tuple[int, float]:
    """Distinct words of the training texts, and the accuracy on the others."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - heavy
    from sklearn.svm import LinearSVC  # noqa: PLC0415 - heavy

    texts, others = (cleaning.clean(rows[0], setting) for rows in (train, other))
    vectorizer = TfidfVectorizer(
        tokenizer=tokenize, token_pattern=None, lowercase=False, ngram_range=(1, 2), sublinear_tf=True, min_df=2
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = LinearSVC(C=0.5).fit(vectorizer.fit_transform(texts), train[1])
    words = len({token for text in texts for token in tokenize(text)})
    return words, float(model.score(vectorizer.transform(others), other[1]))


if __name__ == "__main__":
    main()
