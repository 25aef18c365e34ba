"""Texts in several languages."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable
from random import Random

from textclf_sweep.data.audit._subject import Check, Subject, plural
from textclf_sweep.data.findings import Finding
from textclf_sweep.trial import derive_seed

ROWS, CHARACTERS = 20_000, 300
"""Rows that are looked at (of more, a sample), and characters of each."""
LETTERS = 15
"""Letters from which on a language can be told."""
SURE, LIKELY = 0.7, 0.5
"""The probability that counts towards a language being there at all, and that which makes a row one of its rows."""
SHARE, LEAST = 0.05, 5
"""The share, and the number, of the texts whose language is sure that make a language one of the data."""

_SAME = {
    "pcm": "en", "nb": "no", "nn": "no", "da": "no", "hr": "sr", "bs": "sr", "srl": "sr", "ms": "id", "af": "nl",
    "lb": "de", "gl": "pt",
}  # fmt: skip
"""Languages that short texts do not tell apart count as one."""
_NAMES = {
    "ar": "Arabic", "cs": "Czech", "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "fa": "Persian",
    "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi", "hu": "Hungarian", "id": "Indonesian or Malay",
    "it": "Italian", "ja": "Japanese", "ko": "Korean", "nl": "Dutch", "no": "Danish or Norwegian", "pl": "Polish",
    "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sr": "Serbian or Croatian", "sv": "Swedish",
    "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip


def mixed_languages(subject: Subject) -> Finding | None:
    """Texts of which a share is surely in another language than most."""
    texts = subject.corpus.texts
    rows = list(range(len(texts)))
    if len(rows) > ROWS:
        rows = sorted(Random(derive_seed(subject.assumptions.seed, "languages")).sample(rows, ROWS))  # noqa: S311 - no secret
    found = _languages([texts[row][:CHARACTERS] for row in rows])
    counts = Counter(language for language, probability in found if probability >= SURE)
    # By all texts: the sentences of one language may be longer, and so more often sure.
    main = Counter(language for language, _ in found if language).most_common(1)
    least = max(LEAST, SHARE * counts.total())
    there = {language for language, count in counts.items() if count >= least and language != main[0][0]}
    if not there:
        return None
    told = {
        row: (language, probability)
        for row, (language, probability) in zip(rows, found, strict=True)
        if language in there and probability >= LIKELY
    }
    shares = ", ".join(
        f"{counts[language] / counts.total():.1%} in {_NAMES.get(language, language)}"
        for language, _ in counts.most_common()
        if language == main[0][0] or language in there
    )
    sampled = f" of a sample of {len(rows):,}" if len(rows) < len(texts) else ""
    why = (
        f"texts in several languages: of the {plural(counts.total(), 'text')}{sampled} whose language is sure, "
        f"{shares}; words of the rarer languages are seldom seen in training, and stop words, stemming and vectors "
        "know one language"
    )
    fix = (
        "keep the rows of one language, or split the data by language; else leave stop_words and stemming out and use "
        "features that know all of them (characters, or a multilingual BERT)"
    )

    def detail(row: int) -> str:
        language, probability = told[row]
        return f"{_NAMES.get(language, language)} ({probability:.2f})"

    return subject.finding("mixed_languages", "warning", told, why, fix, details=detail)


def _languages(texts: list[str]) -> list[tuple[str, float]]:
    """Each text's language (ISO 639-1) and its probability; 0 for texts too short to tell."""
    classify = _classifier()
    found = []
    for text in texts:
        # A script of its own tells more with fewer letters, and a letter of it is more bytes.
        long = sum(len(character.encode(errors="replace")) for character in text if character.isalpha()) >= LETTERS
        language, probability = classify(text) if long else ("", 0.0)
        found.append((_SAME.get(language, language), float(probability)))
    return found


@functools.cache
def _classifier() -> Callable[[str], tuple[str, float]]:
    """A function from a text to its language and the probability of that; made once, which takes half a second."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - heavy

    classify: Callable[[str], tuple[str, float]]
    classify = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True).classify
    return classify


CHECKS: tuple[Check, ...] = (mixed_languages,)
