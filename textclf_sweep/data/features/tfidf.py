"""Texts as bags of n-grams: TF-IDF (Spärck Jones 1972), counts or presence, sparse until the layer.

Terms are runs of 1 to `ngrams` words, joined by a space, or of `CHARACTERS` characters inside a word with a space at
each of its ends. Columns are the training part's terms by falling count, ties in alphabetical order. Each TF-IDF row
has length 1; its idf is ln((1 + texts) / (1 + texts with the term)) + 1, learned on the training part. The vocabulary
file is the JSON list of the terms by column, ``idf.json`` their idf.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from textclf_sweep.data.features import Cached, FeatureInfo, Features, Request, _sparse
from textclf_sweep.data.features._sparse import SparseRows
from textclf_sweep.data.features.tokens import most_frequent, read_vocabulary, tokenize, write_vocabulary
from textclf_sweep.definition.space import Categorical, Parameter
from textclf_sweep.trial import Parameters

VERSION = 1
CHARACTERS = (2, 5)
"""Least and greatest length of n-grams of characters."""

PARAMETERS = (
    Parameter(
        "unit", "str", "word",
        "What n-grams are made of: words and punctuation marks, or characters (2 to 5 of a word).",
        choices=("word", "character"),
    ),
    Parameter(
        "ngrams", "int", 2, "Words of the longest n-gram.",
        search=Categorical((1, 2)), minimum=1, maximum=3, when=(("unit", ("word",)),),
    ),
    Parameter(
        "weighting", "str", "tfidf", "What a cell says: TF-IDF, how often the term is there, or that it is there.",
        choices=("tfidf", "count", "binary"),
    ),
    Parameter(
        "sublinear", "bool", True, "Whether a term's count n enters TF-IDF as 1 + ln(n).",
        when=(("weighting", ("tfidf",)),),
    ),
    Parameter("vocabulary_size", "int", 20_000, "Terms kept, the most frequent of the training texts.", minimum=1),
    Parameter("min_count", "int", 2, "Occurrences in the training texts that a term needs to be kept.", minimum=1),
)  # fmt: skip


def terms(text: str, unit: str, ngrams: int) -> Iterator[str]:
    """The n-grams of `text`, each as often as it is there.

    Args:
        text: any text.
        unit: ``word`` or ``character``.
        ngrams: words of the longest n-gram, >= 1; unused for characters.
    """
    words = tokenize(text)
    if unit == "word":
        for count in range(1, ngrams + 1):
            yield from (" ".join(words[start : start + count]) for start in range(len(words) - count + 1))
        return
    for word in (f" {word} " for word in words):
        for count in range(CHARACTERS[0], min(CHARACTERS[1], len(word)) + 1):
            yield from (word[start : start + count] for start in range(len(word) - count + 1))


def vectorize(
    texts: Iterable[Iterable[str]],
    vocabulary: Sequence[str],
    *,
    weighting: str = "tfidf",
    sublinear: bool = True,
    idf: Sequence[float] = (),
) -> SparseRows:
    """Texts, as their terms, in sparse rows; terms that are not in the vocabulary are left out.

    Args:
        texts: the terms of each text.
        vocabulary: the terms by column.
        weighting: ``tfidf``, ``count`` or ``binary``.
        sublinear: of ``tfidf``, whether a count n enters as 1 + ln(n).
        idf: of ``tfidf``, by column.

    Returns:
        Rows of width max(1, len(vocabulary)).
    """
    import numpy as np  # noqa: PLC0415 - heavy

    columns = {term: column for column, term in enumerate(vocabulary)}
    ends, indices, values = [0], list[int](), list[float]()
    for text in texts:
        counts = Counter(columns[term] for term in text if term in columns)
        row = sorted(counts)
        cells = [_cell(counts[column], weighting, sublinear=sublinear) for column in row]
        if weighting == "tfidf":
            cells = [cell * idf[column] for cell, column in zip(cells, row, strict=True)]
            length = math.hypot(*cells)
            cells = [cell / length for cell in cells]
        indices += row
        values += cells
        ends.append(len(indices))
    arrays = np.array(ends, np.int64), np.array(indices, np.int32), np.array(values, np.float32)
    return SparseRows(*arrays, max(1, len(vocabulary)))


def _cell(count: int, weighting: str, *, sublinear: bool) -> float:
    if weighting == "binary":
        return 1.0
    return 1.0 + math.log(count) if weighting == "tfidf" and sublinear else float(count)


def load(request: Request, cached: Cached) -> Features:
    """The part's sparse rows; see `Features`."""
    import numpy as np  # noqa: PLC0415 - heavy

    parameters = request.parameters
    names = ("unit", "vocabulary_size", "min_count", *(("ngrams",) if parameters["unit"] == "word" else ()))
    learned = {name: parameters[name] for name in names} | dict(request.cleaning)
    known = cached({"vocabulary": learned}, lambda folder: _build_vocabulary(folder, request))
    vocabulary = read_vocabulary(known / "vocabulary.json")
    weighted = parameters["weighting"] == "tfidf"
    how = {"weighting": parameters["weighting"]} | ({"sublinear": parameters["sublinear"]} if weighted else {})
    arrays = cached(
        {"part": request.part, **how, **learned}, lambda folder: _build_arrays(folder, request, known, vocabulary)
    )
    files = (known / "vocabulary.json", *((known / "idf.json",) if weighted else ()))
    rows = _sparse.read(arrays, max(1, len(vocabulary)))
    lengths, labels = (np.load(arrays / f"{name}.npy", mmap_mode="r") for name in ("lengths", "labels"))
    return Features(rows, lengths, labels, FeatureInfo(request.info.labels, rows.width, rows.width, files))


def _build_vocabulary(folder: Path, request: Request) -> None:
    parameters, texts = request.parameters, request.texts("train")
    vocabulary = most_frequent(
        _terms(texts, parameters), int(parameters["vocabulary_size"]), int(parameters["min_count"])
    )
    known, documents = set(vocabulary), Counter[str]()
    for text in _terms(texts, parameters):
        documents.update(known.intersection(text))
    idf = [math.log((1 + len(texts)) / (1 + documents[term])) + 1 for term in vocabulary]
    write_vocabulary(folder / "vocabulary.json", vocabulary)
    (folder / "idf.json").write_text(json.dumps(idf), encoding="ascii")


def _build_arrays(folder: Path, request: Request, known: Path, vocabulary: Sequence[str]) -> None:
    import numpy as np  # noqa: PLC0415 - heavy

    parameters = request.parameters
    rows = vectorize(
        _terms(request.texts(request.part), parameters),
        vocabulary,
        weighting=str(parameters["weighting"]),
        sublinear=bool(parameters["sublinear"]),
        idf=json.loads((known / "idf.json").read_text(encoding="ascii")),
    )
    _sparse.save(folder, rows)
    np.save(folder / "lengths.npy", np.diff(rows.indptr).astype(np.int32))
    np.save(folder / "labels.npy", request.classes(request.part))


def _terms(texts: Iterable[str], parameters: Parameters) -> Iterator[Iterator[str]]:
    unit, ngrams = str(parameters["unit"]), int(parameters["ngrams"])
    return (terms(text, unit, ngrams) for text in texts)
