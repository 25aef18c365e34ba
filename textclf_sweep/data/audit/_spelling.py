"""Which labels are one label written in several ways."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from math import log, sqrt

from textclf_sweep.data.cleaning.characters import strip_control
from textclf_sweep.data.features.tokens import tokenize

NEAR_LABELS, NEAR_LENGTH, COMMONEST = 5_000, 40, 20
"""More or longer labels are not compared for their spelling, nor with more than so many commoner ones."""
TWO_SLIPS = 8
"""Letters of a word from which on it can have two slips; below, it can have one."""
WORD = 3
"""Letters of the shortest label that can have a slip."""
COMPARED, ENOUGH = 300, 20
"""Texts of a label that are compared with another's, at the most, and at least (for each slip) to tell anything."""
SIGMAS = 2.5
"""Standard deviations of chance above which they are told apart."""
RARER, MUCH_RARER, LONG = 5, 20, 5
"""With fewer: how many times as rare (much rarer, it may look otherwise) and how long a label with one slip is."""
NEGATIONS = ("un", "in", "im", "ir", "il", "de", "no")
"""What turns a label into its opposite and is no slip; and `a` before it."""
_DIGITS = re.compile(r"\d+")
_WHOLE = re.compile(r"\A([+-]?\d+)\.0+\Z")
_SEPARATORS = re.compile(r"[\s_\-.]+")


def canonical(label: str) -> str:
    """`label` without what does not tell labels apart: case, accents, invisible characters, separators of words.

    Signs that stand before, after or between other things than letters stay: ``-1``, ``C++`` and ``1.5`` are labels.
    ``1.0`` is 1, as programs write it in a column with gaps.
    """
    apart = unicodedata.normalize("NFKD", strip_control(label)).casefold()
    plain = "".join(character for character in apart if not unicodedata.combining(character))
    joined = re.sub(r"(?<=[^\W\d_])[\s_\-.]+(?=[^\W_])|(?<=[^\W_])[\s_\-.]+(?=[^\W\d_])", "", plain)
    return _WHOLE.sub(r"\1", re.sub(r"\s+", " ", joined).strip())


def families(texts: Sequence[str], labels: Sequence[str]) -> list[list[str]]:
    """Labels that are one, together, the commonest families first; in a family the commonest way of writing.

    Args:
        texts: of each row, comparable.
        labels: of each row.
    """
    counts = Counter(labels)
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for label in sorted(counts):
        alike[canonical(label)].append(label)
    total = {key: sum(counts[label] for label in same) for key, same in alike.items()}
    slipped = _slipped(texts, labels, alike, total) if len(alike) <= NEAR_LABELS else {}
    # From the rarest on, so that what joins a label goes with it.
    for rare in sorted(slipped, key=lambda key: (-total[key], key), reverse=True):
        alike[slipped[rare]].extend(alike.pop(rare))
    several = [
        sorted(same, key=lambda label: (-counts[label], label != label.strip(), label))
        for same in alike.values()
        if len(same) > 1
    ]
    return sorted(several, key=lambda same: (-sum(counts[label] for label in same), same))


def _slipped(
    texts: Sequence[str], labels: Sequence[str], alike: Mapping[str, Sequence[str]], total: Mapping[str, int]
) -> dict[str, str]:
    """Of each label (canonical) that is a commoner one misspelt, the commonest such one."""
    pairs = [(rare, common, count) for rare, common in _near(total) if (count := _mistaken(rare, common))]
    words = _words(texts, labels, {label: key for *pair, _ in pairs for key in pair for label in alike[key]})
    found: dict[str, str] = {}
    for rare, common, count in pairs:
        if rare in found:
            continue
        few, many = words[rare], words[common]
        if len(few) >= ENOUGH * count:
            same = not told_apart(few, many)
        else:
            same = count == 1 and min(len(rare), len(common)) >= LONG and total[rare] * RARER <= total[common]
            same = same and (
                total[rare] * MUCH_RARER <= total[common]
                or _alike(alike[rare][0], alike[common][0])
                or (len(few) >= ENOUGH // 4 and not told_apart(few, many))
            )
        if same:
            found[rare] = common
    return found


def _alike(rare: str, common: str) -> bool:
    """Whether two labels look like one misspelt: their words begin alike, and what differs is a long word."""
    left, right = (_SEPARATORS.split(label.strip().casefold()) for label in (rare, common))
    if len(left) != len(right):
        left, right = ["".join(left)], ["".join(right)]
    differ = [(one, other) for one, other in zip(left, right, strict=True) if one != other]
    return all(one[:1] == other[:1] and min(len(one), len(other)) >= LONG for one, other in differ)


def _near(total: Mapping[str, int]) -> list[tuple[str, str]]:
    """Pairs that one or two slips may turn into each other (and some more): the rarer, then a commoner one.

    Both are the same with the same letters taken away: they meet in a table of what is left (Garbe 2012, SymSpell).
    Two labels that are both rare are no pair, since neither is the other misspelt.
    """
    table: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for key in sorted(total, key=lambda key: (-total[key], key)):
        if WORD <= len(key) <= NEAR_LENGTH:
            digits = _DIGITS.findall(key)
            for left in _without(key, 2 if len(key) >= TWO_SLIPS else 1):
                table[left, *digits].append(key)
    pairs = {
        (rare, common)
        for met in table.values()
        for at, rare in enumerate(met)
        for common in met[: min(at, COMMONEST)]
        if total[rare] >= ENOUGH or total[rare] * RARER <= total[common]
    }
    return sorted(pairs, key=lambda pair: (pair[0], -total[pair[1]], pair[1]))


def _mistaken(left: str, right: str) -> int:
    """How many slips make one of the other; 0 when it is more than slips."""
    count = slips(left, right)
    allowed = 2 if min(len(left), len(right)) >= TWO_SLIPS else 1
    return 0 if count > allowed or _negated(left, right) else count


def _negated(left: str, right: str) -> bool:
    short, long = sorted((left, right), key=len)
    if long == f"a{short}":
        return True
    return any(
        long.startswith(prefix, at) and long[:at] + long[at + 2 :] == short
        for prefix in NEGATIONS
        for at in range(len(short))
    )


def _without(key: str, letters: int) -> set[str]:
    found = {key}
    for _ in range(letters):
        found |= {one[:at] + one[at + 1 :] for one in found for at in range(len(one))}
    return found


def slips(left: str, right: str) -> int:
    """How many letters are added, lost, changed or swapped with their neighbour (optimal string alignment)."""
    before: list[int] = []
    last = list(range(len(right) + 1))
    for i, one in enumerate(left, start=1):
        row = [i]
        for j, other in enumerate(right, start=1):
            best = min(last[j] + 1, row[-1] + 1, last[j - 1] + (one != other))
            if i > 1 and j > 1 and one == right[j - 2] and left[i - 2] == other:
                best = min(best, before[j - 2] + 1)
            row.append(best)
        before, last = last, row
    return last[-1]


def _words(texts: Sequence[str], labels: Sequence[str], keys: Mapping[str, str]) -> dict[str, list[set[str]]]:
    """The words of some distinct texts of each key; `keys` has the key of each label."""
    found: dict[str, dict[str, None]] = {key: {} for key in keys.values()}
    if keys:
        for text, label in zip(texts, labels, strict=True):
            if label in keys and len(found[keys[label]]) < COMPARED:
                found[keys[label]][text] = None
    return {key: [set(tokenize(text)) for text in some] for key, some in found.items()}


def told_apart(left: Sequence[set[str]], right: Sequence[set[str]]) -> bool:
    """Whether naive Bayes, trained on half of the texts of two labels, tells the other half apart better than chance.

    Args:
        left: the distinct words of each text of one label; at least `ENOUGH`.
        right: those of the other.
    """
    shares = []
    for half in (0, 1):
        known, asked = (left[half::2], right[half::2]), (left[1 - half :: 2], right[1 - half :: 2])
        weights = _weights(*known)
        # Each label counts as much as the other, however many texts it has.
        for side, texts in zip((1, -1), asked, strict=True):
            signs = [side * sum(weights.get(word, 0.0) for word in words) for words in texts]
            shares.append(sum(1.0 if sign > 0 else 0.5 * (sign == 0) for sign in signs) / len(texts))
    chance = 0.5 * sqrt((1 / len(left) + 1 / len(right)) / 2)
    return sum(shares) / len(shares) > 0.5 + SIGMAS * chance


def _weights(left: Sequence[set[str]], right: Sequence[set[str]]) -> dict[str, float]:
    """The logarithm of each word's odds, left to right, both shares drawn a little towards their mean."""
    counts = [Counter(word for words in texts for word in words) for texts in (left, right)]

    def weight(word: str) -> float:
        found = [count[word] for count in counts]
        mean = (found[0] / len(left) + found[1] / len(right)) / 2
        return log((found[0] + mean) / (len(left) + 1)) - log((found[1] + mean) / (len(right) + 1))

    return {word: weight(word) for word in counts[0] | counts[1]}
