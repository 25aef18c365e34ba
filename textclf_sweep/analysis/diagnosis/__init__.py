"""Why a trial is as bad (or as good) as it is: named causes with the numbers that speak for them. Pure.

Each module holds checks of one kind, `CHECKS`: functions of a `Case` that answer a `Cause` or None. They know nothing
of each other; their scores are comparable.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from textclf_sweep.analysis.diagnosis import data, inputs, optimisation, schedule, space
from textclf_sweep.analysis.diagnosis._case import BAD, Case, Cause, DataEvidence, Reading, Severity
from textclf_sweep.verdicts import Verdict

__all__ = ["BAD", "Case", "Cause", "DataEvidence", "Diagnosis", "Reading", "Severity", "diagnose"]

CHECKS = (*data.CHECKS, *inputs.CHECKS, *optimisation.CHECKS, *schedule.CHECKS, *space.CHECKS)
LEAST = 0.2
"""The score below which nothing is said."""
SURE = 0.5
"""The score from which on something is to blame for a bad result."""
ALWAYS = ("leakage", "distribution_shift")
"""Causes that make a result worthless even when it looks good."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found about a trial.

    Attributes:
        trial: its number.
        verdict: on it; None when there is nothing to judge it by.
        causes: the most probable first.
    """

    trial: int
    verdict: Verdict | None
    causes: tuple[Cause, ...]

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "trial": self.trial,
            "verdict": None if self.verdict is None else self.verdict.name,
            "numbers": {} if self.verdict is None else _numbers(self.verdict.numbers),
            "causes": [_to_json(cause) for cause in self.causes],
        }


def diagnose(case: Case) -> Diagnosis:
    """Every cause that something speaks for, severity ``cause`` first, then by score."""
    found = [cause for check in CHECKS if (cause := check(case)) is not None and cause.score >= LEAST]
    judged = [_judged(case, cause) for cause in found]
    ordered = sorted(judged, key=lambda cause: (cause.severity != "cause", -cause.score, cause.name))
    return Diagnosis(case.record.number, case.verdict, tuple(ordered))


def _judged(case: Case, cause: Cause) -> Cause:
    """The cause, as a note where the result is not bad or too little speaks for it."""
    worthless = cause.name in ALWAYS or case.bad
    sure = cause.score >= SURE and worthless and cause.severity == "cause"
    return dataclasses.replace(cause, severity="cause" if sure else "note", score=min(1.0, round(cause.score, 3)))


def _to_json(cause: Cause) -> dict[str, Any]:
    return {
        "name": cause.name,
        "severity": cause.severity,
        "score": cause.score,
        "evidence": _numbers(cause.evidence),
        "explanation": cause.explanation,
        "patch": dict(cause.patch),
    }


def _numbers(values: Mapping[str, float | str] | Mapping[str, float]) -> dict[str, float | str]:
    """Numbers as JSON has them; one that is not finite as a text."""
    return {
        name: value if isinstance(value, str) or math.isfinite(value) else str(value) for name, value in values.items()
    }
