"""Defaults stand in for what a condition keeps out of a trial."""

from __future__ import annotations

import pytest

from textclf_sweep.training.parameters import PARAMETERS, complete

pytestmark = pytest.mark.unit


def test_what_a_trial_has_stays() -> None:
    given = {"epochs": 3, "learning_rate": 0.5, "units": 7}
    assert complete(given).items() >= given.items()


def test_what_it_lacks_has_its_default() -> None:
    assert complete({}) == {item.name: item.default for item in PARAMETERS}
