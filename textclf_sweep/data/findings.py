"""What the audit finds: one frozen value per finding."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["fatal", "warning", "note"]
"""``fatal`` stops a sweep before any training; ``warning`` may explain a bad result; ``note`` is good to know."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as an example of a finding.

    Attributes:
        line: the physical line where its record starts, header = 1; the record's number in a source without lines.
        text, label: as the source gave them.
        file: where the line is, when the data are in several files; else empty.
        detail: what is remarkable about this row, e.g. the label a model expects; may be empty.
    """

    line: int
    text: str
    label: str
    file: str = ""
    detail: str = ""

    def to_json(self, *, texts: bool = True) -> dict[str, Any]:
        """As a JSON object. Its text is null without `texts`; `file` and `detail` are there when not empty."""
        more = {"file": self.file, "detail": self.detail if texts else ""}
        whole = {"line": self.line, "text": self.text if texts else None, "label": self.label}
        return whole | {name: value for name, value in more.items() if value}


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
        fix: what to do about it, in a sentence.
        patch: the lines of YAML that do it, to be added to a definition; empty when no key of it can.
        affected: the rows (indices from 0 of the corpus that was looked at) that were found; those of the sample when
            only a sample was looked at. No part of the JSON.
    """

    name: str
    severity: Severity
    count: int
    share: float
    texts: int
    rows: tuple[Row, ...]
    why: str
    fix: str
    patch: str = ""
    affected: tuple[int, ...] = field(default=(), compare=False, repr=False)

    @property
    def remedy(self) -> str:
        """`fix` and, below it, `patch`."""
        return f"{self.fix}:\n{self.patch}" if self.patch else self.fix

    def to_json(self, *, texts: bool = True) -> dict[str, Any]:
        """As a JSON object; `texts` tells whether it has the texts of its rows."""
        return {
            "name": self.name,
            "severity": self.severity,
            "count": self.count,
            "share": self.share,
            "texts": self.texts,
            "rows": [row.to_json(texts=texts) for row in self.rows],
            "why": self.why,
            "fix": self.remedy,
        }
