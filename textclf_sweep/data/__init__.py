"""From a file to `Splits`: read by a source, audited, split. Never imports TensorFlow or Keras.

`load` is a line of stages: a source (`textclf_sweep.data.sources`) gives the rows as they are, the audit
(`textclf_sweep.data.audit`) looks at them, incomplete ones are dropped with a note, and the rest is split
(`textclf_sweep.data.splits`).
"""

from __future__ import annotations

import dataclasses

from textclf_sweep.data import audit, sources
from textclf_sweep.data.corpus import Corpus, Splits
from textclf_sweep.data.findings import Finding
from textclf_sweep.data.splits import split
from textclf_sweep.definition.types import DataSettings
from textclf_sweep.errors import DataError, Problem


def load(settings: DataSettings, seed: int) -> Splits:
    """The data that `settings` names, checked and split.

    Args:
        settings: where the data is and how it is split.
        seed: of the split; unused when the source ships its own.

    Raises:
        DataError: the data cannot be read as asked, or has a fatal finding.
    """
    corpus, findings = examine(settings)
    fatal = [finding for finding in findings if finding.severity == "fatal"]
    if fatal:
        raise DataError(*(_problem(finding, corpus.name) for finding in fatal))
    return dataclasses.replace(split(corpus, settings, seed), findings=findings)


def examine(settings: DataSettings) -> tuple[Corpus, tuple[Finding, ...]]:
    """The complete rows of the data that `settings` names, and every finding, fatal ones too.

    Raises:
        DataError: the data cannot be read as asked.
    """
    corpus = sources.load(settings)
    incomplete = audit.missing(corpus)
    corpus = _complete(corpus)
    return corpus, (*incomplete, *audit.findings(corpus))


def _complete(corpus: Corpus) -> Corpus:
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


def _problem(finding: Finding, name: str) -> Problem:
    where = f"{name}:{finding.rows[0].line}" if finding.rows else name
    return Problem(f"{finding.name}: {finding.why}", fix=finding.fix, where=where)
