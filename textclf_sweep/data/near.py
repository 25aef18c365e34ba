"""Nearly equal texts: which rows say the same with other punctuation, a typo, or a word more.

Two texts are nearly equal when their normal forms are (see `normal`), or when the sets of the `SHINGLE`-character
pieces of these forms have a Jaccard similarity of at least `SIMILARITY`. Pairs are found by MinHash (Broder 1997, On
the resemblance and containment of documents): of `PERMUTATIONS` permuted hashes each form keeps the minima, and two
forms that agree in all of one band are compared exactly (those of more than `SKETCH` pieces by their smallest hashes).
Of the pairs that are similar enough, 98 of 100 at the threshold are found, and practically all from 0.85 on.

All constants are fixed: whether two texts are found nearly equal depends on the two alone, never on other rows, their
order or a random number. The one exception: of more than `CROWD` forms that agree in a band, which takes hundreds of
different texts from one template, each is compared with `WINDOW` neighbours only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from textclf_sweep.data.corpus import comparable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows: TypeAlias = "NDArray[np.int64]"
    Hashes: TypeAlias = "NDArray[np.uint64]"

SIMILARITY = 0.75
"""The least Jaccard similarity of nearly equal texts: another letter in 31, five letters more in 42, others in 59."""
SHINGLE = 5
"""Characters of a piece."""
PERMUTATIONS, BAND = 48, 4
"""Minima of a form, and how many of them make a band."""
SKETCH = 512
"""Pieces that are compared exactly; of longer forms as many of the smallest hashes, an error of about 0.02."""
BITS = 512
"""Of a bit map that tells cheaply which pairs can't be similar enough."""
CROWD, WINDOW = 300, 16
"""Forms in a band that are all compared with each other, and else how many neighbours each is compared with."""

_CHUNK = 1 << 18  # characters, or pieces of pairs, worked on at once: what a processor's cache holds
_PAIRS = 1 << 16  # so many pairs are numbered in the upper bits of a key
_ALL = 1 << 48  # more than any hash of a sketch
_PAD = " " * (SHINGLE - 1)
_GAPS = re.compile(r"[\W_]+")
_APOSTROPHES = re.compile("['\u2019\u02bc]")


class _Sketches(NamedTuple):
    """The hashes of the pieces of some forms, each form's ascending and distinct.

    Attributes:
        hashes: of 48 bits, form after form.
        starts, sizes: where those of each form are; of forms that have none, size 0.
        cuts: the greatest hash up to which they are complete.
        bits: of each form, `BITS` of them in words of 64: those that the hashes of its pieces point to.
    """

    hashes: Hashes
    starts: Rows
    sizes: Rows
    cuts: Hashes
    bits: Hashes


@lru_cache(maxsize=2)
def families(texts: tuple[str, ...]) -> tuple[int, ...]:
    """Of each row, the smallest row it is connected to by being nearly equal, directly or through others.

    Args:
        texts: of any kind and length.

    Returns:
        Row numbers from 0; a row that is like no other has its own.
    """
    forms = normal_forms(texts)
    # In an order of their own, so that nothing depends on that of the rows.
    distinct = sorted(set(forms))
    number = {form: index for index, form in enumerate(distinct)}
    family = _connected(distinct)
    smallest: dict[int, int] = {}
    return tuple([smallest.setdefault(family[number[form]], row) for row, form in enumerate(forms)])


@lru_cache(maxsize=2)
def normal_forms(texts: tuple[str, ...]) -> tuple[str, ...]:
    """`normal` of each text."""
    return tuple([normal(text) for text in texts])


def normal(text: str) -> str:
    """`text` in lower case, without accents and apostrophes, everything but letters and digits a space.

    A text that has no letter and no digit is only trimmed and lower-cased.
    """
    form = text.lower()
    if not form.isascii():
        parts = unicodedata.normalize("NFKD", form)
        form = "".join([letter for letter in parts if not unicodedata.combining(letter)]).lower()
    form = _GAPS.sub(" ", _APOSTROPHES.sub("", form)).strip()
    return form or comparable(text)


def _connected(forms: Sequence[str]) -> list[int]:
    """Of each form, one form (its index) that stands for all it is connected to."""
    import numpy as np  # noqa: PLC0415 - heavy

    root = np.arange(len(forms), dtype=np.int64)
    minima = _minima(forms)
    buckets = [_buckets(minima, band) for band in range(PERMUTATIONS // BAND)]
    sketches = _sketches(forms, np.unique(np.concatenate([order for order, _, _ in buckets])))
    for order, ends, sizes in buckets:
        for left, right in _pairs(order, ends, sizes):
            apart = root[left] != root[right]
            one, other = left[apart], right[apart]
            possible = _possible(sketches, one, other)
            one, other = one[possible], other[possible]
            similar = _similar(sketches, one, other)
            _join(root, one[similar], other[similar])
    return [int(form) for form in root]


def _join(root: Rows, left: Rows, right: Rows) -> None:
    """Connect these pairs in `root`, which has for each form the smallest one it is connected to."""
    import numpy as np  # noqa: PLC0415 - heavy

    while len(left):
        one, other = root[left], root[right]
        apart = one != other
        left, right, one, other = left[apart], right[apart], one[apart], other[apart]
        np.minimum.at(root, np.maximum(one, other), np.minimum(one, other))
        while not np.array_equal(root, above := root[root]):
            root[:] = above


def _buckets(minima: NDArray[np.uint32], band: int) -> tuple[Rows, Rows, Rows]:
    """Forms that agree in a band.

    Returns:
        Those that agree with another, bucket by bucket, alike ones near each other; of each place in it, where its
        bucket ends; and how large that is.
    """
    import numpy as np  # noqa: PLC0415 - heavy

    columns = minima[:, band * BAND : (band + 1) * BAND].astype(np.uint64)
    key = columns[:, 0]
    for column in range(1, BAND):
        key = _mixed(key + columns[:, column])
    order = np.lexsort((minima[:, (band + 1) * BAND % PERMUTATIONS], key))
    ordered = key[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    sizes = np.diff(np.append(starts, len(order)))
    of_place = np.repeat(sizes, sizes)
    several = of_place > 1
    kept = sizes[sizes > 1]
    return order[several], np.repeat(np.cumsum(kept), kept), of_place[several]


def _pairs(order: Rows, ends: Rows, sizes: Rows) -> Iterator[tuple[Rows, Rows]]:
    """The pairs of each bucket, near neighbours first, many at a time; of a crowd only pairs of neighbours."""
    import numpy as np  # noqa: PLC0415 - heavy

    places = np.arange(len(order))
    held: list[tuple[Rows, Rows]] = []
    distance = 1
    while len(places):
        places = places[(ends[places] > places + distance) & ((distance <= WINDOW) | (sizes[places] <= CROWD))]
        held.append((order[places], order[places + distance]))
        # The nearest at once: what they connect need not be compared any more.
        if distance == 1 or sum(len(left) for left, _ in held) >= _PAIRS or not len(places):
            yield np.concatenate([left for left, _ in held]), np.concatenate([right for _, right in held])
            held.clear()
        distance += 1


def _possible(sketches: _Sketches, left: Rows, right: Rows) -> NDArray[np.bool_]:
    """Which of these pairs may be similar enough: a bit in which two maps differ is a piece that only one form has."""
    import numpy as np  # noqa: PLC0415 - heavy

    apart = np.bitwise_count(sketches.bits[left] ^ sketches.bits[right]).sum(axis=1, dtype=np.int64)
    sizes = sketches.sizes[left] + sketches.sizes[right]
    whole = (sketches.cuts[left] == _ALL) & (sketches.cuts[right] == _ALL)
    possible: NDArray[np.bool_] = ~whole | (sizes - apart >= SIMILARITY * (sizes + apart))
    return possible


def _similar(sketches: _Sketches, left: Rows, right: Rows) -> NDArray[np.bool_]:
    """Which of these pairs are similar enough."""
    import numpy as np  # noqa: PLC0415 - heavy

    found = [np.zeros(0, dtype=bool)]
    for first, last in _blocks(sketches.sizes[left] + sketches.sizes[right]):
        one, other = left[first:last], right[first:last]
        cuts = np.minimum(sketches.cuts[one], sketches.cuts[other])
        pairs = np.arange(len(one), dtype=np.uint64)
        keys = np.concatenate([_keys(sketches, forms, pairs, cuts) for forms in (one, other)])
        keys.sort()
        both = np.bincount(keys[1:][keys[1:] == keys[:-1]] >> np.uint64(48), minlength=len(one))
        either = np.bincount(keys >> np.uint64(48), minlength=len(one)) - both
        found.append(both >= SIMILARITY * either)
    return np.concatenate(found)


def _keys(sketches: _Sketches, forms: Rows, pairs: Hashes, cuts: Hashes) -> Hashes:
    """The hashes of each form up to its cut, the number of its pair in the upper bits."""
    import numpy as np  # noqa: PLC0415 - heavy

    sizes = sketches.sizes[forms]
    begins = np.cumsum(sizes) - sizes
    hashes = sketches.hashes[np.repeat(sketches.starts[forms] - begins, sizes) + np.arange(sizes.sum())]
    keys: Hashes = (np.repeat(pairs, sizes) << np.uint64(48)) | hashes
    kept: Hashes = keys[hashes <= np.repeat(cuts, sizes)]
    return kept


def _sketches(forms: Sequence[str], chosen: Rows) -> _Sketches:
    """The sketches of the chosen forms."""
    import numpy as np  # noqa: PLC0415 - heavy

    sizes, cuts = np.zeros(len(forms), dtype=np.int64), np.zeros(len(forms), dtype=np.uint64)
    bits = np.zeros((len(forms), BITS // 64), dtype=np.uint64)
    hashes = [np.zeros(0, dtype=np.uint64)]
    for rows, pieces, starts in _pieces(forms, chosen):
        lengths = np.diff(np.append(starts, len(pieces)))
        numbers = np.repeat(np.arange(len(rows), dtype=np.uint64), lengths)
        keys = np.sort((numbers << np.uint64(48)) | (pieces >> np.uint64(16)))
        keys = keys[np.concatenate([[True], keys[1:] != keys[:-1]])]
        numbers = (keys >> np.uint64(48)).astype(np.int64)
        marks = np.zeros((len(rows), BITS), dtype=bool)
        marks[numbers, keys & np.uint64(BITS - 1)] = True
        bits[rows] = np.packbits(marks, axis=1).view(np.uint64)
        found = np.bincount(numbers, minlength=len(rows))
        kept = np.minimum(found, SKETCH)
        keys = keys[np.arange(len(keys)) - np.repeat(np.cumsum(found) - found, found) < SKETCH]
        hashes.append(keys & np.uint64((1 << 48) - 1))
        sizes[rows] = kept
        # Of a form that has no more pieces, everything is known.
        cuts[rows] = np.where(found > SKETCH, hashes[-1][np.cumsum(kept) - 1], np.uint64(_ALL))
    starts = np.zeros(len(forms), dtype=np.int64)
    starts[chosen] = np.cumsum(sizes[chosen]) - sizes[chosen]
    return _Sketches(np.concatenate(hashes), starts, sizes, cuts, bits)


def _minima(forms: Sequence[str]) -> NDArray[np.uint32]:
    """The least permuted hash of each form's pieces. Shape (forms, `PERMUTATIONS`)."""
    import numpy as np  # noqa: PLC0415 - heavy

    factors = _mixed(np.arange(1, PERMUTATIONS + 1, dtype=np.uint64)).astype(np.uint32) | np.uint32(1)
    minima = np.empty((len(forms), PERMUTATIONS), dtype=np.uint32)
    for rows, pieces, starts in _pieces(forms, np.arange(len(forms))):
        halves = (pieces >> np.uint64(32)).astype(np.uint32)
        for column, factor in enumerate(factors):
            minima[rows, column] = np.minimum.reduceat(halves * factor, starts)
    return minima


def _pieces(forms: Sequence[str], chosen: Rows) -> Iterator[tuple[Rows, Hashes, Rows]]:
    """Some of the chosen forms at a time, the hashes of their pieces, and where those of each form start.

    A form has `SHINGLE` - 1 spaces on either side, so that its ends weigh as much as its middle.
    """
    import numpy as np  # noqa: PLC0415 - heavy

    lengths = np.fromiter((len(forms[row]) for row in chosen), np.int64, len(chosen)) + len(_PAD)
    for first, last in _blocks(lengths):
        rows = chosen[first:last]
        text = _PAD + "".join([forms[row] + _PAD for row in rows])
        letters = np.frombuffer(text.encode("utf-32-le", errors="surrogatepass"), np.uint32).astype(np.uint64)
        count = len(letters) - len(_PAD)
        hashes = letters[:count].copy()
        for place in range(1, SHINGLE):
            hashes *= np.uint64(0x100000001B3)
            hashes += letters[place : place + count]
        sizes = lengths[first:last]
        yield rows, _mixed(hashes), np.cumsum(sizes) - sizes


def _blocks(sizes: Rows) -> Iterator[tuple[int, int]]:
    """Ranges of items whose sizes come to about `_CHUNK`, at least one item and at most `_PAIRS`."""
    import numpy as np  # noqa: PLC0415 - heavy

    sums, first = np.cumsum(sizes), 0
    while first < len(sizes):
        done = sums[first - 1] if first else 0
        last = int(np.searchsorted(sums, done + _CHUNK, side="right"))
        last = min(max(last, first + 1), first + _PAIRS)
        yield first, last
        first = last


def _mixed(values: Hashes) -> Hashes:
    """Every bit of these 64-bit values spread over all of them (the finalizer of SplitMix64; Steele et al. 2014)."""
    import numpy as np  # noqa: PLC0415 - heavy

    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed
