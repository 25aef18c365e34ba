"""What the audit finds: one frozen value per finding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["fatal", "warning", "note"]
"""``fatal`` stops a sweep before any training; ``warning`` may explain a bad result; ``note`` is good to know."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as an example of a finding.

    Attributes:
        line: the physical line where its record starts, header = 1.
        text, label: as the source gave them.
    """

    line: int
    text: str
    label: str

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {"line": self.line, "text": self.text, "label": self.label}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the audit found.

    Attributes:
        name: the finding's name, e.g. ``conflicting_labels``.
        severity: see `Severity`.
        count: rows affected; all members of a group of rows.
        share: `count` as a share of all rows, in [0, 1].
        texts: distinct texts affected, compared after trimming and lower-casing.
        rows: a few of the affected rows.
        why: what was found and why it matters, with the figures.
        fix: what to do about it.
    """

    name: str
    severity: Severity
    count: int
    share: float
    texts: int
    rows: tuple[Row, ...]
    why: str
    fix: str

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "name": self.name,
            "severity": self.severity,
            "count": self.count,
            "share": self.share,
            "texts": self.texts,
            "rows": [row.to_json() for row in self.rows],
            "why": self.why,
            "fix": self.fix,
        }
