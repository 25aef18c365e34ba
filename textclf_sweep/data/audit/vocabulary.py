"""Checks of the texts' words: those that training will not have met, and texts that cleaning leaves without any."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from math import log2

from textclf_sweep.data import cleaning
from textclf_sweep.data.audit._subject import Assumptions, Check, Subject, amount
from textclf_sweep.data.corpus import blank
from textclf_sweep.data.features.tokens import RESERVED
from textclf_sweep.data.findings import Finding, Severity

FOLDS = 5
"""Each fifth of the rows is looked at with the vocabulary of the rest, as a validation part would be."""
ENOUGH_ROWS = 200
"""Below, a vocabulary says nothing of the one that more rows would give."""
UNKNOWN_NOTE, UNKNOWN_WARNING = 0.25, 0.35
"""The shares of unknown tokens from which on it is said, and from which on it is grave. Of clean data, short headlines
have the most: 0.05 with 32,000 rows, 0.19 with 4,000, 0.27 with 2,000."""
MANY_ROWS, HALVED = 2_000, 0.1
"""Of fewer rows, the warning takes so much more with every halving: words are rarer there. Headlines have 0.41 with 800
rows, 0.54 with 300."""
STRANGE, STRANGE_SHARE = 0.5, 0.08
"""The share of unknown tokens in a text that makes it strange, and the share of such texts from which on it is said."""


def out_of_vocabulary(subject: Subject) -> Finding | None:
    """Tokens of held-out rows that the other rows don't have: to the model they are all the same unknown token."""
    if len(subject.corpus) < ENOUGH_ROWS:
        return None
    unknown: dict[int, list[str]] = {}
    tokens, rows = 0, 0
    for row, words, known in _held_out(subject):
        rows += 1
        tokens += len(words)
        if strange := [word for word in words if word not in known]:
            unknown[row] = strange
    share = sum(map(len, unknown.values())) / max(1, tokens)
    most = subject.assumptions.max_length
    lengths = {row: min(most, len(words)) for row, words in zip(subject.sample, subject.tokens, strict=True)}
    affected = sorted(row for row, strange in unknown.items() if len(strange) > STRANGE * lengths[row])
    if share < UNKNOWN_NOTE and len(affected) < STRANGE_SHARE * rows:
        return None
    grave = UNKNOWN_WARNING + HALVED * max(0.0, log2(MANY_ROWS / len(subject.sample)))
    severity: Severity = "warning" if share > grave else "note"
    why = (
        f"{share:.1%} of the tokens of held-out rows{subject.sampled} have no id of their own, and {len(affected):,} "
        f"of {rows:,} texts are unknown for more than half: a model sees one and the same unknown token in their place"
    )
    fix, patch = _remedy(subject, unknown)
    shown = sorted(affected, key=lambda row: (-len(unknown[row]) / lengths[row], -lengths[row], row))
    return subject.finding(
        "out_of_vocabulary", severity, affected, why, fix, patch, shown=shown, looked=len(subject.sample),
        details=lambda row: f"unknown: {' '.join(unknown[row][:8])}",
    )  # fmt: skip


def empty_after_cleaning(subject: Subject) -> Finding | None:
    """Texts of which the cleaning that every trial does leaves no token."""
    texts = subject.corpus.texts
    rows = [
        row for row, tokens in zip(subject.sample, subject.tokens, strict=True) if not tokens and not blank(texts[row])
    ]
    if not rows:
        return None
    presets = {item.name: item.preset for item in cleaning.PARAMETERS}
    steps = [name for name, value in subject.assumptions.cleaning.items() if value != presets.get(name)]
    why = (
        f"{amount(len(rows), len(subject.sample))}{subject.sampled} without a single token after cleaning "
        f"({', '.join(sorted(steps))}): these texts look all the same to a model"
    )
    severity: Severity = "warning" if len(rows) > STRANGE_SHARE * len(subject.sample) else "note"
    fix = "clean less, or remove these rows"
    return subject.finding("empty_after_cleaning", severity, rows, why, fix, looked=len(subject.sample))


CHECKS: tuple[Check, ...] = (out_of_vocabulary, empty_after_cleaning)


def _held_out(subject: Subject) -> Iterator[tuple[int, tuple[str, ...], set[str]]]:
    """Held-out rows of the sample with their tokens and the tokens known in their place.

    Rows of the data's own validation and test parts are held out; without such, every row is, a fold at a time, rows
    of one group or text together. Of each text there are the first tokens, `max_length` of them, as a model reads them.
    """
    parts, assumed = subject.corpus.parts, subject.assumptions
    folds: dict[int, list[int]] = {}
    if parts is not None and any(parts[row] in ("validation", "test") for row in subject.sample):
        for at, row in enumerate(subject.sample):
            folds.setdefault(int(parts[row] in ("validation", "test")), []).append(at)
        asked = [1]
    else:
        for at, fold in enumerate(_folds(subject)):
            folds.setdefault(fold, []).append(at)
        asked = sorted(folds)
    counts = {fold: Counter(chain.from_iterable(subject.tokens[at] for at in rows)) for fold, rows in folds.items()}
    for fold in asked:
        known = _known((counts[other] for other in counts if other != fold), assumed)
        for at in folds[fold]:
            yield subject.sample[at], subject.tokens[at][: assumed.max_length], known


def _folds(subject: Subject) -> list[int]:
    groups = subject.corpus.groups
    keys = (
        subject.comparable[row] if groups is None else groups[row] or subject.comparable[row] for row in subject.sample
    )
    return [zlib.crc32(key.encode("utf-8", "surrogatepass"), subject.assumptions.seed) % FOLDS for key in keys]


def _known(counts: Iterable[Counter[str]], assumed: Assumptions) -> set[str]:
    """The tokens that get an id, as `features.tokens.learn` chooses them."""
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    frequent = [(-count, token) for token, count in total.items() if count >= assumed.min_count]
    most = assumed.vocabulary_size - len(RESERVED)
    return {token for _, token in (frequent if len(frequent) <= most else sorted(frequent)[:most])}


def _remedy(subject: Subject, unknown: dict[int, list[str]]) -> tuple[str, str]:
    """What makes the most of the unknown tokens known."""
    total = Counter(chain.from_iterable(subject.tokens))
    strange = list(chain.from_iterable(unknown.values()))
    least, size = subject.assumptions.min_count, subject.assumptions.vocabulary_size
    frequent = sum(count >= least for count in total.values())
    if frequent > size and sum(total[token] > 2 * least for token in strange) > len(strange) / 3:
        value = -(-frequent // 1000) * 1000
        return f"give more tokens an id ({frequent:,} are frequent enough)", _parameters(
            f"vocabulary_size: {{value: {value}}}"
        )
    digits = sum(any(map(str.isdigit, token)) for token in strange)
    if digits > len(strange) / 3 and subject.assumptions.cleaning.get("digits", "keep") == "keep":
        return "fold digits, which are a third of it or more", "data:\n  cleaning:\n    digits: fold"
    fix = "look whether these texts belong here; if so, forms of one word can share a token, or pretrained vectors help"
    return fix, "data:\n  cleaning:\n    stemming: true"


def _parameters(line: str) -> str:
    return f"parameters:\n  {line}"
