"""Looking at data before anything is trained: what ``sweep check`` says."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from textclf_sweep import data
from textclf_sweep.data import guess
from textclf_sweep.data.corpus import PARTS
from textclf_sweep.data.findings import Finding
from textclf_sweep.definition.types import DataSettings, SweepDefinition
from textclf_sweep.errors import DataError, Problem
from textclf_sweep.sweep.assumptions import assumptions, check_cleaning


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
        problems: why the data cannot be split; empty when they can.
    """

    name: str
    chosen: str
    rows: int
    labels: Mapping[str, int]
    parts: Mapping[str, int]
    notes: tuple[str, ...]
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]

    @property
    def fatal(self) -> bool:
        """Whether nothing should, or could, be trained on these data."""
        return bool(self.problems) or _grave(self.findings)

    def to_json(self) -> dict[str, Any]:
        """The object of ``sweep check --json``."""
        return {
            "name": self.name,
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
    settings = guess.settings(path, text, label)
    checked = _check(settings, 0, data.Assumptions())
    return dataclasses.replace(checked, chosen=guess.explained(settings))


def _check(settings: DataSettings, seed: int, assumed: data.Assumptions) -> Checked:
    examined = data.examine(settings, assumed)
    corpus, problems = examined.corpus, tuple[Problem, ...]()
    parts, notes = dict[str, int](), corpus.notes
    try:
        splits = data.divide(examined, settings, seed)
        parts, notes = {name: len(splits.part(name)) for name in PARTS}, splits.notes
    except DataError as error:
        # Where no row is left, the fatal finding says why.
        problems = () if not len(corpus) and _grave(examined.findings) else error.problems
    return Checked(
        name=corpus.name,
        chosen="",
        rows=examined.rows,
        labels=dict(Counter(corpus.labels).most_common()),
        parts=parts,
        notes=notes,
        findings=examined.findings,
        problems=problems,
    )


def _grave(findings: tuple[Finding, ...]) -> bool:
    return any(finding.severity == "fatal" for finding in findings)
