"""Rows without a text or without a label, as the source gave them."""

from __future__ import annotations

from collections.abc import Sequence

from textclf_sweep.data.audit._subject import Subject, plural
from textclf_sweep.data.findings import Finding, Severity

MISSING_FATAL = 0.5
"""The share of missing texts or labels above which a column must be the wrong one."""
MISSING_WARNING = 0.05
"""The share of missing texts or labels above which what is left may not be representative."""


def missing(subject: Subject) -> tuple[Finding, ...]:
    """``missing_text`` and ``missing_label`` of a corpus as read: rows where the column is blank."""
    corpus = subject.corpus
    found = (
        _missing(subject, "missing_text", "text", corpus.texts),
        _missing(subject, "missing_label", "label", corpus.labels),
    )
    return tuple(finding for finding in found if finding is not None)


def _missing(subject: Subject, name: str, column: str, values: Sequence[str]) -> Finding | None:
    rows = [row for row, value in enumerate(values) if not value.strip()]
    if not rows:
        return None
    share = len(rows) / len(values)
    severity: Severity = "fatal" if share > MISSING_FATAL else "warning" if share > MISSING_WARNING else "note"
    why = (
        f"{plural(len(rows), 'row')} of {len(values):,} ({share:.1%}) without a {column}, first in "
        f"line {subject.corpus.lines[rows[0]]}"
    )
    if severity == "fatal":
        fix = f"more than half is missing: name the right column (data.{column}) or complete the data"
    else:
        fix = f"these rows are dropped; fill in the {column} where you know it"
    return subject.finding(name, severity, rows, why, fix)
