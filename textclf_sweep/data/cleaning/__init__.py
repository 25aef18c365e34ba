"""Cleaning of texts, step by step, each a hyperparameter: fixed in ``data.cleaning`` or swept in ``parameters``.

Workers clean a part's texts once per distinct setting (see `textclf_sweep.data.features`). Nothing is learned: what
becomes of a text depends on it and the parameters alone. A step that is off costs nothing, and one that is on leaves
alone what it finds nothing in.

The order is that of repair, of words, of characters. Damage is repaired from the outermost layer inwards (a page in
the wrong encoding, its markup, its characters). Words come while they still have their capitals, accents and
apostrophes, which dictionaries know; only then are characters folded.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Sequence

from textclf_sweep.data.cleaning import characters, markup, words
from textclf_sweep.definition.space import Parameter
from textclf_sweep.trial import Parameters

VERSION = 1
"""Raised whenever the same text and parameters give another text, so that cached ones are left alone."""

LANGUAGES = tuple(words.CODES)
"""What stop words, stemming and lemmatisation know."""

PARAMETERS = (
    Parameter(
        "fix_mojibake", "bool", False,
        "Whether text that was decoded in a wrong encoding is repaired (ftfy): Ã© becomes é.",
    ),
    Parameter(
        "strip_html", "bool", False,
        "Whether HTML tags, comments, scripts and styles are removed and entities such as &amp; decoded.",
    ),
    Parameter(
        "strip_control", "bool", False,
        "Whether control, zero-width, private and other invisible characters are removed.",
    ),
    Parameter(
        "urls", "str", "keep",
        "URLs and e-mail addresses: kept, each replaced by one word (xxurl, xxemail), or removed.",
        choices=("keep", "mask", "remove"),
    ),
    Parameter(
        "stop_words", "str", "keep",
        "Words such as `the`: kept, removed, or removed but for negations (which can turn a text's meaning).",
        choices=("keep", "remove", "remove_but_negations"),
    ),
    Parameter(
        "lemmatisation", "bool", False,
        "Whether words become their dictionary form (simplemma, `.[lemmas]`): mice becomes mouse.",
    ),
    Parameter(
        "stemming", "bool", False, "Whether words lose their endings (Snowball, Porter 2001): running becomes run.",
    ),
    Parameter(
        "language", "str", "english", "Of the stop words, the lemmatisation and the stemming.", choices=LANGUAGES,
    ),
    Parameter("lowercase", "bool", True, "Whether texts are lower-cased."),
    Parameter(
        "strip_accents", "bool", False, "Whether Latin, Greek and Cyrillic letters lose their accents and strokes.",
    ),
    Parameter(
        "digits", "str", "keep", "Digits: kept, folded (each becomes 0), or removed.",
        choices=("keep", "fold", "remove"),
    ),
    Parameter(
        "punctuation", "str", "keep",
        "Punctuation marks and symbols, emoji too: kept, or replaced by spaces (but don't becomes dont).",
        choices=("keep", "remove"),
    ),
    Parameter("collapse_whitespace", "bool", False, "Whether white space becomes single spaces, none at the ends."),
)  # fmt: skip
"""The steps in the order in which they are taken (`language` says how some of them are)."""


def clean(texts: Sequence[str], parameters: Parameters) -> list[str]:
    """`texts`, each through every step.

    Args:
        texts: of any kind; one may become empty.
        parameters: of `PARAMETERS`; those absent have their defaults.

    Raises:
        ModuleNotFoundError: a step needs a package that is not installed; see `lacking`.
    """
    cleaned = list(texts)
    for step in _steps({item.name: item.coerce(parameters.get(item.name, item.preset)) for item in PARAMETERS}):
        cleaned = list(map(step, cleaned))
    return cleaned


def lacking(values: Iterable[tuple[str, object]]) -> str:
    """What to install for these values of cleaning parameters, in a sentence; empty when nothing is missing.

    Args:
        values: names with each value that a trial may have.
    """
    if ("lemmatisation", True) in set(values) and importlib.util.find_spec("simplemma") is None:
        return "lemmatisation needs the package simplemma, which is not installed: pip install 'textclf-sweep[lemmas]'"
    return ""


def warnings(values: Iterable[tuple[str, object]]) -> tuple[str, ...]:
    """What these values of cleaning parameters may do unasked, a sentence each.

    Args:
        values: as in `lacking`.
    """
    if ("stop_words", "remove") not in set(values):
        return ()
    return (
        "stop_words: remove takes negations such as `not` and `never` out of the texts, which can turn their meaning; "
        "remove_but_negations keeps them",
    )


def _steps(given: Parameters) -> list[Callable[[str], str]]:
    """The steps that are on, in order."""
    by_word = words.step(given)
    steps: list[tuple[bool, Callable[[str], str] | None]] = [
        (given["fix_mojibake"] is True, characters.fix_mojibake),
        (given["strip_html"] is True, markup.strip_html),
        (given["strip_control"] is True, characters.strip_control),
        (given["urls"] == "mask", markup.mask_addresses),
        (given["urls"] == "remove", markup.remove_addresses),
        (by_word is not None, by_word),
        (given["lowercase"] is True, str.lower),
        (given["strip_accents"] is True, characters.strip_accents),
        (given["digits"] == "fold", characters.fold_digits),
        (given["digits"] == "remove", characters.remove_digits),
        (given["punctuation"] == "remove", characters.remove_punctuation),
        (given["collapse_whitespace"] is True, characters.collapse_whitespace),
    ]
    return [step for on, step in steps if on and step is not None]
