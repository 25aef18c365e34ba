"""Checks of the labels against a linear model (TF-IDF, logistic regression) that has not seen the row it judges.

Reference: C. Northcutt, L. Jiang, I. Chuang. Confident Learning: Estimating Uncertainty in Dataset Labels. Journal of
Artificial Intelligence Research 70, 2021.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from textclf_sweep.data.audit._linear import OutOfFold
from textclf_sweep.data.audit._subject import Check, Subject, plural
from textclf_sweep.data.findings import Finding, Severity

if TYPE_CHECKING:
    import numpy as np

FATAL_ROWS, LEAST_ROWS = 500, 200
"""From how many rows on shuffled labels are fatal, and are looked for at all."""
SIGNIFICANT = 2.33
"""Standard deviations above chance that one labelling in a hundred reaches by accident."""
EASY, EASY_ROWS = 0.2, 100
"""The share of rows, those the model is surest of, by which the share of wrong labels is estimated; and the fewest."""
MISLABELLED_WARNING, MISLABELLED_ROWS = 0.05, 2_000
"""The share of wrong labels that is surely exceeded when there is a warning; and the fewest rows. Of fewer, a model is
wrong too often itself: on 500 clean rows of news the estimate exceeds 5 %."""


def shuffled_labels(subject: Subject) -> Finding | None:
    """Fatal from 500 rows on: texts tell nothing about labels; a model's answers are no better than random ones."""
    model = subject.linear
    if model is None or len(model.rows) < LEAST_ROWS or model.evidence >= SIGNIFICANT:
        return None
    right = float((model.probabilities.argmax(axis=1) == model.given).mean())
    why = (
        f"a linear model tells nothing about the label of a text that it has not seen ({right:.1%} right in "
        f"{plural(len(model.rows), 'row')} of {len(subject.corpus):,}, no better than with labels exchanged at random)"
        ": the labels look shuffled, or the texts do not hold what decides the label"
    )
    fix = (
        "check a few rows by hand: were texts and labels sorted or joined apart from each other, and are data.text and "
        "data.label the right columns? If they are, and what decides the label is deeper than words and their "
        "neighbours, a sweep can still show it"
    )
    severity: Severity = "fatal" if len(model.rows) >= FATAL_ROWS else "note"
    return subject.finding("shuffled_labels", severity, range(len(subject.corpus)), why, fix)


class Suspects(NamedTuple):
    """Rows whose labels are probably wrong.

    Attributes:
        rows: positions in the model's rows, the gravest first.
        expected: (n,) every row's best label other than its own.
        share: of wrong labels among all rows, estimated.
        least: what this share surely exceeds (95 %).
    """

    rows: np.ndarray
    expected: np.ndarray
    share: float
    least: float


def mislabelled(subject: Subject) -> Finding | None:
    """Rows that are probably under a wrong label; a warning when it is surely more than one in twenty."""
    model = subject.linear
    if model is None or len(model.rows) < LEAST_ROWS or model.evidence < SIGNIFICANT:
        return None
    found = suspects(model)
    if not len(found.rows):
        return None
    chosen = [int(row) for row in model.rows[found.rows]]
    position = dict(zip(chosen, found.rows, strict=True))

    def detail(row: int) -> str:
        best = found.expected[position[row]]
        return f"reads like {model.labels[best]!r}, {model.probabilities[position[row], best]:.2f}"

    sure = found.least > MISLABELLED_WARNING and len(model.rows) >= MISLABELLED_ROWS
    severity: Severity = "warning" if sure else "note"
    guess = "" if len(model.rows) >= MISLABELLED_ROWS else f" (a rough guess: {plural(len(model.rows), 'row')} only)"
    why = (
        f"{plural(len(chosen), 'row')} look mislabelled{_sampled(subject, model)}: a linear model that has not seen "
        f"them expects another label; about {found.share:.1%} of all labels are estimated to be wrong{guess}"
    )
    fix = "look at these rows, the most suspect ones first, and correct their labels or remove them"
    return subject.finding("mislabelled", severity, chosen, why, fix, shown=chosen, details=detail)


def suspects(model: OutOfFold) -> Suspects:
    """Confident learning, ranked by normalised margin.

    A row counts for a label when the label's probability reaches the mean over the rows that bear it (the label's
    threshold); rows that count for another label than their own are candidates. Where classes overlap there are more
    candidates than wrong labels. So as many are taken as are estimated from the rows that the model is surest of, which
    have no other reason to contradict it.
    """
    import numpy as np  # noqa: PLC0415 - heavy

    scores, given = model.probabilities, model.given
    count, own = len(given), (np.arange(len(given)), given)
    totals = np.bincount(given, weights=scores[own], minlength=len(model.labels))
    thresholds = totals / np.maximum(np.bincount(given, minlength=len(model.labels)), 1)
    confident = np.where(scores >= thresholds, scores, -1.0)
    counted = confident.argmax(axis=1)
    others = scores.copy()
    others[own] = -1.0
    expected = others.argmax(axis=1)
    margins = scores[own] - others.max(axis=1)
    candidates = np.flatnonzero((confident.max(axis=1) >= 0) & (counted != given))
    ranked = candidates[np.argsort(margins[candidates], kind="stable")]
    surest = np.argsort(-scores.max(axis=1), kind="stable")[: max(EASY_ROWS, int(EASY * count))]
    share = float((margins[surest] < 0).mean())
    least = share - 1.645 * math.sqrt(share * (1 - share) / len(surest))
    return Suspects(ranked[: math.ceil(share * count)], expected, share, least)


def _sampled(subject: Subject, model: OutOfFold) -> str:
    rows, seen = len(subject.corpus), len(model.rows)
    return f" (of a sample of {seen:,} of {rows:,})" if seen < rows else ""


CHECKS: tuple[Check, ...] = (
    shuffled_labels,
    mislabelled,
)
