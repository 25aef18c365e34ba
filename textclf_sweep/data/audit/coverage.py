"""How much of the texts pretrained word vectors know. Vectors that cannot be used are an error here."""

from __future__ import annotations

from collections import Counter
from itertools import chain

from textclf_sweep.data.audit._subject import Check, Subject
from textclf_sweep.data.features import _vectors
from textclf_sweep.data.features._embeddings import located
from textclf_sweep.data.features.tokens import learn, normal, tokenizer
from textclf_sweep.data.findings import Finding, Severity

POOR = 0.8
"""The covered share of all tokens below which vectors help little. GloVe covers 95 % or more of English news."""
NAMED = 8
"""Words without a vector that are named."""


def vectors_coverage(subject: Subject) -> Finding | None:
    """The share of the texts' tokens that the vectors of the definition have; of several, that of those with the least.

    Raises:
        DataError: the vectors are not there, not of a known format, cut off, or know none of the texts' words.
    """
    if not subject.assumptions.vectors:
        return None
    texts = list(map(normal, subject.cleaned()))
    found = [_coverage(subject, texts, embedding) for embedding in subject.assumptions.vectors]
    return min(found, key=lambda item: item[0])[1]


def _coverage(subject: Subject, texts: list[str], embedding: str) -> tuple[float, Finding]:
    """The covered share of all tokens, and what is to be said of it."""
    assumed, file = subject.assumptions, located(embedding)
    known = frozenset(_vectors.known(file, texts, characters=assumed.unit == "character"))
    tokens = list(map(tokenizer(assumed.unit, known), texts))
    counts = Counter(chain.from_iterable(tokens))
    vocabulary = learn(tokens, assumed.vocabulary_size, assumed.min_count, known)
    found = _vectors.coverage(known, vocabulary, counts)
    lacking = [word for word in vocabulary[2:] if word not in known]
    rows = [row for row, words in zip(subject.sample, tokens, strict=True) if known.isdisjoint(words)]
    named = f", the most frequent of the others {' '.join(lacking[:NAMED])}" if lacking else ""
    why = (
        f"the vectors {file.name} know {found['covered']:,} of the {found['tokens']:,} words that get an id, and "
        f"{found['text_share']:.1%} of all tokens{subject.sampled}{named}; words without a vector start from noise"
    )
    fix = "take vectors of the texts' language and spelling (most are lower-cased), or train them from scratch"
    severity: Severity = "warning" if found["text_share"] < POOR else "note"
    finding = subject.finding("vectors_coverage", severity, rows, why, fix, looked=len(subject.sample))
    return found["text_share"], finding


CHECKS: tuple[Check, ...] = (vectors_coverage,)
