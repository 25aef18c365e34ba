"""Cleaning of texts, step by step, each a hyperparameter: fixed in ``data.cleaning`` or swept in ``parameters``.

Workers clean a part's texts once per distinct setting (see `textclf_sweep.data.features`). Nothing is learned: what
becomes of a text depends on it and the parameters alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from textclf_sweep.definition.space import Parameter
from textclf_sweep.trial import Parameters

VERSION = 1
"""Raised whenever the same text and parameters give another text, so that cached ones are left alone."""

LANGUAGES = (
    "danish", "dutch", "english", "finnish", "french", "german", "hungarian", "italian", "norwegian", "portuguese",
    "romanian", "russian", "spanish", "swedish", "turkish",
)  # fmt: skip
"""What stop words, stemming and lemmatisation know."""

PARAMETERS = (
    Parameter("lowercase", "bool", True, "Whether texts are lower-cased."),
    Parameter("fix_mojibake", "bool", False, "Whether text that was decoded in a wrong encoding is repaired."),
    Parameter("strip_html", "bool", False, "Whether HTML tags are removed and entities such as &amp; decoded."),
    Parameter(
        "strip_control", "bool", False,
        "Whether control, zero-width and other invisible characters are removed.",
    ),
    Parameter(
        "urls", "str", "keep", "URLs and e-mail addresses: kept, each replaced by one word, or removed.",
        choices=("keep", "mask", "remove"),
    ),
    Parameter("strip_accents", "bool", False, "Whether letters lose their accents."),
    Parameter(
        "digits", "str", "keep", "Digits: kept, folded (each becomes 0), or removed.",
        choices=("keep", "fold", "remove"),
    ),
    Parameter(
        "punctuation", "str", "keep", "Punctuation marks and symbols: kept, or removed.", choices=("keep", "remove"),
    ),
    Parameter(
        "stop_words", "str", "keep",
        "Words such as `the`: kept, removed, or removed but for negations (which can turn a text's meaning).",
        choices=("keep", "remove", "remove_but_negations"),
    ),
    Parameter("lemmatisation", "bool", False, "Whether words become their dictionary form (`.[lemmas]`)."),
    Parameter("stemming", "bool", False, "Whether words lose their endings (Porter 2001, Snowball)."),
    Parameter(
        "language", "str", "english", "Of the stop words, the stemming and the lemmatisation.", choices=LANGUAGES
    ),
    Parameter("collapse_whitespace", "bool", False, "Whether white space becomes single spaces, none at the ends."),
)  # fmt: skip
"""The steps in the order in which they are taken."""


def clean(texts: Sequence[str], parameters: Parameters) -> list[str]:
    """`texts`, each through every step.

    Args:
        texts: of any kind; one may become empty.
        parameters: of `PARAMETERS`; those absent have their defaults.
    """
    given = {item.name: item.coerce(parameters.get(item.name, item.preset)) for item in PARAMETERS}
    return [text.lower() for text in texts] if given["lowercase"] else list(texts)
