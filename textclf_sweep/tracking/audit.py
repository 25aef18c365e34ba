"""What the data audit found, as the parent run shows it: tags, a report to read, and JSON for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

Findings = Sequence[Mapping[str, Any]]
SEVERITIES = ("fatal", "warning", "note")
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
SERVICES = ("databricks", "databricks-uc", "uc")
"""Tracking URIs that look like a path and are none."""
SHOWN = 160
"""Characters of a text in the report."""


def is_local(uri: str) -> bool:
    """Whether what is sent to this tracking URI stays on this machine: a file, SQLite, or a server on it."""
    parts = urlsplit(uri)
    if parts.scheme in ("", "file", "sqlite"):
        return uri not in SERVICES
    return (parts.hostname or "?") in LOCAL_HOSTS


def without_texts(findings: Findings) -> list[dict[str, Any]]:
    """The findings, of whose rows only lines and labels are left."""
    return [
        {**finding, "rows": [{**_without(row, "detail"), "text": None} for row in finding.get("rows", ())]}
        for finding in findings
    ]


def tags(findings: Findings) -> dict[str, str]:
    """How many findings of each severity there are, and their names."""
    counts = Counter(str(finding.get("severity")) for finding in findings)
    names = [str(finding.get("name")) for finding in findings]
    return {"data.findings": ", ".join(names) or "none", **{f"data.{name}": str(counts[name]) for name in SEVERITIES}}


def artifacts(findings: Findings) -> dict[str, str]:
    """The files that tell of the findings, by name; none without any."""
    if not findings:
        return {}
    whole = json.dumps([dict(finding) for finding in findings], indent=2)
    return {"data_audit.json": whole, "data_audit.md": report(findings)}


def report(findings: Findings) -> str:
    """The findings in Markdown, the gravest first."""
    ordered = sorted(findings, key=lambda finding: SEVERITIES.index(finding["severity"]))
    return "\n\n".join(["# What the data audit found", *map(_section, ordered)]) + "\n"


def _section(finding: Mapping[str, Any]) -> str:
    head = f"## {finding['severity']}: {finding['name']}, {finding['count']:,} rows ({finding['share']:.1%})"
    lines = [head, "", f"{_escaped(finding['why'])}.", ""]
    rows = finding.get("rows", ())
    if rows:
        lines += ["| line | label | text |", "|---|---|---|", *map(_row, rows), ""]
    fix, _, patch = str(finding["fix"]).partition("\n")
    lines.append(f"**Fix**: {_escaped(fix)}")
    return "\n".join([*lines, *(["", "```yaml", patch, "```"] if patch else [])])


def _row(row: Mapping[str, Any]) -> str:
    place = f"{row['file']}:{row['line']}" if row.get("file") else str(row["line"])
    text = "(not logged)" if row["text"] is None else _cell(str(row["text"]))
    detail = f" ({_cell(str(row['detail']))})" if row.get("detail") else ""
    return f"| {place} | {_cell(str(row['label']))} | {text}{detail} |"


def _cell(text: str) -> str:
    """`text` as a cell: short, on one line, and no markup."""
    short = text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."
    plain = "".join(character if character.isprintable() else f"<U+{ord(character):04X}>" for character in short)
    return _escaped(plain, "|`*[")


def _escaped(text: str, more: str = "") -> str:
    """`text` without HTML, and without what else Markdown takes for markup (`more`).

    The character references are what it shows as the characters themselves.
    """
    for character in f"&<{more}":  # the ampersand first
        text = text.replace(character, f"&#{ord(character)};")
    return text


def _without(row: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != key}
