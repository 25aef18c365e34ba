"""Checks of the label column."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from textclf_sweep.data.audit._subject import NAMED, Check, Subject, named, plural, quoted
from textclf_sweep.data.corpus import PARTS
from textclf_sweep.data.findings import Finding, Severity

ROWS_PER_LABEL = len(PARTS)
"""Distinct texts (or groups) a label needs, so that every part can hold one."""
MISREAD_ROWS = 10
"""Rows from which on their labels tell whether the column is the right one."""
FEW_ROWS, FEW_ROWS_PER_LABEL = 500, 50
"""Below either, differences between trials are mostly chance."""
IMBALANCE = 5.0
"""How many times as frequent as the rarest label the commonest one may be."""
DOMINANT = 0.5
"""The share of the commonest label above which accuracy is mostly its own."""


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
    if len(labels) == 1 or 3 * len(labels) <= len(corpus) or len(corpus) < MISREAD_ROWS:
        return None  # the first is said by single_label, the last by few_rows
    why = (
        f"the label column has {len(labels):,} different values in {len(corpus):,} rows ({named(labels)}), "
        "more than a third: it does not look like a column of labels"
    )
    fix = "name the right column: data.label"
    return subject.finding("label_column_misread", "fatal", range(len(corpus)), why, fix)


def few_rows(subject: Subject) -> Finding | None:
    """So few rows that results are mostly chance."""
    rows, labels, wanted = len(subject.corpus), len(subject.merged), _wanted(subject)
    if rows >= wanted:
        return None
    what, folds = f"{plural(rows, 'row')} for {plural(labels, 'label')}", subject.assumptions.folds
    if folds is not None:
        why = f"{what}: so that less is left to chance, every trial is trained {folds} times, on other rows each time"
        fix = f"nothing is left to do: `folds: {folds}` sees to it; still trust only large differences"
        return subject.finding("few_rows", "note", range(rows), why, fix, shown=())
    why = f"{what}: the validation part is so small that differences of a few points between trials are mostly chance"
    fix = f"label more texts if you can ({wanted:,} or more), trust only large differences, or use folds"
    return subject.finding("few_rows", "warning", range(rows), why, fix, "data:\n  folds: 5", shown=())


def rare_label(subject: Subject) -> Finding | None:
    """A label that cannot be in every part, or that the source's own training part does not have.

    The former is a note where rows are few for all labels: that is the warning (`few_rows`).
    """
    corpus = subject.corpus
    if 3 * len(subject.counts) > len(corpus):
        return None  # said by label_column_misread
    rare = _untrained(subject) if corpus.parts is not None else _few(subject)
    if not rare:
        return None
    severity: Severity = "warning" if corpus.parts is not None or len(corpus) >= _wanted(subject) else "note"
    if corpus.parts is not None:
        why = f"{plural(len(rare), 'label')} not in the training part: {named(rare)}; no model can learn to answer it"
        fix = "add training rows of these labels, or leave their rows out"
    else:
        kind = "texts or groups" if corpus.groups else "texts"
        why = (
            f"{plural(len(rare), 'label')} with fewer than {ROWS_PER_LABEL} distinct {kind}, too few to train, "
            f"validate and test on: {named(rare)}; hardly learned, each weighs on macro F1 like any other"
        )
        fix = "add rows of these labels, merge them into others (data.labels), or leave their rows out"
    rows = [row for row, label in enumerate(corpus.labels) if label in rare]
    return subject.finding("rare_label", severity, rows, why, fix, _leave_out(subject, rare))


def imbalance(subject: Subject) -> Finding | None:
    """The commonest label is far more frequent than the rarest; grave when always answering it is mostly right."""
    corpus, meant, counts = subject.corpus, subject.meant, subject.merged
    (commonest, most), *_, (rarest, least) = counts.most_common() * 2
    if most <= IMBALANCE * least:
        return None
    share = most / len(corpus)
    why = (
        f"label {named([commonest])} has {plural(most, 'row')}, {named([rarest])} only {least:,}: always answering the "
        f"former already scores {share:.1%} accuracy, and accuracy hardly shows whether the rare labels are learned"
    )
    rows = [row for row, label in enumerate(corpus.labels) if most > IMBALANCE * counts[meant[label]]]
    shown = sorted(rows, key=lambda row: (counts[meant[corpus.labels[row]]], row))
    fix = "judge by macro F1, in which each label counts the same, or add rows of the rare labels"
    severity: Severity = "warning" if share > DOMINANT else "note"
    patch = "metric:\n  name: val_macro_f1\n  goal: maximize"
    return subject.finding("imbalance", severity, rows, why, fix, patch, shown=shown)


CHECKS: tuple[Check, ...] = (
    single_label,
    label_column_misread,
    few_rows,
    rare_label,
    imbalance,
)


def _wanted(subject: Subject) -> int:
    """Rows from which on results are more than chance."""
    return max(FEW_ROWS, FEW_ROWS_PER_LABEL * len(subject.merged))


def _untrained(subject: Subject) -> set[str]:
    """Labels that no row has that is, or may come to be, in the training part."""
    corpus = subject.corpus
    parts = corpus.parts or ("",) * len(corpus)
    trained = {subject.meant[label] for label, part in zip(corpus.labels, parts, strict=True) if part in ("train", "")}
    return {label for label, meant in subject.meant.items() if meant not in trained}


def _few(subject: Subject) -> set[str]:
    """Labels with fewer distinct texts or groups than there are parts."""
    corpus = subject.corpus
    units: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    groups = corpus.groups or ("",) * len(corpus)
    for text, label, group in zip(subject.comparable, corpus.labels, groups, strict=True):
        held = units[subject.meant[label]]
        if len(held) < ROWS_PER_LABEL:
            held.add(("group", group) if group else ("text", text))
    return {label for label, meant in subject.meant.items() if len(units[meant]) < ROWS_PER_LABEL}


def _leave_out(subject: Subject, labels: Collection[str]) -> str:
    """The lines that leave out the rows of these labels: by name, or by their number when that does it for many."""
    if len(labels) > NAMED and max(subject.counts[label] for label in labels) < ROWS_PER_LABEL:
        return f"data:\n  min_per_label: {ROWS_PER_LABEL}"
    return f"data:\n  drop_labels: [{', '.join(map(quoted, sorted(labels)))}]"
