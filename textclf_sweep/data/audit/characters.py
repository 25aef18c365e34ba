"""Checks of the texts' characters: what nobody typed, what was decoded wrongly, and what is left of HTML.

Finding and cure agree: what a check reports is what the cleaning step of its patch changes.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from textclf_sweep.data.audit._subject import SAMPLE_CHARACTERS, Check, Subject, amount, giveaway, plural
from textclf_sweep.data.cleaning.characters import fix_mojibake, rogue
from textclf_sweep.data.cleaning.markup import debris
from textclf_sweep.data.findings import Finding, Severity

WARNING = 0.01
"""The share of rows from which on such characters are no mere blemish."""
REPLACEMENT = "\ufffd"
"""Stands where a character was lost in decoding."""
DAGGER, HALF_A_MARK = "\u2020", "\u00e2\u20ac "
"""What a repair makes of a mark that lost its last byte."""
WRONG_LETTERS, WRONG_SHARE = 4, 0.6
"""Accented Latin letters, and their share of all letters, that no language has: another alphabet's bytes."""
COMMON = {
    "cp1251": "оеаинтсрвл", "koi8-r": "оеаинтсрвл", "cp1253": "αοιετσνηυρ", "cp1255": "יוהלארמתשב",
}  # fmt: skip
"""Encodings of other alphabets that are read as Latin-1 by mistake, and the commonest letters in their languages, which
are half of a text and more."""
COMMON_SHARE = 0.4
"""The share of these letters from which on a text is taken to be in that encoding."""

_TAG = re.compile(r"<(/?[a-z][a-z0-9]*|![a-z-]*).*", re.DOTALL | re.IGNORECASE)


def rogue_characters(subject: Subject) -> Finding | None:
    """Controls, zero-width, private and other characters that nobody sees; see `cleaning.characters.ROGUE`."""
    found = {row: characters for row, text in enumerate(subject.corpus.texts) if (characters := rogue(text))}
    if not found:
        return None
    kinds = Counter(character for characters in found.values() for character in set(characters))
    most = ", ".join(f"{called(character)} in {plural(rows, 'row')}" for character, rows in kinds.most_common(3))
    more = f" and {plural(len(kinds) - 3, 'other')}" if len(kinds) > 3 else ""
    why = (
        f"{amount(len(found), len(subject.corpus))} with characters that nobody sees or typed ({most}{more}); they cut "
        f"or glue words, so that the model meets tokens it can't know{giveaway(subject, found)}"
    )
    return _cured(
        subject, "rogue_characters", found, why, "strip_control", lambda row: _counted(map(called, found[row]))
    )


def mojibake(subject: Subject) -> Finding | None:
    """Texts that were decoded in a wrong encoding: ``cafÃ©`` for ``café``, or U+FFFD where a character was lost."""
    texts = subject.corpus.texts
    # The repair takes a third of a second for a million characters.
    many = sum(len(text) for text in texts if not text.isascii()) > SAMPLE_CHARACTERS
    looked = len(subject.sample) if many else None
    found = _decoded(texts, subject.sample if many else range(len(texts)))
    repaired, lost, misread = found.repaired, found.lost, found.misread
    rows = sorted((*repaired, *lost, *found.broken, *misread))
    if not rows:
        return None
    parts = (
        (len(repaired), "can be repaired"),
        (len(lost), f"with {called(REPLACEMENT)} where a character is lost"),
        (len(found.broken), "damaged further, so that a repair leaves wrong characters"),
        (len(misread), f"in what looks like {_commonest(misread.values())} read as another encoding"),
    )
    kinds = ", ".join(f"{plural(count, 'row')} {what}" for count, what in parts if count)
    why = (
        f"{amount(len(rows), looked or len(texts))}{subject.sampled * many} decoded in a wrong encoding somewhere on "
        f"the way ({kinds}); a word with wrong characters is another token than the word itself"
        f"{giveaway(subject, rows)}"
    )

    def detail(row: int) -> str:
        if row in repaired:
            return f"would be {_repair(texts[row], repaired[row])}"
        if row in found.broken:
            return f"damaged: even repaired it is {_repair(texts[row], found.broken[row])}"
        return f"looks like {misread[row]}" if row in misread else f"has {called(REPLACEMENT)}"

    if len(repaired) >= len(lost) + len(found.broken) + len(misread):
        return _cured(subject, "mojibake", rows, why, "fix_mojibake", detail, looked)
    severity = _severity(subject, len(rows), looked)
    fix = "get these texts again from where they were right, and read them in their own encoding (data.encoding)"
    patch = f"data:\n  encoding: {_commonest(misread.values())}" if len(misread) > len(lost) + len(found.broken) else ""
    return subject.finding("mojibake", severity, rows, why, fix, patch, details=detail, looked=looked)


def html_debris(subject: Subject) -> Finding | None:
    """Tags and entities of HTML."""
    found = {row: piece for row, text in enumerate(subject.corpus.texts) if (piece := debris(text))}
    if not found:
        return None
    kinds = Counter(_TAG.sub(r"<\1>", piece)[:20].lower() for piece in found.values())
    most = ", ".join(f"{piece} in {plural(rows, 'row')}" for piece, rows in kinds.most_common(3))
    why = (
        f"{amount(len(found), len(subject.corpus))} with HTML tags or entities ({most}); they become tokens of their "
        f"own, take the place of words, and tell where a text comes from rather than what it says"
        f"{giveaway(subject, found)}"
    )
    return _cured(subject, "html_debris", found, why, "strip_html", lambda row: found[row][:60])


CHECKS: tuple[Check, ...] = (rogue_characters, mojibake, html_debris)


def called(character: str) -> str:
    """A character by its code point and name, e.g. ``U+200B ZERO WIDTH SPACE``."""
    kinds = {"Cc": "CONTROL CHARACTER", "Co": "PRIVATE USE", "Cs": "LONE SURROGATE", "Cn": "NO CHARACTER"}
    first = character[:1]
    return f"U+{ord(first):04X} {unicodedata.name(first, kinds.get(unicodedata.category(first), 'UNNAMED'))}"


@dataclass(frozen=True)
class Decoded:
    """Rows that were decoded in a wrong encoding; each is in one of these.

    Attributes:
        repaired: those that can be repaired, and what they would be.
        broken: those that a repair changes and leaves wrong, and what they would be.
        lost: those with lost characters.
        misread: those of another alphabet, and its encoding.
    """

    repaired: dict[int, str] = field(default_factory=dict)
    broken: dict[int, str] = field(default_factory=dict)
    lost: list[int] = field(default_factory=list)
    misread: dict[int, str] = field(default_factory=dict)


def _decoded(texts: Sequence[str], rows: Iterable[int]) -> Decoded:
    found = Decoded()
    for row in rows:
        text = texts[row]
        if text.isascii():
            continue
        if (fixed := fix_mojibake(text)) != text:
            (found.broken if _bad(text, fixed) else found.repaired)[row] = fixed
        elif REPLACEMENT in text:
            found.lost.append(row)
        elif encoding := _alphabet(text):
            found.misread[row] = encoding
    return found


def _bad(text: str, fixed: str) -> bool:
    """Whether the repair of `text` leaves characters that are still wrong."""
    from ftfy.badness import is_bad  # noqa: PLC0415 - heavy

    # A closing quotation mark whose last byte was lost: with the space behind it, it makes a dagger.
    dagger = DAGGER in fixed and DAGGER not in text and HALF_A_MARK in text
    return dagger or REPLACEMENT in fixed or is_bad(fixed)


def _severity(subject: Subject, count: int, looked: int | None) -> Severity:
    return "warning" if count >= WARNING * (looked or len(subject.corpus)) else "note"


def _cured(  # noqa: PLR0913, PLR0917 - as `Subject.finding`
    subject: Subject,
    name: str,
    rows: Iterable[int],
    why: str,
    step: str,
    details: Callable[[int], str],
    looked: int | None = None,
) -> Finding:
    """A finding that a cleaning step cures: a note when every trial takes that step anyway."""
    affected = list(rows)
    if subject.assumptions.cleaning.get(step):
        fix = f"nothing is left to do: every trial cleans its texts of it ({step}: true)"
        return subject.finding(name, "note", affected, why, fix, details=details, looked=looked)
    fix = "have the texts cleaned of it"
    patch = f"data:\n  cleaning:\n    {step}: true"
    return subject.finding(
        name, _severity(subject, len(affected), looked), affected, why, fix, patch, details=details, looked=looked
    )


def _counted(names: Iterable[str]) -> str:
    return ", ".join(name if times == 1 else f"{name} ({times} times)" for name, times in Counter(names).most_common(3))


def _repair(text: str, fixed: str) -> str:
    """Where `fixed` first differs, with some words around."""
    start = next((at for at, (old, new) in enumerate(zip(text, fixed, strict=False)) if old != new), len(fixed))
    start = max(0, start - 20)
    return f"{'...' * (start > 0)}{fixed[start : start + 50]}{'...' * (len(fixed) > start + 50)}"


def _alphabet(text: str) -> str:
    """The encoding of another alphabet that `text` was in before it was read as Latin-1; empty when it was not."""
    letters = [character for character in text if character.isalpha()]
    wrong = [character for character in letters if "\u00c0" <= character <= "\u00ff"]
    if len(wrong) < WRONG_LETTERS or len(wrong) < WRONG_SHARE * len(letters):
        return ""
    raw = "".join(wrong).encode("latin-1")

    def share(encoding: str) -> float:
        # Small letters only: in another alphabet's encoding they would be capitals.
        decoded = raw.decode(encoding, "replace")
        plain = unicodedata.normalize("NFD", decoded)
        return sum(map(plain.count, COMMON[encoding])) / len(decoded)

    best = max(COMMON, key=share)
    return best if share(best) >= COMMON_SHARE else ""


def _commonest(encodings: Iterable[str]) -> str:
    counts = Counter(encodings).most_common(1)
    return counts[0][0] if counts else ""
