"""The objects that programs rely on: their fields are a promise."""

from __future__ import annotations

import json

import pytest

from textclf_sweep.analysis.status import best_object, status_object, trial_object
from textclf_sweep.definition.types import Metric
from textclf_sweep.ledger import Opening
from textclf_sweep.trial import TrialState

pytestmark = pytest.mark.unit

FIGURES = {
    "accuracy": 0.81, "macro_f1": 0.8, "loss": 0.6, "rows": 2000,
    "floors": {"chance": 0.25, "majority": 0.25, "linear": 0.82},
}  # fmt: skip


class TestStatus:
    def test_a_finished_sweep(self, make_record, make_snapshot) -> None:
        told = status_object(
            make_snapshot(
                make_record(1, 0.6),
                make_record(2, 0.7, run_id="run 2"),
                make_record(3, state=TrialState.FAILED),
                make_record(4, 0.5, TrialState.PRUNED),
                openings=(Opening(1, 2, 1_234.5, FIGURES),),
            )
        )
        assert told == {
            "sweep": "lstm",
            "state": "complete",
            "reason": "every trial is done",
            "trials": {"complete": 2, "pruned": 1, "failed": 1, "running": 0, "waiting": 0, "left_out": 0},
            "stuck": 0,
            "architectures": {"lstm": {"trials": 4, "best": 2, "value": 0.7}},
            "best": {
                "number": 2,
                "architecture": "lstm",
                "parameters": {"bidirectional": False, "learning_rate": 0.00123, "units": 64},
                "value": 0.7,
                "metric": "val_accuracy",
                "metrics": {"val_accuracy": 0.7, "val_loss": 0.7},
                "run_id": "run 2",
                "verdict": None,
                "verdict_why": "",
                "verdict_numbers": {},
            },
            "test": {
                "accuracy": 0.81, "macro_f1": 0.8, "loss": 0.6, "rows": 2000, "floors": FIGURES["floors"],
                "trial": 2, "opened_at": 1_234.5, "openings": 1,
            },
            "floors": {"chance": 0.25, "majority": 0.26, "linear": 0.8},
            "checks": None,
            "parent_run_id": "parent",
        }  # fmt: skip
        json.dumps(told, allow_nan=False)

    def test_a_sweep_that_has_just_begun(self, make_snapshot) -> None:
        told = status_object(make_snapshot(state="running", reason="", floors={}, parent_run_id=None))
        assert told == {
            "sweep": "lstm",
            "state": "running",
            "reason": "",
            "trials": {"complete": 0, "pruned": 0, "failed": 0, "running": 0, "waiting": 0, "left_out": 0},
            "stuck": 0,
            "architectures": {},
            "best": None,
            "test": None,
            "floors": {"chance": None, "majority": None, "linear": None},
            "checks": None,
            "parent_run_id": None,
        }

    def test_every_trial_is_counted_once(self, make_record, make_snapshot) -> None:
        history = [make_record(number, 0.5, state) for number, state in enumerate(TrialState, start=1)]
        counts = status_object(make_snapshot(*history))["trials"]
        assert counts == {"complete": 1, "pruned": 1, "failed": 1, "running": 1, "waiting": 2, "left_out": 0}

    def test_the_best_is_the_one_of_the_goal(self, make_record, make_snapshot) -> None:
        loss = Metric("val_loss", "minimize")
        told = status_object(make_snapshot(make_record(1, 0.6), make_record(2, 0.7), metric=loss))["best"]
        assert (told["number"], told["value"], told["metric"]) == (1, 0.6, "val_loss")

    def test_no_best_without_a_success(self, make_record) -> None:
        history = (make_record(1, state=TrialState.FAILED), make_record(2, 0.9, TrialState.PRUNED))
        assert best_object(history, Metric()) is None


class TestTest:
    def test_a_look_that_was_cut_short_is_not_shown(self, make_snapshot) -> None:
        assert status_object(make_snapshot(openings=(Opening(1, 2, 1.0, None),)))["test"] is None

    def test_the_last_look_is_shown_and_all_are_counted(self, make_snapshot) -> None:
        openings = (Opening(1, 2, 1.0, FIGURES), Opening(2, 5, 2.0, None), Opening(3, 5, 3.0, FIGURES | {"rows": 7}))
        told = status_object(make_snapshot(openings=openings))["test"]
        assert (told["trial"], told["opened_at"], told["openings"], told["rows"]) == (5, 3.0, 3, 7)
        told = status_object(make_snapshot(openings=openings[:2]))["test"]
        assert (told["trial"], told["openings"]) == (2, 2)


class TestTrial:
    def test_a_complete_one(self, make_record) -> None:
        assert trial_object(make_record(3, 0.7, run_id="run")) == {
            "number": 3,
            "state": "complete",
            "reason": "all epochs",
            "architecture": "lstm",
            "parameters": {"bidirectional": False, "learning_rate": 0.00123, "units": 64},
            "value": 0.7,
            "metrics": {"val_accuracy": 0.7, "val_loss": 0.7},
            "epochs": 2,
            "best_epoch": 1,
            "attempts": 1,
            "seconds": 12.5,
            "run_id": "run",
            "verdict": None,
            "verdict_why": "",
            "verdict_numbers": {},
            "counted": True,
        }

    def test_one_that_waits(self, make_record) -> None:
        told = trial_object(make_record(3, state=TrialState.WAITING))
        assert (told["state"], told["reason"], told["attempts"], told["epochs"]) == ("waiting", "", 0, 0)
        assert told["value"] is told["best_epoch"] is told["seconds"] is told["run_id"] is None
        assert told["metrics"] == {}
        assert told["parameters"] == {"bidirectional": False, "learning_rate": 0.00123, "units": 64}

    @pytest.mark.parametrize("state", list(TrialState))
    def test_the_fields_are_always_there(self, make_record, state) -> None:
        told = trial_object(make_record(1, 0.5, state))
        assert told.keys() == trial_object(make_record(1, 0.5)).keys()
        assert type(told["state"]) is str
        json.dumps(told, allow_nan=False)

    def test_a_failed_one_has_no_value(self, make_record) -> None:
        assert trial_object(make_record(1, 0.5, TrialState.FAILED))["value"] is None

    def test_the_parameters_are_a_copy(self, make_record) -> None:
        record = make_record(1, 0.5)
        trial_object(record)["parameters"]["units"] = 1
        assert record.trial.parameters["units"] == 64
