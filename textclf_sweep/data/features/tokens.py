"""Texts as sequences of token ids: words and punctuation marks, for the architectures that read in order.

Tokens are the matches of `TOKEN` in the text's Unicode normal form C. Ids: 0 is padding (after the text), 1 stands
for every token that is not in the vocabulary, and from 2 on come the training part's tokens by falling count, ties in
alphabetical order. A text without any token becomes one unknown token, so that no row is all padding.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from textclf_sweep.data.features import Cached, FeatureInfo, Features, Request
from textclf_sweep.definition.space import Parameter

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

VERSION = 1
PARAMETERS = (
    Parameter(
        "vocabulary_size", "int", 20_000,
        "Token ids, padding and unknown included; the most frequent tokens of the training texts are kept.",
        minimum=2,
    ),
    Parameter("max_length", "int", 64, "Tokens kept of a text, from its start.", minimum=1),
    Parameter(
        "min_count", "int", 2,
        "Occurrences in the training texts that a token needs to get an id of its own; with 1 no training text has "
        "an unknown token, and the model never learns what one means.",
        minimum=1,
    ),
)  # fmt: skip

PADDING, UNKNOWN = 0, 1
RESERVED = ("", "[UNK]")
"""What the vocabulary file says for `PADDING` and `UNKNOWN`; neither can be a token of a text."""
TOKEN = re.compile(r"\w+|[^\w\s]")
"""A run of letters, digits and underscores, or any other visible character alone."""


def tokenize(text: str) -> list[str]:
    """The tokens of `text`, in order."""
    if not text.isascii():  # cleaning, such as lower-casing, can leave a letter and its accent apart
        text = unicodedata.normalize("NFC", text)
    return TOKEN.findall(text)


def learn(texts: Iterable[Sequence[str]], vocabulary_size: int, min_count: int) -> list[str]:
    """The vocabulary of tokenised texts: the tokens by id, `RESERVED` first, at most `vocabulary_size` of them."""
    counts = Counter(chain.from_iterable(texts))
    frequent = sorted((-count, token) for token, count in counts.items() if count >= min_count)
    return [*RESERVED, *(token for _, token in frequent[: vocabulary_size - len(RESERVED)])]


def encode(
    texts: Sequence[Sequence[str]], vocabulary: Sequence[str], width: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Token ids of tokenised texts, and how many there are in each.

    Args:
        texts: the tokens of each text.
        vocabulary: the tokens by id, `RESERVED` first.
        width: tokens kept of a text, from its start; >= 1.

    Returns:
        Ids of shape (texts, width) and lengths of shape (texts,), in [1, width].
    """
    import numpy as np  # noqa: PLC0415 - heavy

    ids = {token: index for index, token in enumerate(vocabulary)}
    rows = [[ids.get(token, UNKNOWN) for token in tokens[:width]] or [UNKNOWN] for tokens in texts]
    lengths = np.fromiter(map(len, rows), np.int32, len(rows))
    inputs = np.full((len(rows), width), PADDING, np.int32)
    # The mask picks the cells left of each row's end, in the order in which the rows' ids follow each other.
    inputs[np.arange(width) < lengths[:, None]] = np.fromiter(chain.from_iterable(rows), np.int32, int(lengths.sum()))
    return inputs, lengths


def read_vocabulary(path: Path) -> tuple[str, ...]:
    """The tokens by id, of the file that `FeatureInfo.vocabulary` names."""
    return tuple(json.loads(path.read_text(encoding="utf-8", errors="surrogatepass")))


def load(request: Request, cached: Cached) -> Features:
    """The part's token ids; see `Features`.

    The width is `max_length` or the longest training text, whichever is less, and the same for every part.
    """
    import numpy as np  # noqa: PLC0415 - heavy

    parameters = request.parameters
    learned = {name: parameters[name] for name in ("vocabulary_size", "min_count")}
    learned |= request.cleaning
    known = cached({"vocabulary": learned}, lambda folder: _build_vocabulary(folder, request))
    vocabulary = read_vocabulary(known / "vocabulary.json")
    longest = int((known / "longest.txt").read_text(encoding="ascii"))
    width = min(int(parameters["max_length"]), longest)
    arrays = cached(
        {"part": request.part, "width": width, **learned},
        lambda folder: _build_arrays(folder, request, vocabulary, width),
    )
    inputs, lengths, labels = (np.load(arrays / f"{name}.npy", mmap_mode="r") for name in _ARRAYS)
    info = FeatureInfo(request.info.labels, len(vocabulary), width, known / "vocabulary.json")
    return Features(inputs, lengths, labels, info)


_ARRAYS = ("inputs", "lengths", "labels")


def _build_vocabulary(folder: Path, request: Request) -> None:
    parameters = request.parameters
    texts = [tokenize(text) for text in request.texts("train")]
    vocabulary = learn(texts, int(parameters["vocabulary_size"]), int(parameters["min_count"]))
    content = json.dumps(vocabulary, ensure_ascii=False)
    (folder / "vocabulary.json").write_text(content, encoding="utf-8", errors="surrogatepass")
    longest = max(1, *map(len, texts))
    (folder / "longest.txt").write_text(str(longest), encoding="ascii")


def _build_arrays(folder: Path, request: Request, vocabulary: Sequence[str], width: int) -> None:
    import numpy as np  # noqa: PLC0415 - heavy

    inputs, lengths = encode([tokenize(text) for text in request.texts(request.part)], vocabulary, width)
    for name, array in zip(_ARRAYS, (inputs, lengths, request.classes(request.part)), strict=True):
        np.save(folder / f"{name}.npy", array)
