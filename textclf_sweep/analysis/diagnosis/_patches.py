"""What to change in a definition, as YAML has it: the values that the field starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from textclf_sweep.analysis.diagnosis._case import Case

VECTORS = "glove-6b-50d"
"""Pretrained vectors for any English text (an extra); the bundled ones know the sample's words only."""
BUNDLED = "glove-uci-news-50d"
SAMPLE = "uci_news"


@dataclass(frozen=True, slots=True)
class Usual:
    """A learning rate that usually works.

    Attributes:
        value: where to start.
        low, high: where to search.
    """

    value: float
    low: float
    high: float


RATES = {
    "lion": Usual(1e-4, 3e-5, 1e-3),
    "adagrad": Usual(0.03, 0.01, 0.1),
    "sgd": Usual(0.05, 0.01, 0.2),
}
"""By optimizer; see `ADAPTIVE` for all others."""
ADAPTIVE = Usual(1e-3, 3e-4, 3e-3)
FINE_TUNING = Usual(5e-5, 1e-5, 2e-4)


def usual(case: Case) -> Usual:
    """Of the trial's optimizer; of a pretrained model that is trained as a whole, a small one."""
    if case.record.trial.architecture == "bert" and case.value("mode") not in ("frozen", None):
        return FINE_TUNING
    return RATES.get(str(case.value("optimizer", "adam")), ADAPTIVE)


def parameter(case: Case, name: str, value: object, low: object = None, high: object = None) -> dict[str, Any]:
    """One hyperparameter: fixed where the definition fixes it, else searched from `low` to `high` (when given)."""
    if low is None or case.fixed(name) is not None:
        return {"parameters": {name: {"value": value}}}
    item: dict[str, Any] = {"min": low, "max": high}
    if name == "learning_rate":
        item = {"distribution": "log_uniform_values", **item}
    return {"parameters": {name: item}}


def rate(case: Case) -> dict[str, Any]:
    """A usual learning rate."""
    good = usual(case)
    return parameter(case, "learning_rate", good.value, good.low, good.high)


def vectors(case: Case) -> dict[str, Any]:
    """Pretrained word vectors; nothing when it has them, or cannot have any."""
    if not case.takes_vectors or case.own or case.value("embedding", "none") != "none":
        return {}
    return {"embedding": BUNDLED if case.source == SAMPLE else VECTORS}


def together(*patches: Mapping[str, Any]) -> dict[str, Any]:
    """Several patches as one; of two values of one key the first."""
    merged: dict[str, Any] = {}
    for patch in patches:
        for section, content in patch.items():
            if isinstance(content, Mapping):
                merged[section] = {**content, **merged.get(section, {})}
            else:
                merged.setdefault(section, content)
    return merged
