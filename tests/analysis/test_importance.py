"""Shares of the spread, on histories whose truth is known."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from typing import Any

import pytest

from textclf_sweep.analysis.importance import ARCHITECTURE, Importance, group_of, importance, varied
from textclf_sweep.definition.types import Metric
from textclf_sweep.trial import History, Trial, TrialRecord, TrialResult, TrialState

pytestmark = pytest.mark.unit

SPACE = {
    "learning_rate": {"kind": "range", "low": 1e-4, "high": 1e-1, "log": True},
    "dropout": {"kind": "range", "low": 0.0, "high": 0.6, "log": False},
    "lowercase": {"kind": "categorical", "values": [True, False]},
    "epochs": {"kind": "constant", "value": 5},
}
FILTERS = {"filters": {"kind": "range", "low": 16, "high": 256, "log": False}}

Value = Callable[[dict[str, Any], str], float]


def record(number: int, architecture: str, given: dict[str, Any], value: float, state: str = "complete") -> TrialRecord:
    kept = None if state == "failed" else value
    result = TrialResult(number, 1, TrialState(state), "", (), 1, {}, kept)
    return TrialRecord(Trial(number, architecture, given, 0), TrialState(state), "", 1, (), result)


def history(count: int, value: Value, architectures: tuple[str, ...] = ("a",), *, noise: float = 0.002) -> History:
    """Random trials; only b has filters."""
    draw, found = random.Random(7), []
    for number in range(1, count + 1):
        name = architectures[number % len(architectures)]
        given: dict[str, Any] = {
            "learning_rate": 10 ** draw.uniform(-4, -1), "dropout": draw.uniform(0, 0.6),
            "lowercase": draw.random() < 0.5, "epochs": 5,
        }  # fmt: skip
        given |= {"filters": draw.randint(16, 256)} if name == "b" else {}
        found.append(record(number, name, given, value(given, name) + draw.gauss(0, noise)))
    return tuple(found)


def judged(
    found: History, rows: int = 100_000, architectures: tuple[str, ...] = ("a",), metric: Metric | None = None
) -> Importance:
    spaces = {name: SPACE | (FILTERS if name == "b" else {}) for name in architectures}
    return importance(found, spaces, metric or Metric(), rows)


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
    json.dumps(found.to_json(), allow_nan=False)


def test_the_low_decades_of_a_rate_count_as_much_as_the_high_ones() -> None:
    # On a linear axis nine tenths of the rates are above 0.01, where nothing happens.
    found = judged(history(60, lambda given, _: 0.5 + 0.3 * (given["learning_rate"] > 4e-4)))
    assert found.parameters["learning_rate"].share > 0.97


def test_an_architecture_can_matter_most() -> None:
    found = judged(history(60, lambda _, name: 0.8 if name == "a" else 0.6, ("a", "b")), architectures=("a", "b"))
    assert next(iter(found.parameters)) == ARCHITECTURE
    assert found.groups["architecture"].share > 0.9
    assert found.best[ARCHITECTURE] == "a (15 of 15)"


def test_a_rate_matters_where_each_architecture_wants_another() -> None:
    def value(given: dict[str, Any], name: str) -> float:
        return 0.8 - 0.1 * abs(math.log10(given["learning_rate"]) + (3.5 if name == "a" else 1.5))

    found = judged(history(60, value, ("a", "b")), architectures=("a", "b"))
    assert found.parameters["learning_rate"].share > 0.85
    assert found.parameters[ARCHITECTURE].share < 0.1


def test_what_one_architecture_alone_has() -> None:
    found = judged(
        history(60, lambda given, _: 0.7 + given.get("filters", 136) / 1360, ("a", "b")), architectures=("a", "b")
    )
    assert next(iter(found.parameters)) == "filters"
    assert found.parameters["filters"].share > 0.85
    assert found.architectures == {
        ARCHITECTURE: None, "learning_rate": None, "dropout": None, "lowercase": None, "filters": "b",
    }  # fmt: skip
    entry = next(item for item in found.to_json()["parameters"] if item["name"] == "filters")
    assert (entry["group"], entry["architecture"]) == ("architecture", "b")


def test_architectures_with_few_trials_are_learned_together() -> None:
    names = ("a", "c", "d", "e", "f", "g", "h", "i")
    found = judged(history(40, by_rate, names), architectures=names)
    assert next(iter(found.parameters)) == "learning_rate"
    # Five trials each say little of it by themselves.
    assert found.parameters["learning_rate"].share > 0.5
    assert found.parameters[ARCHITECTURE].share < 0.4


def test_a_parameter_that_depends_on_another() -> None:
    found = []
    for item in history(60, by_rate):
        given = {**item.trial.parameters, "optimizer": "sgd" if item.number % 2 else "adam"}
        given |= {"momentum": item.number / 61} if item.number % 2 else {}
        found.append(record(item.number, "a", given, 0.7 + 0.1 * given.get("momentum", 0.5)))
    told = judged(tuple(found))
    assert next(iter(told.parameters)) == "momentum"
    assert told.parameters["momentum"].share > 0.7


def test_a_difference_within_the_noise_is_none() -> None:
    found = judged(history(40, lambda *_: 0.8, noise=0.012), rows=800)
    assert found.spread["noise"] == pytest.approx(0.0138, abs=0.001)
    assert "nothing matters measurably" in found.words[0]
    assert not any("matters most" in sentence for sentence in found.words)


def test_a_difference_that_no_parameter_makes() -> None:
    found = judged(history(40, lambda *_: 0.8, noise=0.05), rows=100_000)
    assert found.explained == 0
    assert "no effect can be told from chance" in found.words[0]


def test_equal_values() -> None:
    found = judged(history(12, lambda *_: 0.25, noise=0))
    assert "All trials reached the same value" in " ".join(found.words)
    assert sum(share.share for share in found.parameters.values()) == pytest.approx(1)


def test_few_trials_are_said_to_be_few() -> None:
    found = judged(history(6, by_rate))
    assert found.words[0].startswith("Too few trials to tell: 6 for 3 parameters, where about 30")
    assert all(0 <= share.low <= share.share <= share.high <= 1 for share in found.parameters.values())
    assert {share.decisive for share in found.parameters.values()} == {None}
    assert not any("clearly" in sentence for sentence in found.words)


def test_an_interval_that_covers_everything_is_said_to() -> None:
    def value(given: dict[str, Any], _: str) -> float:
        return 0.7 + 0.05 * given["lowercase"] + 0.1 * given["dropout"]

    found = judged(history(12, value, noise=0.01))
    wide = [name for name, share in found.groups.items() if share.high - share.low >= 0.8]
    assert wide
    assert f"The interval of {' and '.join(wide)} covers nearly everything" in " ".join(found.words)


def test_what_decides_the_best_quarter_sums_to_one() -> None:
    found = judged(history(60, by_rate))
    decisive = [share.decisive or 0 for share in found.parameters.values()]
    assert sum(decisive) == pytest.approx(1)
    assert max(decisive) == found.parameters["learning_rate"].decisive


def test_trials_that_ended_early_count_and_those_that_failed_do_not() -> None:
    early = [
        record(61, "a", {"learning_rate": 0.05}, 0.3, "pruned"),
        record(62, "a", {"learning_rate": 1}, 0, "failed"),
    ]
    found = judged((*history(60, by_rate), *early))
    assert found.trials == 61
    assert found.spread["least"] == 0.3
    assert "1 of the 61 trials ended early" in found.words[-2]
    assert found.words[-1].startswith("1 trial failed and has no value")


def test_one_loss_that_exploded_is_not_all_there_is() -> None:
    def loss(given: dict[str, Any], _: str) -> float:
        return math.exp(10 * given["dropout"]) * (1e3 if given["learning_rate"] > 0.05 else 1)

    trials = history(60, loss, noise=0)
    found = judged(trials, metric=Metric("val_loss", "minimize"))
    assert found.spread["noise"] is None
    assert (found.spread["greatest"] or 0) > 1e3
    assert next(iter(found.parameters)) == "dropout"
    assert found.best["dropout"].endswith(" to 0.123")  # the least losses are the best
    json.dumps(found.to_json(), allow_nan=False)


def test_it_is_the_same_again() -> None:
    trials = history(20, by_rate)
    assert judged(trials) == judged(trials)


def test_what_varies() -> None:
    trials = history(6, by_rate, ("a", "b"))
    assert varied(trials)[0] == ARCHITECTURE
    assert set(varied(trials)) == {ARCHITECTURE, "learning_rate", "dropout", "lowercase", "filters"}
    assert varied(trials[:1]) == ()
    # What differs between architectures alone is the architecture.
    fixed = [record(1, "a", {"epochs": 5}, 0.1), record(2, "b", {"epochs": 9}, 0.2)]
    assert varied(fixed) == (ARCHITECTURE,)


@pytest.mark.parametrize(
    ("group", "names"),
    [
        (
            "data",
            ("stemming", "lowercase", "vocabulary_size", "max_length", "truncate", "min_count", "unit", "embedding"),
        ),
        ("architecture", (ARCHITECTURE, "units", "depth", "kernel_size", "trainable", "a_users_own")),
        ("hyperparameters", ("learning_rate", "batch_size", "optimizer", "warmup", "epochs", "dropout", "l2")),
    ],
)
def test_whose_a_parameter_is(group: str, names: tuple[str, ...]) -> None:
    assert {group_of(name) for name in names} == {group}


def test_too_few() -> None:
    with pytest.raises(ValueError, match="3 trials"):
        judged(history(3, by_rate))
