"""Characters: repaired, removed or folded. Each function takes a text and gives another one.

What `fix_mojibake` and `strip_control` change is what the audit reports, by `mojibake` and `rogue`.
"""

from __future__ import annotations

import re
import unicodedata

# A class of a regular expression, by code points. Of the joiners' scripts: Arabic, Syriac, N'Ko and Arabic's
# extensions; India's, Sinhala, Tibetan and Myanmar; Khmer and Mongolian; Arabic's presentation forms.
_JOINING = "\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\ufb50-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc"
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Myanmar, Khmer: no spaces between words
_EMOJI = "\u00a9\u00ae\u203c-\u3299\ufe0e\ufe0f\U0001f000-\U0001faff"
_TAGS = "\U000e0020-\U000e007f"

_CONTROLS = "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"
_SPACES = "\x0b\x0c\x1c-\x1f\x85\u2028\u2029"
_INVISIBLE = (
    "\u00ad\u034f\u061c\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e001f"
)
_NOBODYS = (
    "\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff\U000f0000-\U0010ffff"
    + "".join(chr(plane << 16 | last) for plane in range(1, 15) for last in (0xFFFE, 0xFFFF))
)  # fmt: skip

ROGUE = re.compile(
    f"(?P<space>[{_SPACES}])"
    f"|[{_CONTROLS}{_INVISIBLE}{_NOBODYS}]"
    f"|(?<![{_UNSPACED}])\u200b|\u200b(?![{_UNSPACED}])"
    f"|(?<![{_JOINING}])\u200c"
    f"|(?<![{_JOINING}{_EMOJI}])\u200d|(?<=[{_EMOJI}])\u200d(?![{_EMOJI}])"
    # All that follow, too: each would be rogue once the one before is gone, one pass over the text for each.
    "|(?<![^\\sA-Za-z])[\ufe00-\ufe0f][\ufe00-\ufe0f\u200c\u200d]*+"
    f"|(?<![\U0001f3f4{_TAGS}])[{_TAGS}]+"
)
"""Characters that nobody sees and nobody typed: controls but tabs and line ends, zero-width and formatting characters,
those for private use, non-characters and lone surrogates. Not those with a task: zero-width joiners in emoji and in
Arabic and Indic scripts, the zero-width spaces of scripts without spaces, the tags of flags, variation selectors."""

EMOJI_JOINER = re.compile(f"(?<=[{_EMOJI}])\u200d(?=[{_EMOJI}])")

_LETTERS = "A-Za-z\u00c0-\u024f\u1e00-\u1eff\u0370-\u03ff\u1f00-\u1fff\u0400-\u052f"
_MARKS = "\u0300-\u036f\u0483-\u0487\u1ab0-\u1aff\u1dc0-\u1dff\ufe20-\ufe2f"
_ACCENTS = re.compile(f"(?<=[{_LETTERS}])[{_MARKS}]+")
_STROKES = str.maketrans("ØøŁłĐđĦħŦŧ", "OoLlDdHhTt")
_DIGIT = re.compile(r"\d")
_NEGATED = re.compile(r"(?<=[nN])['\u2019](?=[tT]\b)")


def fix_mojibake(text: str) -> str:
    """`text` as it was before it was decoded in a wrong encoding: ``cafÃ©`` becomes ``café`` (ftfy).

    What is lost (U+FFFD stands for it) stays lost.
    """
    if text.isascii():
        return text
    import ftfy  # noqa: PLC0415 - heavy

    return ftfy.fix_encoding(text)


def mojibake(text: str) -> bool:
    """Whether `fix_mojibake` would change `text`."""
    return fix_mojibake(text) != text


def strip_control(text: str) -> str:
    """`text` without its `ROGUE` characters; those that separate words or lines become spaces."""
    if text.isprintable() and text.isascii():
        return text
    # What one removal leaves side by side can be rogue in its turn: a joiner after what is no emoji any more.
    while (cleaned := ROGUE.sub(_space, text)) != text:
        text = cleaned
    return text


def rogue(text: str) -> list[str]:
    """The `ROGUE` characters of `text`, in order; `strip_control` changes a text that has any, and no other."""
    if text.isprintable() and text.isascii():
        return []
    return [character for match in ROGUE.finditer(text) for character in match[0]]


def strip_accents(text: str) -> str:
    """`text` with Latin, Greek and Cyrillic letters without their marks: ``é`` becomes ``e``, ``й`` becomes ``и``.

    Strokes are marks, too (``ø`` becomes ``o``, ``ł`` becomes ``l``). Letters of their own stay (``ß``, ``æ``), and so
    do the signs of other scripts, which are vowels more often than accents.
    """
    if text.isascii():
        return text
    apart = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", _ACCENTS.sub("", apart).translate(_STROKES))


def fold_digits(text: str) -> str:
    """`text` with a 0 for each decimal digit of any script."""
    return _DIGIT.sub("0", text)


def remove_digits(text: str) -> str:
    """`text` without decimal digits of any script."""
    return _DIGIT.sub("", text)


def remove_punctuation(text: str) -> str:
    """`text` with a space for each punctuation mark and symbol (emoji and underscores, too).

    So ``well-known`` is two words, and ``we'll`` is ``we ll`` rather than ``well``. Only the apostrophe of a negation
    closes up: ``don't`` becomes ``dont``, since ``don`` and ``t`` would say nothing.
    """
    text = _NEGATED.sub("", text)
    if "\u200d" in text:
        text = EMOJI_JOINER.sub("", text)
    return text.translate(_PUNCTUATION)


def collapse_whitespace(text: str) -> str:
    """`text` with single spaces for white space of any kind and length, none at the ends."""
    return " ".join(text.split())


class _Punctuation(dict[int, int | None]):
    """What becomes of a character; learned as characters are met."""

    def __missing__(self, code: int) -> int | None:
        if code in (0xFE0E, 0xFE0F, 0x20E3):  # they follow a symbol or a digit and are nothing without it
            self[code] = None
        else:
            self[code] = ord(" ") if unicodedata.category(chr(code))[0] in "PS" else code
        return self[code]


_PUNCTUATION = _Punctuation()


def _space(match: re.Match[str]) -> str:
    return " " if match["space"] else ""
