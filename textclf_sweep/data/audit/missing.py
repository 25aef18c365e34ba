"""Rows without a text or without a label, as the source gave them, and what people write where there is none."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from textclf_sweep.data.audit._subject import Check, Subject, amount, named, plural, quoted
from textclf_sweep.data.corpus import blank, comparable
from textclf_sweep.data.findings import Finding, Severity
from textclf_sweep.definition.types import Missing

MISSING_FATAL = 0.5
"""The share of missing texts or labels above which a column must be the wrong one."""
MISSING_WARNING = 0.05
"""The share of missing texts or labels above which what is left may not be representative."""
NOTHING = frozenset({
    "na", "n/a", "#n/a", "#na", "nan", "null", "nil", "none", "<na>", "<null>", "nat", "undefined", "undef",
    "missing", "empty", "blank", "unknown", "tbd", "todo", "void", "[deleted]", "[removed]", "[empty]", "(blank)",
    "(empty)", "(null)", "(none)", "#value!", "#ref!", "#name?", "#null!", "no text", "[no text]", "not available",
    "not applicable",
})  # fmt: skip
"""What is written for a text that there is not, trimmed and lower-cased."""
NO_LABEL = frozenset({
    "na", "n/a", "#n/a", "#na", "nan", "null", "nil", "<na>", "<null>", "nat", "undefined", "-", "--", "?",
    "#value!", "#ref!", "#name?",
})  # fmt: skip
"""What is written for a label that there is not; ``none`` and ``unknown`` are labels often enough."""
REPEATED = 2
"""Rows with such texts from which on they are no coincidence."""
LETTER = re.compile(r"[^\W_]|[^\x00-\u25ff\u2900-\u2bff\s]")
"""A letter or digit, or a sign beyond punctuation and symbols, such as an emoji."""


def missing(subject: Subject) -> tuple[Finding, ...]:
    """``missing_text`` and ``missing_label`` of a corpus as read: rows where nothing can be seen in the column."""
    found = (missing_text(subject), missing_label(subject))
    return tuple(finding for finding in found if finding is not None)


def missing_text(subject: Subject) -> Finding | None:
    """Rows without a text; no more than a warning when the definition says what to do about them."""
    done = _done(subject)
    fix = "drop these rows, keep them (`empty`), or complete them ({fill: TEXT} or {from: COLUMN})"
    found = _missing(subject, "text", subject.corpus.texts, fix, "data:\n  missing: drop")
    if found is None or not done:
        return found
    why = f"{found.why.partition(';')[0]}; {done}"
    fix = "nothing is left to do: `missing` sees to it"
    severity: Severity = "warning" if found.severity == "fatal" else "note"
    return dataclasses.replace(found, severity=severity, why=why, fix=fix, patch="")


def missing_label(subject: Subject) -> Finding | None:
    """Rows without a label."""
    fix = "these rows are dropped; fill in the label where you know it"
    return _missing(subject, "label", subject.corpus.labels, fix, "")


def placeholder_text(subject: Subject) -> Finding | None:
    """Texts that stand for none, such as ``n/a`` or ``-``; they are texts all the same, nothing drops them."""
    texts = subject.comparable
    rows = [row for row, text in enumerate(texts) if text in NOTHING or not (blank(text) or LETTER.search(text))]
    if len(rows) < REPEATED:
        return None
    why = (
        f"{amount(len(rows), len(texts))} whose whole text is {named({texts[row] for row in rows})}: they count as "
        "texts, and nothing in them tells their label, unless it is meant as it stands"
    )
    severity: Severity = "warning" if len(rows) > MISSING_WARNING * len(texts) else "note"
    fix = "remove these rows, or leave their text blank in the file, so that they count as missing"
    return subject.finding("placeholder_text", severity, rows, why, fix)


def placeholder_label(subject: Subject) -> Finding | None:
    """Labels that stand for none, such as ``nan``; they are labels all the same."""
    labels = sorted(label for label in subject.counts if comparable(label) in NO_LABEL)
    if not labels or len(subject.counts) == 1:
        return None
    rows = [row for row, label in enumerate(subject.corpus.labels) if label in set(labels)]
    why = (
        f"{amount(len(rows), len(subject.corpus))} with the label {named(labels)}, which is what programs write for a "
        "missing one; it is learned like any other"
    )
    severity: Severity = "warning" if len(rows) > MISSING_WARNING * len(subject.corpus) else "note"
    patch = f"data:\n  drop_labels: [{', '.join(map(quoted, labels))}]"
    fix = "leave these rows out if their label is missing"
    return subject.finding("placeholder_label", severity, rows, why, fix, patch)


CHECKS: tuple[Check, ...] = (placeholder_text, placeholder_label)


def _done(subject: Subject) -> str:
    """What the definition does about missing texts, when it keeps their rows; else empty."""
    spare = subject.corpus.spare
    match subject.assumptions.missing:
        case Missing("empty"):
            return "they are kept as they are"
        case Missing("fill", value):
            return f"{value[:40]!r} is filled in"
        case Missing("from", column) if spare is not None:
            gone = sum(blank(text) and blank(other) for text, other in zip(subject.corpus.texts, spare, strict=True))
            more = f"; {plural(gone, 'row')} without one there, too, go" if gone else ""
            return f"their texts are taken from column {column!r}{more}"
    return ""


def _missing(subject: Subject, column: str, values: Sequence[str], fix: str, patch: str) -> Finding | None:
    rows = [row for row, value in enumerate(values) if blank(value)]
    if not rows:
        return None
    share = len(rows) / len(values)
    severity: Severity = "fatal" if share > MISSING_FATAL else "warning" if share > MISSING_WARNING else "note"
    unseen = sum(bool(values[row].strip()) for row in rows)
    hidden = f", {unseen:,} of them with characters that nobody sees" if unseen else ""
    why = (
        f"{plural(len(rows), 'row')} of {len(values):,} ({share:.1%}) without a {column}, first in "
        f"line {subject.corpus.lines[rows[0]]}{hidden}; there is nothing to learn from them"
    )
    if severity == "fatal":
        fix = f"more than half is missing: name the right column (data.{column}) or complete the data"
        patch = ""
    return subject.finding(f"missing_{column}", severity, rows, why, fix, patch)
