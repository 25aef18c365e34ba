from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textclf_sweep.analysis import words
from textclf_sweep.analysis.status import status_object
from textclf_sweep.ledger import Opening
from textclf_sweep.trial import TrialState

pytestmark = pytest.mark.unit

SEARCHED = ["learning_rate", "units"]


def told(make_snapshot, *history, **changes) -> str:
    return " ".join(words.findings(status_object(make_snapshot(*history, **changes)), SEARCHED))


def opening(accuracy: float, majority: float = 0.25, linear: float | None = 0.8) -> Opening:
    floors = {"chance": 0.25, "majority": majority, "linear": linear}
    return Opening(1, 1, 1.0, {"accuracy": accuracy, "macro_f1": 0.79, "loss": 0.6, "rows": 2000, "floors": floors})


class TestFindings:
    def test_a_finished_sweep(self, make_record, make_snapshot) -> None:
        text = told(make_snapshot, make_record(1, 0.8), make_record(2, 0.7), openings=(opening(0.82),))
        assert "The best of 2 trials is trial 1 with val_accuracy 0.8000: learning_rate 0.00123, units 64." in text
        assert "test part (2,000 rows)" in text
        assert "accuracy 0.8200 and macro F1 0.7900" in text
        assert "0.2500 on it: the winner is 57.0 points above" in text
        assert "gets 0.8000: the winner is 2.0 points above" in text
        assert "opened" not in text
        assert "failed" not in text
        assert "not ended" not in text

    def test_a_winner_below_the_floors_is_told_so(self, make_record, make_snapshot) -> None:
        text = told(make_snapshot, make_record(1, 0.2), openings=(opening(0.2),))
        assert "the winner is 5.0 points below" in text
        assert "the winner is 60.0 points below" in text
        assert "-" not in text.replace("TF-IDF", "").replace("held-out", "")

    @pytest.mark.parametrize("accuracy", [0.25, 0.2504, 0.2496])
    def test_a_difference_that_does_not_show_is_none(self, make_record, make_snapshot, accuracy) -> None:
        text = told(make_snapshot, make_record(1, 0.3), openings=(opening(accuracy),))
        assert "the winner is level with it" in text

    def test_one_trial(self, make_record, make_snapshot) -> None:
        assert told(make_snapshot, make_record(1, 0.6)).startswith("The only trial is trial 1 with")

    def test_no_trial_has_finished(self, make_record, make_snapshot) -> None:
        running = make_record(1, state=TrialState.RUNNING)
        assert told(make_snapshot, running) == told(make_snapshot) == "No trial has finished."

    def test_no_success(self, make_record, make_snapshot) -> None:
        failed = [make_record(number, state=TrialState.FAILED) for number in (1, 2)]
        assert told(make_snapshot, *failed) == "None of the 2 trials succeeded."
        assert told(make_snapshot, failed[0]) == "The only trial did not succeed."

    def test_failures_are_counted(self, make_record, make_snapshot) -> None:
        failed = [make_record(number, state=TrialState.FAILED) for number in (2, 3)]
        assert "1 trial failed" in told(make_snapshot, make_record(1, 0.6), failed[0])
        assert "2 trials failed" in told(make_snapshot, make_record(1, 0.6), *failed)

    def test_before_the_test_part_is_opened_the_validation_part_speaks(self, make_record, make_snapshot) -> None:
        text = told(make_snapshot, make_record(1, 0.5))
        assert "0.2600 on the validation part: the winner is 24.0 points above" in text
        assert "0.8000: the winner is 30.0 points below" in text

    def test_floors_that_were_not_measured_are_left_out(self, make_record, make_snapshot) -> None:
        assert "guessing" not in told(make_snapshot, make_record(1, 0.5), floors={})
        text = told(make_snapshot, make_record(1, 0.5), openings=(opening(0.5, linear=None),))
        assert "guessing" in text
        assert "TF-IDF" not in text

    def test_opening_the_test_part_again_is_told(self, make_record, make_snapshot) -> None:
        text = told(make_snapshot, make_record(1, 0.5), openings=(opening(0.5), opening(0.5)))
        assert "opened 2 times" in text

    @pytest.mark.parametrize(("state", "shown"), [("interrupted", True), ("stopped", True), ("complete", False)])
    def test_a_sweep_that_has_not_ended_says_so(self, make_record, make_snapshot, state, shown) -> None:
        text = told(make_snapshot, make_record(1, 0.5), state=state, reason="Ctrl-C")
        assert ("has not ended: Ctrl-C." in text) is shown

    def test_nothing_searched(self, make_record, make_snapshot) -> None:
        status = status_object(make_snapshot(make_record(1, 0.6)))
        assert words.findings(status, [])[0].endswith("with val_accuracy 0.6000.")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.00123456, "0.00123"), (1.2e-5, "1.2e-05"), (0.5, "0.5"), (64, "64"), (12345, "12345"), (2048.0, "2048"),
        ("adam", "adam"), (True, "true"), (False, "false"), (0.0, "0"), (999.7, "1000"), (1234.56, "1235"),
        (3e7, "3e+07"),
    ],
)  # fmt: skip
def test_a_value_as_a_person_writes_it(value, text) -> None:
    assert words.number(value) == text


@given(st.floats(-1e300, 1e300))
def test_a_value_is_short_and_close(value) -> None:
    text = words.number(value)
    assert len(text) <= 10
    assert math.isclose(float(text), value, rel_tol=0.006, abs_tol=1e-320)


def test_the_usual_parameters_come_first() -> None:
    assert words.ordered(["alpha", "dropout", "learning_rate"]) == ("learning_rate", "dropout", "alpha")
    assert words.parameters({"units": 64, "learning_rate": 0.1}) == "learning_rate 0.1, units 64"


def test_parameters_that_are_inactive_are_left_out() -> None:
    assert (
        words.parameters({"units": 64, "dropout": 0.25}, ["dropout", "attention", "units"]) == "dropout 0.25, units 64"
    )


def test_usual_cleaning_goes_without_saying_where_nothing_else_is_searched() -> None:
    usual, other = {"kind": "constant", "value": "keep"}, {"kind": "constant", "value": "fold"}
    searched = {"kind": "categorical", "values": ["keep", "remove"]}
    assert {"digits", "urls"} <= words.unsaid([{"digits": usual, "urls": usual}])
    assert not {"digits", "urls", "units"} & words.unsaid(
        [{"digits": usual, "urls": usual, "units": usual}, {"digits": other, "urls": searched}]
    )
    assert words.usual("lowercase", True)
    assert not words.usual("lowercase", False)
    assert not words.usual("units", 64)


class TestEnds:
    def test_an_end_before_its_time_is_explained(self, make_record, make_snapshot) -> None:
        why = "the search is exhausted after 2 of 8 trials"
        text = told(make_snapshot, make_record(1, 0.5), state="complete", reason=why)
        assert f"The sweep ended because {why}." in text

    def test_one_that_went_as_planned_is_not(self, make_record, make_snapshot) -> None:
        assert "ended because" not in told(make_snapshot, make_record(1, 0.5), state="complete", reason=words.WHOLE)


def test_trials_that_were_stuck_are_told_from_those_that_fell_behind(make_record, make_snapshot) -> None:
    stuck = dataclasses.replace(make_record(2, 0.25, TrialState.PRUNED), reason="stuck")
    history = (make_record(1, 0.8), stuck, make_record(3, 0.5, TrialState.PRUNED))
    told = words.findings(status_object(make_snapshot(*history)), [])
    assert "1 trial fell behind the others and was ended early." in told
    assert "1 trial got no further than the commonest label and was ended as stuck." in told
