"""Texts as sequences of token ids: words and punctuation marks, or characters, for what reads in order.

Words are the matches of `WORD` in the text's Unicode normal form C, characters are all of it, white space too. Ids: 0
is padding (after the text), 1 stands for every token that is not in the vocabulary, and from 2 on come the training
part's tokens by falling count, ties in alphabetical order. A text without any token becomes one unknown token, so
that no row is all padding. The vocabulary file is the JSON list of the tokens by id.
"""

from __future__ import annotations

import dataclasses
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path

from textclf_sweep.data.features import Cached, FeatureInfo, Features, Request, _sequences, _vectors
from textclf_sweep.data.features._sequences import LENGTH_PERCENTILE, PADDING, TRUNCATE
from textclf_sweep.definition.space import Parameter
from textclf_sweep.trial import Parameters

VERSION = 2
NO_VECTORS = "none"
"""Of `embedding`: word vectors start from noise."""
PARAMETERS = (
    Parameter(
        "unit", "str", "word", "What a token is: a word or punctuation mark, or a character.",
        choices=("word", "character"),
    ),
    Parameter(
        "vocabulary_size", "int", 20_000,
        "Token ids, padding and unknown included; the most frequent tokens of the training texts are kept.",
        minimum=2,
    ),
    Parameter("max_length", "int", 64, "Tokens kept of a text.", minimum=1),
    LENGTH_PERCENTILE,
    TRUNCATE,
    Parameter(
        "min_count", "int", 2,
        "Occurrences in the training texts that a token needs to get an id of its own; with 1 no training text has "
        "an unknown token, and the model never learns what one means.",
        minimum=1,
    ),
    Parameter(
        "embedding", "str", NO_VECTORS,
        "Pretrained word vectors to start from: a file (GloVe, word2vec or fastText text, also gzip), or none.",
        path=True, names=(NO_VECTORS,),
    ),
)  # fmt: skip

UNKNOWN = 1
RESERVED = ("", "[UNK]")
"""What the vocabulary file says for `PADDING` and `UNKNOWN`; neither can be a token of a text."""
WORD = re.compile(r"\w+|[^\w\s]")
"""A run of letters, digits and underscores, or any other visible character alone."""

__all__ = ["PADDING", "PARAMETERS", "RESERVED", "UNKNOWN", "VERSION", "encode", "learn", "load", "tokenize"]


def tokenize(text: str, unit: str = "word") -> list[str]:
    """The tokens of `text`, in order.

    Args:
        text: any text.
        unit: ``word`` or ``character``.
    """
    if not text.isascii():  # cleaning, such as lower-casing, can leave a letter and its accent apart
        text = unicodedata.normalize("NFC", text)
    return WORD.findall(text) if unit == "word" else list(text)


def most_frequent(counts: Mapping[str, int], size: int, min_count: int) -> list[str]:
    """The tokens of these counts, the most frequent first, ties in alphabetical order; at most `size`, >= 0."""
    frequent = sorted((-count, token) for token, count in counts.items() if count >= min_count)
    return [token for _, token in frequent[:size]]


def learn(texts: Iterable[Iterable[str]], vocabulary_size: int, min_count: int) -> list[str]:
    """The vocabulary of tokenised texts: the tokens by id, `RESERVED` first, at most `vocabulary_size` of them."""
    counts = Counter(chain.from_iterable(texts))
    return [*RESERVED, *most_frequent(counts, vocabulary_size - len(RESERVED), min_count)]


def encode(
    texts: Iterable[Sequence[str]], vocabulary: Sequence[str], width: int, truncate: str = "head"
) -> list[list[int]]:
    """Token ids of tokenised texts, in [1, width] of each.

    Args:
        texts: the tokens of each text.
        vocabulary: the tokens by id, `RESERVED` first.
        width: tokens kept of a text; >= 1.
        truncate: which of them, as in `_sequences.cut`.
    """
    ids = {token: index for index, token in enumerate(vocabulary)}
    return [
        [ids.get(token, UNKNOWN) for token in _sequences.cut(tokens, width, truncate)] or [UNKNOWN] for tokens in texts
    ]


def read_vocabulary(path: Path) -> tuple[str, ...]:
    """The tokens by id, of the file that `FeatureInfo.vocabulary` names."""
    return tuple(json.loads(path.read_text(encoding="utf-8", errors="surrogatepass")))


def write_vocabulary(path: Path, vocabulary: Sequence[str]) -> None:
    """Write the tokens by id, for `read_vocabulary`."""
    content = json.dumps(vocabulary, ensure_ascii=False)
    path.write_text(content, encoding="utf-8", errors="surrogatepass")


def load(request: Request, cached: Cached) -> Features:
    """The part's token ids; see `Features`.

    The width is that of `_sequences.width_of`: at most `max_length` and the longest training text, and the same for
    every part.
    """
    import numpy as np  # noqa: PLC0415 - heavy

    parameters = request.parameters
    learned = {name: parameters[name] for name in ("unit", "vocabulary_size", "min_count")}
    learned |= request.cleaning
    known = cached({"vocabulary": learned}, lambda folder: _build_vocabulary(folder, request))
    vocabulary = read_vocabulary(known / "vocabulary.json")
    width = _sequences.width_of(np.load(known / "lengths.npy", mmap_mode="r"), parameters)
    arrays = cached(
        {"part": request.part, "width": width, "truncate": parameters["truncate"], **learned},
        lambda folder: _build_arrays(folder, request, vocabulary, width),
    )
    info = FeatureInfo(request.info.labels, len(vocabulary), width, (known / "vocabulary.json",))
    if parameters["embedding"] != NO_VECTORS:
        found, coverage = _vectors.matrix(request.path("embedding"), vocabulary, request.cached)
        info = dataclasses.replace(info, files=(*info.files, coverage), vectors=found)
    return Features(*_sequences.read(arrays), info)


def _build_vocabulary(folder: Path, request: Request) -> None:
    import numpy as np  # noqa: PLC0415 - heavy

    parameters = request.parameters
    texts = _tokenized(request.texts("train"), parameters)
    vocabulary = learn(texts, int(parameters["vocabulary_size"]), int(parameters["min_count"]))
    write_vocabulary(folder / "vocabulary.json", vocabulary)
    np.save(folder / "lengths.npy", np.fromiter((max(1, len(text)) for text in texts), np.int32, len(texts)))


def _build_arrays(folder: Path, request: Request, vocabulary: Sequence[str], width: int) -> None:
    texts = _tokenized(request.texts(request.part), request.parameters)
    rows = encode(texts, vocabulary, width, str(request.parameters["truncate"]))
    _sequences.save(folder, rows, width, request.classes(request.part))


def _tokenized(texts: Iterable[str], parameters: Parameters) -> list[list[str]]:
    unit = str(parameters["unit"])
    return [tokenize(text, unit) for text in texts]
