"""From rows as a source gives them to rows that can be split: complete, their labels written in one way.

Nothing is left out in silence: every step that drops rows leaves a note with their number and the first line.
"""

from __future__ import annotations

from textclf_sweep.data.corpus import Corpus
from textclf_sweep.definition.types import DataSettings


def prepare(corpus: Corpus, settings: DataSettings) -> Corpus:  # noqa: ARG001
    """`corpus` without the rows whose text or label is blank, with a note on each kind."""
    without_label = [row for row, label in enumerate(corpus.labels) if not label.strip()]
    dropped = set(without_label)
    without_text = [row for row, text in enumerate(corpus.texts) if not text.strip() and row not in dropped]
    dropped.update(without_text)
    if not dropped:
        return corpus
    notes = [
        f"{_dropped(len(rows), column)} (first: line {corpus.lines[rows[0]]})"
        for column, rows in (("label", without_label), ("text", without_text))
        if rows
    ]
    return corpus.select((row for row in range(len(corpus)) if row not in dropped), *notes)


def _dropped(count: int, column: str) -> str:
    return f"1 row without a {column} was dropped" if count == 1 else f"{count:,} rows without a {column} were dropped"
