"""Who trains, who validates, who tests: rows that belong together stay together.

The clusters of a label (see `textclf_sweep.data.clusters`), in the order of their draws, are cut into validation, test
and train.

From `STABLE_ROWS` rows on the cuts are where the draws pass the shares asked for. A cluster's side is then a function
of the cluster and the seed alone: it neither depends on the order of the rows nor changes when rows are appended,
except when a new row joins two clusters. Only where a label's share would be more than `LABEL_SLACK` off, or that of
a whole part more than `PART_SLACK`, are the cuts moved, by as few clusters as bring it back; this happens to labels
of a few hundred rows or fewer. Below `STABLE_ROWS` rows chance alone would be too far off, and the cuts are where the
counts are nearest to the shares.

A cluster that alone would fill the validation or the test part trains, whatever it draws, and the others share out
what is left.
"""

from __future__ import annotations

import dataclasses
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import accumulate

from textclf_sweep.data.clusters import Cluster, clusters
from textclf_sweep.data.corpus import PARTS, Corpus, PartName, Splits
from textclf_sweep.data.folds import with_folds
from textclf_sweep.definition.types import DataSettings
from textclf_sweep.errors import DataError, Problem

STABLE_ROWS = 2_000
"""From this many rows on, rows keep their side when others are appended."""
LABEL_SLACK = 0.05
"""How far a label's share in a part may be from the share asked for, from `STABLE_ROWS` rows on."""
PART_SLACK = 0.02
"""How far a part's share of all rows may be from the share asked for, from `STABLE_ROWS` rows on."""


def split(corpus: Corpus, settings: DataSettings, seed: int, *, anyhow: bool = False) -> Splits:
    """`corpus` divided into train, validation and test.

    Rows stay in the parts the source puts them in. The others are divided into train and those parts that no row is
    in yet, by the shares of `settings`, for every label; every label they have is trained, and one that is too rare
    for all parts is in train, then in validation. Folds, when there are any, leave the three parts as they are.

    Args:
        corpus: complete rows (see `textclf_sweep.data.audit`).
        settings: the shares and the folds asked for.
        seed: any integer; the same seed and rows give the same split.
        anyhow: whether rows whose labels are too rare for three parts are divided without regard to labels.

    Raises:
        DataError: a part would be empty, train would have fewer than two labels, or a label has too few rows for the
            folds.
    """
    given = corpus.parts or ("",) * len(corpus)
    free = [row for row, part in enumerate(given) if not part]
    asked = (settings.validation * ("validation" not in given), settings.test * ("test" not in given))
    drawn, notes = _drawn(corpus.select(free), asked, seed) if free else ([], [])
    if anyhow and free and {*PARTS} - {*given, *drawn}:
        drawn, notes = _drawn(corpus.select(free), asked, seed, stratified=False)
        notes.append("the labels are too rare to be in every part; rows were divided without regard to them")
    by_row = dict(zip(free, drawn, strict=True))
    sides: list[PartName] = [by_row[row] if not part else PARTS[PARTS.index(part)] for row, part in enumerate(given)]
    _check(corpus, sides, seed)
    splits = Splits.of(corpus, sides)
    splits = dataclasses.replace(splits, notes=(*splits.notes, *notes))
    return splits if settings.folds is None else with_folds(splits, corpus, sides, settings.folds, seed)


def _check(corpus: Corpus, sides: Sequence[PartName], seed: int) -> None:
    """There is something in every part, and something to tell apart in train."""
    trained = {label for label, side in zip(corpus.labels, sides, strict=True) if side == "train"}
    empty = [name for name in PARTS if name not in sides]
    if empty:
        units = Counter(cluster.label for cluster in clusters(corpus, seed)) if len(corpus) else Counter[str]()
        most = max(units.values(), default=0)
        what = (
            f"no row is left for {' and '.join(empty)}: a split into {', '.join(PARTS)} needs {len(PARTS)} distinct "
            f"texts of one label at least, and there are {units.total():,} in all, {most:,} of the commonest label "
            "(nearly equal texts count as one, and so do rows of one group)"
        )
        fix = "add rows"
        if corpus.parts is not None:
            what = f"no row is in {' and '.join(empty)} by the data's own split, and none is left to be drawn"
            fix = "put rows there, or leave the data's own split out (data.split) to have one drawn"
        raise DataError(Problem(what, fix=fix, where=corpus.name, key="data"))
    if len(trained) < 2:
        what = f"every row of train has the same label, {trained.pop()!r}; a classifier needs at least two"
        fix = "add rows of other labels to train, or correct the label column (data.label)"
        raise DataError(Problem(what, fix=fix, where=corpus.name, key="data"))


def _drawn(
    corpus: Corpus, shares: tuple[float, float], seed: int, *, stratified: bool = True
) -> tuple[list[PartName], list[str]]:
    """The side of each row by the draws, and a note on each cluster that trains whatever it draws.

    Args:
        corpus: to be split.
        shares: asked for validation and test.
        seed: of the draws.
        stratified: whether each label is divided by itself, and trained.
    """
    groups = clusters(corpus, seed)
    if not stratified:
        groups = [cluster._replace(label="") for cluster in groups]
    giants = _giants(groups, shares)
    fixed = Counter(corpus.labels[row] if stratified else "" for index in giants for row in groups[index].rows)

    def sides_within(slack: float) -> list[PartName]:
        return _sides(groups, giants, fixed, shares, slack)

    sides = sides_within(0.0 if len(corpus) < STABLE_ROWS else LABEL_SLACK)
    if len(corpus) >= STABLE_ROWS and _off(groups, sides, shares) > PART_SLACK:
        sides = sides_within(PART_SLACK)
    sides = _with_every_label_in_train(corpus, groups, sides) if stratified else sides
    by_row = {row: side for cluster, side in zip(groups, sides, strict=True) for row in cluster.rows}
    notes = [
        f"{len(groups[index].rows):,} rows are connected by (nearly) equal texts and groups; all train"
        for index in sorted(giants)
    ]
    return [by_row[row] for row in range(len(corpus))], notes


def _giants(groups: Sequence[Cluster], shares: tuple[float, float]) -> frozenset[int]:
    """The clusters that train wherever they are drawn: those that fill a validation or test part, if train has room.

    Stories that share a headline connect to others that share another one, and so on: more than half of a large news
    corpus can be one cluster.
    """
    rows = sum(len(cluster.rows) for cluster in groups)
    room = (1 - sum(shares) + PART_SLACK) * rows
    smallest = min((share for share in shares if share), default=1.0)
    giants = []
    for index in sorted(range(len(groups)), key=lambda index: (-len(groups[index].rows), index)):
        size = len(groups[index].rows)
        if size <= smallest * rows or size == 1:
            break
        if size <= room:
            giants.append(index)
            room -= size
    return frozenset(giants)


def _sides(
    groups: Sequence[Cluster], giants: frozenset[int], fixed: Counter[str], shares: tuple[float, float], slack: float
) -> list[PartName]:
    """The side of each cluster.

    Args:
        groups: in the order of their draws.
        giants: indices of the clusters that train.
        fixed: rows of each label in these.
        shares: asked for validation and test.
        slack: how far a label's share may be off before its cuts are moved.
    """
    strata: defaultdict[str, list[int]] = defaultdict(list)
    for index, cluster in enumerate(groups):
        if index not in giants:
            strata[cluster.label].append(index)
    sides: list[PartName] = ["train"] * len(groups)
    for label, stratum in strata.items():
        first, second = _cuts([groups[index] for index in stratum], fixed[label], shares, slack)
        for place, index in enumerate(stratum[:second]):
            sides[index] = "validation" if place < first else "test"
    return sides


def _cuts(stratum: Sequence[Cluster], fixed: int, shares: tuple[float, float], slack: float) -> tuple[int, int]:
    """Where the clusters of one label (in the order of their draws) are cut: validation | test | train.

    The cuts start where the draws pass the shares and move as little as brings every share within `slack`, or as near
    to it as the sizes of the clusters allow. No side that is asked for is empty when there are clusters enough.
    `fixed` rows of the label train already.
    """
    validation, test = shares
    least = 0 if fixed else 1  # clusters that train must still get
    rest = len(stratum) - least
    if rest < (validation > 0) + (test > 0):
        return (rest if validation else 0), rest
    draws = [cluster.draw for cluster in stratum]
    rows = [0, *accumulate(len(cluster.rows) for cluster in stratum)]
    ratios = [count / (fixed + rows[-1]) for count in rows]

    def excess(share: float, asked: float) -> float:
        # Rounded, so that equally good cuts are equal whatever the last bit of a quotient says.
        return round(max(0.0, abs(share - asked) - slack), 9)

    start = bisect_left(draws, validation / ratios[-1])
    first = min(
        range(1, rest - (test > 0) + 1) if validation else (0,),
        key=lambda cut: (excess(ratios[cut], validation), abs(cut - start)),
    )
    start = bisect_left(draws, (validation + test) / ratios[-1])
    second = min(
        range(first + 1, rest + 1) if test else (first,),
        key=lambda cut: (
            max(excess(ratios[cut] - ratios[first], test), excess(1 - ratios[cut], 1 - validation - test)),
            abs(cut - start),
        ),
    )
    return first, second


def _off(groups: Sequence[Cluster], sides: Sequence[PartName], shares: tuple[float, float]) -> float:
    """The greatest difference between a part's share of all rows and the share asked for."""
    counts: Counter[PartName] = Counter()
    for cluster, side in zip(groups, sides, strict=True):
        counts[side] += len(cluster.rows)
    asked = {"train": 1 - sum(shares), "validation": shares[0], "test": shares[1]}
    return max(abs(counts[name] / counts.total() - asked[name]) for name in PARTS)


def _with_every_label_in_train(corpus: Corpus, groups: Sequence[Cluster], sides: Sequence[PartName]) -> list[PartName]:
    """`sides`, where a label that no training row has gets its last cluster moved to train.

    This can only happen to a label that is always outnumbered in its clusters.
    """
    changed = list(sides)
    labels = [{corpus.labels[row] for row in cluster.rows} for cluster in groups]
    trained = set().union(*(names for names, side in zip(labels, sides, strict=True) if side == "train"))
    for label in sorted(set(corpus.labels) - trained):
        last = max(index for index, names in enumerate(labels) if label in names)
        changed[last] = "train"
    return changed
