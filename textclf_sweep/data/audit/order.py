"""The order of the rows: sorted by label, or labels that follow a pattern in it."""

from __future__ import annotations

import math
from collections import Counter
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, NamedTuple

from textclf_sweep.data.audit._subject import Check, Subject, plural
from textclf_sweep.data.findings import Finding

if TYPE_CHECKING:
    import numpy as np

LEAST = 50
"""Rows from which on an order can be told from chance."""
SORTED, RUNS_OF_LABEL = 0.1, 2
"""Rows count as sorted below this share of the runs of equal labels expected at random, or up to so many per label."""
RECURRING = 5
"""Runs of a label, on average, from which on they may be blocks rather than an order."""
ROWS, PERIODS, REPEATS = 30_000, 1_000, 10
"""Rows that are looked at, the first ones; the longest period that is looked for; how often it must recur."""
CERTAIN, SHARE = 6.0, 0.04
"""Standard deviations above chance, of the best of many periods; and the least share of the rows that follow it."""
AGAIN = 3.0
"""Standard deviations by which one half of the rows must agree with the other, and equal neighbours exceed chance."""
UNCLUSTERED = 0.9
"""The share of the runs expected at random below which equal labels come in clusters."""
AROUND, ALIKE = 15, 0.6
"""Periods on either side that one is compared with; the shortest is taken that explains such a share of the most."""


def sorted_by_label(subject: Subject) -> Finding | None:
    """Equal labels stand together; nothing is wrong here, but tools that do not shuffle fail."""
    if not _few_runs(subject) or (_recurring(subject) and _blocks(subject) is not None):
        return None
    runs, expected = _runs(subject)
    why = (
        f"the rows are sorted by label: {plural(runs, 'run')} of equal labels, where {expected:,.0f} would be expected "
        "at random; this program shuffles and stratifies, but tools that split or batch in file order (head and tail, "
        "Keras' validation_split) would train on some labels and validate on others"
    )
    fix = "nothing has to be done here; shuffle the file before other tools read it"
    return subject.finding("sorted_by_label", "note", range(len(subject.corpus)), why, fix)


def _runs(subject: Subject) -> tuple[int, float]:
    """Runs of equal labels, and how many a random order has (Wald and Wolfowitz 1940)."""
    rows = len(subject.corpus)
    runs = sum(1 for _ in groupby(subject.corpus.labels))
    return runs, 1 + rows - sum(count**2 for count in subject.counts.values()) / rows


def _few_runs(subject: Subject) -> bool:
    labels, rows = len(subject.counts), len(subject.corpus)
    if labels < 2 or rows < LEAST or 3 * labels > rows:
        return False
    runs, expected = _runs(subject)
    return runs <= max(SORTED * expected, min(RUNS_OF_LABEL * labels, expected / 2))


def _recurring(subject: Subject) -> bool:
    return _runs(subject)[0] >= RECURRING * len(subject.counts)


class Pattern(NamedTuple):
    """What repeats in the order of the rows.

    Attributes:
        period: rows after which it repeats.
        share: of the rows that follow it, about.
    """

    period: int
    share: float


def order_leak(subject: Subject) -> Finding | None:
    """The label of a row can be told from its position, though the rows are not simply sorted."""
    labels = subject.corpus.labels
    if not 1 < len(subject.counts) <= len(labels) / 3 or (_few_runs(subject) and not _recurring(subject)):
        return None
    if (pattern := _turns(subject)) is not None:
        what, rows = f"labels repeat every {pattern.period:,} rows", _following(labels, pattern.period)
    elif (pattern := _blocks(subject)) is not None:
        what = f"rows come in blocks of {pattern.period:,} with one label each"
        rows = [row for row in range(1, len(labels)) if row % pattern.period and labels[row] == labels[row - 1]]
    else:
        return None
    why = (
        f"the label can be told from the row's position: {what} (about {pattern.share:.0%} of the rows follow this). "
        "If the rows were made by a template or a tool, their texts may hold such patterns, too, which a model learns "
        "instead of the language; and batches in file order would not be random"
    )
    fix = "find out how the file was made; this program shuffles, and no row number may become part of a text"
    return subject.finding("order_leak", "warning", rows, why, fix)


def _turns(subject: Subject) -> Pattern | None:
    """Whether labels take turns. In rows that come in clusters they do not, but may seem to."""
    labels = subject.corpus.labels[:ROWS]
    runs, expected = _runs(subject)
    if runs < UNCLUSTERED * expected:
        return None
    codes = {label: code for code, label in enumerate(sorted(subject.counts))}
    return _pattern([codes[label] for label in labels])


def _blocks(subject: Subject) -> Pattern | None:
    """Whether the label changes at every so many rows rather than anywhere.

    Only where more neighbours are equal than by chance: a few equal ones among many labels fall into some period.
    """
    rows, (runs, expected) = len(subject.corpus), _runs(subject)
    if expected - runs <= AGAIN * math.sqrt(expected * (1 - expected / (rows + 1))):
        return None
    return _pattern([int(left == right) for left, right in pairwise(subject.corpus.labels[: ROWS + 1])])


def _following(labels: tuple[str, ...], period: int) -> list[int]:
    """The rows whose label is the commonest of their place in the period."""
    held = [Counter(labels[place::period]).most_common(1)[0][0] for place in range(period)]
    return [row for row, label in enumerate(labels) if label == held[row % period]]


def _pattern(codes: list[int]) -> Pattern | None:
    """The period by which the values repeat, clearly better than by chance; None when there is none.

    Of every period, Pearson's chi-squared of place in the period by value, as standard deviations above its mean
    (Wilson and Hilferty 1931). Values that come in clusters raise it for all periods, so it is compared with those
    around; and a pattern must be the same in the odd and the even tenths of the file.
    """
    import numpy as np  # noqa: PLC0415 - heavy

    values = np.array(codes)
    rows, present = len(values), np.bincount(values) if codes else np.zeros(0, dtype=np.intp)
    kinds = int((present > 0).sum())
    if rows < LEAST or kinds < 2:
        return None
    periods = np.arange(2, min(PERIODS, rows // REPEATS) + 1)
    freedom = (periods - 1) * (kinds - 1)
    found = np.array([_agreement(values, present, int(period)) for period in periods])
    ratio = found[:, 0] / freedom
    near = [np.quantile(ratio[max(0, place - AROUND) : place + AROUND + 1], 0.25) for place in range(len(periods))]
    clusters = np.maximum(1.0, near)
    spread = 2 / (9 * freedom)
    above = (np.cbrt(ratio / clusters) - 1 + spread) / np.sqrt(spread)
    again = found[:, 1] / (clusters**1.5 * np.sqrt(freedom))
    # Squared, Cramer's V of a table that has a place for every value; a share s of rows in turn makes it s.
    explained = np.maximum(0.0, found[:, 1]) * 2 / (rows * (kinds - 1))
    clear = np.flatnonzero((above > CERTAIN) & (again > AGAIN) & (explained > SHARE**2))
    if not len(clear):
        return None
    place = clear[np.argmax(explained[clear] >= ALIKE * explained[clear].max())]
    return Pattern(int(periods[place]), min(1.0, math.sqrt(explained[place])))


def _agreement(values: np.ndarray, present: np.ndarray, period: int) -> tuple[float, float]:
    """Pearson's chi-squared of place by value; and the same of one half of the rows times the other, expected 0."""
    import numpy as np  # noqa: PLC0415 - heavy

    rows, kinds = len(values), len(present)
    order = np.arange(rows)
    half = order * 10 // rows % 2
    cells = (half * period + order % period) * kinds + values
    halves = np.bincount(cells, minlength=2 * period * kinds).reshape(2, period, kinds)[:, :, present > 0]
    share = present[present > 0] / rows
    expected = halves.sum(axis=2, keepdims=True) * share
    odd, even = halves - expected
    whole = expected.sum(axis=0)
    return float(((odd + even) ** 2 / whole).sum()), float((odd * even / np.sqrt(expected[0] * expected[1])).sum())


CHECKS: tuple[Check, ...] = (
    sorted_by_label,
    order_leak,
)
