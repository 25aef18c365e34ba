"""Shares of the spread, on histories whose truth is known."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from typing import Any

import pytest

from textclf_sweep.analysis.importance import ARCHITECTURE, Importance, importance, varied
from textclf_sweep.definition.types import Metric
from textclf_sweep.trial import History, Trial, TrialRecord, TrialResult, TrialState

pytestmark = pytest.mark.unit

SPACE = {
    "learning_rate": {"kind": "range", "low": 1e-4, "high": 1e-1, "log": True},
    "dropout": {"kind": "range", "low": 0.0, "high": 0.6, "log": False},
    "lowercase": {"kind": "categorical", "values": [True, False]},
    "epochs": {"kind": "constant", "value": 5},
}
KINDS = {"learning_rate": "hyperparameters", "dropout": "hyperparameters", "lowercase": "data"}


def group_of(name: str) -> str:
    return KINDS.get(name, "architecture")


def history(
    count: int, value: Callable[[dict[str, Any], str], float], architectures: tuple[str, ...] = ("a",)
) -> History:
    """Random trials."""
    draw, found = random.Random(7), []
    for number in range(1, count + 1):
        given = {
            "learning_rate": 10 ** draw.uniform(-4, -1), "dropout": draw.uniform(0, 0.6),
            "lowercase": draw.random() < 0.5, "epochs": 5,
        }  # fmt: skip
        name = architectures[number % len(architectures)]
        result = TrialResult(number, 1, TrialState.COMPLETE, "", (), 1, {}, value(given, name) + draw.gauss(0, 0.002))
        found.append(TrialRecord(Trial(number, name, given, 0), TrialState.COMPLETE, "", 1, (), result))
    return tuple(found)


def judged(found: History, rows: int = 100_000, architectures: tuple[str, ...] = ("a",)) -> Importance:
    return importance(found, dict.fromkeys(architectures, SPACE), Metric(), rows, group_of, resamples=6)


def by_rate(given: dict[str, Any], _: str) -> float:
    return 0.8 - 0.1 * abs(math.log10(given["learning_rate"]) + 2.5)


def test_what_matters_has_the_share() -> None:
    found = judged(history(60, by_rate))
    assert next(iter(found.parameters)) == "learning_rate"
    assert found.parameters["learning_rate"].low > 0.7
    assert found.groups["hyperparameters"].share > 0.8
    assert found.groups["data"].share < 0.1
    assert sum(share.share for share in found.parameters.values()) == pytest.approx(1)
    low, high = (float(text) for text in found.best["learning_rate"].split(" to "))
    assert 1e-3 < low < high < 1e-2
    assert "learning_rate clearly matters most" in " ".join(found.words)
    json.dumps(found.to_json(group_of), allow_nan=False)


def test_an_architecture_can_matter_most() -> None:
    found = judged(history(60, lambda _, name: 0.8 if name == "a" else 0.6, ("a", "b")), architectures=("a", "b"))
    assert next(iter(found.parameters)) == ARCHITECTURE
    assert found.groups["architecture"].share > 0.8
    assert found.best[ARCHITECTURE] == "a (15 of 15)"


def test_a_difference_within_the_noise_is_none() -> None:
    found = judged(history(40, lambda *_: 0.8), rows=800)
    assert "nothing matters measurably" in found.words[0]


def test_few_trials_are_said_to_be_few() -> None:
    found = judged(history(6, by_rate))
    assert "6 trials are few for 3 parameters" in found.words[-1]
    assert all(0 <= share.low <= share.share <= share.high <= 1 for share in found.parameters.values())


def test_it_is_the_same_again() -> None:
    trials = history(20, by_rate)
    assert judged(trials) == judged(trials)


def test_what_varies() -> None:
    trials = history(6, by_rate, ("a", "b"))
    assert set(varied(trials, {"a": SPACE, "b": SPACE})) == {ARCHITECTURE, "learning_rate", "dropout", "lowercase"}
    assert varied(trials[:1], {"a": SPACE}) == ()


def test_too_few() -> None:
    with pytest.raises(ValueError, match="3 trials"):
        judged(history(3, by_rate))
