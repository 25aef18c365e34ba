"""A label that can be read from the text itself: a marker that somebody's export left there."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from textclf_sweep.data.audit._subject import Check, Subject, plural
from textclf_sweep.data.findings import Finding
from textclf_sweep.trial import derive_seed

ROWS = 30_000
"""Rows in which markers are looked for; of more, a sample."""
PURE = 0.95
"""The share of a marker's rows that must have the label it tells."""
MOSTLY = 0.8
"""The same of a label's name: that a few other texts hold it is natural."""
APART = 0.8
"""The share of a marker's occurrences that must be in its place: an ordinary word stands elsewhere, too."""
LABELS = 0.6
"""The share of the labels that must be told: language gives away some, a leak most."""
TOLD, TOLD_OF_LABEL, OCCURRENCES = 0.03, 0.03, 3
"""The least share of all rows that markers tell, of a label's rows that one marker does, and rows of a marker."""
CODED = 20
"""Rows that codes must tell in all: of few headlines, a name that begins three may well be of one label alone."""
WORDS = 5
"""Words of a label's name, at the most, that are looked for."""

_NAMED = re.compile(
    r"\b(?:labels?|class|category|target|topic|intent|tag)\s*[:=]+\s*([^\s\])}>|,;][^\])}>|,;]*)", re.IGNORECASE
)
_MARKED = (
    re.compile(r"__label__(\S+)"),
    re.compile(r"[\[({<|]\s*([^\[\](){}<>|]{1,60}?)\s*[\])}>|]"),
    re.compile(r"^\s*([^:|\t]{1,60}?)\s*[:|\t]"),
    re.compile(r"#(\w+)"),
)
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class Marker:
    """What gives labels away.

    Attributes:
        told: the label that a text tells in this way; None when it tells none.
        what: the marker, as a sentence says it.
    """

    told: Callable[[str], str | None]
    what: str


def label_leak(subject: Subject) -> Finding | None:
    """The texts of most labels hold a marker that tells the label; models learn it, and fail where it is absent."""
    labels, texts = subject.corpus.labels, subject.corpus.texts
    if len(subject.counts) < 2 or 3 * len(subject.counts) > len(labels):
        return None
    rows: Sequence[int] = range(len(labels))
    if len(rows) > ROWS:
        rows = sorted(Random(derive_seed(subject.assumptions.seed, "leaks")).sample(rows, ROWS))  # noqa: S311 - no secret
    marker = _marker([texts[row] for row in rows], [labels[row] for row in rows])
    if marker is None:
        return None
    affected = [row for row, text in enumerate(texts) if marker.told(text) == labels[row]]
    why = (
        f"{plural(len(affected), 'row')} ({len(affected) / len(labels):.1%}) tell their label by {marker.what}: a "
        "model learns this instead of the language, and fails on texts that come without it"
    )
    fix = "remove it from the texts, or name a text column without it (data.text)"
    return subject.finding("label_leak", "warning", affected, why, fix)


def _marker(texts: Sequence[str], labels: Sequence[str]) -> Marker | None:
    """The first kind of marker that is systematic."""
    names = {_key(label): label for label in sorted(set(labels), reverse=True)}
    counts = Counter(labels)

    def marked(text: str) -> str | None:
        return next((names[key] for key in _marked(text) if key in names), None)

    if _systematic(map(marked, texts), labels, counts):
        return Marker(marked, "the label's name, marked as such")
    for place, end in (("beginning", False), ("end", True)):

        def standing(text: str, end: bool = end) -> str | None:
            return next((names[key] for key in _edge(text, end=end) if key in names), None)

        told = [standing(text) for text in texts]
        if not _systematic(told, labels, counts):
            continue
        apart = _apart(texts, told, names)
        if _systematic((label if label in apart else None for label in told), labels, counts):
            return Marker(standing, f"the label's name at the {place} of the text")
    return _codes(texts, labels, counts)


def _key(text: str) -> str:
    return " ".join(re.sub(r"[\W_]+", " ", text.casefold()).split()) or text.strip()


def _marked(text: str) -> Iterator[str]:
    """What could be a marked label in a text."""
    text = text[:2_000]
    for found in _NAMED.findall(text):
        words = _key(found).split()[:WORDS]
        yield from (" ".join(words[:count]) for count in range(len(words), 0, -1))
    for pattern in _MARKED:
        yield from map(_key, pattern.findall(text))


def _edge(text: str, *, end: bool) -> Iterator[str]:
    """The words that a text begins or ends with, the longest first."""
    words = _key(text[-200:] if end else text[:200]).split()
    for count in range(min(WORDS, len(words) - 1), 0, -1):
        yield " ".join(words[-count:] if end else words[:count])


def _systematic(told: Iterable[str | None], labels: Sequence[str], counts: Mapping[str, int]) -> bool:
    """Whether what texts tell is right, often, and of most labels."""
    right, wrong = Counter[str](), Counter[str]()
    for said, label in zip(told, labels, strict=True):
        if said is not None:
            (right if said == label else wrong)[said] += 1
    pure = {label: count for label, count in right.items() if count >= MOSTLY * (count + wrong[label])}
    return len(pure) >= max(2, LABELS * len(counts)) and sum(pure.values()) >= TOLD * len(labels)


def _apart(texts: Sequence[str], told: Sequence[str | None], names: Mapping[str, str]) -> set[str]:
    """The labels whose names stand in their place rather than anywhere in a text, as words do."""
    inside = Counter[str]()
    for text in texts:
        words = _key(text).split()[1:-1]
        for first in range(len(words)):
            phrases = (" ".join(words[first:last]) for last in range(first + 1, min(first + WORDS, len(words)) + 1))
            inside.update(names[phrase] for phrase in phrases if phrase in names)
    placed = Counter(label for label in told if label is not None)
    return {label for label, count in placed.items() if count >= APART * (count + inside[label])}


PLACES: Mapping[str, Callable[[list[str]], str]] = {
    "first": lambda words: words[0],
    "second": lambda words: words[1],
    "second last": lambda words: words[-2],
    "last": lambda words: words[-1],
}
"""Where codes stand, in a text of three words or more."""


def _codes(texts: Sequence[str], labels: Sequence[str], counts: Mapping[str, int]) -> Marker | None:
    """Words in one place of the texts, and nowhere else, that tell most labels; numbers in them do not matter."""
    split = [text.split() for text in texts]
    for fold in (False, True):
        words = [[_DIGITS.sub("0", word) for word in line] for line in split] if fold else split
        everywhere = Counter(word for line in words for word in line)
        for name, place in PLACES.items():
            codes = _telling(words, labels, place, everywhere)
            sums = Counter[str]()
            for label, count in codes.values():
                sums[label] += count
            enough = [label for label, count in sums.items() if count >= TOLD_OF_LABEL * counts[label]]
            if len(enough) < max(2, LABELS * len(counts)) or sums.total() < max(CODED, TOLD * len(texts)):
                continue
            code = {word: label for word, (label, _) in codes.items()}
            example = max(codes, key=lambda word: (codes[word][1], word))

            def told(
                text: str,
                code: Mapping[str, str] = code,
                place: Callable[[list[str]], str] = place,
                fold: bool = fold,
            ) -> str | None:
                line = (_DIGITS.sub("0", text) if fold else text).split()
                return code.get(place(line)) if len(line) > 2 else None

            return Marker(told, f"their {name} word, e.g. {example[:40]!r} under {code[example]!r} alone")
    return None


def _telling(
    words: Sequence[list[str]], labels: Sequence[str], place: Callable[[list[str]], str], everywhere: Mapping[str, int]
) -> dict[str, tuple[str, int]]:
    """By word: the label it tells, and its rows. Of each label, only its commonest such word."""
    rows: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for line, label in zip(words, labels, strict=True):
        if len(line) > 2:
            rows[place(line)][label] += 1
    best: dict[str, tuple[int, str]] = {}
    for word, found in rows.items():
        label, count = found.most_common(1)[0]
        total = found.total()
        if count >= OCCURRENCES and count >= PURE * total and total >= APART * everywhere[word]:
            best[label] = max(best.get(label, (0, "")), (count, word))
    return {word: (label, count) for label, (count, word) in best.items()}


CHECKS: tuple[Check, ...] = (label_leak,)
