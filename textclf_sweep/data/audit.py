"""What is wrong with a corpus, as findings: pure functions, none of which changes a row.

`missing` looks at the rows as read; everything in `CHECKS` looks at the complete rows that are left. A check takes a
corpus and returns a `Finding` or None; a new one is a function and its entry in `CHECKS`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

from textclf_sweep.data.corpus import PARTS, Corpus, comparable
from textclf_sweep.data.findings import Finding, Row, Severity

EXAMPLES = 5
"""Rows shown of a finding."""
ROWS_PER_LABEL = len(PARTS)
"""Distinct texts (or groups) a label needs, so that every part can hold one."""
MISSING_FATAL = 0.5
"""The share of missing texts or labels above which a column must be the wrong one."""
MISSING_WARNING = 0.05
"""The share of missing texts or labels above which what is left may not be representative."""
FEW_ROWS, FEW_ROWS_PER_LABEL = 500, 50
"""Below either, differences between trials are mostly chance."""
MANY_LABELS = 10
"""From more labels on, fewer than `ROWS_PER_LABEL` rows for each mean a misread column rather than too few rows."""
IMBALANCE = 5.0
"""How many times as frequent as the rarest label the commonest one may be."""
NAMED = 5
"""Labels named in a sentence before it says how many more there are."""

Check = Callable[[Corpus], Finding | None]


def findings(corpus: Corpus) -> tuple[Finding, ...]:
    """The findings of every check on `corpus`, whose texts and labels are complete; none when it has no rows."""
    if not len(corpus):
        return ()
    found = (check(corpus) for check in CHECKS)
    return tuple(finding for finding in found if finding is not None)


def missing(corpus: Corpus) -> tuple[Finding, ...]:
    """``missing_text`` and ``missing_label`` of a corpus as read: rows where the column is blank."""
    found = (
        _missing(corpus, "missing_text", "text", corpus.texts),
        _missing(corpus, "missing_label", "label", corpus.labels),
    )
    return tuple(finding for finding in found if finding is not None)


def single_label(corpus: Corpus) -> Finding | None:
    """Fatal: there is nothing to tell apart."""
    labels = set(corpus.labels)
    if len(labels) > 1:
        return None
    why = f"every row has the same label, {labels.pop()!r}; a classifier needs at least two"
    fix = "check that the label column is the right one (data.label) and that no rows of other labels were filtered out"
    return Finding("single_label", "fatal", *_about(corpus, range(len(corpus))), why, fix)


def label_column_misread(corpus: Corpus) -> Finding | None:
    """Fatal: more labels than a third of the rows; the column holds identifiers, texts or numbers, not labels."""
    labels = set(corpus.labels)
    if 3 * len(labels) <= len(corpus):
        return None
    why = (
        f"the label column has {len(labels):,} different values in {len(corpus):,} rows ({_named(labels)}), "
        "more than a third: it does not look like a column of labels"
    )
    fix = "name the right column: data.label"
    return Finding("label_column_misread", "fatal", *_about(corpus, range(len(corpus))), why, fix)


def few_rows(corpus: Corpus) -> Finding | None:
    """Fatal when not even `ROWS_PER_LABEL` rows a label are there; a warning when results would be mostly chance."""
    rows, labels = len(corpus), len(set(corpus.labels))
    needed = ROWS_PER_LABEL * max(labels, 2)
    if rows < needed:
        # With many labels for so few rows the column is the wrong one, and more rows would not help.
        if labels > MANY_LABELS:
            return None
        why = f"{_rows(rows)} for {_labels(labels)}; at least {needed} are needed, {ROWS_PER_LABEL} for each label"
        return Finding("few_rows", "fatal", *_about(corpus, range(rows)), why, "add rows")
    wanted = max(FEW_ROWS, FEW_ROWS_PER_LABEL * labels)
    if rows >= wanted:
        return None
    why = (
        f"{_rows(rows)} for {_labels(labels)}: the validation part is so small that differences of a few points "
        "between trials are mostly chance"
    )
    fix = f"label more texts if you can ({wanted:,} or more), use folds (data.folds: 5), trust only large differences"
    return Finding("few_rows", "warning", *_about(corpus, range(rows)), why, fix)


def rare_label(corpus: Corpus) -> Finding | None:
    """Fatal: a label that cannot be in every part, or that the source's own training part does not have."""
    if 3 * len(set(corpus.labels)) > len(corpus):
        return None  # said by few_rows or label_column_misread
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
        why = f"{_labels(len(rare))} not in the training part: {_named(rare)}"
        fix = "add training rows of these labels, or remove their rows"
    else:
        rare = {label for label, held in units.items() if len(held) < ROWS_PER_LABEL}
        kind = "texts or groups" if corpus.groups else "texts"
        why = (
            f"{_labels(len(rare))} with fewer than {ROWS_PER_LABEL} distinct {kind}, too few to train, validate and "
            f"test on: {_named(rare)}"
        )
        fix = "add rows of these labels, merge them into others, or remove their rows"
    rows = [row for row, label in enumerate(corpus.labels) if label in rare]
    return Finding("rare_label", "fatal", *_about(corpus, rows), why, fix) if rows else None


def empty_part(corpus: Corpus) -> Finding | None:
    """Fatal: the source's own split leaves a part empty."""
    empty = [] if corpus.parts is None else [part for part in PARTS if part not in corpus.parts]
    if not empty:
        return None
    why = f"the source's own split has no rows for {' and '.join(empty)}"
    return Finding("empty_part", "fatal", *_about(corpus, ()), why, "add the missing part to the source")


def label_variants(corpus: Corpus) -> Finding | None:
    """Labels that differ only in case or outer white space, e.g. ``Pos`` and ``pos``."""
    variants: defaultdict[str, set[str]] = defaultdict(set)
    for label in set(corpus.labels):
        variants[comparable(label)].add(label)
    several = {label for same in variants.values() if len(same) > 1 for label in same}
    if not several:
        return None
    rows = [row for row, label in enumerate(corpus.labels) if label in several]
    why = f"labels that differ only in case or white space count as different ones: {_named(several)}"
    return Finding("label_variants", "warning", *_about(corpus, rows), why, "write each label in one way")


def imbalance(corpus: Corpus) -> Finding | None:
    """The commonest label is far more frequent than the rarest."""
    counts = Counter(corpus.labels)
    (commonest, most), *_, (rarest, least) = counts.most_common() * 2
    if most <= IMBALANCE * least:
        return None
    why = (
        f"label {commonest!r} has {_rows(most)}, {rarest!r} only {least:,}: always answering {commonest!r} already "
        f"scores {most / len(corpus):.1%} accuracy"
    )
    rows = [row for row, label in enumerate(corpus.labels) if label == rarest]
    fix = "judge by macro F1 (metric: val_macro_f1), or add rows of the rare labels"
    return Finding("imbalance", "warning", *_about(corpus, rows), why, fix)


def exact_duplicates(corpus: Corpus) -> Finding | None:
    """Equal texts with equal labels; a split keeps them on one side."""
    alike = _by_key(corpus, lambda row: (comparable(corpus.texts[row]), corpus.labels[row]))
    rows = [row for same in alike for row in same]
    if not rows:
        return None
    why = f"{_rows(len(rows))} share their text and label with another row; they weigh more than other rows"
    fix = "nothing has to be done: equal texts stay on one side of the split; remove copies if they are accidental"
    return Finding("exact_duplicates", "note", *_about(corpus, rows), why, fix)


def conflicting_labels(corpus: Corpus) -> Finding | None:
    """Equal texts under different labels; no classifier can get them all right."""
    alike = _by_key(corpus, lambda row: comparable(corpus.texts[row]))
    conflicts = [same for same in alike if len({corpus.labels[row] for row in same}) > 1]
    rows = [row for same in conflicts for row in same]
    if not rows:
        return None
    lost = sum(len(same) - max(Counter(corpus.labels[row] for row in same).values()) for same in conflicts)
    why = (
        f"{len(conflicts):,} text{'s' * (len(conflicts) > 1)} under different labels ({_rows(len(rows))}); at least "
        f"{_rows(lost)} ({lost / len(corpus):.1%}) can't be classified right by anything"
    )
    return Finding(
        "conflicting_labels", "warning", *_about(corpus, rows), why, "decide on one label for each of these texts"
    )


def split_overlap(corpus: Corpus) -> Finding | None:
    """Texts in more than one part of the source's own split; a model can know their labels by heart."""
    parts = corpus.parts
    if parts is None:
        return None
    alike = _by_key(corpus, lambda row: comparable(corpus.texts[row]))
    rows = [row for same in alike if len({parts[row] for row in same}) > 1 for row in same]
    if not rows:
        return None
    why = f"{_rows(len(rows))} have their text in more than one of train, validation and test: scores are too good"
    return Finding("split_overlap", "warning", *_about(corpus, rows), why, "remove these texts from all parts but one")


CHECKS: tuple[Check, ...] = (
    single_label,
    label_column_misread,
    few_rows,
    rare_label,
    empty_part,
    label_variants,
    imbalance,
    exact_duplicates,
    conflicting_labels,
    split_overlap,
)
"""Every check of complete rows, the fatal ones first."""


def _missing(corpus: Corpus, name: str, column: str, values: Iterable[str]) -> Finding | None:
    rows = [row for row, value in enumerate(values) if not value.strip()]
    if not rows:
        return None
    share = len(rows) / len(corpus)
    severity: Severity = "fatal" if share > MISSING_FATAL else "warning" if share > MISSING_WARNING else "note"
    why = (
        f"{_rows(len(rows))} of {len(corpus):,} ({share:.1%}) without a {column}, first in line {corpus.lines[rows[0]]}"
    )
    if severity == "fatal":
        fix = f"more than half is missing: name the right column (data.{column}) or complete the data"
    else:
        fix = f"these rows are dropped; fill in the {column} where you know it"
    return Finding(name, severity, *_about(corpus, rows), why, fix)


def _about(corpus: Corpus, rows: Iterable[int]) -> tuple[int, float, int, tuple[Row, ...]]:
    """Count, share, distinct texts and examples of a finding about these rows."""
    affected = sorted(rows)
    texts = {comparable(corpus.texts[row]) for row in affected}
    examples = tuple(Row(corpus.lines[row], corpus.texts[row], corpus.labels[row]) for row in affected[:EXAMPLES])
    return len(affected), len(affected) / len(corpus), len(texts), examples


def _by_key(corpus: Corpus, key: Callable[[int], object]) -> list[list[int]]:
    """The rows that share their key with another row, together."""
    rows: defaultdict[object, list[int]] = defaultdict(list)
    for row in range(len(corpus)):
        rows[key(row)].append(row)
    return [same for same in rows.values() if len(same) > 1]


def _named(labels: Iterable[str]) -> str:
    names = sorted(labels)
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(repr(name if len(name) <= 40 else f"{name[:40]}...") for name in names[:NAMED]) + more


def _rows(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def _labels(count: int) -> str:
    return f"{count:,} label" if count == 1 else f"{count:,} labels"
