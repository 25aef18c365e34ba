"""What the findings of an audit propose for a definition, key by key, and which of it can do no harm."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import yaml

from textclf_sweep.data.findings import Finding

HARMLESS = frozenset({
    "data.missing", "data.trim_labels", "data.label_case", "data.cleaning.fix_mojibake", "data.cleaning.strip_html",
    "data.cleaning.strip_control", "metric.name", "parameters.max_length", "parameters.truncate",
    "parameters.vocabulary_size",
})  # fmt: skip
"""Keys that take nothing from the texts or labels that anybody means."""


@dataclass(frozen=True, slots=True)
class Cure:
    """One key that a finding proposes.

    Attributes:
        key: dotted, e.g. ``data.cleaning.strip_html``.
        value: as YAML has it.
        finding: that proposes it.
        harmless: whether it can be written without asking; otherwise it is for the user to decide.
    """

    key: str
    value: Any
    finding: Finding
    harmless: bool


def cures(findings: Iterable[Finding]) -> dict[str, Cure]:
    """What the findings propose, by key; of several proposals for one, the first.

    The map of labels comes as two: ``data.labels``, of those that differ in nothing but case, marks and spaces, and
    ``data.labels?``, of those that may be different labels all the same.
    """
    found: dict[str, Cure] = {}
    for finding in findings:
        for key, value in _keys(finding.patch):
            for name, part in _told_apart(value) if key == "data.labels" else ((key, value),):
                found.setdefault(name, Cure(name, part, finding, name in HARMLESS or name == "data.labels"))
    return found


def merged(written: Mapping[str, Cure], again: Mapping[str, Cure]) -> dict[str, Cure]:
    """Cures that a definition has, and what is proposed for the data as that definition prepares them.

    Args:
        written: by key; the harmless ones, and the folds, are in the definition.
        again: by key; of them all but the metric are for the user to decide: nobody has looked at the data with them.
    """
    kept = {
        key: cure for key, cure in written.items() if key == "data.folds" or (cure.harmless and key != "metric.name")
    }
    new = {
        key: replace(cure, harmless=cure.harmless and key == "metric.name")
        for key, cure in again.items()
        if key not in kept
    }
    return kept | new


def _keys(patch: str) -> Iterator[tuple[str, Any]]:
    """The keys of a patch, each with its value, as deep as a definition has keys of its own."""
    for section, content in (yaml.safe_load(patch) or {}).items():
        for key, value in content.items():
            if (section, key) == ("data", "cleaning"):
                yield from ((f"data.cleaning.{step}", setting) for step, setting in value.items())
            else:
                yield f"{section}.{key}", value


def _told_apart(labels: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    same = {label: meant for label, meant in labels.items() if _bare(label) and _bare(label) == _bare(meant)}
    if same:
        yield "data.labels", same
    if rest := {label: meant for label, meant in labels.items() if label not in same}:
        yield "data.labels?", rest


def _bare(label: str) -> str:
    """A label without case, accents, spaces and punctuation."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", label.casefold())))
