"""What a check looks at: a corpus, what is assumed of the models, and what several checks derive from them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from textclf_sweep.data.corpus import Corpus, comparable
from textclf_sweep.data.findings import Finding, Row, Severity
from textclf_sweep.trial import Parameters

EXAMPLES = 5
"""Rows shown of a finding."""
NAMED = 5
"""Labels named in a sentence before it says how many more there are."""


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What of a definition bears on what is found; the defaults are those of the features.

    Attributes:
        max_length: tokens kept of a text; of a search, the least that it may choose.
        vocabulary_size: tokens that get an id of their own, padding and unknown included; the least, too.
        min_count: occurrences a token needs for one; the greatest.
        unit: what a token is, ``word`` or ``character``.
        cleaning: values of the cleaning parameters that every trial has.
        seed: of everything that is drawn.
    """

    max_length: int = 64
    vocabulary_size: int = 20_000
    min_count: int = 2
    unit: str = "word"
    cleaning: Parameters = field(default_factory=dict)
    seed: int = 0


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
    def counts(self) -> Counter[str]:
        """Rows of each label."""
        return Counter(self.corpus.labels)

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
        share = len(affected) / max(1, len(corpus))
        return Finding(name, severity, len(affected), share, distinct, examples, why, fix, patch, ranked)


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
