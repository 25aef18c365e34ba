"""Checks of texts that stand in several rows, word for word or nearly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from textclf_sweep.data.audit._subject import Check, Subject, alike, amount, named, plural
from textclf_sweep.data.corpus import PARTS, Corpus
from textclf_sweep.data.findings import Finding, Severity
from textclf_sweep.data.near import families

CONFLICTS = 0.005
"""The share of rows with conflicting labels from which they may matter to a result."""
OVERLAP = 0.01
"""The share of a part's rows whose text or group is in another part, too, from which its figures flatter."""
NEAR_OVERLAP = 0.05
"""The same of rows that may be only nearly equal: of short requests, some are alike in any data."""


def exact_duplicates(subject: Subject) -> Finding | None:
    """Equal texts, whatever their labels; a split keeps them on one side."""
    several = alike(subject.comparable)
    rows = [row for same in several for row in same]
    if not rows:
        return None
    most = max(len(same) for same in several)
    why = (
        f"{amount(len(rows), len(subject.corpus))} share their text with another row, {len(rows) - len(several):,} of "
        f"them copies of an earlier one (one text stands in {most:,} rows): copies weigh more in training and in "
        "accuracy than other rows"
    )
    shown = [row for same in several for row in same[:2]]
    return subject.finding("exact_duplicates", "note", rows, why, _kept(subject.corpus, "equal"), shown=shown)


def near_duplicates(subject: Subject) -> Finding | None:
    """Texts that differ in punctuation, a typo or a word; a split keeps them on one side."""
    kin = [rows for rows in alike(families(subject.corpus.texts)) if len({subject.comparable[row] for row in rows}) > 1]
    rows = [row for same in kin for row in same]
    if not rows:
        return None
    kin.sort(key=lambda same: (-len(same), same[0]))
    why = (
        f"{amount(len(rows), len(subject.corpus))} say nearly the same as another row (but for a comma, a letter or a "
        f"word), in {plural(len(kin), 'group')}, the largest of {plural(len(kin[0]), 'row')}: on two "
        "sides of a split they would let a model recite instead of classify"
    )
    fix = _kept(subject.corpus, "nearly equal")
    shown = [row for same in kin for row in _different(same, subject.comparable)]
    return subject.finding("near_duplicates", "note", rows, why, fix, shown=shown)


def conflicting_labels(subject: Subject) -> Finding | None:
    """Equal texts under different labels; no classifier can get them all right."""
    labels = subject.corpus.labels
    conflicts = [same for same in alike(subject.comparable) if len({labels[row] for row in same}) > 1]
    if not conflicts:
        return None
    rows = {row: same for same in conflicts for row in same}
    lost = sum(len(same) - max(Counter(labels[row] for row in same).values()) for same in conflicts)
    pairs = Counter(tuple(sorted({labels[row] for row in same})) for same in conflicts)
    commonest, times = min(pairs.items(), key=lambda item: (-item[1], item[0]))
    why = (
        f"{plural(len(conflicts), 'text')} under different labels in {amount(len(rows), len(labels))}, {times:,} of "
        f"them under {named(commonest)}; at least {amount(lost, len(labels))} can't be classified right by anything"
    )
    severity: Severity = "warning" if len(rows) >= CONFLICTS * len(labels) else "note"
    fix = "decide on one label for each of these texts; where labels mean nearly the same, merge them (data.labels)"
    return subject.finding(
        "conflicting_labels",
        severity,
        rows,
        why,
        fix,
        shown=[row for same in conflicts for row in _different(same, labels)],
        details=lambda row: f"elsewhere {named({labels[other] for other in rows[row]} - {labels[row]})}",
    )


def split_overlap(subject: Subject) -> Finding | None:
    """Texts or groups in more than one part of the data's own split; a model can know their labels by heart."""
    corpus, parts = subject.corpus, subject.corpus.parts
    if parts is None:
        return None
    groups = [group or ("", row) for row, group in enumerate(corpus.groups or ("",) * len(corpus))]
    equal, near, shared = (_across(alike(keys), parts) for keys in (subject.comparable, families(corpus.texts), groups))
    same = _partners((*shared, *equal), parts)
    partners = {**_partners(near, parts), **same}
    if not partners:
        return None
    sizes, affected, of_same = (Counter(parts[row] for row in rows) for rows in (range(len(parts)), partners, same))
    judged = [part for part in sizes if part != "train"]
    severe = any(
        of_same[part] >= OVERLAP * sizes[part] or affected[part] >= NEAR_OVERLAP * sizes[part] for part in judged
    )
    kinds = ((equal, "equal texts"), (near, "equal or nearly equal ones"), (shared, "groups"))
    why = (
        f"{amount(len(partners), len(corpus))} are in another part, too "
        f"({', '.join(f'{sum(map(len, rows)):,} by {kind}' for rows, kind in kinds if rows)}): "
        f"{_of_parts(affected, sizes)}. What a model has seen in training it can recite, so its accuracy on these rows "
        "says nothing about new texts"
    )
    return subject.finding(
        "split_overlap",
        "warning" if severe else "note",
        partners,
        why,
        "leave these rows in one part only, or have the split drawn: that keeps them together",
        shown=list(dict.fromkeys(row for rows in (*equal, *shared, *near) for row in _different(rows, parts))),
        details=lambda row: f"{_named_part(parts[row])}; also in {corpus.place(partners[row])}",
    )


def _of_parts(affected: Counter[str], sizes: Counter[str]) -> str:
    return ", ".join(
        f"{amount(affected[part], sizes[part])} of {_named_part(part)}" for part in (*PARTS, "") if affected[part]
    )


def _named_part(part: str) -> str:
    return part or "what is still to be split"


def _kept(corpus: Corpus, kind: str) -> str:
    """What is to be done about repeats."""
    if corpus.parts is None:
        return (
            f"nothing has to be done: {kind} texts stay on one side of the split; remove copies if they are accidental"
        )
    return "remove copies if they are accidental"


def _different(rows: Iterable[int], values: Sequence[str]) -> list[int]:
    """The first of these rows, and the first that has another value."""
    first, *others = rows
    return [first, *[row for row in others if values[row] != values[first]][:1]]


def _across(several: Iterable[Sequence[int]], parts: Sequence[str]) -> list[Sequence[int]]:
    """Those that are not all in one part."""
    return [rows for rows in several if len({parts[row] for row in rows}) > 1]


def _partners(several: Iterable[Sequence[int]], parts: Sequence[str]) -> dict[int, int]:
    """For each of these rows one of the same that is in another part."""
    partners = {}
    for rows in several:
        first = {part: row for row in reversed(rows) for part in (parts[row],)}
        for row in rows:
            partners[row] = next(other for part, other in first.items() if part != parts[row])
    return partners


CHECKS: tuple[Check, ...] = (
    exact_duplicates,
    near_duplicates,
    conflicting_labels,
    split_overlap,
)
