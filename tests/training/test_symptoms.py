"""What the numbers of a smoke test say: a sentence with numbers for each cause, and nothing about a sound model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from textclf_sweep.training.symptoms import Measured, Tried, judge

pytestmark = pytest.mark.unit

NORMS = {"gradient_norm/embedding": 0.01, "gradient_norm/dense": 0.3}
LEARNED = Tried(20, 0.05, 1.0, whole=False, real=0.05, shuffled=6.0)
STILL = Tried(150, 1.386, 0.25, whole=True, real=1.386, shuffled=1.386)
SOUND = Measured(4, 32, 8, 1.39, LEARNED, start=NORMS, after=NORMS)


def said(**changes: Any) -> tuple[Mapping[str, str], Mapping[str, str]]:
    found = judge(replace(SOUND, **changes))
    return found.faults, found.warnings


def test_nothing_is_said_of_a_sound_model() -> None:
    assert said() == ({}, {})
    assert SOUND.numbers() == {
        "initial_loss": 1.39, "expected_loss": math.log(4), "labels": 4, "rows": 32,
        "steps": 20, "learned_loss": 0.05, "learned_accuracy": 1.0, "shuffled_loss": 6.0, "learned": 1.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "cause", "words"),
    [
        ({"first": math.nan}, "exploding_gradients", "its loss is nan; one near ln K = 1.39 was expected"),
        ({"first": 3e4}, "exploding_gradients", "its loss is 3e+04, where one that knows nothing has ln K = 1.39"),
        ({"start": {**NORMS, "gradient_norm/dense": math.inf}}, "exploding_gradients", "the gradient of dense is not"),
        ({"tried": replace(STILL, loss=math.nan)}, "exploding_gradients", "after 150 small steps its loss is nan"),
        ({"head": "two of them"}, "head_loss_mismatch", "two of them"),
        ({"bottleneck": "narrow", "tried": replace(STILL, loss=0.9)}, "head_loss_mismatch", "narrow; 32 texts were"),
        (
            {"start": {**NORMS, "gradient_norm/embedding": 0.0}, "after": {"gradient_norm/embedding": 0.0}},
            "vanishing_gradients",
            "no gradient reaches embedding: its norm is 0, before the first step and after 20 of them",
        ),
        (
            {"start": {**NORMS, "gradient_norm/embedding": 1e-9}, "tried": STILL},
            "vanishing_gradients",
            "next to no gradient reaches embedding: 1e-09 of 0.3; 32 texts were not learned by heart in 150 steps",
        ),
        (
            {"start": {"gradient_norm/embedding": 0.0, "dead_units/dense_1": 1.0}, "after": {}, "tried": STILL},
            "dead_units",
            "every unit of dense_1 answers 0 to each of 32 texts, so no gradient passes and embedding cannot learn",
        ),
        (
            {"start": {**NORMS, "saturated_units/dense_1": 0.99}, "tried": STILL},
            "saturated_activations",
            "nearly all answers of dense_1 are at the ends",
        ),
        (
            {"start": {"gradient_norm/embedding": 0.0, "saturated_units/dense_1": 0.99}, "after": {}},
            "saturated_activations",
            "so no gradient reaches embedding",
        ),
        ({"spread": (0.0, 0.0), "tried": STILL}, "ignores_input", "it gives 32 different texts the same answer"),
        (
            {"tried": replace(LEARNED, shuffled=0.05)},
            "ignores_input",
            "after learning 32 of them its loss is 0.05 with the texts of other rows as with their own",
        ),
        (
            {"tried": STILL},
            "cannot_learn_a_batch",
            "in 150 steps: the loss went from 1.39 to 1.386, the share of right answers to 0.25",
        ),
        ({"tried": replace(STILL, loss=8.9), "first": 9.0}, "exploding_gradients", "its first weights are too large"),
    ],
)  # fmt: skip
def test_what_is_broken(changes: dict[str, Any], cause: str, words: str) -> None:
    faults, _ = said(**changes)
    assert list(faults) == [cause]
    assert words in faults[cause]


@pytest.mark.parametrize(
    ("changes", "cause", "words"),
    [
        ({"first": 6.0}, "exploding_gradients", "its loss is 6, where one that knows nothing has ln K = 1.39"),
        ({"bottleneck": "narrow"}, "head_loss_mismatch", "narrow"),
        (
            {"start": {**NORMS, "saturated_units/dense_1": 0.99}},
            "saturated_activations",
            "nearly all answers of dense_1",
        ),
        ({"tried": replace(STILL, loss=0.6, accuracy=0.7)}, "cannot_learn_a_batch", "0.70"),
        # Features that do not say enough are not the model's fault.
        ({"tried": STILL, "telling": False}, "cannot_learn_a_batch", "not learned by heart"),
        ({"spread": (0.0, 0.0), "tried": STILL, "telling": False}, "ignores_input", "the same answer"),
        # Random word vectors that stay as they are: hardly any fall, and yet most is right.
        ({"tried": replace(STILL, loss=1.37, accuracy=0.6)}, "cannot_learn_a_batch", "0.60"),
    ],
)
def test_what_is_suspicious(changes: dict[str, Any], cause: str, words: str) -> None:
    faults, warnings = said(**changes)
    assert (faults, list(warnings)) == ({}, [cause])
    assert words in warnings[cause]


@pytest.mark.parametrize(
    "changes",
    [
        # Layer normalisation before the head.
        {"first": 2.4},
        # A layer behind weights that begin with 0 has no gradient before the first step.
        {"start": {**NORMS, "gradient_norm/embedding": 0.0}, "spread": (0.0, 0.7)},
        # There was no time for more.
        {"tried": Tried(30, 0.9, 0.6, whole=False, real=0.9, shuffled=2.0)},
        # Two rows of the same words.
        {"tried": Tried(150, 0.1, 0.94, whole=True, real=0.1, shuffled=4.0)},
        # A probe could not look into the model.
        {"start": {}, "after": {}},
        # One label among the rows: there is nothing to learn.
        {"tried": None},
    ],
)
def test_false_alarms(changes: dict[str, Any]) -> None:
    assert said(**changes) == ({}, {})


def test_many_layers_are_not_all_named() -> None:
    none = {f"gradient_norm/dense_{number}": 0.0 for number in range(9)}
    faults, _ = said(start=none, after=none, tried=STILL)
    assert "no gradient reaches dense_0, dense_1, dense_2 and 6 more: " in faults["vanishing_gradients"]
