"""Causes in what reaches the model of the texts: cut off, cleaned away, or made of words it does not know.

They rest on one measurement: what a linear model, which learns whatever simple signal there is, makes of exactly the
inputs that the trial's model reads, and of whole texts.
"""

from __future__ import annotations

from textclf_sweep.analysis.diagnosis._case import Case, Cause, Reading
from textclf_sweep.analysis.diagnosis._patches import parameter, together
from textclf_sweep.analysis.diagnosis.data import FEW, STRANGE

LOST = 0.03
"""Accuracy lost on the way that is worth a word."""


def _lost(case: Case) -> tuple[Reading | None, float]:
    """The reading, and how much of what could be learned is lost on the way, in [0, 1]."""
    reading = case.reading
    if reading is None or reading.seen is None or reading.whole is None or reading.p >= 0.01:
        return reading, 0.0
    loss = reading.whole - reading.seen
    room = max(0.05, reading.whole - case.commonest)
    return reading, min(1.0, loss / room) if loss >= LOST else 0.0


def _share(reading: Reading, setting: str) -> float:
    """How much of the loss one group of settings alone makes good, in [0, 1]."""
    if reading.seen is None or reading.whole is None or setting not in reading.changed:
        return 0.0
    return max(0.0, min(1.0, (reading.changed[setting] - reading.seen) / max(0.02, reading.whole - reading.seen)))


def _score(lost: float, share: float) -> float:
    return min(0.97, 0.35 + 0.4 * lost + 0.3 * share) if lost >= 0.1 and share >= 0.3 else 0.0


def _told(reading: Reading, setting: str, so: str) -> str:
    """What a linear model makes of the inputs, and of those with one group of settings as usual."""
    usual = reading.changed.get(setting, reading.whole or 0)
    return f" A linear model gets {reading.seen or 0:.2f} from what is left, and {usual:.2f} {so}."


def truncation(case: Case) -> Cause | None:
    """The model reads only a part of each text, and not the one that tells the label."""
    reading, lost = _lost(case)
    if reading is None or (reading.width >= reading.words and reading.width >= reading.longest):
        return None
    score = _score(lost, _share(reading, "max_length"))
    if not score:
        return None
    length = min(512, max(32, 2 ** (int(reading.longest * 1.2).bit_length())))
    explanation = (
        f"The model reads {reading.width} token{'s' * (reading.width > 1)} of a text at the most; half of the texts "
        f"have {reading.words:.0f} words or more. A linear model gets {reading.seen or 0:.2f} from what is left, and "
        f"{reading.changed['max_length']:.2f} from whole texts."
    )
    patch = parameter(case, "max_length", length)
    evidence = {"max_length": reading.width, "median_words": reading.words, "linear_on_inputs": reading.seen or 0.0,
                "linear_on_whole_texts": reading.whole or 0.0}  # fmt: skip
    return Cause("truncation", score, evidence, explanation, patch)


def out_of_vocabulary(case: Case) -> Cause | None:
    """Most words of a text are unknown to the model."""
    reading, lost = _lost(case)
    if reading is None:
        return None
    score = _score(lost, _share(reading, "vocabulary"))
    strange = _strange(case)
    if strange:
        score = max(score, 0.9)
    if not score or reading.unknown < 0.1:
        return None
    own = "no training text has them either" if strange else "the vocabulary leaves them out"
    told = _told(reading, "vocabulary", "with a usual vocabulary") if lost else ""
    explanation = f"{reading.unknown:.0%} of the validation tokens are unknown to the model: {own}.{told}"
    patch = together(parameter(case, "vocabulary_size", 20_000), parameter(case, "min_count", 2))
    if strange:  # their letters may tell what the words do not
        patch = together(parameter(case, "unit", "character"), parameter(case, "max_length", 200))
    evidence = {"unknown": reading.unknown, "unknown_train": reading.unknown_train,
                "unseen_words": case.data.unseen if case.data else 0.0}  # fmt: skip
    return Cause("out_of_vocabulary", score, evidence, explanation, patch)


def _strange(case: Case) -> bool:
    """Whether validation texts are made of words that no training text has, however many there are."""
    data, reading = case.data, case.reading
    if data is None or reading is None or data.rows < FEW:
        return False
    return data.unseen > STRANGE and reading.unknown > STRANGE


def empty_inputs(case: Case) -> Cause | None:
    """Texts are empty when they reach the model."""
    reading, lost = _lost(case)
    if reading is None:
        return None
    share = _share(reading, "cleaning")
    score = max(_score(lost, share), min(0.97, 0.4 + 0.6 * reading.empty) if reading.empty >= 0.2 else 0.0)
    if reading.empty < 0.2 and share < 0.3:
        return None
    if (
        _strange(case)
        or _share(reading, "vocabulary") > max(share, 0.5)
        or _share(reading, "max_length") > max(share, 0.5)
    ):
        score -= 0.3  # unknown words and cut texts have names of their own
    if score <= 0:
        return None
    told = _told(reading, "cleaning", "without cleaning") if lost else ""
    explanation = (
        f"{reading.empty:.0%} of the training texts have no known token left when they reach the model (median "
        f"{reading.words:.0f} words as written, {reading.tokens:.0f} tokens read).{told}"
    )
    evidence = {"empty": reading.empty, "median_words": reading.words, "median_tokens": reading.tokens}
    return Cause("empty_inputs", score, evidence, explanation, _uncleaned(case) if share >= 0.3 else {})


DESTRUCTIVE = {"stop_words": "keep", "stemming": False, "lemmatisation": False, "digits": "keep", "punctuation": "keep",
               "urls": "keep", "strip_accents": False, "strip_html": False, "strip_control": False}  # fmt: skip
"""Cleaning that takes something away, and its default."""


def _uncleaned(case: Case) -> dict[str, object]:
    """Each step of cleaning that is on, off."""
    steps = {name: usual for name, usual in DESTRUCTIVE.items() if case.value(name, usual) != usual}
    return {"data": {"cleaning": steps}} if steps else {}


CHECKS = (truncation, out_of_vocabulary, empty_inputs)
