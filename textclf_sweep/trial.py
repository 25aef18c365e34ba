"""The values that travel: a trial, what its training reports, and how it ended.

All are frozen; mappings inside them are never mutated after construction. `to_json` and `from_json` are exact
inverses (property-tested) and use only types of the JSON standard: a non-finite number is written as the string
``"nan"``, ``"inf"`` or ``"-inf"``.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Scalar = bool | int | float | str
"""What a hyperparameter's value can be."""

Parameters = Mapping[str, Scalar]
"""All parameters of a trial by name, fixed ones too, inactive ones absent."""

METRICS = (
    "loss", "accuracy", "macro_f1", "val_loss", "val_accuracy", "val_macro_f1",
    "learning_rate", "epoch_seconds", "examples_per_second",
)  # fmt: skip
"""Every metric an epoch reports. With folds they are means over the folds, but for the pace: the seconds of all folds
together, and the rows of all of them in these."""

SPREADS = ("val_loss_std", "val_accuracy_std", "val_macro_f1_std")
"""What an epoch reports besides with folds: the (population) standard deviation over them."""

PROBES = ("gradient_norm", "weight_norm", "dead_units", "saturated_units")
"""What an epoch may report of each layer, as ``<probe>/<layer>``; see `textclf_sweep.training.probes`."""

PROBED = ("prediction_entropy", "batch_loss_std", "batch_loss_max")
"""What an epoch reports besides of the model as a whole, for diagnosis."""

OBJECTIVES: Mapping[str, str] = {
    "val_accuracy": "maximize",
    "val_macro_f1": "maximize",
    "val_loss": "minimize",
    "accuracy": "maximize",
    "macro_f1": "maximize",
    "loss": "minimize",
}
"""The metrics a sweep can optimise and the direction that is better."""


FEW_LABELS = 20
"""Labels up to which every epoch keeps its confusion matrix."""


class TrialState(StrEnum):
    """Where a trial stands.

    WAITING: proposed and committed, not running. RUNNING: an attempt is dispatched. INTERRUPTED: its last attempt was
    cut short by the user or the parent's end; it will run again. COMPLETE, PRUNED and FAILED are final.
    """

    WAITING = "waiting"
    RUNNING = "running"
    INTERRUPTED = "interrupted"
    COMPLETE = "complete"
    PRUNED = "pruned"
    FAILED = "failed"

    @property
    def final(self) -> bool:
        """Whether a trial in this state never runs again."""
        return self in (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAILED)


@dataclass(frozen=True, slots=True)
class Trial:
    """One parameter set to train.

    Attributes:
        number: from 1, in the order of proposal.
        architecture: a name of the catalogue.
        parameters: every active parameter, fixed ones too.
        seed: seed of weights, dropout and batch order; a function of (sweep seed, number), in [0, 2**31).
        seen: numbers of the trials whose results the proposal has seen.
    """

    number: int
    architecture: str
    parameters: Parameters
    seed: int
    seen: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return _object(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Trial:
        """The inverse of `to_json`."""
        return cls(**{**value, "seen": tuple(value["seen"])})


@dataclass(frozen=True, slots=True)
class EpochEvent:
    """What one epoch of one attempt measured.

    Attributes:
        trial: the trial's number.
        attempt: from 1.
        epoch: from 1.
        metrics: the values named in `METRICS`, with folds also those in `SPREADS`; and what was probed (`PROBES`,
            `PROBED`).
        time: wall-clock time of the end of the epoch, seconds since 1970.
        confusion: validation counts, ``confusion[true][predicted]``; empty with more than `FEW_LABELS` labels, whose
            counts would outgrow all else.
    """

    trial: int
    attempt: int
    epoch: int
    metrics: Mapping[str, float]
    time: float
    confusion: tuple[tuple[int, ...], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return _object(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> EpochEvent:
        """The inverse of `to_json`."""
        confusion = tuple(map(tuple, value.get("confusion", ())))
        return cls(**{**value, "metrics": _metrics(value["metrics"]), "confusion": confusion})


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed.

    Attributes:
        kind: ``diverged``, ``error``, ``crash`` or ``timeout``.
        message: one line for tables, e.g. ``ResourceExhaustedError: OOM when allocating ...``.
        traceback: the full traceback, or empty.
    """

    kind: str
    message: str
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class TrialResult:
    """How one attempt of one trial ended. The worker writes it as ``results/<trial>.<attempt>.json``.

    Attributes:
        trial: the trial's number.
        attempt: from 1.
        state: COMPLETE, PRUNED or FAILED.
        reason: why it ended, in a few words (``early stopping``, ``all epochs``, ``diverged``, ...).
        epochs: every epoch of this attempt.
        best_epoch: the epoch whose weights were restored, from 1; 0 when no epoch finished.
        metrics: the metrics of that epoch; empty when no epoch finished.
        value: the objective at that epoch; None when no epoch finished or the trial failed.
        seconds: training wall time.
        confusion: validation counts at the best epoch, ``confusion[true][predicted]``, labels in sorted order; the
            sum over the folds.
        definition_hash: of the definition the trial belongs to.
        data_hash: of the data it was trained on.
        weights_hash: SHA-256 of the weights file saved before this result, or empty; with folds none is saved.
        failure: set when state is FAILED.
        versions: versions of the libraries that trained it, by package name.
        right: which validation rows the restored weights label rightly, in the rows' order (fold after fold), as
            `bits_of` writes it; empty when no epoch finished.
        start: what was probed of the model before its first step, named as in `EpochEvent.metrics`, and its ``loss``.
        losses: of the batches of the first epoch, evenly spread ones, 100 at the most; of a trial that diverged, of the
            epoch it diverged in.
    """

    trial: int
    attempt: int
    state: TrialState
    reason: str
    epochs: tuple[EpochEvent, ...] = ()
    best_epoch: int = 0
    metrics: Mapping[str, float] = field(default_factory=dict)
    value: float | None = None
    seconds: float = 0.0
    confusion: tuple[tuple[int, ...], ...] = ()
    definition_hash: str = ""
    data_hash: str = ""
    weights_hash: str = ""
    failure: Failure | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    right: str = ""
    start: Mapping[str, float] = field(default_factory=dict)
    losses: tuple[float, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return _object(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> TrialResult:
        """The inverse of `to_json`."""
        return cls(
            **{
                **value,
                "state": TrialState(value["state"]),
                "epochs": tuple(EpochEvent.from_json(epoch) for epoch in value["epochs"]),
                "metrics": _metrics(value["metrics"]),
                "value": None if value["value"] is None else float(value["value"]),
                "confusion": tuple(tuple(row) for row in value["confusion"]),
                "failure": Failure(**value["failure"]) if value["failure"] else None,
                "start": _metrics(value.get("start", {})),
                "losses": tuple(map(float, value.get("losses", ()))),
            }
        )


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """A trial as the ledger knows it: what searchers, analysis and tables read.

    Attributes:
        trial: what was proposed.
        state: where it stands.
        reason: why it is in this state, in a few words; empty while it runs.
        attempts: how many attempts exist.
        epochs: the epochs of the current (or counted) attempt.
        result: the counted attempt's result, once final.
        run_id: the MLflow run of the current (or counted) attempt, or None when not sent yet.
        counted: whether it is one of the sweep's trials; false once the space has changed so that it lies outside.
    """

    trial: Trial
    state: TrialState
    reason: str = ""
    attempts: int = 0
    epochs: tuple[EpochEvent, ...] = ()
    result: TrialResult | None = None
    run_id: str | None = None
    counted: bool = True

    @property
    def number(self) -> int:
        """The trial's number, from 1."""
        return self.trial.number

    @property
    def value(self) -> float | None:
        """The objective of the restored weights; None unless the trial is COMPLETE or PRUNED with a finite value."""
        if self.result is None or self.state not in (TrialState.COMPLETE, TrialState.PRUNED):
            return None
        value = self.result.value
        return value if value is not None and math.isfinite(value) else None


History = tuple[TrialRecord, ...]
"""Every trial of a sweep by number: the only thing proposals, pruning and analysis look at."""


def bits_of(values: Iterable[bool]) -> str:
    """Yes and no of some rows in a short text: their number, a colon, and their bits in hexadecimal."""
    bits = "".join("1" if value else "0" for value in values)
    return f"{len(bits)}:{int(bits or '0', 2):x}"


def from_bits(text: str) -> tuple[bool, ...]:
    """The inverse of `bits_of`; empty for an empty text."""
    count, _, digits = text.partition(":")
    return tuple(bit == "1" for bit in f"{int(digits, 16):0{int(count)}b}"[: int(count)]) if text else ()


def derive_seed(*parts: int | str) -> int:
    """A seed in [0, 2**31) that is a function of `parts` alone, e.g. (sweep seed, trial number, purpose)."""
    digest = hashlib.sha256(":".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def _object(value: Any) -> dict[str, Any]:
    return {item.name: _to_json(getattr(value, item.name)) for item in dataclasses.fields(value)}


def _to_json(value: Any) -> Any:
    match value:
        case float() if not math.isfinite(value):
            return str(value)
        case Mapping():
            return {str(key): _to_json(item) for key, item in value.items()}
        case list() | tuple():
            return [_to_json(item) for item in value]
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return _object(value)
        case _:
            return value


def _metrics(values: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in values.items()}
