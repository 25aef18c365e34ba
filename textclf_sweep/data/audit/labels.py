"""Checks of the label column."""

from __future__ import annotations

from collections import Counter, defaultdict

from textclf_sweep.data.audit._subject import Check, Subject, named, plural
from textclf_sweep.data.corpus import PARTS, comparable
from textclf_sweep.data.findings import Finding

ROWS_PER_LABEL = len(PARTS)
"""Distinct texts (or groups) a label needs, so that every part can hold one."""
FEW_ROWS, FEW_ROWS_PER_LABEL = 500, 50
"""Below either, differences between trials are mostly chance."""
IMBALANCE = 5.0
"""How many times as frequent as the rarest label the commonest one may be."""


def single_label(subject: Subject) -> Finding | None:
    """Fatal: there is nothing to tell apart."""
    corpus = subject.corpus
    labels = set(corpus.labels)
    if len(labels) > 1:
        return None
    why = f"every row has the same label, {labels.pop()!r}; a classifier needs at least two"
    fix = "check that the label column is the right one (data.label) and that no rows of other labels were filtered out"
    return subject.finding("single_label", "fatal", range(len(corpus)), why, fix)


def label_column_misread(subject: Subject) -> Finding | None:
    """Fatal: more labels than a third of the rows; the column holds identifiers, texts or numbers, not labels."""
    corpus = subject.corpus
    labels = set(corpus.labels)
    if 3 * len(labels) <= len(corpus):
        return None
    why = (
        f"the label column has {len(labels):,} different values in {len(corpus):,} rows ({named(labels)}), "
        "more than a third: it does not look like a column of labels"
    )
    fix = "name the right column: data.label"
    return subject.finding("label_column_misread", "fatal", range(len(corpus)), why, fix)


def few_rows(subject: Subject) -> Finding | None:
    """So few rows that results are mostly chance."""
    rows, labels = len(subject.corpus), len(subject.counts)
    wanted = max(FEW_ROWS, FEW_ROWS_PER_LABEL * labels)
    if rows >= wanted:
        return None
    why = (
        f"{plural(rows, 'row')} for {plural(labels, 'label')}: the validation part is so small that differences of a "
        "few points between trials are mostly chance"
    )
    fix = f"label more texts if you can ({wanted:,} or more), trust only large differences, or use folds"
    return subject.finding("few_rows", "warning", range(rows), why, fix, "data:\n  folds: 5")


def rare_label(subject: Subject) -> Finding | None:
    """A label that cannot be in every part, or that the source's own training part does not have."""
    corpus = subject.corpus
    if 3 * len(subject.counts) > len(corpus):
        return None  # said by label_column_misread
    units: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    groups = corpus.groups or ("",) * len(corpus)
    parts = corpus.parts or ("",) * len(corpus)
    for text, label, group, part in zip(corpus.texts, corpus.labels, groups, parts, strict=True):
        held = units[label]
        if corpus.parts is not None:
            held.add(("part", part))
        elif len(held) < ROWS_PER_LABEL:
            held.add(("group", group) if group else ("text", comparable(text)))
    if corpus.parts is not None:
        rare = {label for label, held in units.items() if ("part", "train") not in held}
        why = f"{plural(len(rare), 'label')} not in the training part: {named(rare)}"
        fix = "add training rows of these labels, or remove their rows"
    else:
        rare = {label for label, held in units.items() if len(held) < ROWS_PER_LABEL}
        kind = "texts or groups" if corpus.groups else "texts"
        why = (
            f"{plural(len(rare), 'label')} with fewer than {ROWS_PER_LABEL} distinct {kind}, too few to train, "
            f"validate and test on: {named(rare)}"
        )
        fix = "add rows of these labels, merge them into others, or remove their rows"
    rows = [row for row, label in enumerate(corpus.labels) if label in rare]
    return subject.finding("rare_label", "warning", rows, why, fix) if rows else None


def label_variants(subject: Subject) -> Finding | None:
    """Labels that differ only in case or outer white space, e.g. ``Pos`` and ``pos``."""
    corpus = subject.corpus
    variants: defaultdict[str, set[str]] = defaultdict(set)
    for label in set(corpus.labels):
        variants[comparable(label)].add(label)
    several = {label for same in variants.values() if len(same) > 1 for label in same}
    if not several:
        return None
    rows = [row for row, label in enumerate(corpus.labels) if label in several]
    why = f"labels that differ only in case or white space count as different ones: {named(several)}"
    return subject.finding("label_variants", "warning", rows, why, "write each label in one way")


def imbalance(subject: Subject) -> Finding | None:
    """The commonest label is far more frequent than the rarest."""
    corpus = subject.corpus
    counts = Counter(corpus.labels)
    (commonest, most), *_, (rarest, least) = counts.most_common() * 2
    if most <= IMBALANCE * least:
        return None
    why = (
        f"label {commonest!r} has {plural(most, 'row')}, {rarest!r} only {least:,}: always answering {commonest!r} "
        f"already scores {most / len(corpus):.1%} accuracy"
    )
    rows = [row for row, label in enumerate(corpus.labels) if label == rarest]
    fix = "judge by macro F1 (metric: val_macro_f1), or add rows of the rare labels"
    return subject.finding("imbalance", "warning", rows, why, fix)


CHECKS: tuple[Check, ...] = (
    single_label,
    label_column_misread,
    few_rows,
    rare_label,
    label_variants,
    imbalance,
)
