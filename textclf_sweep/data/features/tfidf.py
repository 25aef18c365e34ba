"""Texts as bags of n-grams: TF-IDF (Spärck Jones 1972), counts or presence, sparse until the layer.

Terms are runs of 1 to `ngrams` words, joined by a space, or of `CHARACTERS` characters inside a word with a space at
each of its ends. Columns are the training part's terms by falling count, ties in alphabetical order. Each TF-IDF row
has length 1; its idf is ln((1 + texts) / (1 + texts with the term)) + 1, learned on the training part. The vocabulary
file is the JSON list of the terms by column, ``idf.json`` their idf.
"""

from __future__ import annotations

import json
import math
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from textclf_sweep.data.features import Cached, FeatureInfo, Features, Request, _sparse
from textclf_sweep.data.features._sparse import SparseRows
from textclf_sweep.data.features.tokens import most_frequent, read_vocabulary, tokenize, write_vocabulary
from textclf_sweep.definition.space import Categorical, Parameter
from textclf_sweep.trial import Parameters

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

VERSION = 2
CHARACTERS = (2, 5)
"""Least and greatest length of n-grams of characters."""
PIECE = 2**13
"""Rows that are weighted at once."""
_REMEMBERED, _LONG = 2**17, 24
# Words whose columns are remembered, and the length of the longest: texts without spaces would fill the memory.

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
    if unit == "character":
        yield from chain.from_iterable(map(_inside, words))
        return
    yield from words
    for count in range(2, ngrams + 1):
        yield from map(" ".join, zip(*(words[start:] for start in range(count)), strict=False))


def _inside(word: str) -> Iterator[str]:
    """The n-grams of characters of one word."""
    word = f" {word} "
    for count in range(CHARACTERS[0], min(CHARACTERS[1], len(word)) + 1):
        yield from (word[start : start + count] for start in range(len(word) - count + 1))


def learn(texts: Sequence[str], parameters: Parameters) -> tuple[list[str], list[float]]:
    """The vocabulary of training texts, its terms by column, and their idf.

    Args:
        texts: of the training part.
        parameters: `unit`, `ngrams`, `vocabulary_size` and `min_count`.
    """
    counts = _counts(texts, parameters)
    vocabulary = most_frequent(counts, int(parameters["vocabulary_size"]), int(parameters["min_count"]))
    documents = Counter[int]()
    for row in _columns(texts, vocabulary, parameters):
        documents.update(set(row))
    return vocabulary, [math.log((1 + len(texts)) / (1 + documents[column])) + 1 for column in range(len(vocabulary))]


def _counts(texts: Sequence[str], parameters: Parameters) -> Counter[str]:
    if parameters["unit"] == "word":
        return Counter(chain.from_iterable(_terms(texts, parameters)))
    counts = Counter[str]()
    # A word's n-grams are made once, not each time that the word is there.
    for word, count in Counter(chain.from_iterable(map(tokenize, texts))).items():
        for term in _inside(word):
            counts[term] += count
    return counts


def vectorize(
    texts: Iterable[str], vocabulary: Sequence[str], parameters: Parameters, idf: Sequence[float] = ()
) -> SparseRows:
    """Texts in sparse rows; terms that are not in the vocabulary are left out.

    Args:
        texts: any.
        vocabulary: the terms by column.
        parameters: `unit`, `ngrams`, `weighting` and `sublinear`.
        idf: of TF-IDF, by column.

    Returns:
        Rows of width max(1, len(vocabulary)).
    """
    import numpy as np  # noqa: PLC0415 - heavy

    # Arrays, as lists of so many numbers would take gigabytes.
    ends, columns, counts = array("q", [0]), array("i"), array("i")
    for found in _columns(texts, vocabulary, parameters):
        row = Counter(found)
        columns.extend(sorted(row))
        counts.extend(map(row.__getitem__, columns[ends[-1] :]))
        ends.append(len(columns))
    indptr, indices = np.asarray(ends, np.int64), np.asarray(columns, np.int32)
    values = _weighted(indptr, indices, np.asarray(counts, np.int32), parameters, idf)
    return SparseRows(indptr, indices, values, max(1, len(vocabulary)))


def _columns(texts: Iterable[str], vocabulary: Sequence[str], parameters: Parameters) -> Iterator[Iterable[int]]:
    """The columns of each text's terms, each as often as the term is there."""
    columns = {term: column for column, term in enumerate(vocabulary)}

    def inside(word: str) -> tuple[int, ...]:
        return tuple(columns[term] for term in _inside(word) if term in columns)

    remembered = lru_cache(_REMEMBERED)(inside)

    def of_word(word: str) -> tuple[int, ...]:
        return remembered(word) if len(word) <= _LONG else inside(word)

    if parameters["unit"] == "word":
        return ([columns[term] for term in text if term in columns] for text in _terms(texts, parameters))
    return (chain.from_iterable(map(of_word, tokenize(text))) for text in texts)


def _weighted(
    indptr: npt.NDArray[np.int64],
    indices: npt.NDArray[np.int32],
    counts: npt.NDArray[np.int32],
    parameters: Parameters,
    idf: Sequence[float],
) -> npt.NDArray[np.float32]:
    """The values of the cells, from how often each one's term is there; `PIECE` rows at a time, to need less memory."""
    import numpy as np  # noqa: PLC0415 - heavy

    if parameters["weighting"] == "binary":
        return np.ones(len(counts), np.float32)
    if parameters["weighting"] == "count":
        return counts.astype(np.float32)
    values, weights = np.empty(len(counts), np.float32), np.array(idf, np.float64)
    for first in range(0, len(indptr) - 1, PIECE):
        ends = indptr[first : first + PIECE + 1]
        cells = slice(ends[0], ends[-1])
        times = counts[cells].astype(np.float64)
        found = (1 + np.log(times) if parameters["sublinear"] else times) * weights[indices[cells]]
        rows = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
        values[cells] = found / np.sqrt(np.bincount(rows, found**2, len(ends) - 1))[rows]
    return values


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
    vocabulary, idf = learn(request.texts("train"), request.parameters)
    write_vocabulary(folder / "vocabulary.json", vocabulary)
    (folder / "idf.json").write_text(json.dumps(idf), encoding="ascii")


def _build_arrays(folder: Path, request: Request, known: Path, vocabulary: Sequence[str]) -> None:
    import numpy as np  # noqa: PLC0415 - heavy

    idf = json.loads((known / "idf.json").read_text(encoding="ascii"))
    rows = vectorize(request.texts(request.part), vocabulary, request.parameters, idf)
    _sparse.save(folder, rows)
    np.save(folder / "lengths.npy", np.diff(rows.indptr).astype(np.int32))
    np.save(folder / "labels.npy", request.classes(request.part))


def _terms(texts: Iterable[str], parameters: Parameters) -> Iterator[Iterator[str]]:
    unit, ngrams = str(parameters["unit"]), int(parameters["ngrams"])
    return (terms(text, unit, ngrams) for text in texts)
