"""What a check looks at: a corpus, what is assumed of the models, and what several checks derive from them."""

from __future__ import annotations

import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import sqrt

from textclf_sweep.data import cleaning
from textclf_sweep.data.audit import _spelling
from textclf_sweep.data.audit._linear import OutOfFold, judge
from textclf_sweep.data.corpus import Corpus, comparable
from textclf_sweep.data.features.tokens import tokenize
from textclf_sweep.data.findings import Finding, Row, Severity
from textclf_sweep.definition.types import Missing
from textclf_sweep.trial import Parameters

EXAMPLES = 5
"""Rows shown of a finding."""
NAMED = 5
"""Labels named in a sentence before it says how many more there are."""
SAMPLE_ROWS, SAMPLE_CHARACTERS = 50_000, 20_000_000
"""The most that is looked at where each text must be cleaned and cut into tokens: shares are the same on a sample."""

CONCENTRATED, CONCENTRATED_ROWS, SIGMAS = 0.8, 10, 4.0
"""The share of the affected rows under one label, their least number, and the standard deviations of chance beyond its
share of all rows that make them a giveaway of it."""


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What of a definition bears on what is found; the defaults are those of the features.

    Attributes:
        max_length: tokens kept of a text; of a search, the least that it may choose.
        truncate: which of them, when every trial keeps the same: ``head``, ``tail`` or ``head_tail``.
        vocabulary_size: tokens that get an id of their own, padding and unknown included; the least, too.
        min_count: occurrences a token needs for one; the greatest.
        unit: what a token is, ``word`` or ``character``.
        cleaning: values of the cleaning parameters that every trial has.
        vectors: pretrained word vectors that a trial may start from: known names, and paths of files.
        seed: of everything that is drawn.
        missing: what is done about blank texts.
        folds: how many times a trial is trained, each time validated on other rows; None: once.
    """

    max_length: int = 64
    truncate: str = "head"
    vocabulary_size: int = 20_000
    min_count: int = 2
    unit: str = "word"
    cleaning: Parameters = field(default_factory=dict)
    vectors: tuple[str, ...] = ()
    seed: int = 0
    missing: Missing = field(default_factory=Missing)
    folds: int | None = None


@dataclass(frozen=True)
class Subject:
    """Complete rows, and what is derived from them once for all checks.

    Attributes:
        corpus: at least one row; no label is blank.
        assumptions: of the models.
    """

    corpus: Corpus
    assumptions: Assumptions = Assumptions()

    @cached_property
    def comparable(self) -> tuple[str, ...]:
        """Every row's text, trimmed and lower-cased."""
        return tuple(map(comparable, self.corpus.texts))

    @cached_property
    def linear(self) -> OutOfFold | None:
        """What a linear model thinks of each row's label as `meant`; None where there is nothing to tell apart."""
        corpus = self.corpus
        if self.families:
            corpus = replace(corpus, labels=tuple(self.meant[label] for label in corpus.labels))
        return judge(corpus, self.comparable, self.assumptions.seed)

    @cached_property
    def counts(self) -> Counter[str]:
        """Rows of each label."""
        return Counter(self.corpus.labels)

    @cached_property
    def families(self) -> tuple[tuple[str, ...], ...]:
        """Labels that are one label written in several ways, each family from its commonest way on."""
        return tuple(map(tuple, _spelling.families(self.comparable, self.corpus.labels)))

    @cached_property
    def meant(self) -> dict[str, str]:
        """Of every label the commonest way of writing it."""
        return {label: label for label in self.counts} | {label: same[0] for same in self.families for label in same}

    @cached_property
    def merged(self) -> Counter[str]:
        """Rows of each label as `meant`."""
        return Counter(self.meant[label] for label in self.corpus.labels)

    @cached_property
    def sample(self) -> tuple[int, ...]:
        """Rows drawn by the seed, in the corpus' order: every row when they are few and short enough."""
        texts = self.corpus.texts
        order = list(range(len(texts)))
        random.Random(self.assumptions.seed).shuffle(order)  # noqa: S311 - no secret
        drawn: list[int] = []
        characters = 0
        for row in order[:SAMPLE_ROWS]:
            characters += len(texts[row])
            if drawn and characters > SAMPLE_CHARACTERS:
                break
            drawn.append(row)
        return tuple(sorted(drawn))

    @property
    def sampled(self) -> str:
        """What a sentence says of the rows looked at when they are only a sample; else nothing."""
        return "" if len(self.sample) == len(self.corpus) else f" (of {len(self.sample):,} rows drawn at random)"

    @cached_property
    def tokens(self) -> tuple[tuple[str, ...], ...]:
        """The tokens of each row of `sample`, cleaned as every trial cleans it."""
        # Most tokens occur many times: one string for all of them is a tenth of the memory.
        return tuple(tuple(map(sys.intern, tokenize(text, self.assumptions.unit))) for text in self.cleaned())

    def cleaned(self) -> list[str]:
        """The texts of `sample`, cleaned as every trial cleans them."""
        return cleaning.clean([self.corpus.texts[row] for row in self.sample], self.assumptions.cleaning)

    def finding(  # noqa: PLR0913, PLR0917 - what a finding says, each once
        self,
        name: str,
        severity: Severity,
        rows: Iterable[int],
        why: str,
        fix: str,
        patch: str = "",
        shown: Sequence[int] | None = None,
        details: Callable[[int], str] | None = None,
        looked: int | None = None,
    ) -> Finding:
        """A finding about these rows (indices from 0).

        Args:
            name: see `Finding`.
            severity: see `Severity`.
            rows: those affected, each once.
            why: what was found and why it matters, with the figures.
            fix: what to do about it.
            patch: the YAML that does it.
            shown: which of them are examples, in this order; None takes the first ones. `EXAMPLES` at the most.
            details: what is remarkable about a row that is shown.
            looked: how many rows were looked at when not all were; count and share are then estimates for all.
        """
        ranked = tuple(rows)
        affected, corpus = sorted(ranked), self.corpus
        examples = tuple(
            Row(
                line=corpus.lines[row],
                text=corpus.texts[row],
                label=corpus.labels[row],
                file="" if corpus.files is None else corpus.files[row],
                detail="" if details is None else details(row),
            )
            for row in (affected if shown is None else shown)[:EXAMPLES]
        )
        distinct = len({self.comparable[row] for row in affected})
        share = len(affected) / max(1, len(corpus) if looked is None else looked)
        count = len(affected) if looked is None else round(share * len(corpus))
        return Finding(name, severity, count, share, distinct, examples, why, fix, patch, ranked)


Check = Callable[[Subject], Finding | None]
"""Looks for one thing. Never changes a row."""


def alike(keys: Iterable[Hashable]) -> list[list[int]]:
    """The rows (indices) that share their key with another row, together."""
    rows: defaultdict[Hashable, list[int]] = defaultdict(list)
    for row, key in enumerate(keys):
        rows[key].append(row)
    return [same for same in rows.values() if len(same) > 1]


def named(labels: Iterable[str]) -> str:
    """Labels in a sentence: the first few, and how many more."""
    names = sorted(labels)
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(repr(name if len(name) <= 40 else f"{name[:40]}...") for name in names[:NAMED]) + more


def plural(count: int, word: str) -> str:
    """``1 row``, ``2,000 rows``."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def amount(count: int, of: int) -> str:
    """``17 rows (0.05%)``."""
    share = count / max(1, of)
    return f"{plural(count, 'row')} ({share:.2%})" if share < 0.01 else f"{plural(count, 'row')} ({share:.1%})"


def giveaway(subject: Subject, rows: Iterable[int]) -> str:
    """What is said when the rows are nearly all of one label although all rows are not; else nothing."""
    labels = subject.corpus.labels
    counts = Counter(labels[row] for row in rows)
    (label, most), total = counts.most_common(1)[0], counts.total()
    base = subject.counts[label] / len(labels)
    expected, deviation = base * total, sqrt(base * (1 - base) * total)
    if total < CONCENTRATED_ROWS or most < CONCENTRATED * total or most <= expected + SIGMAS * deviation:
        return ""
    return f"; {most / total:.0%} of these rows have the label {label!r}, so it gives that label away"


def quoted(text: str) -> str:
    """`text` as a double-quoted scalar of YAML, on one line, what cannot be seen escaped."""
    escaped = json.dumps(text, ensure_ascii=False)[1:-1]
    return f'"{"".join(map(_visible, escaped))}"'


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    return f"\\u{ord(character):04x}" if ord(character) <= 0xFFFF else f"\\U{ord(character):08x}"
