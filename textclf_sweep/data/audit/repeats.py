"""Checks of texts that stand in several rows."""

from __future__ import annotations

from collections import Counter

from textclf_sweep.data.audit._subject import Check, Subject, alike, plural
from textclf_sweep.data.findings import Finding


def exact_duplicates(subject: Subject) -> Finding | None:
    """Equal texts with equal labels; a split keeps them on one side."""
    corpus = subject.corpus
    several = alike(zip(subject.comparable, corpus.labels, strict=True))
    rows = [row for same in several for row in same]
    if not rows:
        return None
    why = f"{plural(len(rows), 'row')} share their text and label with another row; they weigh more than other rows"
    fix = "nothing has to be done: equal texts stay on one side of the split; remove copies if they are accidental"
    return subject.finding("exact_duplicates", "note", rows, why, fix)


def conflicting_labels(subject: Subject) -> Finding | None:
    """Equal texts under different labels; no classifier can get them all right."""
    corpus = subject.corpus
    several = alike(subject.comparable)
    conflicts = [same for same in several if len({corpus.labels[row] for row in same}) > 1]
    rows = [row for same in conflicts for row in same]
    if not rows:
        return None
    lost = sum(len(same) - max(Counter(corpus.labels[row] for row in same).values()) for same in conflicts)
    why = (
        f"{len(conflicts):,} text{'s' * (len(conflicts) > 1)} under different labels ({plural(len(rows), 'row')}); at "
        f"least {plural(lost, 'row')} ({lost / len(corpus):.1%}) can't be classified right by anything"
    )
    return subject.finding("conflicting_labels", "warning", rows, why, "decide on one label for each of these texts")


def split_overlap(subject: Subject) -> Finding | None:
    """Texts in more than one part of the source's own split; a model can know their labels by heart."""
    corpus = subject.corpus
    parts = corpus.parts
    if parts is None:
        return None
    several = alike(subject.comparable)
    rows = [row for same in several if len({parts[row] for row in same}) > 1 for row in same]
    if not rows:
        return None
    why = f"{plural(len(rows), 'row')} have their text in more than one of train, validation and test"
    return subject.finding("split_overlap", "warning", rows, why, "remove these texts from all parts but one")


CHECKS: tuple[Check, ...] = (
    exact_duplicates,
    conflicting_labels,
    split_overlap,
)
