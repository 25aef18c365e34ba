"""What a running sweep tells whoever watches it: frozen values, in order, from one thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from textclf_sweep.definition.types import SweepDefinition
from textclf_sweep.trial import EpochEvent, History, Trial, TrialRecord


@dataclass(frozen=True, slots=True)
class SweepStarted:
    """Definition, data and store are accepted; workers are starting.

    Attributes:
        definition: what runs.
        total: how many trials the sweep has in all; None if open.
        workers: how many trials train at once.
        rows: rows of train, validation and test.
        labels: the label names, sorted.
        history: trials of earlier runs of this sweep; empty for a new one.
        folder: the sweep's folder, as text.
    """

    definition: SweepDefinition
    total: int | None
    workers: int
    rows: Mapping[str, int]
    labels: tuple[str, ...]
    history: History
    folder: str


@dataclass(frozen=True, slots=True)
class FloorsMeasured:
    """Validation accuracies that a trial has to beat: chance, majority and linear (None when not measured)."""

    floors: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class ChecksStarted:
    """Floors are being measured and these architectures tried, before any trial.

    Attributes:
        architectures: those that have no finished trial yet.
    """

    architectures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChecksEnded:
    """Floors are measured and architectures were tried; trials start.

    Attributes:
        seconds: that all of it took.
        smoke: of each architecture that was tried ``seconds``, ``numbers`` and ``warnings``.
    """

    seconds: float
    smoke: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class TrialStarted:
    """An attempt was dispatched."""

    trial: Trial
    attempt: int


@dataclass(frozen=True, slots=True)
class EpochEnded:
    """A running trial finished an epoch."""

    event: EpochEvent


@dataclass(frozen=True, slots=True)
class TrialEnded:
    """A trial is final, or (state WAITING or INTERRUPTED) its attempt was lost and it will run again.

    Attributes:
        record: the trial as the ledger knows it now.
        best: the best trial so far, or None without a success.
    """

    record: TrialRecord
    best: TrialRecord | None


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for the user."""

    text: str
    level: Literal["note", "warning"] = "note"


@dataclass(frozen=True, slots=True)
class SweepEnded:
    """The end, whatever it was.

    Attributes:
        status: the object of ``sweep status --json``.
        words: what was found, in a few sentences.
        where: places and commands, as (what, text) pairs, e.g. ("browse", "sweep ui lstm").
        diagnosis: the object of ``sweep diagnose --json`` where the result asks for one; else None.
    """

    status: Mapping[str, Any]
    words: tuple[str, ...]
    where: tuple[tuple[str, str], ...]
    diagnosis: Mapping[str, Any] | None = None


SweepEvent = (
    SweepStarted
    | FloorsMeasured
    | ChecksStarted
    | ChecksEnded
    | TrialStarted
    | EpochEnded
    | TrialEnded
    | Notice
    | SweepEnded
)
Observer = Callable[[SweepEvent], None]
