"""From rows as a source gives them to rows that can be split: complete, their labels written in one way.

Nothing happens in silence: every step that changes or drops rows leaves a note with their number and the first one. A
step is a function of a corpus; they come in this order: missing texts, missing labels, trimming, case, the labels'
map, labels that are dropped, labels with too few rows.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from textclf_sweep.data.corpus import Corpus
from textclf_sweep.data.corpus import blank as is_blank
from textclf_sweep.definition.types import DataSettings
from textclf_sweep.errors import DataError, Problem

NAMED = 5
"""Labels, or rows, that a note names before it says how many more there are."""


def prepare(corpus: Corpus, settings: DataSettings) -> Corpus:
    """`corpus` with complete rows and uniform labels, as `settings` ask, and a note on each change.

    Raises:
        DataError: texts are missing and that is to be an error, or no row is left of those that have a label.
    """
    corpus = _with_texts(corpus, settings)
    corpus = _labelled(corpus)
    if settings.trim_labels:
        corpus = _relabelled(corpus, str.strip, "trim_labels")
    if settings.label_case != "keep":
        case = str.lower if settings.label_case == "lower" else str.upper
        corpus = _relabelled(corpus, case, f"label_case: {settings.label_case}")
    if settings.labels:
        corpus = _mapped(corpus, dict(settings.labels))
    if settings.drop_labels:
        corpus = _without_labels(corpus, settings.drop_labels)
    return _frequent(corpus, settings.min_per_label) if settings.min_per_label > 1 else corpus


def _with_texts(corpus: Corpus, settings: DataSettings) -> Corpus:
    """Do with blank texts what ``missing`` says."""
    missing, spare = settings.missing, corpus.spare
    corpus = dataclasses.replace(corpus, spare=None)
    blank = _blank(corpus.texts)
    if not blank:
        return corpus
    if missing.action == "error":
        raise DataError(_incomplete(corpus, blank))
    if missing.action == "empty":
        return _noted(corpus, f"{_rows(len(blank))} without a text {_is(len(blank))} kept {_first(corpus, blank)}")
    if missing.action == "fill":
        filled = _replaced(corpus, dict.fromkeys(blank, missing.value))
        note = f"{_texts(len(blank))} filled in with {missing.value[:40]!r} {_first(corpus, blank)}"
        return _noted(filled, note)
    if missing.action == "from" and spare is not None:
        found = {row: spare[row] for row in blank if not is_blank(spare[row])}
        if found:
            note = f"{_texts(len(found))} taken from {missing.value!r} {_first(corpus, list(found))}"
            corpus = _noted(_replaced(corpus, found), note)
            blank = [row for row in blank if row not in found]
    return _dropped(corpus, blank, "without a text")


def _labelled(corpus: Corpus) -> Corpus:
    return _dropped(corpus, _blank(corpus.labels), "without a label")


def _mapped(corpus: Corpus, meant: Mapping[str, str]) -> Corpus:
    """Labels replaced; those that become blank go with their rows."""
    known = set(corpus.labels)
    corpus = _noted(corpus, *_unknown("labels", meant, known))
    return _labelled(_relabelled(corpus, lambda label: meant.get(label, label), "labels"))


def _without_labels(corpus: Corpus, labels: Sequence[str]) -> Corpus:
    unwanted = set(labels)
    corpus = _noted(corpus, *_unknown("drop_labels", dict.fromkeys(labels), set(corpus.labels)))
    rows = [row for row, label in enumerate(corpus.labels) if label in unwanted]
    _check_left(corpus, rows, "drop_labels")
    return _dropped(corpus, rows, f"with the {_labels({corpus.labels[row] for row in rows})} (drop_labels)")


def _frequent(corpus: Corpus, least: int) -> Corpus:
    counts = Counter(corpus.labels)
    rare = {label for label, count in counts.items() if count < least}
    rows = [row for row, label in enumerate(corpus.labels) if label in rare]
    _check_left(corpus, rows, "min_per_label")
    return _dropped(corpus, rows, f"of {_labels(rare)} with fewer than {least:,} rows (min_per_label)")


def _relabelled(corpus: Corpus, change: Callable[[str], str], key: str) -> Corpus:
    """`corpus` with each label changed, and a note on how many rows and labels that concerns."""
    before = dict.fromkeys(corpus.labels)
    after = {label: change(label) for label in before}
    rows = [row for row, label in enumerate(corpus.labels) if after[label] != label]
    if not rows:
        return corpus
    labels = tuple([after[label] for label in corpus.labels])
    changed = [f"{label!r} to {after[label]!r}" for label in before if after[label] != label]
    shown = ", ".join(changed[:NAMED]) + (f" and {len(changed) - NAMED:,} more" if len(changed) > NAMED else "")
    left = len(set(after.values()))
    total = f"{len(before):,} labels are {left:,} now" if left < len(before) else f"still {len(before):,} labels"
    note = f"{key} changed {shown} in {_rows(len(rows))}; {total}"
    return _noted(dataclasses.replace(corpus, labels=labels), note)


def _replaced(corpus: Corpus, texts: Mapping[int, str]) -> Corpus:
    return dataclasses.replace(corpus, texts=tuple(texts.get(row, text) for row, text in enumerate(corpus.texts)))


def _dropped(corpus: Corpus, rows: Sequence[int], which: str) -> Corpus:
    """`corpus` without `rows` (indices from 0), and a note on them."""
    if not rows:
        return corpus
    gone = set(rows)
    note = f"{_rows(len(rows))} {which} {_is(len(rows))} dropped {_first(corpus, rows)}"
    return corpus.select((row for row in range(len(corpus)) if row not in gone), note)


def _noted(corpus: Corpus, *notes: str) -> Corpus:
    return dataclasses.replace(corpus, notes=(*corpus.notes, *notes)) if notes else corpus


def _check_left(corpus: Corpus, gone: Sequence[int], key: str) -> None:
    if gone and len(gone) == len(corpus):
        what = f"`{key}` leaves no row of {len(corpus):,}: its {_labels(set(corpus.labels))} all go"
        raise DataError(Problem(what, "at least two labels", "ask for less", where=corpus.name, key=f"data.{key}"))


def _incomplete(corpus: Corpus, blank: Sequence[int]) -> Problem:
    places = [str(corpus.lines[row]) if corpus.files is None else corpus.place(row) for row in blank[:NAMED]]
    more = f" and {len(blank) - NAMED:,} more" if len(blank) > NAMED else ""
    word = "line" if len(blank) == 1 else "lines"
    what = f"{_rows(len(blank))} {'has' if len(blank) == 1 else 'have'} no text: {word} {', '.join(places)}{more}"
    fix = "complete the data, or write `missing: drop`, `missing: empty`, {fill: TEXT} or {from: COLUMN}"
    return Problem(what, "a text in every row (missing: error)", fix, corpus.place(blank[0]), "data.missing")


def _unknown(key: str, asked: Iterable[str], known: set[str]) -> list[str]:
    """A note when labels that a key names do not occur, with the nearest ones."""
    absent = [label for label in asked if label not in known]
    if not absent:
        return []
    by_name = {label.strip().lower(): label for label in sorted(known)}
    near = difflib.get_close_matches(absent[0].strip().lower(), by_name, 1, cutoff=0.6)
    hint = f" (did you mean {by_name[near[0]]!r}?)" if near else ""
    return [f"{key} names {_labels(absent)} that {'does' if len(absent) == 1 else 'do'} not occur{hint}"]


def _labels(labels: Iterable[str]) -> str:
    """``label 'a'``, or ``labels 'a', 'b' and 3 more``."""
    names = sorted(labels)
    shown = ", ".join(repr(name if len(name) <= 40 else f"{name[:40]}...") for name in names[:NAMED])
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return f"{'label' if len(names) == 1 else 'labels'} {shown}{more}"


def _blank(values: Sequence[str]) -> list[int]:
    return [row for row, value in enumerate(values) if is_blank(value)]


def _first(corpus: Corpus, rows: Sequence[int]) -> str:
    place = f"line {corpus.lines[rows[0]]}" if corpus.files is None else corpus.place(rows[0])
    return f"(first: {place})"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _is(count: int) -> str:
    return "was" if count == 1 else "were"


def _texts(count: int) -> str:
    return "1 missing text was" if count == 1 else f"{count:,} missing texts were"
