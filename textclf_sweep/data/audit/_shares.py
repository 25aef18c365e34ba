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
OFF_ROWS = 2
"""Rows by which a part must be off, too: of a handful of rows no better shares can be had."""


def uneven_split(corpus: Corpus, splits: Splits, settings: DataSettings, seed: int) -> Finding | None:
    """Parts that are far from the shares asked for, because rows that must stay together leave no better choice.

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
        return None
    shares = ", ".join(
        f"{name} has {plural(held[name], 'row')}, {held[name] / len(free):.1%} instead of {asked[name]:.0%}"
        for name in PARTS
        if asked[name]
    )
    reason, fix, rows = _cause(free, clusters(free, seed), min(filter(None, asked.values())))
    severity: Severity = "warning" if off > OFF_WARNING else "note"
    return Subject(free).finding("uneven_split", severity, rows, f"{shares}: {reason}", fix)


def _cause(free: Corpus, groups: list[Cluster], least: float) -> tuple[str, str, tuple[int, ...]]:
    """Why no better shares can be had, what to do about it, and the rows that bring it about."""
    several = [cluster for cluster in groups if len(cluster.rows) > 1]
    if sum(len(cluster.rows) for cluster in several) > OFF_WARNING * len(free):
        largest = max(several, key=lambda cluster: len(cluster.rows)).rows
        kind = "groups or nearly equal texts" if free.groups else "nearly equal texts"
        reason = (
            f"rows that are connected by {kind} stay in one part, and the largest of {len(several):,} such clusters "
            f"has {amount(len(largest), len(free))}"
        )
        less = "group the rows by less (data.group)" if free.groups else "remove rows that are copies of each other"
        return reason, f"{less}, or bring files of your own for validation and test", largest
    counts = Counter(free.labels)
    rare = {label for label, count in counts.items() if count * least < 1}
    reason = f"every part gets rows of every label that has enough, and {plural(len(rare), 'label')} have few rows"
    fix = "add rows of rare labels, merge them into others (data.labels), or leave them out (data.min_per_label)"
    return reason, fix, tuple(row for row, label in enumerate(free.labels) if label in rare)
