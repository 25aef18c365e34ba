"""Files without a header, whose first row was taken for one."""

from __future__ import annotations

import re
from itertools import islice

from textclf_sweep.data.corpus import Corpus
from textclf_sweep.data.findings import Finding, Row
from textclf_sweep.definition.types import DataSettings

SOURCES = ("csv", "tsv")
"""Whose first line is a header."""
SENTENCE = 4
"""Words of a column's name from which on it may be a text."""
LOOKED_AT = 5_000
"""Texts whose words a column's name is compared with."""
KNOWN = 0.75
"""The share of a name's words that must be in the texts for it to be one of them."""


def missing_header(settings: DataSettings, corpus: Corpus) -> Finding | None:
    """``missing_header``: a row seems to stand where the names of the columns should.

    It does when the column of the labels is named like one of its labels, or when the column of the texts has a
    sentence for a name, made of words that are in the texts. A survey's column may be named by its question: its words
    are seldom those of the answers.

    Args:
        settings: which column is what.
        corpus: at least one row; labels and texts as read.
    """
    if settings.source not in SOURCES or not len(corpus):
        return None
    label, text = settings.label, settings.text[0]
    # A header that stands among the rows is another matter: files were joined.
    labels = {value for value, written in zip(corpus.labels, corpus.texts, strict=True) if written != text}
    if label.strip() in map(str.strip, labels):
        sign = f"the column of the labels is named {label!r}, like one of its own labels"
    elif _is_row(text, corpus):
        sign = f"the column of the texts is named {_short(text)!r}, which is a text like those below it"
    else:
        return None
    row = Row(line=1, text=text, label=label, file="" if corpus.files is None else settings.path or "")
    why = f"{sign}: if the file has no header, its first row was taken for one, and is lost"
    fix = "write a header above it, e.g. text,label (or go on if these are the columns' names)"
    return Finding("missing_header", "warning", 1, 1 / len(corpus), 1, (row,), why, fix)


def _is_row(name: str, corpus: Corpus) -> bool:
    words = _words(name)
    if len(words) < SENTENCE:
        return False
    known = {word for text in islice(corpus.texts, LOOKED_AT) for word in _words(text)}
    return sum(word in known for word in words) >= KNOWN * len(words)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}..."
