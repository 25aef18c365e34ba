"""Everything that can go wrong on purpose, and the exit code each branch ends the program with.

    SweepError
    ├── InputError            2   the definition, the data or the command line is wrong
    │   ├── DefinitionError   2   one or many problems in a definition, each with file and line
    │   └── DataError         2   a data file cannot be read as asked
    ├── NoSuccessError        3   the sweep ended without one successful trial
    ├── StorageError          4   the store, the ledger or MLflow cannot be read or written (resumable)
    │   └── TrackingError     4   MLflow alone: training results are safe in the ledger
    ├── EngineError           4   the workers cannot run (resumable)
    └── AlreadyRunningError   5   another process runs this sweep

Anything else that reaches the top is our bug: exit code 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input.

    Attributes:
        what: what happened, with the offending value.
        expected: what would have been right.
        fix: what to write or do instead; may be empty when `expected` says it all.
        where: ``file:line`` (or ``file``, or ``--set``), empty when there is no place.
        key: dotted path of the key in the definition (``parameters.dropout``), or empty.
    """

    what: str
    expected: str = ""
    fix: str = ""
    where: str = ""
    key: str = ""

    def __str__(self) -> str:
        # An override's place, `--set run_cap`, names the key already.
        key = "" if self.where.endswith(f" {self.key}") else self.key
        place = " ".join(part for part in (self.where, key) if part)
        sentences = [self.what]
        if self.expected:
            sentences.append(f"expected {self.expected}")
        text = "; ".join(sentences)
        if self.fix:
            # Lines of YAML in a hint stay below it.
            text += "\n  hint: " + self.fix.replace("\n", "\n    ")
        return f"{place}: {text}" if place else text


class SweepError(Exception):
    """Base of every error the program raises on purpose; shown without a traceback.

    Args:
        problems: what is wrong, one or many; a plain string stands for one problem.
        fix: the hint, when `problems` is a plain string.
    """

    exit_code = 1

    def __init__(self, *problems: Problem | str, fix: str = "") -> None:
        self.problems: tuple[Problem, ...] = tuple(
            Problem(problem, fix=fix) if isinstance(problem, str) else problem for problem in problems
        )
        super().__init__("\n".join(str(problem) for problem in self.problems))


class InputError(SweepError):
    """The user's input is wrong: command line, definition or data."""

    exit_code = 2


class DefinitionError(InputError):
    """A sweep definition is wrong; carries all problems found, not only the first."""


class DataError(InputError):
    """A data source cannot be read as the definition asks."""


class NoSuccessError(SweepError):
    """The sweep ended and no trial succeeded."""

    exit_code = 3


class StorageError(SweepError):
    """The store cannot be read or written; nothing that was finished is lost."""

    exit_code = 4


class TrackingError(StorageError):
    """MLflow cannot be read or written; the ledger still holds every result.

    Attributes:
        status: the status object of the sweep that ended so; None when it did not begin.
    """

    status: Mapping[str, Any] | None = None


class EngineError(SweepError):
    """The engine's workers cannot start or stay up; nothing that was finished is lost."""

    exit_code = 4


class AlreadyRunningError(SweepError):
    """Another process holds the sweep's lock."""

    exit_code = 5
