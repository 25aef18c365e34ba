"""Looking at data before anything is trained: what ``sweep check`` says."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from textclf_sweep import data
from textclf_sweep.data import guess
from textclf_sweep.data.corpus import PARTS
from textclf_sweep.data.findings import Finding
from textclf_sweep.definition.types import DataSettings, SweepDefinition
from textclf_sweep.errors import DataError, Problem
from textclf_sweep.sweep.assumptions import assumptions, check_cleaning
from textclf_sweep.sweep.init import SEED
from textclf_sweep.sweep.prerequisites import check_needs

WRONG_LABELS = ("label_column_misread", "single_label")
"""Fatal findings after which it is of no use how many rows there are for a label."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in data.

    Attributes:
        name: what the data are called.
        chosen: how they were read, in words, where nobody said it; or empty.
        rows: as the source has them.
        labels: rows of each label as they would be split, the commonest first.
        parts: rows of train, validation and test; empty when the data cannot be split.
        notes: one sentence for everything that was dropped or changed.
        findings: every one, the gravest first.
        problems: why the data cannot be split; empty when they can, and where a fatal finding says it.
        settings: how they were read.
    """

    name: str
    chosen: str
    rows: int
    labels: Mapping[str, int]
    parts: Mapping[str, int]
    notes: tuple[str, ...]
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]
    settings: DataSettings | None = None

    @property
    def fatal(self) -> bool:
        """Whether nothing should, or could, be trained on these data."""
        return bool(self.problems) or _grave(self.findings)

    def to_json(self) -> dict[str, Any]:
        """The object of ``sweep check --json``."""
        return {
            "name": self.name,
            "chosen": None if self.settings is None else _chosen(self.settings),
            "rows": self.rows,
            "labels": dict(self.labels),
            "parts": dict(self.parts),
            "notes": list(self.notes),
            "findings": [finding.to_json() for finding in self.findings],
            "problems": [str(problem) for problem in self.problems],
        }


def check_definition(definition: SweepDefinition) -> Checked:
    """Look at the data of a sweep, with its models in mind.

    Raises:
        InputError: the data cannot be read, or a package is lacking that their cleaning needs.
    """
    check_needs(definition)
    warned = check_cleaning(definition)
    checked = _check(definition.data, definition.seed, assumptions(definition))
    return dataclasses.replace(checked, notes=(*warned, *checked.notes))


def check_data(path: str, text: tuple[str, ...] = (), label: str = "") -> Checked:
    """Look at data by themselves, with models in mind as they are by default.

    Args:
        path: a file, a folder, or the name of a source such as ``uci_news``.
        text: columns of the texts; guessed when empty.
        label: the column of the labels; guessed when empty.

    Raises:
        DataError: the data cannot be read, or it cannot be told what is text and what is label, or both are the same.
    """
    if label and label in text:
        what = f"texts and labels are both in column {label!r}"
        raise DataError(Problem(what, "two columns", "name another one with --text or --label", where=path))
    settings, notes = guess.siblings(guess.settings(path, text, label))
    # The split that a definition would have that is written for these data.
    checked = _check(settings, SEED, data.Assumptions(seed=SEED))
    return dataclasses.replace(checked, chosen=guess.explained(settings), notes=(*notes, *checked.notes))


def _check(settings: DataSettings, seed: int, assumed: data.Assumptions) -> Checked:
    examined = data.examine(settings, assumed)
    corpus, findings, problems = examined.corpus, examined.findings, tuple[Problem, ...]()
    parts, notes = dict[str, int](), corpus.notes
    if any(finding.severity == "fatal" and finding.name in WRONG_LABELS for finding in findings):
        findings = tuple(finding for finding in findings if finding.name != "few_rows")
    # A fatal finding says why nothing is split; no error need say it again.
    if not _grave(findings):
        try:
            splits = data.divide(examined, settings, seed)
            parts, notes = {name: len(splits.part(name)) for name in PARTS}, splits.notes
            findings = splits.findings
        except DataError as error:
            problems = error.problems
    return Checked(
        name=_name(corpus.name, settings),
        chosen="",
        rows=examined.rows,
        labels=dict(Counter(corpus.labels).most_common()),
        parts=parts,
        notes=notes,
        findings=findings,
        problems=problems,
        settings=settings,
    )


def _name(name: str, settings: DataSettings) -> str:
    """What data are called that may be in several files: ``data/train.csv with dev.csv and test.csv``."""
    others = [PurePath(path).name for path in (settings.validation_path, settings.test_path) if path is not None]
    return f"{name} with {' and '.join(others)}" if others else name


def _chosen(settings: DataSettings) -> dict[str, Any]:
    """How data are read, as a JSON object."""
    return {
        "source": settings.source,
        "path": settings.path,
        "validation": settings.validation_path,
        "test": settings.test_path,
        "text": list(settings.text),
        "label": settings.label,
        "group": settings.group,
        "split": settings.split,
        "options": dict(settings.options),
    }


def _grave(findings: tuple[Finding, ...]) -> bool:
    return any(finding.severity == "fatal" for finding in findings)
