"""Checks of how long texts are: longer than the model reads, cut, or all alike."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Sequence

from textclf_sweep.data.audit._subject import Check, Subject, amount, giveaway, plural
from textclf_sweep.data.findings import Finding, Severity

TRUNCATED_NOTE, TRUNCATED_WARNING = 0.01, 0.1
"""The shares of texts longer than the maximum from which on it is said, and from which on it is grave."""
BEYOND_MOST = 0.05
"""The share of longer texts up to which nothing is said when the maximum is what would be proposed."""
LOST = 0.2
"""The part of these texts that is lost in the middle of them, from which on it is grave."""
LONGEST = {"word": 512, "character": 2048}
"""Tokens beyond which a longer maximum costs more than it gives; both ends of a text are kept instead."""
OUTLIER, OUTLIER_LENGTH = 50, 5_000
"""How many times as long as the median, and how many characters, a text is at least that is out of the way."""
CUT_WARNING = 0.25
"""The share of cut texts above which it is grave: headlines of the news end in "..." in 13 % of cases."""
_CLOSING = r"[\s)\]\"'\u201d\u2019\u00bb]*\Z"
CUT = re.compile(r"(?P<mark>\.\.\.|\u2026|\[more|\b(?:read|see) more|\bcontinue reading)" + _CLOSING, re.IGNORECASE)
"""How a cut text ends."""
TAIL = 40
"""Characters at the end of a text that are looked at."""
ENDED = re.compile(r"[.!?\u3002\uff01\uff1f\u2026]" + _CLOSING)
LIMITS = frozenset(
    (100, 120, 128, 140, 150, 160, 200, 250, 255, 256, 280, 300, 500, 512, 1000, 1024, 2000, 2048, 4000, 4096)
)
"""Lengths in characters at which columns and services cut."""
BEYOND = 0.01
"""The share of longer texts up to which a length is the longest."""
CONSTANT = 0.95
"""The share of texts of one length from which on all have it."""
DISTINCT = 20
"""Distinct texts below which their lengths say nothing."""
SPIKE, SPIKE_LENGTH, SPIKE_SHARE = 2.5, 20, 0.01
"""How many times as many texts as of neighbouring lengths are no coincidence; of what length, and what share of all."""


def truncation(subject: Subject) -> Finding | None:
    """Texts longer than `max_length` tokens: the model never sees the rest of them."""
    assumed = subject.assumptions
    lengths = [len(tokens) for tokens in subject.tokens]
    longer = [(row, length) for row, length in zip(subject.sample, lengths, strict=True) if length > assumed.max_length]
    share = len(longer) / len(lengths)
    if share < TRUNCATED_NOTE:
        return None
    lost = statistics.median(1 - assumed.max_length / length for _, length in longer)
    middle, most, longest = (_percentile(lengths, percent) for percent in (50, 95, 100))
    severity: Severity = "warning" if share > TRUNCATED_WARNING and lost > LOST else "note"
    value = max(assumed.max_length, min(-(-most // 8) * 8, LONGEST[assumed.unit]))
    done = value == assumed.max_length and (most <= value or assumed.truncate == "head_tail")
    if done and share <= BEYOND_MOST:
        return None
    why = (
        f"{share:.1%} of the texts{subject.sampled} are longer than max_length = {assumed.max_length} {assumed.unit}s, "
        f"and half of these lose {lost:.0%} or more (half of all texts have up to {middle:,} {assumed.unit}s, 95 % up "
        f"to {most:,}, the longest {longest:,}); what is cut off can't tell the label"
    )
    fix, patch = _reading(value, most, subject)
    if done:
        severity, patch = "note", ""
        fix = "nothing is left to do: both ends of these texts are read, and more would take long to train"
    of = dict(longer)
    shown = sorted(of, key=lambda row: -of[row])
    return subject.finding(
        "truncation", severity, of, why, fix, patch,
        shown=shown, details=lambda row: f"{of[row]:,} {assumed.unit}s", looked=len(lengths),
    )  # fmt: skip


def constant_length(subject: Subject) -> Finding | None:
    """Nearly all texts have the same length: padded, cut, or not texts at all."""
    rows = _distinct(subject)
    if len(rows) < DISTINCT:
        return None
    lengths = Counter(len(subject.corpus.texts[row]) for row in rows)
    length = _spike(lengths, len(rows))
    if length is None or (_cut_at(subject, lengths, length) and lengths[length] < CONSTANT * len(rows)):
        return None  # the latter is said by cut_texts
    affected = [row for row, text in enumerate(subject.corpus.texts) if len(text) == length]
    share = lengths[length] / len(rows)
    severity: Severity = "warning" if share >= CONSTANT else "note"
    why = (
        f"{amount(len(affected), len(subject.corpus))} exactly {length:,} characters long, far more than of any "
        "length near it: such texts were cut or filled up, or are codes rather than texts, and words may be lost"
    )
    fix = "look how the file was made: take the texts as they were before, or name another column (data.text)"
    return subject.finding("constant_length", severity, affected, why, fix)


def cut_texts(subject: Subject) -> Finding | None:
    """Texts that end in "..." or at a length at which something cut them."""
    texts = subject.corpus.texts
    marks = {row: match["mark"].lower() for row, text in enumerate(texts) if (match := CUT.search(text[-TAIL:]))}
    rows = _distinct(subject)
    lengths = Counter(len(texts[row]) for row in rows)
    length = _spike(lengths, len(rows)) if len(rows) >= DISTINCT else None
    at: set[int] = set()
    if length is not None and _cut_at(subject, lengths, length):
        at.update(row for row, text in enumerate(texts) if len(text) == length)
    affected = at | marks.keys()
    if not affected:
        return None
    kinds = [f'{plural(rows, "row")} ending in "{mark}"' for mark, rows in Counter(marks.values()).most_common()]
    if at:
        kinds.append(f"{plural(len(at), 'row')} of exactly {length:,} characters")
    severity: Severity = "warning" if len(affected) > CUT_WARNING * len(texts) else "note"
    why = (
        f"{amount(len(affected), len(texts))} that seem to be cut ({', '.join(kinds)}): the words that tell their "
        f"label may be in what is missing{giveaway(subject, affected)}"
    )
    fix = "take the whole texts, if there are any; nothing here can bring back what is missing"
    return subject.finding("cut_texts", severity, affected, why, fix, details=lambda row: f"ends: {texts[row][-30:]}")


def outlier_length(subject: Subject) -> Finding | None:
    """Texts far longer than all others: several records in one, or a whole file in a cell."""
    texts = subject.corpus.texts
    middle = statistics.median(map(len, texts))
    rows = [row for row, text in enumerate(texts) if len(text) > max(OUTLIER_LENGTH, OUTLIER * middle)]
    if not rows:
        return None
    longest = max(len(texts[row]) for row in rows)
    why = (
        f"{amount(len(rows), len(texts))} more than {OUTLIER} times as long as half of the texts are (up to "
        f"{longest:,} characters; half have {middle:,.0f} or fewer): such a text is often several records in one, as "
        "after a quotation mark that is not closed"
    )
    fix = "look at these rows; mend or remove those that are no single text"
    shown = sorted(rows, key=lambda row: -len(texts[row]))
    return subject.finding(
        "outlier_length", "note", rows, why, fix, shown=shown,
        details=lambda row: f"{len(texts[row]):,} characters",
    )  # fmt: skip


CHECKS: tuple[Check, ...] = (truncation, constant_length, cut_texts, outlier_length)


def _reading(value: int, most: int, subject: Subject) -> tuple[str, str]:
    """What reads `value` tokens of a text, in words and as YAML; from both ends when `most` texts have more."""
    assumed = subject.assumptions
    fix, lines = f"read {value:,} {assumed.unit}s of a text", ["parameters:"]
    if value != assumed.max_length:
        lines.append(f"  max_length: {{value: {value}}}")
    if most > value:
        fix = f"{fix}, from both ends of it"
    if most > value and assumed.truncate != "head_tail":
        lines.append("  truncate: {value: head_tail}")
    more = "; training takes longer accordingly" if value != assumed.max_length else ""
    return f"{fix}{more}", "\n".join(lines)


def _percentile(values: Sequence[int], percent: int) -> int:
    """The least value that so many percent of them do not exceed."""
    return sorted(values)[max(0, -(-len(values) * percent // 100) - 1)]


def _distinct(subject: Subject) -> list[int]:
    """The first row of each text: a text repeated a hundred times is no hundred texts of one length."""
    return list({text: row for row, text in reversed(list(enumerate(subject.comparable)))}.values())


def _spike(lengths: Counter[int], texts: int) -> int | None:
    """The one length in characters that far more texts have than those around it; None when none or several do."""
    length, most = lengths.most_common(1)[0]
    if most >= CONSTANT * texts:
        return length
    least = max(DISTINCT, SPIKE_SHARE * texts)
    spikes = [length for length, count in lengths.items() if count >= least and count > SPIKE * _usual(lengths, length)]
    return spikes[0] if len(spikes) == 1 and spikes[0] >= SPIKE_LENGTH else None


def _usual(lengths: Counter[int], length: int) -> float:
    """How many texts of a length are usual, by the five lengths on either side; a lone text is no surprise."""
    below = [lengths[near] for near in range(max(1, length - 5), length)]
    above = [lengths[near] for near in range(length + 1, length + 6)]
    # Beyond a cut there is nothing: there, the shorter ones alone are what is usual.
    return 1 + max(statistics.mean(below or above), statistics.mean(below + above))


def _cut_at(subject: Subject, lengths: Counter[int], length: int) -> bool:
    """Whether such texts were cut: hardly any is longer, or it is a usual limit, and few come to an end."""
    longer = sum(count for other, count in lengths.items() if other > length)
    if length not in LIMITS and longer > BEYOND * lengths.total():
        return False
    ends = [ENDED.search(text[-TAIL:]) is not None for text in subject.corpus.texts if len(text) == length]
    return sum(ends) < len(ends) / 2
