"""Causes in how the weights are updated: the learning rate, gradients, units that are dead or saturated."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

from textclf_sweep.analysis.diagnosis._case import Case, Cause
from textclf_sweep.analysis.diagnosis._patches import parameter, rate, together, usual
from textclf_sweep.analysis.words import number

SPIKE = 3.0
"""Times ln K: a batch's loss that no model gets to by knowing nothing; it is confidently wrong."""
DEAD, SATURATED = 0.9, 0.8
"""Shares of a layer's units from which on it says next to nothing."""
VANISHED = 1e-4
"""A layer's gradient against the largest one."""
EXPLODED = 1e3
"""A gradient's norm that no step should follow."""
FEW_STEPS = 12
"""Steps of an epoch below which the batches are large for the data."""


def learning_rate_too_high(case: Case) -> Cause | None:
    """The loss jumps instead of falling: it is far above that of knowing nothing, or no longer finite."""
    ratio, spike = case.number("learning_rate", 1e-3) / usual(case).value, case.peak / case.chance_loss
    loss = (case.curve("val_loss") or [case.chance_loss])[-1] / case.chance_loss
    healthy = case.start_loss is None or case.start_loss < 2 * case.chance_loss
    score = 0.0
    score += 0.35 if case.name == "diverged" and healthy else 0.0
    score += 0.30 if spike >= SPIKE and healthy else 0.15 if spike >= 1.5 and healthy else 0.0
    score += 0.20 if loss > 1.02 and case.learned < 0.8 else 0.0
    score += 0.15 if case.growth >= 3 else 0.0
    score += 0.45 if ratio >= 50 else 0.35 if ratio >= 20 else 0.2 if ratio >= 8 else 0.0 if ratio > 2 else -0.4
    score -= 0.5 * case.learned if ratio < 20 else 0.25 * case.learned
    score += 0.1 if _better_with(case, "learning_rate", lower=True) else 0.0
    if score < 0.2:
        return None
    good = usual(case)
    evidence = {
        "learning_rate": case.number("learning_rate", 1e-3), "usual": good.value, "highest_batch_loss": case.peak,
        "loss_of_knowing_nothing": case.chance_loss, "weight_growth": case.growth,
    }  # fmt: skip
    reached = "the loss was no longer finite" if math.isinf(case.peak) or case.name == "diverged" else _times(spike)
    explanation = (
        f"With a learning rate of {number(evidence['learning_rate'])} each step overshoots: {reached}. "
        f"{str(case.value('optimizer', 'adam')).capitalize()} usually works around {number(good.value)}."
    )
    return Cause("learning_rate_too_high", min(1.0, score), evidence, explanation, rate(case))


def _times(spike: float) -> str:
    return f"batches reached a loss {spike:.1f} times that of knowing nothing"


def learning_rate_too_low(case: Case) -> Cause | None:
    """The loss falls steadily, and hardly."""
    curve = case.curve("loss")
    ratio = case.number("learning_rate", 1e-3) / usual(case).value
    if not curve or ratio > 0.5 or case.learned > 0.9:
        return None
    fall = (curve[0] - curve[-1]) / max(curve[0], 1e-9)
    steady = sum(after <= before + 1e-4 for before, after in pairwise(curve)) / max(1, len(curve) - 1)
    moved = abs(case.growth - 1)
    score = 0.3 + (0.3 if ratio <= 0.02 else 0.2 if ratio <= 0.1 else 0.0)
    score += 0.2 if fall < 0.1 and steady >= 0.7 else 0.1 if fall < 0.3 and steady >= 0.7 else -0.1
    score += 0.1 if moved < 0.02 else 0.0
    score += 0.1 if case.peak < 1.5 * case.chance_loss else -0.3
    score += 0.1 if _better_with(case, "learning_rate", lower=False) else 0.0
    evidence = {
        "learning_rate": case.number("learning_rate", 1e-3), "usual": usual(case).value, "steps": case.steps,
        "first_loss": curve[0], "last_loss": curve[-1], "weight_growth": case.growth,
    }  # fmt: skip
    explanation = (
        f"In {case.steps:,} steps of learning rate {number(evidence['learning_rate'])} the training loss went from "
        f"{curve[0]:.3f} to {curve[-1]:.3f}: it falls, but the steps are too small to get anywhere. "
        f"{str(case.value('optimizer', 'adam')).capitalize()} usually works around {number(usual(case).value)}."
    )
    return Cause("learning_rate_too_low", min(1.0, score), evidence, explanation, rate(case))


def _better_with(case: Case, name: str, *, lower: bool) -> bool:
    """Whether another trial, with a clearly lower or higher value of a parameter, reached clearly more."""
    own, value = case.number(name, 0.0), case.record.value
    for other in case.history:
        theirs, found = other.trial.parameters.get(name), other.value
        if not isinstance(theirs, int | float) or found is None or other.number == case.record.number:
            continue
        clearly = theirs < own / 2 if lower else theirs > own * 2
        if clearly and (value is None or abs(found - value) > 0.05) and case.metric.better(found, value or -math.inf):
            return True
    return False


def batch_learning_rate_mismatch(case: Case) -> Cause | None:
    """Large batches and few steps with a rate for small ones, or tiny batches with a rate for large ones."""
    size, epochs = case.number("batch_size", 64), max(1, len(case.epochs))
    ratio = case.number("learning_rate", 1e-3) / usual(case).value
    per_epoch = case.steps / epochs
    if case.data is None or case.learned > 0.9:
        return None
    if per_epoch < FEW_STEPS and size > 128 and ratio < 3:
        share = 0.75 if per_epoch <= 6 else 0.6
        share += 0.1 if case.peak < 1.5 * case.chance_loss else -0.2
        share -= 0.25 if ratio <= 0.1 else 0.0
        explanation = (
            f"A batch of {size:,.0f} texts leaves {per_epoch:.0f} steps an epoch, {case.steps:,} in all, of a learning "
            f"rate that suits small batches: the model has hardly moved."
        )
        patch = together(parameter(case, "batch_size", 64), rate(case) if ratio < 0.3 else {})
    elif size <= 8 and ratio >= 3 and case.steps > 500:
        share = 0.7 if ratio < 50 else 0.5
        explanation = (
            f"Batches of {size:.0f} texts give noisy gradients, and with a learning rate of "
            f"{number(case.number('learning_rate', 1e-3))} every step follows the noise."
        )
        patch = together(parameter(case, "batch_size", 64), rate(case))
    else:
        return None
    evidence = {"batch_size": size, "steps_per_epoch": per_epoch, "learning_rate": case.number("learning_rate", 1e-3)}
    return Cause("batch_learning_rate_mismatch", share, evidence, explanation, patch)


def dead_units(case: Case) -> Cause | None:
    """Units that answer 0 to every text: no gradient passes them any more."""
    layer, first, last = _worst(case, "dead_units")
    if max(first, last) < DEAD or case.learned > 0.9:
        return None
    born = first >= DEAD
    score = 0.9 if born else 0.55
    when = "from the first step on" if born else "since training began"
    cure = "They never learn: mind the initial bias and weights." if born else (
        "Steps that are too large push them there: a lower learning rate prevents it.")  # fmt: skip
    explanation = f"{max(first, last):.0%} of the units of {layer} answer 0 to every text {when}. {cure}"
    evidence: dict[str, float | str] = {"layer": layer, "dead_before": first, "dead_after": last}
    return Cause("dead_units", score, evidence, explanation, {} if born else rate(case))


def saturated_activations(case: Case) -> Cause | None:
    """Units of tanh or sigmoid at their ends, where gradients are next to 0."""
    layer, first, last = _worst(case, "saturated_units")
    if max(first, last) < SATURATED or case.learned > 0.9:
        return None
    born = first >= SATURATED
    when = "before the first step" if born else "after training"
    explanation = (
        f"{max(first, last):.0%} of the answers of {layer} lie at the ends of their range {when}, where hardly any "
        f"gradient passes: {'the initial weights are too large' if born else 'the steps were too large'}."
    )
    evidence: dict[str, float | str] = {"layer": layer, "saturated_before": first, "saturated_after": last}
    return Cause("saturated_activations", 0.85 if born else 0.5, evidence, explanation, {} if born else rate(case))


def _worst(case: Case, kind: str) -> tuple[str, float, float]:
    """The layer with the largest share before or after training, and both shares."""
    first, last = case.probe(kind, last=False), case.probe(kind)
    layers = {name: max(first.get(name, 0.0), last.get(name, 0.0)) for name in {**first, **last}}
    if not layers:
        return "", 0.0, 0.0
    layer = max(layers, key=lambda name: layers[name])
    return layer, first.get(layer, 0.0), last.get(layer, 0.0)


def vanishing_gradients(case: Case) -> Cause | None:
    """Layers that no gradient reaches, from the start."""
    gradients = case.probe("gradient_norm", last=False)
    if len(gradients) < 2 or case.learned > 0.9:
        return None
    largest, (layer, least) = max(gradients.values()), min(gradients.items(), key=lambda item: item[1])
    share = least / largest if largest > 0 else 0.0
    if share >= VANISHED and largest >= 1e-7:
        return None
    score = 0.85 if share < VANISHED / 10 else 0.6
    score -= 0.3 if _worst(case, "dead_units")[1] >= DEAD or _worst(case, "saturated_units")[1] >= SATURATED else 0.0
    explanation = (
        f"The gradient that reaches {layer} has a norm of {number(least)}, against {number(largest)} at the other end: "
        "what it could learn is lost on the way. Fewer layers, rectified units, normalisation or residual connections "
        "let gradients through."
    )
    patch = {} if case.own or case.number("depth", 1) <= 1 else parameter(case, "depth", 1)
    evidence: dict[str, float | str] = {"layer": layer, "gradient": least, "largest_gradient": largest}
    return Cause("vanishing_gradients", score, evidence, explanation, patch)


def exploding_gradients(case: Case) -> Cause | None:
    """Gradients of enormous norm, from the start: the first weights are to blame, not the learning rate."""
    first, last = _largest(case.probe("gradient_norm", last=False)), _largest(case.probe("gradient_norm"))
    start = (case.start_loss or case.chance_loss) / case.chance_loss
    broken = not math.isfinite(start)
    born = broken or first > EXPLODED or start > 5
    if not born and (case.learned > 0.9 or last <= 10 * EXPLODED):
        return None
    score = (0.95 if broken or first > EXPLODED else 0.75) if born else 0.4
    explanation = (
        f"Before the first step the loss is {start:.1f} times that of knowing nothing and the largest gradient has a "
        f"norm of {number(first)}: the initial weights are far too large."
        if born else f"The largest gradient has grown to a norm of {number(last)}; limiting it keeps the steps small."
    )  # fmt: skip
    evidence = {"first_gradient": first, "last_gradient": last, "start_loss": case.start_loss or case.chance_loss}
    patch = together(parameter(case, "clip_norm", 1.0), {} if born else rate(case))
    return Cause("exploding_gradients", score, evidence, explanation, patch)


def _largest(gradients: Mapping[str, float]) -> float:
    return max((value if math.isfinite(value) else math.inf for value in gradients.values()), default=0.0)


CHECKS = (
    learning_rate_too_high, learning_rate_too_low, batch_learning_rate_mismatch, dead_units, saturated_activations,
    vanishing_gradients, exploding_gradients,
)  # fmt: skip
