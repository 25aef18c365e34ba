"""What became of a trial, in one word: whether it learned at all, and how well against a linear model. Pure.

Everything rests on counts of validation rows, so a verdict says no more than their number allows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from textclf_sweep.trial import TrialRecord, TrialResult, from_bits

VERDICTS = ("diverged", "stuck", "weak", "underfit", "overfit", "good", "learning")
"""Every verdict, in the order in which they are looked at; the first that applies is given."""

STUCK = "stuck"
"""The reason of a trial that was ended because it did not get above the commonest label."""

SIGNIFICANT = 0.01
"""A difference that chance brings about less often than this is one."""

GAP = 0.10
"""Training accuracy above validation accuracy from which on a trial that is not good is overfitted."""

ENOUGH = 60
"""Validation rows below which no trial is ended as stuck: what a model has begun to learn can hide behind chance."""

STUCK_AFTER = 5
"""Epochs a trial is given before it is ended as stuck."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a trial.

    Attributes:
        name: one of `VERDICTS`.
        numbers: what it rests on, accuracies as shares: ``accuracy``, ``rows``, ``commonest``, ``p_stuck``; against the
            linear baseline ``linear``, ``p_linear``; ``train_accuracy``. Those that are unknown are absent.
    """

    name: str
    numbers: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {"name": self.name, "numbers": dict(self.numbers)}


def why(found: Verdict) -> str:
    """What a verdict rests on, in a few words; empty for one without numbers."""
    numbers = found.numbers
    if not numbers:
        return "the loss was no longer finite" if found.name == "diverged" else ""
    told = f"{numbers['accuracy']:.4f} on {numbers['rows']:,.0f} validation rows"
    linear, train = numbers.get("linear"), numbers.get("train_accuracy", 0.0)
    against = "" if linear is None else f"the linear model's {linear:.4f} (p = {numbers['p_linear']:.2g})"
    match found.name:
        case "stuck":
            return f"{told}, not above the commonest label's {numbers['commonest']:.4f} (p = {numbers['p_stuck']:.2g})"
        case "weak":
            return f"{told}, below {against}"
        case "good":
            return f"{told}, not below {against}"
        case "underfit" | "overfit":
            return f"{told}, {train:.4f} on training rows" + (f"; a linear model gets {linear:.4f}" if linear else "")
        case _:
            return told + (f", not clearly below {against}" if against else "")


def verdict(record: TrialRecord, linear: str = "") -> Verdict | None:
    """The verdict on a trial that is final.

    Args:
        record: the trial.
        linear: which validation rows the linear baseline labels rightly, as `textclf_sweep.trial.bits_of` writes it;
            empty when it was not measured.

    Returns:
        None for a trial that has not ended, or has ended without anything to judge it by.
    """
    result = record.result
    if result is None or not record.state.final:
        return None
    if result.failure is not None:
        return Verdict("diverged") if result.failure.kind == "diverged" else None
    if not result.confusion:
        return None
    numbers = _numbers(result, linear)
    return Verdict(_name(numbers), numbers)


def above_commonest(right: int, rows: int, commonest: int) -> float:
    """How likely so many right answers are for who always answers the commonest label: the p-value, one-sided.

    Args:
        right: rows labelled rightly.
        rows: all of them.
        commonest: rows of the commonest label.
    """
    from scipy.special import bdtrc  # noqa: PLC0415 - heavy

    # P(X >= right) of a binomial distribution.
    return float(bdtrc(right - 1, rows, commonest / rows)) if 0 < right <= rows and commonest < rows else 1.0


def stuck(accuracies: Sequence[float], rows: int, commonest: int) -> bool:
    """Whether a running trial is to be ended: not above the commonest label for two epochs, the last at `STUCK_AFTER`.

    Args:
        accuracies: on the validation rows, after each epoch so far.
        rows: how many validation rows there are.
        commonest: how many of them have the commonest label.
    """
    if len(accuracies) < STUCK_AFTER or rows < ENOUGH:
        return False
    return all(above_commonest(round(value * rows), rows, commonest) >= SIGNIFICANT for value in accuracies[-2:])


def mcnemar(ours: Sequence[bool], theirs: Sequence[bool]) -> float:
    """The exact p-value, two-sided, of the difference between two classifiers on the same rows (McNemar 1947).

    Args:
        ours: which rows one of them labels rightly.
        theirs: which the other; of equal length.
    """
    from scipy.special import bdtr  # noqa: PLC0415 - heavy

    won = sum(one and not other for one, other in zip(ours, theirs, strict=True))
    lost = sum(other and not one for one, other in zip(ours, theirs, strict=True))
    return min(1.0, 2 * float(bdtr(min(won, lost), won + lost, 0.5))) if won + lost else 1.0


def _numbers(result: TrialResult, linear: str) -> dict[str, float]:
    rows = sum(map(sum, result.confusion))
    right = sum(row[label] for label, row in enumerate(result.confusion))
    commonest = max(map(sum, result.confusion))
    numbers = {
        "accuracy": right / rows,
        "rows": rows,
        "commonest": commonest / rows,
        "p_stuck": above_commonest(right, rows, commonest),
    }
    if "accuracy" in result.metrics:
        numbers["train_accuracy"] = result.metrics["accuracy"]
    ours, theirs = from_bits(result.right), from_bits(linear)
    if ours and len(ours) == len(theirs):
        numbers |= {"linear": sum(theirs) / len(theirs), "p_linear": mcnemar(ours, theirs)}
    return numbers


def _name(numbers: Mapping[str, float]) -> str:
    accuracy, train, linear = numbers["accuracy"], numbers.get("train_accuracy"), numbers.get("linear")
    if numbers["p_stuck"] >= SIGNIFICANT:
        return "stuck"
    if linear is not None and accuracy < linear and numbers["p_linear"] < SIGNIFICANT:
        return "weak"
    if linear is not None and accuracy >= linear:
        return "good"
    if linear is not None and train is not None and train < linear:
        return "underfit"
    if train is not None and train - accuracy >= GAP:
        return "overfit"
    return "learning"
