from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textclf_sweep.definition.catalogue import Catalogue
from textclf_sweep.definition.entries import DISTRIBUTIONS
from textclf_sweep.definition.entries import KEYS as ENTRY
from textclf_sweep.definition.keys import BUDGET, DATA_FORMS, EARLY_STOPPING, METRIC, SECTIONS, data, seconds, top
from textclf_sweep.definition.suggest import KEYS, METRICS, SAME, VALUES, nearest, nearest_parameter
from textclf_sweep.trial import OBJECTIVES

pytestmark = pytest.mark.unit


@given(st.text(max_size=80), st.lists(st.text(max_size=8), max_size=4))
def test_only_a_known_name_is_ever_proposed(name: str, known: list[str]) -> None:
    for found in (nearest(name, known, KEYS | METRICS | VALUES), nearest_parameter(name, known)):
        assert found is None or found in known


@pytest.mark.parametrize("name", ["learning rate", "LearningRate", "learning-rate", "LEARNING_RATE", "leraning_rate"])
def test_spelling_is_forgiven(name: str) -> None:
    assert nearest(name, ["depth", "learning_rate"]) == "learning_rate"


def test_what_is_far_from_everything_is_not_guessed() -> None:
    assert nearest("zebra", ["depth", "learning_rate"]) is None
    assert nearest_parameter("lr", ["depth"]) is None


def test_no_name_has_two_meanings() -> None:
    for index, group in enumerate(SAME):
        assert all(group.isdisjoint(other) for other in SAME[index + 1 :])


def test_every_proposal_exists(catalogue: Catalogue) -> None:
    settings = [*METRIC, *EARLY_STOPPING, *BUDGET, *data(catalogue), *top(catalogue)]
    options = [item.name for entry in catalogue.sources.values() for item in entry.parameters]
    known = {*(setting.name for setting in settings), *SECTIONS, *DATA_FORMS, *options, *ENTRY}
    assert set(KEYS.values()) <= known
    assert set(METRICS.values()) <= OBJECTIVES.keys()
    ours = {*catalogue.searchers, *catalogue.pruners, *catalogue.sources, *DISTRIBUTIONS, "maximize", "minimize"}
    ours |= {name for entry in catalogue.searchers.values() for name in (*entry.methods, entry.library)}
    ours |= {"asha", "cmaes"}  # which the catalogue of these tests lacks
    assert set(VALUES.values()) <= ours
    assert not METRICS.keys() & OBJECTIVES.keys()


@given(st.integers(0, 30), st.integers(0, 99), st.integers(0, 99), st.integers(0, 99))
def test_a_duration_is_the_sum_of_its_parts(days: int, hours: int, minutes: int, rest: int) -> None:
    assert seconds(f"{days}d{hours}h{minutes}m{rest}s") == days * 86400 + hours * 3600 + minutes * 60 + rest


@pytest.mark.parametrize("text", ["", "1", "h", "1h1h", "1s1h", "1 h", "-1h", "1e3s", "\u0661s", "1.s", "90S"])
def test_what_is_no_duration_is_not_read_as_one(text: str) -> None:
    assert seconds(text) is None
