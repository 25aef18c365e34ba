"""Words: stop words removed, lemmas and stems instead of words, in one pass over a text.

All three compare without regard to case and give words back in the case they had; what they do to a word is
remembered, since texts are made of few different ones. Combining marks are composed first (normal form C).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache

from textclf_sweep.data.cleaning.markup import MASKS
from textclf_sweep.trial import Parameters

CODES: Mapping[str, str] = {
    "catalan": "ca", "czech": "cs", "danish": "da", "dutch": "nl", "english": "en", "finnish": "fi", "french": "fr",
    "german": "de", "hungarian": "hu", "indonesian": "id", "italian": "it", "norwegian": "nb", "polish": "pl",
    "portuguese": "pt", "romanian": "ro", "russian": "ru", "spanish": "es", "swedish": "sv", "turkish": "tr",
}  # fmt: skip
"""The languages for which there are stop words, stems and lemmas, and their codes in ISO 639-1. (Greek's stop words are
those of the ancient language, and the words of Hindi and Persian are not those of the tokens.)"""

NEGATIONS: Mapping[str, str] = {
    "catalan": "no ni mai res ningú cap sense tampoc gens",
    "czech": "ne není neni nejsi nejsou nebyl nebyla nebyli nebyly nemají nemáme nemáte neměl nedělají nedělá nedělám "
    "neděláme neděláte neděláš nestačí nevadí nic nikdy nikdo nikde žádný žádná žádné ani bez",
    "danish": "ikke aldrig ingen intet ingenting hverken uden nej næppe",
    "dutch": "niet niets niks nooit geen niemand nergens noch zonder nee neen nauwelijks",
    "english": "no not nor never neither none nobody nothing nowhere noone non cannot without hardly scarcely barely",
    "finnish": "ei en et emme ette eivät eikä enkä etkä emmekä ettekä eivätkä ettei ellei ellen ellet ellemme ellette "
    "elleivät älä älkää älköön ilman tuskin enää",
    "french": "ne n n' pas non ni jamais rien personne aucun aucune aucuns aucunes nul nulle nuls nulles point guère "
    "sans plus",
    "german": "nicht nichts nie niemals nein kein keine keinem keinen keiner keines keinerlei niemand niemandem "
    "niemanden nirgends nirgendwo ohne weder kaum nimmer",
    "hungarian": "nem ne se sem nincs nincsen nincsenek sincs soha sohasem sose semmi senki sehol nélkül",
    "indonesian": "tidak tidakkah tidaklah tak bukan bukankah bukanlah bukannya jangan jangankan janganlah belum "
    "belumlah tanpa enggak enggaknya nggak tiada",
    "italian": "non no né ne nè mai niente nulla nessun nessuna nessuno senza neanche nemmeno neppure mica",
    "norwegian": "ikke ikkje inkje ingen ingi inga ingenting intet aldri verken hverken uten utan nei neppe",
    "polish": "nie ani nic nigdy nikt nigdzie żaden żadna żadne żadnych żadnej żadnego bez",
    "portuguese": "não nao nem nunca jamais nada ninguém nenhum nenhuma nenhuns nenhumas sem tampouco",
    "romanian": "nu n nici nicidecum niciodata niciodată nimic nimeni niciun nicio nicăieri fara fără",
    "russian": "не ни нет никогда ничего ничто никто никого никому нигде никуда без нельзя нету",
    "spanish": "no ni nunca jamás jamas nada nadie ningún ningun ninguna ninguno ningunas ningunos sin tampoco",
    "swedish": "inte icke ej ingen inget inga ingenting aldrig varken utan nej ingenstans knappast",
    "turkish": "değil yok hayır hiç hiçbir hiçbiri asla",  # noqa: RUF001 - Turkish
}
"""Words that say that something is not so, and `without`; English contractions (``don't``, ``dont``) are others."""

Step = Callable[[str], str]

_WORD = re.compile("(\\w+(?:['\u2019]\\w+)*)( ?)")
_REMEMBERED = 2**17
_LACKING = frozenset(("did", "does", "doing", "having", "shall", "theirs"))
_TELLING = frozenset(("bill", "cry", "empty", "fire", "interest", "mill", "serious", "sincere", "system"))
# English words that are others in capitals.
_ACRONYMS = frozenset(("IT", "US", "WHO"))
_ELIDING = frozenset(("catalan", "french", "italian"))


def step(parameters: Parameters) -> Step | None:
    """What `parameters` ask to be done to the words of a text; None when that is nothing.

    Args:
        parameters: `stop_words`, `lemmatisation`, `stemming` and `language`.
    """
    return _step(
        str(parameters["stop_words"]),
        lemmatisation=parameters["lemmatisation"] is True,
        stemming=parameters["stemming"] is True,
        language=str(parameters["language"]),
    )


@lru_cache(4)  # one after another, all parts of the data are cleaned alike
def _step(removed: str, *, lemmatisation: bool, stemming: bool, language: str) -> Step | None:
    changes: list[Step] = []
    if removed != "keep":
        changes.append(_removal(language, negations=removed == "remove"))
    if lemmatisation:
        changes.append(_lemmatisation(language))
    if stemming:
        changes.append(_stemming(language))
    return _each_word(changes) if changes else None


def stop_words(language: str, *, negations: bool) -> frozenset[str]:
    """The stop words of a language, in lower case.

    Args:
        language: one of `CODES`.
        negations: whether negations are among them.
    """
    from stop_words import get_stop_words  # noqa: PLC0415 - heavy

    words: set[str] = {word.lower() for word in get_stop_words(CODES[language])}
    denials = set(NEGATIONS[language].split())
    if language == "english":
        contracted = {word for word in words if "'" in word[1:]}
        denied = {word for word in contracted if word.endswith("n't")}
        denials |= denied | {word.replace("'", "") for word in denied}
        words = {*_english(), *contracted, *denials}
    return frozenset(words if negations else words - denials)


def _english() -> frozenset[str]:
    # scikit-learn's list: the other package's has `good` and `microsoft`. It lacks some words, and some of its words
    # tell of a topic.
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS  # noqa: PLC0415 - heavy

    return frozenset({*ENGLISH_STOP_WORDS} - _TELLING | _LACKING)


def _each_word(changes: list[Step]) -> Step:
    @lru_cache(_REMEMBERED)
    def changed(word: str) -> str:
        if word in MASKS:
            return word
        for change in changes:
            word = change(word) if word else ""
        return word

    def replacement(match: re.Match[str]) -> str:
        word = changed(match[1])
        return word + match[2] if word else ""  # the space after a word goes with it

    def take(text: str) -> str:
        if not text.isascii():
            text = unicodedata.normalize("NFC", text)
        return _WORD.sub(replacement, text)

    return take


def _removal(language: str, *, negations: bool) -> Step:
    removed = stop_words(language, negations=negations)
    elides = language in _ELIDING
    kept = _ACRONYMS if language == "english" else frozenset()

    def change(word: str) -> str:
        plain = word.replace("\u2019", "'")
        if plain.lower() in removed and word not in kept:
            return ""
        head, apostrophe, rest = plain.partition("'")
        if elides and apostrophe and removed & {head.lower(), f"{head.lower()}'"}:  # the article of l'homme
            return change(rest)
        return word

    return change


def _lemmatisation(language: str) -> Step:
    from simplemma import lemmatize  # noqa: PLC0415 - heavy

    code = CODES[language]

    def change(word: str) -> str:
        # simplemma takes don't for a form of do.
        return word if _apostrophe(word) else _in_case(word, str(lemmatize(word, code)))

    return change


def _stemming(language: str) -> Step:
    from snowballstemmer import stemmer  # noqa: PLC0415 - heavy

    stem = lru_cache(_REMEMBERED)(stemmer(language).stemWord)

    def change(word: str) -> str:
        return _in_case(word, str(stem(word.lower().replace("\u2019", "'"))))

    return change


def _apostrophe(word: str) -> bool:
    return "'" in word or "\u2019" in word


def _in_case(word: str, other: str) -> str:
    """`other` in the case of `word`."""
    if word.isupper() and len(word) > 1:
        return other.upper()
    if word[0].isupper():
        return other[:1].upper() + other[1:].lower()
    return other.lower()
