"""How much of the texts a file of pretrained word vectors knows. A file that cannot be used is an error here."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from pathlib import Path

from textclf_sweep.data.audit._subject import Check, Subject
from textclf_sweep.data.features import _vectors
from textclf_sweep.data.features.tokens import learn
from textclf_sweep.data.findings import Finding, Severity

POOR = 0.8
"""The covered share of all tokens below which vectors help little. GloVe covers 95 % or more of English news."""
NAMED = 8
"""Words without a vector that are named."""


def vectors_coverage(subject: Subject) -> Finding | None:
    """The share of the texts' tokens that the vectors of the definition have; of several files, the one with the least.

    Raises:
        DataError: a file is not there, is not of a known format, is cut off, or knows none of the texts' words.
    """
    found = [_coverage(subject, path) for path in subject.assumptions.vectors]
    return min(found, key=lambda item: item[0])[1] if found else None


def _coverage(subject: Subject, path: str) -> tuple[float, Finding]:
    """The covered share of all tokens, and what is to be said of it."""
    assumed = subject.assumptions
    vocabulary = learn(subject.tokens, assumed.vocabulary_size, assumed.min_count)
    _, covered = _vectors.rows(Path(path), vocabulary)
    known = {word for word, has in zip(vocabulary, covered, strict=True) if has}
    counts = Counter(chain.from_iterable(subject.tokens))
    total = counts.total()
    share = sum(count for word, count in counts.items() if word in known) / max(1, total)
    lacking = [word for word in vocabulary[2:] if word not in known]
    rows = [row for row, words in zip(subject.sample, subject.tokens, strict=True) if known.isdisjoint(words)]
    named = f", the most frequent of the others {' '.join(lacking[:NAMED])}" if lacking else ""
    why = (
        f"the vectors in {Path(path).name} know {len(known):,} of the {max(0, len(vocabulary) - 2):,} words that get "
        f"an id, and {share:.1%} of all tokens{subject.sampled}{named}; words without a vector start from noise"
    )
    fix = "take vectors of the texts' language and spelling (most are lower-cased), or train them from scratch"
    severity: Severity = "warning" if share < POOR else "note"
    return share, subject.finding("vectors_coverage", severity, rows, why, fix, looked=len(subject.sample))


CHECKS: tuple[Check, ...] = (vectors_coverage,)
