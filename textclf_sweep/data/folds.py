"""Cross-validation: the rows of train and validation divided anew, so that each of them is validated on once.

The clusters (see `textclf_sweep.data.clusters`), the largest first and equal ones in the order of their draws, go one
by one to the fold that has the least of their labels so far. Of rows that are clusters of their own, two folds differ
by at most one for each label.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Sequence

from textclf_sweep.data.clusters import Cluster, clusters
from textclf_sweep.data.corpus import Corpus, PartName, Splits
from textclf_sweep.data.near import families
from textclf_sweep.errors import DataError, Problem
from textclf_sweep.trial import derive_seed

NAMED = 5
"""Labels named in a sentence before it says how many more there are."""
UNEVEN = 2.0
"""How many times its share of the rows a fold may validate on before it is noted."""


def with_folds(splits: Splits, corpus: Corpus, sides: Sequence[PartName], count: int, seed: int) -> Splits:
    """`splits` with `count` folds of its train and validation parts, and with the whole of these.

    The three parts stay as they are. No cluster is in two folds' validation parts, and every label is in every fold's
    train part.

    Args:
        splits: of `corpus` by `sides`.
        corpus: complete rows.
        sides: the part of each row.
        count: of folds, >= 2.
        seed: any integer; the same seed and rows give the same folds.

    Raises:
        DataError: a label has too few distinct texts (or groups) to be in every fold.
    """
    kept = [row for row, side in enumerate(sides) if side != "test"]
    pool, family = corpus.select(kept), families(corpus.texts)
    groups = clusters(pool, derive_seed(seed, "folds"), [family[row] for row in kept])
    _check(pool, groups, count)
    by_row = {
        row: fold for fold, cluster in zip(_dealt(pool, groups, count), groups, strict=True) for row in cluster.rows
    }
    folds = []
    for fold in range(count):
        inner: list[PartName] = ["validation" if by_row[row] == fold else "train" for row in range(len(pool))]
        folds.append(_named(Splits.of(pool, inner), splits, f"fold {fold + 1} of {count}"))
    whole = Splits.of(corpus, ["test" if side == "test" else "train" for side in sides])
    _check_trained(folds, pool)
    return dataclasses.replace(
        splits,
        data_hash=_hash(splits.data_hash, *(fold.data_hash for fold in folds)),
        notes=(*splits.notes, *_uneven(folds)),
        folds=tuple(folds),
        whole=_named(whole, splits, f"all of {count}"),
    )


def _dealt(pool: Corpus, groups: Sequence[Cluster], count: int) -> list[int]:
    """The fold of each cluster, from 0.

    As for the split, what counts is how evenly every label is spread: a cluster goes where the sum of the squares of
    the folds' shares of its labels grows least.
    """
    totals, folds = Counter(pool.labels), [0] * len(groups)
    held, sizes = [Counter[str]() for _ in range(count)], [0] * count
    for index in sorted(range(len(groups)), key=lambda index: (-len(groups[index].rows), index)):
        labels = sorted(Counter(pool.labels[row] for row in groups[index].rows).items())
        growth = [sum(shares[label] * rows / totals[label] ** 2 for label, rows in labels) for shares in held]
        fold = min(range(count), key=lambda fold: (growth[fold], sizes[fold], fold))
        folds[index] = fold
        held[fold].update(dict(labels))
        sizes[fold] += len(groups[index].rows)
    return folds


def _check(pool: Corpus, groups: Sequence[Cluster], count: int) -> None:
    """Every label has a cluster for every fold."""
    units = Counter(label for cluster in groups for label in {pool.labels[row] for row in cluster.rows})
    rare = sorted((units[label], label) for label in units if units[label] < count)
    if not rare:
        return
    named = ", ".join(f"{label!r} ({found})" for found, label in rare[:NAMED])
    more = f" and {len(rare) - NAMED:,} more" if len(rare) > NAMED else ""
    least, kind = rare[0][0], "texts or groups" if pool.groups else "texts"
    fewer = f"write folds: {least}" if least > 1 else "leave folds out"
    raise DataError(
        Problem(
            f"{count} folds need {count} distinct {kind} of every label outside the test part; too few are there "
            f"of {named}{more}",
            fix=f"{fewer}, add rows of {'this label' if len(rare) == 1 else 'these labels'}, or merge labels",
            where=_place(pool, rare[0][1]),
            key="data.folds",
        )
    )


def _check_trained(folds: Sequence[Splits], pool: Corpus) -> None:
    """Every fold trains every label; only labels that share few large clusters with others can be missing."""
    for number, fold in enumerate(folds, start=1):
        for label in sorted(set(pool.labels) - set(fold.train.labels)):
            raise DataError(
                Problem(
                    f"every row of label {label!r} is validated on in fold {number} of {len(folds)}, so that this fold "
                    "could not learn it: (nearly) equal texts and groups connect its rows to those of other labels",
                    fix="try another number of folds or another seed, or group the rows by less (data.group)",
                    where=_place(pool, label),
                    key="data.folds",
                )
            )


def _uneven(folds: Sequence[Splits]) -> list[str]:
    sizes = [len(fold.validation) for fold in folds]
    return [
        f"fold {number} validates on {size:,} of {sum(sizes):,} rows: (nearly) equal texts and groups connect them"
        for number, size in enumerate(sizes, start=1)
        if size * len(folds) > UNEVEN * sum(sizes)
    ]


def _place(pool: Corpus, label: str) -> str:
    return pool.place(pool.labels.index(label))


def _named(inner: Splits, outer: Splits, name: str) -> Splits:
    """`inner` with the class numbers of `outer` and a hash that no other number of folds has."""
    return dataclasses.replace(inner, labels=outer.labels, data_hash=_hash(inner.data_hash, name))


def _hash(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
