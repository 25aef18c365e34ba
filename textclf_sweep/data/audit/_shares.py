"""A check of a split that the program drew: whether its parts have the shares asked for."""

from __future__ import annotations

from collections import Counter

from textclf_sweep.data.audit._subject import Subject, amount, plural
from textclf_sweep.data.clusters import Cluster, clusters
from textclf_sweep.data.corpus import PARTS, Corpus, PartName, Splits
from textclf_sweep.data.findings import Finding, Severity
from textclf_sweep.definition.types import DataSettings

OFF_NOTE, OFF_WARNING = 0.05, 0.1
"""How far a part's share of the rows is from the share asked for when it is said, and when it is grave."""
GIANT, GIANT_ROWS = 0.5, 100
"""The share of rows in one cluster above which the others stand for little of the data; and the fewest rows."""
OFF_ROWS = 2
"""Rows by which a part must be off, too: of a handful of rows no better shares can be had."""


def uneven_split(corpus: Corpus, splits: Splits, settings: DataSettings, seed: int) -> Finding | None:
    """Parts far from the shares asked for, or all of the same few rows, because of rows that must stay together.

    Args:
        corpus: the rows that were split.
        splits: what they were split into.
        settings: the shares asked for.
        seed: of the split.
    """
    given = corpus.parts or ("",) * len(corpus)
    free = corpus.select(row for row, part in enumerate(given) if not part)
    asked: dict[PartName, float] = {
        "validation": settings.validation * ("validation" not in given),
        "test": settings.test * ("test" not in given),
    }
    asked["train"] = 1 - sum(asked.values())
    held = {name: len(splits.part(name)) - given.count(name) for name in PARTS}
    off = max((abs(held[name] / len(free) - asked[name]) for name in PARTS if asked[name]), default=0.0) if free else 0
    if off <= OFF_NOTE or off * len(free) <= OFF_ROWS:
        return _giant(free, seed) if len(free) >= GIANT_ROWS else None
    shares = ", ".join(
        f"{name} has {plural(held[name], 'row')}, {held[name] / len(free):.1%} instead of {asked[name]:.0%}"
        for name in PARTS
        if asked[name]
    )
    reason, fix, rows = _cause(free, clusters(free, seed), min(filter(None, asked.values())))
    severity: Severity = "warning" if off > OFF_WARNING else "note"
    return Subject(free).finding("uneven_split", severity, rows, f"{shares}: {reason}", fix)


def _giant(free: Corpus, seed: int) -> Finding | None:
    """A note on a cluster of most rows: it trains, and the other parts are drawn from what is left."""
    groups = clusters(free, seed)
    largest = max((cluster.rows for cluster in groups), key=len)
    if len(largest) <= GIANT * len(free):
        return None
    rest = len(free) - len(largest)
    why = (
        f"{amount(len(largest), len(free))} are connected by {_kind(free)} and all train: validation and test are "
        f"drawn from the other {rest / len(free):.1%}, which may be easier or harder than the rest"
    )
    return Subject(free).finding("uneven_split", "note", largest, why, _less(free))


def _kind(free: Corpus) -> str:
    return "groups or nearly equal texts" if free.groups else "nearly equal texts"


def _less(free: Corpus) -> str:
    less = "group the rows by less (data.group)" if free.groups else "remove rows that are copies of each other"
    return f"{less}, or bring files of your own for validation and test"


def _cause(free: Corpus, groups: list[Cluster], least: float) -> tuple[str, str, tuple[int, ...]]:
    """Why no better shares can be had, what to do about it, and the rows that bring it about."""
    several = [cluster for cluster in groups if len(cluster.rows) > 1]
    if sum(len(cluster.rows) for cluster in several) > OFF_WARNING * len(free):
        largest = max(several, key=lambda cluster: len(cluster.rows)).rows
        reason = (
            f"rows that are connected by {_kind(free)} stay in one part, and the largest of {len(several):,} such "
            f"clusters has {amount(len(largest), len(free))}"
        )
        return reason, _less(free), largest
    counts = Counter(free.labels)
    rare = {label for label, count in counts.items() if count * least < 1}
    reason = f"every label is in every part where it can be, and {len(rare):,} of {len(counts):,} have too few rows"
    fix = "add rows of rare labels, merge them into others (data.labels), or leave them out (data.min_per_label)"
    return reason, fix, tuple(row for row, label in enumerate(free.labels) if label in rare)
