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
from textclf_sweep.data.audit._shares import uneven_split
from textclf_sweep.data.corpus import Corpus, Splits
from textclf_sweep.data.findings import Finding
from textclf_sweep.data.headers import missing_header
from textclf_sweep.data.prepare import prepare
from textclf_sweep.data.splits import split
from textclf_sweep.definition.types import DataSettings
from textclf_sweep.errors import DataError, Problem

__all__ = ["Assumptions", "Examined", "again", "divide", "examine", "load", "refuse"]


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
    return divide(examined, settings, seed, force=force)


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


def divide(examined: Examined, settings: DataSettings, seed: int, *, force: bool = False) -> Splits:
    """Examined data, split; their findings go with them, and one on the split when its shares are far off.

    Args:
        examined: the data.
        settings: how they are split.
        seed: of the split.
        force: whether labels that are too rare for every part are no obstacle.

    Raises:
        DataError: they cannot be split as asked.
    """
    splits = split(examined.corpus, settings, seed, anyhow=force)
    uneven = uneven_split(examined.corpus, splits, settings, seed)
    findings = examined.findings if uneven is None else audit.ordered((*examined.findings, uneven))
    return dataclasses.replace(splits, findings=findings)


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
    assumed = dataclasses.replace(assumptions or Assumptions(), missing=settings.missing, folds=settings.folds)
    read = sources.load(settings)
    incomplete = list(audit.missing(Subject(read, assumed)))
    if (headless := missing_header(settings, read)) is not None:
        incomplete.append(headless)
    corpus = prepare(read, settings)
    return Examined(corpus, len(read), audit.ordered((*incomplete, *audit.findings(Subject(corpus, assumed), poll))))


def again(settings: DataSettings, seed: int) -> Splits:
    """Data that a sweep was begun with, and that were looked at then: read and split, without findings.

    Raises:
        DataError: they cannot be read or split as asked.
    """
    # What could not be split then, and was with force, is split alike.
    return split(prepare(sources.load(settings), settings), settings, seed, anyhow=True)


def _problem(finding: Finding, name: str, *, overridable: bool) -> Problem:
    row = finding.rows[0] if finding.rows else None
    where = f"{row.file or name}:{row.line}" if row else name
    if overridable:
        finding = dataclasses.replace(finding, fix=f"{finding.fix}; or go on all the same with --force")
    return Problem(f"{finding.name}: {finding.why}", fix=finding.remedy, where=where)
