"""The audit: what is wrong with a corpus, as findings. No check changes a row.

`missing` looks at the rows as read, `findings` at the complete rows that are left. A check is a function of a `Subject`
(see `_subject`) that returns a `Finding` or None; its module lists it in ``CHECKS``.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable

from textclf_sweep.data.audit._subject import Assumptions, Check, Subject
from textclf_sweep.data.audit.missing import missing
from textclf_sweep.data.findings import Finding

__all__ = ["Assumptions", "Subject", "findings", "missing", "ordered"]

ORDER = ("fatal", "warning", "note")
"""Severities as they are listed."""


def findings(subject: Subject, poll: Callable[[], None] = lambda: None) -> tuple[Finding, ...]:
    """The findings of every check, the gravest first; none when there are no rows.

    Args:
        subject: what is looked at.
        poll: called before each check; what it raises is passed on.
    """
    found: list[Finding] = []
    for check in _checks() if len(subject.corpus) else ():
        poll()
        if (finding := check(subject)) is not None:
            found.append(finding)
    return ordered(found)


def ordered(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings as they are listed: the gravest first, and of these the one that concerns the most rows."""
    return tuple(sorted(found, key=lambda finding: (ORDER.index(finding.severity), -finding.share, finding.name)))


def _checks() -> list[Check]:
    names = sorted(item.name for item in pkgutil.iter_modules(__path__) if not item.name.startswith("_"))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return [check for module in modules for check in getattr(module, "CHECKS", ())]
