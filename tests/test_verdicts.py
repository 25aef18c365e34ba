"""Verdicts, and the exact tests that they rest on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from textclf_sweep.trial import Failure, Trial, TrialRecord, TrialResult, TrialState, bits_of
from textclf_sweep.verdicts import above_commonest, mcnemar, stuck, verdict, why

pytestmark = pytest.mark.unit


def record(right: int, rows: int = 800, train: float = 0.9, **changes: object) -> TrialRecord:
    """A trial with so many of its validation rows right, of four equally common labels."""
    each = rows // 4
    counts = [[0] * 4 for _ in range(4)]
    for label in range(4):
        hits = min(each, max(0, right - label * each))
        counts[label][label], counts[label][(label + 1) % 4] = hits, each - hits
    fields = {
        "trial": 1, "attempt": 1, "state": TrialState.COMPLETE, "reason": "", "best_epoch": 1,
        "metrics": {"accuracy": train}, "confusion": tuple(map(tuple, counts)),
        "right": bits_of(row < right for row in range(rows)),
    }  # fmt: skip
    result = TrialResult(**(fields | changes))  # type: ignore[arg-type]
    return TrialRecord(Trial(1, "lstm", {}, 0), result.state, "", 1, (), result)


def bits(right: int, rows: int = 800) -> str:
    return bits_of(row < right for row in range(rows))


@pytest.mark.parametrize(
    ("right", "train", "linear", "name"),
    [
        (200, 0.3, 640, "stuck"),
        (229, 0.3, 640, "stuck"),  # p = 0.0100
        (230, 0.3, 640, "weak"),
        (600, 0.9, 640, "weak"),
        (640, 0.9, 640, "good"),
        (700, 0.9, 640, "good"),
        (636, 0.75, 640, "underfit"),
        (636, 0.99, 640, "overfit"),
        (636, 0.85, 640, "learning"),
    ],
)
def test_the_first_that_applies(right: int, train: float, linear: int, name: str) -> None:
    found = verdict(record(right, train=train), bits(linear))
    assert found is not None
    assert found.name == name
    assert found.numbers["accuracy"] == right / 800
    assert why(found)


def test_without_a_linear_baseline_there_is_no_good_one() -> None:
    found = verdict(record(700, train=0.9))
    assert found is not None
    assert (found.name, "linear" in found.numbers) == ("learning", False)


def test_few_rows_say_little() -> None:
    found = verdict(record(8, rows=20), bits(15, rows=20))
    assert found is not None
    assert found.name == "stuck"


def test_what_cannot_be_judged() -> None:
    diverged = record(0, state=TrialState.FAILED, failure=Failure("diverged", "nan"), confusion=())
    found = verdict(diverged)
    assert found is not None
    assert (found.name, found.numbers, why(found)) == ("diverged", {}, "the loss was no longer finite")
    assert verdict(record(0, state=TrialState.FAILED, failure=Failure("error", "no"))) is None
    assert verdict(TrialRecord(Trial(1, "lstm", {}, 0), TrialState.RUNNING)) is None
    assert verdict(record(0, confusion=())) is None


@given(rows=st.integers(1, 300), data=st.data())
def test_the_binomial_test_is_scipys(rows: int, data: st.DataObject) -> None:
    right, commonest = data.draw(st.integers(0, rows)), data.draw(st.integers(1, max(1, rows - 1)))
    wanted = binomtest(right, rows, commonest / rows, alternative="greater").pvalue
    assert above_commonest(right, rows, commonest) == pytest.approx(wanted, abs=1e-9)


@given(pairs=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_mcnemars_test_is_a_binomial_one(pairs: list[tuple[bool, bool]]) -> None:
    won, lost = (sum(pair == kind for pair in pairs) for kind in ((True, False), (False, True)))
    wanted = binomtest(won, won + lost).pvalue if won + lost else 1.0
    assert mcnemar([one for one, _ in pairs], [other for _, other in pairs]) == pytest.approx(wanted, abs=1e-9)


def test_a_running_trial_is_given_five_epochs() -> None:
    low = 0.25
    assert not stuck([low] * 4, 800, 200)
    assert stuck([low] * 5, 800, 200)
    assert stuck([0.9, 0.9, 0.9, low, low], 800, 200)
    assert not stuck([low, low, low, low, 0.5], 800, 200)
    assert not stuck([low, low, low, 0.5, low], 800, 200)
    assert not stuck([0.5] * 9, 800, 200)
    assert stuck([low] * 5, 60, 15)
    assert not stuck([low] * 5, 59, 15)  # chance would have to be beaten by 16 points to be told from it
