"""Rows that belong together: those with equal or nearly equal texts and those of one group form clusters.

What is nearly equal, `textclf_sweep.data.near` says; texts that are equal after trimming and lower-casing always are.
A cluster draws a number in [0, 1) from the seeded hash of its smallest member: the order of the rows does not matter,
and neither do rows of other clusters.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from textclf_sweep.data.corpus import Corpus
from textclf_sweep.data.near import families, normal_forms


class Cluster(NamedTuple):
    """Rows that stay on one side. Clusters sort by their draws.

    Attributes:
        draw: uniform in [0, 1), from the seed and `member`.
        member: the smallest group of its rows; the smallest normal form when none of them has a group.
        label: the commonest label of its rows.
        rows: indices from 0, ascending.
    """

    draw: float
    member: str
    label: str
    rows: tuple[int, ...]


def clusters(corpus: Corpus, seed: int, family: Sequence[int] | None = None) -> list[Cluster]:
    """The clusters of `corpus`, in the order of their draws.

    Args:
        corpus: any rows.
        seed: of the draws.
        family: equal for rows with nearly equal texts; None finds out.
    """
    groups = corpus.groups or ("",) * len(corpus)
    forms = normal_forms(corpus.texts)
    found = []
    keys = (
        (("family", name), ("group", group or None))
        for name, group in zip(families(corpus.texts) if family is None else family, groups, strict=True)
    )
    for rows in _connected(keys):
        # A group goes before a text: a new text in a known group is the usual way a cluster grows.
        named = [groups[row] for row in rows if groups[row]]
        member = f"group {min(named)}" if named else f"text {min(forms[row] for row in rows)}"
        counts = Counter(corpus.labels[row] for row in rows)
        label = min(counts, key=lambda name: (-counts[name], name))
        found.append(Cluster(_draw(member, seed), member, label, tuple(rows)))
    return sorted(found)


def _draw(member: str, seed: int) -> float:
    digest = hashlib.blake2b(f"{seed} {member}".encode(errors="surrogatepass"), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53


def _connected(keys_of_rows: Iterable[Sequence[tuple[str, str | int | None]]]) -> list[list[int]]:
    """The rows (indices) connected by equal keys, directly or through others; a key of None connects nothing."""
    parent: list[int] = []
    first: dict[tuple[str, str | int], int] = {}

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = row = parent[parent[row]]
        return row

    for row, keys in enumerate(keys_of_rows):
        parent.append(row)
        for kind, value in keys:
            if value is not None:
                parent[root(row)] = root(first.setdefault((kind, value), row))
    members: defaultdict[int, list[int]] = defaultdict(list)
    for row in range(len(parent)):
        members[root(row)].append(row)
    return list(members.values())
