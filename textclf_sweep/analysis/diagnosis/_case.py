"""What a diagnosis looks at, in frozen values, and what it says."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from textclf_sweep.definition.types import Metric
from textclf_sweep.trial import EpochEvent, History, Scalar, TrialRecord
from textclf_sweep.verdicts import Verdict

Severity = Literal["cause", "note"]
"""``cause``: it explains a result that is bad; ``note``: it is worth knowing, or may have a part in it."""

BAD = ("diverged", "stuck", "weak")
"""Verdicts that something must be to blame for."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One explanation of a trial's result.

    Attributes:
        name: e.g. ``learning_rate_too_high``.
        score: how much speaks for it, in [0, 1].
        evidence: the numbers it rests on.
        explanation: what it means, in plain words.
        patch: what to change in the definition, as YAML has it; empty when no key of it can help.
        severity: see `Severity`.
    """

    name: str
    score: float
    evidence: Mapping[str, float | str]
    explanation: str
    patch: Mapping[str, Any] = field(default_factory=dict)
    severity: Severity = "cause"


@dataclass(frozen=True, slots=True)
class DataEvidence:
    """What was measured of the data, without any network.

    Attributes:
        train, validation: rows of each label; labels as in the data.
        linear: validation accuracy of a linear model on the words of the whole texts.
        held_out: its accuracy on training rows that it has not seen; None when there is nothing to tell apart.
        evidence: how far that is better than labels exchanged at random, in standard deviations.
        mislabelled: estimated share of wrong labels among the training rows.
        conflicting: share of the training rows whose text stands under several labels.
        overlap: share of the validation rows whose text is also a training text.
        shift: how well a linear model tells validation texts from training texts: the area under the ROC curve on rows
            it has not seen; 0.5 is not at all.
        label_shift: total variation distance of the two label distributions, in [0, 1].
        label_shift_p: how likely one that large is by chance.
        unseen: share of the validation words that no training text has.
        singles: share of the labels that have one row only.
        numeric: share of the labels that are numbers.
        giveaway: validation accuracy of a model that may look at one word only, the most telling one of each label.
    """

    train: Mapping[str, int]
    validation: Mapping[str, int]
    linear: float | None = None
    held_out: float | None = None
    evidence: float | None = None
    mislabelled: float = 0.0
    conflicting: float = 0.0
    overlap: float = 0.0
    shift: float = 0.5
    label_shift: float = 0.0
    label_shift_p: float = 1.0
    unseen: float = 0.0
    singles: float = 0.0
    numeric: float = 0.0
    giveaway: float = 0.0

    @property
    def rows(self) -> int:
        """Training rows."""
        return sum(self.train.values())

    @property
    def commonest(self) -> float:
        """Share of the commonest label among the training rows."""
        return max(self.train.values()) / self.rows if self.rows else 1.0


@dataclass(frozen=True, slots=True)
class Reading:
    """What reaches a trial's model of the texts, measured on its inputs.

    Attributes:
        seen: validation accuracy of a linear model on exactly those inputs; None when they are no words.
        whole: of the same kind of model on the words of whole, uncleaned texts.
        p: how likely so large a difference is by chance (McNemar's test).
        changed: accuracy with one group of settings as usual and the others as they are: ``max_length``,
            ``vocabulary``, ``cleaning``; empty when nothing is lost.
        words: median words of a training text as it is written.
        tokens: median tokens of a training text that the model reads.
        longest: 95th percentile of the words of training texts.
        width: the most tokens that it reads of a text.
        empty: share of the training texts of which it reads no known token.
        unknown: share of its validation tokens that are unknown.
        unknown_train: the same of the training tokens.
    """

    seen: float | None
    whole: float | None
    p: float
    changed: Mapping[str, float]
    words: float
    tokens: float
    longest: float
    width: int
    empty: float
    unknown: float
    unknown_train: float


@dataclass(frozen=True)
class Case:
    """A trial and all that is known around it.

    Attributes:
        record: the trial; final.
        verdict: on it; None when there is nothing to judge it by.
        history: every trial of its sweep that counts.
        metric: the objective.
        space: of its architecture, by parameter: ``kind`` and what else the distribution has.
        early_stopping: as in the definition's identity; None without.
        own: whether the architecture is the user's own.
        takes_vectors: whether it can start from pretrained word vectors.
        source: the data's source, e.g. ``csv``.
        label_column: the column that looks like the labels, where it is another one than is read; else empty.
        findings: names of the data audit's findings, with their severity.
        smoke: what the smoke test warned of, by name.
        data: None when the data are gone.
        reading: None when its features cannot be built.
    """

    record: TrialRecord
    verdict: Verdict | None
    history: History
    metric: Metric = field(default_factory=Metric)
    space: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    early_stopping: Mapping[str, Any] | None = None
    own: bool = False
    takes_vectors: bool = True
    source: str = ""
    label_column: str = ""
    findings: Mapping[str, str] = field(default_factory=dict)
    smoke: Mapping[str, str] = field(default_factory=dict)
    data: DataEvidence | None = None
    reading: Reading | None = None

    # What happened

    @property
    def name(self) -> str:
        """The verdict's name; empty without one."""
        return "" if self.verdict is None else self.verdict.name

    @property
    def bad(self) -> bool:
        """Whether something must be to blame."""
        return self.name in BAD

    @property
    def epochs(self) -> tuple[EpochEvent, ...]:
        """Of the attempt that counts."""
        return self.record.epochs

    def value(self, name: str, default: Any = None) -> Any:
        """A parameter of the trial."""
        return self.record.trial.parameters.get(name, default)

    def number(self, name: str, default: float) -> float:
        """A numeric parameter of the trial."""
        found = self.value(name, default)
        return float(found) if isinstance(found, int | float) else default

    def fixed(self, name: str) -> Scalar | None:
        """The value of a parameter that the definition fixes; None when it is searched."""
        item = self.space.get(name, {})
        value: Scalar | None = item.get("value") if item.get("kind") == "constant" else None
        return value

    # Curves

    def curve(self, name: str) -> list[float]:
        """A metric after each epoch; empty when it was not reported."""
        return [event.metrics[name] for event in self.epochs if name in event.metrics]

    @cached_property
    def labels(self) -> int:
        """How many there are."""
        if self.record.result is not None and self.record.result.confusion:
            return len(self.record.result.confusion)
        return len(self.data.train) if self.data is not None else 2

    @property
    def chance_loss(self) -> float:
        """The loss of who knows nothing, ln K."""
        return math.log(max(2, self.labels))

    @cached_property
    def train_accuracy(self) -> float:
        """The highest after any epoch; 0 without one."""
        return max(self.curve("accuracy"), default=0.0)

    @cached_property
    def accuracy(self) -> float:
        """Of the restored weights, on validation rows; 0 without any."""
        return self.verdict.numbers.get("accuracy", 0.0) if self.verdict is not None else 0.0

    @cached_property
    def commonest(self) -> float:
        """The share of the commonest label."""
        if self.verdict is not None and "commonest" in self.verdict.numbers:
            return self.verdict.numbers["commonest"]
        return self.data.commonest if self.data is not None else 1 / self.labels

    @property
    def reachable(self) -> float:
        """What a linear model reaches on the validation rows; the commonest label's share when that is unknown."""
        if self.verdict is not None and "linear" in self.verdict.numbers:
            return self.verdict.numbers["linear"]
        known = self.data.linear if self.data is not None else None
        if known is None and self.reading is not None:
            known = self.reading.whole
        return self.commonest if known is None else known

    @cached_property
    def learned(self) -> float:
        """How much of what can be learned the model knows of its training rows: 0 nothing, 1 as much as is there."""
        room = max(0.05, max(self.reachable, 0.5) - self.commonest)
        return max(0.0, min(1.0, (self.train_accuracy - self.commonest) / room))

    @cached_property
    def steps(self) -> int:
        """Updates of the weights, in all."""
        rows = self.data.rows if self.data is not None else 0
        return math.ceil(rows / max(1.0, self.number("batch_size", 64))) * max(1, len(self.epochs))

    # Probes

    def probe(self, kind: str, *, last: bool = True) -> dict[str, float]:
        """What was probed of each layer, after training or (not `last`) before it: ``{layer: value}``."""
        result = self.record.result
        found: Mapping[str, float] = {} if result is None else result.start
        if last:
            probed = [
                event.metrics for event in self.epochs if any(key.startswith(f"{kind}/") for key in event.metrics)
            ]
            found = probed[-1] if probed else {}
        return {key.partition("/")[2]: value for key, value in found.items() if key.startswith(f"{kind}/")}

    @cached_property
    def start_loss(self) -> float | None:
        """Before the first step; None when it was not probed."""
        result = self.record.result
        return None if result is None else result.start.get("loss")

    @cached_property
    def peak(self) -> float:
        """The highest loss of a batch that was recorded, infinite when one was not finite; 0 without any."""
        result = self.record.result
        losses = [*(result.losses if result is not None else ()), *self.curve("batch_loss_max")]
        return max((value if math.isfinite(value) else math.inf for value in losses), default=0.0)

    @cached_property
    def growth(self) -> float:
        """The weights' norm after training over that before it; 1 when it was not probed."""
        first, last = self.probe("weight_norm", last=False), self.probe("weight_norm")
        before, after = _norm(first), _norm({name: value for name, value in last.items() if name in first})
        return after / before if before > 0 and after > 0 else 1.0


def _norm(values: Mapping[str, float]) -> float:
    return math.sqrt(sum(value * value for value in values.values()))
