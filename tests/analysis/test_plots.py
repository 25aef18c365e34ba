"""Plots are SVG with the floors, the trials and their names in it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import pytest

from textclf_sweep.analysis.plots import curves, trials
from textclf_sweep.definition.types import Metric
from textclf_sweep.trial import TrialState

pytestmark = pytest.mark.unit

BASELINES = {
    "chance": {"metrics": {"accuracy": 0.25, "loss": 1.386}},
    "linear": {"metrics": {"accuracy": 0.8125, "loss": 0.6}, "right": ""},
}


def texts(svg: str) -> list[str]:
    """Everything that is written in it."""
    return [
        " ".join("".join(item.itertext()).split()) for item in ET.fromstring(svg).iter() if item.tag.endswith("}text")
    ]


@pytest.fixture
def history(make_record: Callable[..., Any]) -> tuple[Any, ...]:
    return (make_record(1, 0.6), make_record(2, 0.8), make_record(3, 0.3, TrialState.PRUNED),
            make_record(4, state=TrialState.RUNNING))  # fmt: skip


@pytest.mark.parametrize("plot", [trials, curves])
def test_floors_are_named_lines(plot: Callable[..., str], history: Any) -> None:
    written = texts(plot("lstm", history, Metric(), BASELINES))
    assert "linear model 0.812" in written
    assert "chance 0.250" in written
    assert any(text.startswith("lstm: ") for text in written)
    assert "val_accuracy" in written


def test_the_floors_of_a_loss_are_losses(history: Any) -> None:
    written = texts(trials("lstm", history, Metric("val_loss", "minimize"), BASELINES))
    assert "linear model 0.600" in written


def test_the_best_is_named(history: Any) -> None:
    assert "trial 2" in texts(curves("lstm", history, Metric(), {}))


def test_it_is_the_same_again(history: Any) -> None:
    assert trials("lstm", history, Metric(), BASELINES) == trials("lstm", history, Metric(), BASELINES)


def test_without_trials_it_is_empty() -> None:
    assert "best so far" not in texts(trials("lstm", (), Metric(), {}))
