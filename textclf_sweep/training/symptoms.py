"""What a smoke test says about a model: what is certain to be broken, and what is only suspicious. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

FAR = 2.0
"""Nats above ln K from which on a first loss says more than nothing, and wrongly; layer normalisation gives up to 1."""
ABSURD = 100.0
"""Nats above which a first loss is beyond repair: no rows are worth being so sure, and so wrong."""
LEARNED = 0.5
"""Share of the first loss below which rows count as learned, when all are labelled rightly."""
FALLEN = 0.8
"""Share of the first loss below which it clearly falls."""
MOST = 0.9
"""Share of rows that are labelled rightly from which on most are."""
NO_FALL, NO_RISE = 0.95, 0.2
"""Share of the first loss above which nothing has been learned, unless this share of what the commonest label leaves to
learn is labelled rightly."""
SAME = 1e-6
"""A difference between answers that is none."""
TINY = 1e-6
"""Share of the largest gradient below which a layer's own is lost, when nothing is learned."""
SATURATED = 0.9
"""Share of a layer's answers at the ends of its activation from which on it passes on next to nothing."""
SHOWN = 3
"""Layers that are named, of many."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What learning a few rows by heart came to.

    Attributes:
        steps: that were taken.
        loss, accuracy: of the rows afterwards: mean cross-entropy in nats, and the share that is labelled rightly; as
            they are in training where that is less.
        whole: whether it was given all the steps there are; else it had no more time, or was done.
        real, shuffled: the loss of the rows, not in training, with their own texts and with those of other rows.
    """

    steps: int
    loss: float
    accuracy: float
    whole: bool
    real: float
    shuffled: float

    def learned(self, first: float) -> bool:
        """Whether the rows are learned, from a loss of `first` on."""
        return self.accuracy == 1.0 and self.loss < LEARNED * first


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of a model and a few rows.

    Attributes:
        labels: K, of the data.
        rows: how many were tried.
        commonest: how many of them have the label that is the commonest among them.
        first: their loss before the first step.
        tried: learning them; None where there is no point in it.
        start, after: probes (see `textclf_sweep.training.probes`) before the first step and after the last.
        spread: the greatest difference between the answers to two rows, before the first step and after the last.
        telling: whether the rows differ in more than one label and enough words to be learned by any model.
        head: what is wrong with the last layers; empty for nothing.
        bottleneck: what is odd about them, and wrong when the rows cannot be learned; empty for nothing.
    """

    labels: int
    rows: int
    commonest: int
    first: float
    tried: Tried | None = None
    start: Mapping[str, float] = field(default_factory=dict)
    after: Mapping[str, float] = field(default_factory=dict)
    spread: tuple[float, float] = (1.0, 1.0)
    telling: bool = True
    head: str = ""
    bottleneck: str = ""

    @property
    def expected(self) -> float:
        """The loss of who knows nothing, ln K."""
        return math.log(self.labels)

    @property
    def learned(self) -> bool:
        """Whether the rows could be learned by heart."""
        return self.tried is not None and self.tried.learned(self.first)

    def numbers(self) -> dict[str, float]:
        """As a flat object; see `textclf_sweep.training.tasks.Checked`."""
        found = {"initial_loss": self.first, "expected_loss": self.expected, "labels": self.labels, "rows": self.rows}
        if (tried := self.tried) is not None:
            found |= {"steps": tried.steps, "learned_loss": tried.loss, "shuffled_loss": tried.shuffled}
            found |= {"learned_accuracy": tried.accuracy, "learned": float(self.learned)}
        return found


@dataclass(frozen=True, slots=True)
class Symptoms:
    """What there is to say about a model.

    Attributes:
        faults: what is broken, in a sentence each, by the name of the cause; the gravest first.
        warnings: what is suspicious, likewise.
    """

    faults: Mapping[str, str]
    warnings: Mapping[str, str]


def judge(measured: Measured) -> Symptoms:
    """What is broken and what is suspicious.

    Where the rows are not telling, what else would be a fault may be theirs, and is a warning.
    """
    faults, warnings = dict[str, str](), dict[str, str]()
    if not math.isfinite(measured.first):
        faults["exploding_gradients"] = (
            f"before the first step its loss is {measured.first}; one near ln K = {measured.expected:.2f} was expected"
        )
        return Symptoms(faults, warnings)
    if measured.first > measured.expected + FAR:
        (faults if measured.first > ABSURD else warnings)["exploding_gradients"] = _far(measured)
    if measured.head or (measured.bottleneck and not measured.learned):
        faults["head_loss_mismatch"] = measured.head or f"{measured.bottleneck}; {_by_heart(measured)}"
    elif measured.bottleneck:
        warnings["head_loss_mismatch"] = measured.bottleneck
    broken = [name for name, norm in _gradients(measured.start) if not math.isfinite(norm)]
    if broken:
        faults["exploding_gradients"] = f"before the first step the gradient of {_list(broken)} is not finite"
    for name, why in (_lost(measured) | _unlearned(measured)).items():
        (faults if measured.telling else warnings).setdefault(name, why)
    if full := _layers(measured.start, "saturated_units/", SATURATED):
        warnings.setdefault("saturated_activations", f"{_full(full)}, before the first step")
    slow = _slow(measured)
    if slow and not faults and not warnings:
        warnings["cannot_learn_a_batch"] = slow
    return Symptoms(faults, {name: why for name, why in warnings.items() if name not in faults})


def _gradients(probe: Mapping[str, float]) -> list[tuple[str, float]]:
    return [(key.partition("/")[2], norm) for key, norm in probe.items() if key.startswith("gradient_norm/")]


def _far(measured: Measured) -> str:
    return (
        f"before the first step its loss is {measured.first:.4g}, where one that knows nothing has ln K = "
        f"{measured.expected:.2f}: its first weights are too large, or its answers mean something else"
    )


def _lost(measured: Measured) -> dict[str, str]:
    """Layers that no gradient reaches, neither before the first step nor after the last.

    A layer behind weights of zero has none before the first step, and all is well with it.
    """
    later = dict(_gradients(measured.after))
    lost = [name for name, norm in _gradients(measured.start) if norm == 0 and later.get(name, 0.0) == 0]
    if not lost:
        return {}
    dead = _layers(measured.start, "dead_units/", 1.0)
    if dead:
        return {
            "dead_units": f"every unit of {_list(dead)} answers 0 to each of {measured.rows} texts, so no gradient "
            f"passes and {_list(lost)} cannot learn"
        }
    if full := _layers(measured.start, "saturated_units/", SATURATED):
        return {"saturated_activations": f"{_full(full)}, so no gradient reaches {_list(lost)}"}
    if _is_deaf(measured):
        return {"ignores_input": f"{_deaf(measured)}; no gradient reaches {_list(lost)}"}
    return {
        "vanishing_gradients": f"no gradient reaches {_list(lost)}: its norm is 0, before the first step and after "
        f"{measured.tried.steps if measured.tried else 0} of them. Something behind it is cut off (a stop_gradient, a "
        "rounded or compared number), or nothing reads it"
    }


def _full(layers: Sequence[str]) -> str:
    return f"nearly all answers of {_list(layers)} are at the ends of what the activation can give"


def _is_deaf(measured: Measured) -> bool:
    """Whether the answers do not depend on the texts: they are all alike, or go by something else, e.g. the place."""
    tried = measured.tried
    if tried is not None and measured.learned:
        return abs(tried.shuffled - tried.real) < SAME * max(1.0, tried.real)
    return max(measured.spread) < SAME


def _deaf(measured: Measured) -> str:
    if measured.tried is not None and measured.learned:
        told = f"{measured.tried.shuffled:.4g} with the texts of other rows as with their own"
        return f"its answers do not depend on the texts: after learning {measured.rows} of them its loss is {told}"
    return f"it gives {measured.rows} different texts the same answer, before the first step and after the last"


def _unlearned(measured: Measured) -> dict[str, str]:
    """Why not even a few rows can be learned from their texts, when that is so."""
    tried, deaf = measured.tried, _is_deaf(measured)
    if tried is None or _lost(measured):
        return {}
    if not math.isfinite(tried.loss):
        return {"exploding_gradients": f"after {tried.steps} small steps its loss is {tried.loss}"}
    if measured.learned:
        return {"ignores_input": _deaf(measured)} if deaf else {}
    base = measured.commonest / measured.rows
    risen = tried.accuracy - base > NO_RISE * (1 - base)
    if deaf or (tried.loss > NO_FALL * measured.first and not risen):
        name, why = _standstill(measured)
        return {name: f"{why}; {_by_heart(measured)}"}
    return {}


def _standstill(measured: Measured) -> tuple[str, str]:
    """Why the loss stays where it was."""
    if full := _layers(measured.start, "saturated_units/", SATURATED):
        return "saturated_activations", _full(full)
    norms = _gradients(measured.start)
    largest = max((norm for _, norm in norms), default=0.0)
    if tiny := [name for name, norm in norms if norm < TINY * largest]:
        least = min(norm for _, norm in norms)
        return "vanishing_gradients", f"next to no gradient reaches {_list(tiny)}: {least:.1g} of {largest:.1g}"
    if measured.first > measured.expected + FAR:
        return "exploding_gradients", _far(measured)
    if _is_deaf(measured):
        return "ignores_input", _deaf(measured)
    return "cannot_learn_a_batch", "its loss does not fall"


def _slow(measured: Measured) -> str:
    """What there is to say about rows that are not learned, though the loss fell."""
    tried = measured.tried
    if tried is None or measured.learned:
        return ""
    fallen = tried.loss < FALLEN * measured.first
    return "" if fallen and (tried.accuracy >= MOST or not tried.whole) else _by_heart(measured)


def _layers(probe: Mapping[str, float], kind: str, least: float) -> list[str]:
    return [key.removeprefix(kind) for key, share in probe.items() if key.startswith(kind) and share >= least]


def _by_heart(measured: Measured) -> str:
    tried = measured.tried
    if tried is None:
        return ""
    return (
        f"{measured.rows} texts were not learned by heart in {tried.steps} steps: the loss went from "
        f"{measured.first:.4g} to {tried.loss:.4g}, the share of right answers to {tried.accuracy:.2f}"
    )


def _list(names: Sequence[str]) -> str:
    """``dense``, ``dense_1 and dense_2``, ``a, b, c and 4 more``."""
    if len(names) > SHOWN + 1:
        return f"{', '.join(names[:SHOWN])} and {len(names) - SHOWN} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
