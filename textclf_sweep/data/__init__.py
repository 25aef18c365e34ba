"""From files to `Splits`: read by a source, prepared, audited, split. Never imports TensorFlow or Keras.

`load` is a line of stages: a source (`textclf_sweep.data.sources`) gives the rows as they are, `prepare`
(`textclf_sweep.data.prepare`) makes them complete and their labels uniform, the audit (`textclf_sweep.data.audit`)
looks at them, and they are split (`textclf_sweep.data.splits`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

from textclf_sweep.data import audit, sources
from textclf_sweep.data.audit import Assumptions, Subject
from textclf_sweep.data.corpus import Corpus, Splits
from textclf_sweep.data.findings import Finding
from textclf_sweep.data.prepare import prepare
from textclf_sweep.data.splits import split
from textclf_sweep.definition.types import DataSettings
from textclf_sweep.errors import DataError, Problem

__all__ = ["Assumptions", "Examined", "divide", "examine", "load", "refuse"]


@dataclass(frozen=True, slots=True)
class Examined:
    """Data that were read and looked at.

    Attributes:
        corpus: the rows that would be split.
        rows: how many the source has.
        findings: every one, the gravest first.
    """

    corpus: Corpus
    rows: int
    findings: tuple[Finding, ...]


def load(
    settings: DataSettings,
    seed: int,
    assumptions: Assumptions | None = None,
    *,
    force: bool = False,
    poll: Callable[[], None] = lambda: None,
) -> Splits:
    """The data that `settings` names, checked and split.

    Args:
        settings: where the data is, what is made of it and how it is split.
        seed: of the split; unused when the data bring their own.
        assumptions: what the audit assumes of the models.
        force: whether to go on in spite of fatal findings.
        poll: called now and then; what it raises is passed on.

    Raises:
        DataError: the data cannot be read as asked, cannot be split, or has a fatal finding.
    """
    examined = examine(settings, assumptions, poll)
    refuse(examined, force=force)
    return divide(examined, settings, seed)


def refuse(examined: Examined, *, force: bool = False) -> None:
    """Stop at data with a fatal finding.

    Args:
        examined: the data.
        force: whether only those findings count that nobody can override.

    Raises:
        DataError: there is one.
    """
    fatal = [finding for finding in examined.findings if finding.severity == "fatal"]
    hopeless = [finding for finding in fatal if finding.name in UNTRAINABLE or not len(examined.corpus)]
    if hopeless or (fatal and not force):
        name, overridable = examined.corpus.name, not hopeless
        raise DataError(*(_problem(finding, name, overridable=overridable) for finding in hopeless or fatal))


def divide(examined: Examined, settings: DataSettings, seed: int) -> Splits:
    """Examined data, split; their findings go with them.

    Raises:
        DataError: they cannot be split as asked.
    """
    return dataclasses.replace(split(examined.corpus, settings, seed), findings=examined.findings)


UNTRAINABLE = ("single_label",)
"""Fatal findings that nobody can override: there would be nothing to learn."""


def examine(
    settings: DataSettings, assumptions: Assumptions | None = None, poll: Callable[[], None] = lambda: None
) -> Examined:
    """The rows that `settings` names as they would be split, and every finding, fatal ones too.

    Args:
        settings: where the data is and what is made of it.
        assumptions: what the audit assumes of the models.
        poll: called now and then; what it raises is passed on.

    Raises:
        DataError: the data cannot be read as asked.
    """
    assumed = assumptions or Assumptions()
    read = sources.load(settings)
    incomplete = [_decided(finding, settings) for finding in audit.missing(Subject(read, assumed))]
    corpus = prepare(read, settings)
    return Examined(corpus, len(read), audit.ordered((*incomplete, *audit.findings(Subject(corpus, assumed), poll))))


def _decided(finding: Finding, settings: DataSettings) -> Finding:
    """A finding about rows as read; missing texts that are filled in or kept by the user's word are not fatal."""
    if finding.name == "missing_text" and settings.missing.action in ("empty", "fill", "from"):
        return dataclasses.replace(finding, severity="warning" if finding.severity == "fatal" else "note")
    return finding


def _problem(finding: Finding, name: str, *, overridable: bool) -> Problem:
    row = finding.rows[0] if finding.rows else None
    where = f"{row.file or name}:{row.line}" if row else name
    fix = f"{finding.remedy}; or go on all the same with --force" if overridable else finding.remedy
    return Problem(f"{finding.name}: {finding.why}", fix=fix, where=where)
