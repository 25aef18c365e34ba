"""Pretrained word vectors for texts: which of their words a file knows, and the matrix that an embedding starts from.

A file is read once for the training texts of each cleaning; a vocabulary then takes its rows from what was found.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from textclf_sweep.data.features import Cached, _vector_files
from textclf_sweep.data.features._embeddings import VectorFile
from textclf_sweep.data.features._pieces import candidates, spellings
from textclf_sweep.errors import DataError, Problem
from textclf_sweep.trial import Parameters

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

VERSION = 2
"""Raised whenever the same vectors and texts give another matrix or other tokens."""
RESERVED = 2
"""Padding and unknown, the first ids: no file has vectors of them."""
WORDS = "vectors_words.json"
"""The file of the known pieces, a JSON list: new texts are cut by it."""


def known(file: VectorFile, texts: Iterable[str], *, characters: bool = False) -> dict[str, npt.NDArray[np.float32]]:
    """The pieces of texts that have a vector, each with it, in alphabetical order.

    Args:
        file: see `VectorFile`.
        texts: cleaned, in Unicode's normal form C.
        characters: whether pieces are characters.

    Raises:
        DataError: the file cannot be used (see `_vector_files.find`), or knows none of the pieces.
    """
    pieces = set(chain.from_iterable(texts)) if characters else candidates(texts)
    found = _vector_files.find(file, {spelling for piece in pieces for spelling in spellings(piece)})
    # Two pieces may share a vector: Apple and apple, of a file in lower case.
    spelled = ((piece, next((item for item in spellings(piece) if item in found), None)) for piece in sorted(pieces))
    named = {piece: found[spelling] for piece, spelling in spelled if spelling is not None}
    if pieces and not named:
        raise DataError(
            Problem(
                "none of the texts' words has a vector in it",
                expected="vectors of words of these texts",
                fix="take vectors of the texts' language, or write `embedding: none`",
                where=str(file.path),
            )
        )
    return named


def learned(  # noqa: PLR0913 - the texts, and what they depend on
    file: VectorFile,
    content: str,
    texts: Callable[[], Iterable[str]],
    depends: Parameters,
    cached: Cached,
    *,
    characters: bool,
) -> Path:
    """The folder of `known` of the training texts, through the cache, for `read_words` and `matrix`.

    Args:
        file: see `VectorFile`.
        content: its `digest`.
        texts: makes the texts, if need be.
        depends: what they depend on besides the data.
        cached: see `Cached`.
        characters: as in `known`.
    """  # fmt: skip
    import numpy as np  # noqa: PLC0415 - heavy

    def build(folder: Path) -> None:
        found = known(file, texts(), characters=characters)
        words = json.dumps(list(found), ensure_ascii=False)
        (folder / WORDS).write_text(words, encoding="utf-8", errors="surrogatepass")
        np.save(folder / "rows.npy", np.stack(list(found.values())))

    return cached({"vectors": content, "vectors_version": VERSION, "characters": characters, **depends}, build)


def read_words(path: Path) -> tuple[str, ...]:
    """The pieces in a file called `WORDS`."""
    return tuple(json.loads(path.read_text(encoding="utf-8", errors="surrogatepass")))


def matrix(found: Path, content: str, vocabulary: Sequence[str], cached: Cached) -> Path:
    """The file of the vectors of a vocabulary, through the cache: float32 of shape (len(vocabulary), width).

    Args:
        found: the folder that `learned` names, of the texts that the vocabulary is of.
        content: the `digest` of the vectors.
        vocabulary: the tokens by id, padding and unknown first.
        cached: see `Cached`.
    """
    import numpy as np  # noqa: PLC0415 - heavy

    def build(folder: Path) -> None:
        words, rows = read_words(found / WORDS), np.load(found / "rows.npy", mmap_mode="r")
        np.save(folder / "vectors.npy", filled(dict(zip(words, rows, strict=True)), vocabulary))

    words = hashlib.sha256(json.dumps(list(vocabulary)).encode()).hexdigest()
    return cached({"matrix": content, "vectors_version": VERSION, "vocabulary": words}, build) / "vectors.npy"


def filled(vectors: dict[str, npt.NDArray[np.float32]], vocabulary: Sequence[str]) -> npt.NDArray[np.float32]:
    """The matrix of a vocabulary, shape (len(vocabulary), width).

    Padding is zero, unknown the mean of the others, and a token without a vector normal noise of their mean and scale.

    Args:
        vectors: of words, not empty, each of shape (width,).
        vocabulary: the tokens by id, padding and unknown first.
    """
    import numpy as np  # noqa: PLC0415 - heavy

    covered = [index for index, token in enumerate(vocabulary) if index >= RESERVED and token in vectors]
    rows = np.stack([vectors[vocabulary[index]] for index in covered] or list(vectors.values()))
    # Each dimension has a mean and scale of its own (GloVe's are far from 0 in some), and a token that lies where the
    # others are is read as an ordinary word. Unknown is every word at once, so it says nothing of any: as noise it
    # cost 4 points of accuracy where no training text has an unknown token (min_count 1).
    draw = np.random.default_rng(0)
    whole = draw.normal(rows.mean(axis=0), rows.std(axis=0), (len(vocabulary), rows.shape[1])).astype(np.float32)
    whole[0], whole[1] = 0, rows.mean(axis=0)
    if covered:
        whole[covered] = rows
    return whole


def coverage(words: Collection[str], vocabulary: Sequence[str], counts: Counter[str]) -> dict[str, float]:
    """How much of a vocabulary, and of the texts, has a vector.

    Args:
        words: those that have one; anything with a quick ``in``.
        vocabulary: the tokens by id, padding and unknown first.
        counts: occurrences of each token in the texts.

    Returns:
        ``tokens`` of the vocabulary and how many of them are ``covered``, and their ``share``; ``text_share``, of all
        occurrences that of tokens with a vector, whether they are in the vocabulary or not.
    """
    tokens = vocabulary[RESERVED:]
    covered = sum(token in words for token in tokens)
    occurrences = sum(count for token, count in counts.items() if token in words)
    return {
        "tokens": len(tokens),
        "covered": covered,
        "share": covered / max(1, len(tokens)),
        "text_share": occurrences / max(1, counts.total()),
    }


def digest(file: VectorFile, cached: Cached) -> str:
    """SHA-256 of the content, hexadecimal; a file is read again only when its size or time has changed.

    Raises:
        DataError: a file is not there.
    """
    return "".join(_digest(path.resolve(), cached) for path in _vector_files.parts(file))


def _digest(path: Path, cached: Cached) -> str:
    def build(folder: Path) -> None:
        with path.open("rb") as file:
            (folder / "digest.txt").write_text(hashlib.file_digest(file, "sha256").hexdigest())

    size, changed = _vector_files.stamp(path)
    return (cached({"digest_of": str(path), "size": size, "changed": changed}, build) / "digest.txt").read_text()
