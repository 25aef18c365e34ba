"""Texts cut into the words that a file of word vectors has, whichever tokeniser made the file.

GloVe's words are those of Stanford's tokeniser ("do n't", "u.s.", "e-mail", "3.5"), those of the Google News vectors
are not ("don't", "Obama", "####"), and fastText's vary. None of them is imitated: what stands between white space is
cut so that the file knows as much of it as possible, in as few pieces as possible. Pieces begin and end where words
and marks meet, before the n't of a contraction (as in the Penn Treebank, Marcus et al. 1993), or between a digit and a
letter ("5bn").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import lru_cache

WORD = re.compile(r"\w+|[^\w\s]")
"""A run of letters, digits and underscores, or any other visible character alone."""
_WITHIN = re.compile(r"(?=n['\u2019]t(?!\w))|(?<=\d)(?=[^\W\d_])|(?<=[^\W\d_])(?=\d)", re.IGNORECASE)
"""Where a piece may begin inside a word."""
_STRAIGHT = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-"})
_DIGIT = re.compile(r"\d")
SPAN = 12
"""The most words and marks in one piece; a bound, so that a long run of marks costs no more than its length."""
REMEMBERED = 1 << 17
"""Chunks whose pieces are kept: texts repeat theirs."""


def cutter(known: Collection[str]) -> Callable[[str], list[str]]:
    """What cuts a text (in Unicode's normal form C) into pieces.

    Args:
        known: pieces that have a vector, as `candidates` writes them.
    """
    # Most chunks are known as they are, or one word.
    remembered = lru_cache(REMEMBERED)(lambda chunk: (chunk,) if chunk in known else tuple(_cut(chunk, known)))
    return lambda text: [piece for chunk in text.split() for piece in remembered(chunk)]


def candidates(texts: Iterable[str]) -> set[str]:
    """Every piece that texts could be cut into."""
    chunks = {chunk for text in texts for chunk in text.split()}
    return {piece for chunk in chunks for piece in _spans(chunk)}


def spellings(piece: str) -> Iterator[str]:
    """What a file may call a piece, the likeliest first; the first one that it has counts.

    As it is, with straight quotes and hyphens, in lower case, capitalised, in capitals, and with # for each digit (as
    in the Google News vectors).
    """
    straight = piece.translate(_STRAIGHT)
    folded = _DIGIT.sub("#", straight)
    yield from dict.fromkeys((piece, straight, straight.lower(), straight.capitalize(), straight.upper(), folded))


def _edges(chunk: str) -> tuple[list[int], set[tuple[int, int]]]:
    """Where pieces may begin and end, and the (begin, end) of every word and mark."""
    atoms = [found.span() for found in WORD.finditer(chunk)]
    within = (found.start() for found in _WITHIN.finditer(chunk))
    return sorted({0, len(chunk), *(end for _, end in atoms), *within}), set(atoms)


def _spans(chunk: str) -> Iterator[str]:
    edges, _ = _edges(chunk)
    for index, start in enumerate(edges):
        for end in edges[index + 1 : index + 1 + SPAN]:
            yield chunk[start:end]


def _cut(chunk: str, known: Collection[str]) -> list[str]:
    """The pieces: as few characters as possible in unknown ones, then as few pieces, then the last as long as possible.

    The last rule makes "can't" "ca n't" rather than "can 't" where both are known. Only whole words and marks may be
    unknown. By dynamic programming over the edges.
    """
    edges, atoms = _edges(chunk)
    best: list[tuple[int, int]] = [(0, 0)]
    before: list[int] = [0]
    for index in range(1, len(edges)):
        found: tuple[tuple[int, int], int] | None = None
        for start in range(max(0, index - SPAN), index):
            span = edges[start], edges[index]
            unknown = chunk[slice(*span)] not in known
            if unknown and span not in atoms:
                continue
            cost = best[start][0] + unknown * (span[1] - span[0]), best[start][1] + 1
            if found is None or cost < found[0]:
                found = cost, start
        # Inside a word no piece needs to end.
        best.append((len(chunk) + 1, 0) if found is None else found[0])
        before.append(0 if found is None else found[1])
    pieces, index = list[str](), len(edges) - 1
    while index:
        pieces.append(chunk[edges[before[index]] : edges[index]])
        index = before[index]
    return pieces[::-1]
