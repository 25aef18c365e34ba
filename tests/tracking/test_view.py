"""What MLflow shall show, without MLflow."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textclf_sweep.ledger import Opening
from textclf_sweep.store import Store
from textclf_sweep.tracking import view
from textclf_sweep.tracking.description import describe
from textclf_sweep.tracking.view import LONGEST_TAG, SweepView
from textclf_sweep.trial import EpochEvent, Trial, TrialRecord, TrialResult, TrialState

pytestmark = pytest.mark.unit


def record(number: int, value: float | None, state: TrialState = TrialState.COMPLETE) -> TrialRecord:
    """A trial that ended at second `number` with `value`."""
    trial = Trial(number, "lstm", {"dropout": 0.1 * number, "bidirectional": True}, seed=number)
    if value is None:
        return TrialRecord(trial, state)
    metrics = {"val_accuracy": value, "val_loss": 1 - value, "epoch_seconds": 2.0}
    events = (EpochEvent(number, 1, 1, metrics, float(number)),)
    result = TrialResult(number, 1, state, "all epochs", events, 1, metrics, value)
    return TrialRecord(trial, state, "all epochs", 1, events, result, run_id=f"run{number}")


def series(sweep: SweepView, key: str) -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in view.parent_points(sweep) if point.key == key]


def test_the_trial_history_stands_at_the_trial_numbers() -> None:
    sweep = SweepView("id", "lstm", history=(record(1, 0.5), record(2, 0.4), record(3, 0.7)))

    assert series(sweep, "trial.val_accuracy") == [(1, 0.5), (2, 0.4), (3, 0.7)]
    assert series(sweep, "best_so_far.val_accuracy") == [(1, 0.5), (2, 0.5), (3, 0.7)]


def test_best_so_far_minimises_when_the_goal_says_so() -> None:
    sweep = SweepView("id", "lstm", metric="val_loss", goal="minimize", history=(record(1, 0.5), record(2, 0.4)))

    assert series(sweep, "best_so_far.val_loss") == [(1, 0.5), (2, 0.4)]


@pytest.mark.parametrize("state", [TrialState.FAILED, TrialState.PRUNED])
def test_a_trial_that_did_not_succeed_is_no_point_of_the_history(state: TrialState) -> None:
    sweep = SweepView("id", "lstm", history=(record(1, 0.5), record(2, 0.9, state), record(3, 0.4)))

    assert series(sweep, "trial.val_accuracy") == [(1, 0.5), (3, 0.4)]
    assert series(sweep, "best_so_far.val_accuracy") == [(1, 0.5), (3, 0.5)]


@given(
    st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=1, max_size=8).flatmap(
        lambda values: st.tuples(st.just(values), st.permutations(range(len(values))))
    )
)
def test_points_once_sent_are_never_contradicted_however_trials_overtake_each_other(
    case: tuple[list[float | None], list[int]],
) -> None:
    values, order = case
    waiting = [record(number + 1, None, TrialState.RUNNING) for number in range(len(values))]
    seen: dict[tuple[str, int], float] = {}
    for index in order:
        value = values[index]
        waiting[index] = record(index + 1, value, TrialState.FAILED if value is None else TrialState.COMPLETE)
        for point in view.parent_points(SweepView("id", "lstm", history=tuple(waiting))):
            assert seen.setdefault((point.key, point.step), point.value) == point.value


def test_what_is_not_finite_is_no_point() -> None:
    metrics = {"loss": math.inf, "accuracy": math.nan, "val_loss": -math.inf, "val_accuracy": 0.5}
    event = EpochEvent(1, 1, 1, metrics, 12.5)

    assert [(point.key, point.value, point.time, point.step) for point in view.epoch_points([event])] == [
        ("val_accuracy", 0.5, 12500, 1)
    ]


def test_every_opening_of_the_test_part_is_a_point() -> None:
    openings = (
        Opening(1, 3, 100.0, {"accuracy": 0.7, "macro_f1": 0.6, "loss": 1.0, "rows": 10}),
        Opening(2, 5, 200.0, None),
        Opening(3, 5, 300.0, {"accuracy": 0.8, "macro_f1": 0.7, "loss": math.inf, "rows": 10}),
    )
    sweep = SweepView("id", "lstm", openings=openings)

    assert series(sweep, "test.accuracy") == [(1, 0.7), (3, 0.8)]
    assert series(sweep, "test.loss") == [(1, 1.0)]
    assert sweep.test is openings[2]


def test_the_winner_stands_on_the_parent() -> None:
    sweep = SweepView("id", "lstm", floors={"chance": 0.25, "linear": None}, history=(record(2, 0.8),))

    tags = view.parent_tags(sweep)
    assert tags["best.trial"] == "2"
    assert tags["best.dropout"] == "0.2"
    assert tags["best.bidirectional"] == "true"
    assert tags["best.run_id"] == "run2"
    assert view.parent_figures(sweep) == {
        "floors.chance": 0.25,
        "best.val_accuracy": 0.8,
        "best.val_loss": pytest.approx(0.2),
    }


def test_params_hold_every_parameter_the_architecture_and_the_seed() -> None:
    assert view.attempt_params(record(1, 0.5).trial) == {
        "dropout": "0.1",
        "bidirectional": "true",
        "architecture": "lstm",
        "seed": "1",
    }


def test_a_long_tag_is_cut_to_what_mlflow_keeps() -> None:
    tags = view.parent_tags(SweepView("id", "lstm", reason="x" * 9000))

    assert LONGEST_TAG < len(tags["sweep.reason"]) < 8000


def test_the_confusion_table_names_the_labels(tmp_path: Path, fabricate: Callable[..., Any]) -> None:
    made = fabricate(Store(tmp_path))
    made.complete(1)
    (attempt,) = made.ledger.attempts()

    lines = view.confusion_table(attempt, ["a", 'b "c"', "d,e", "f"]).splitlines()
    assert lines[0] == 'true \\ predicted,a,"b ""c""","d,e",f'
    assert lines[1] == "a,180,5,5,10"
    assert view.confusion_table(attempt, ["only", "two"]).splitlines()[0] == "true \\ predicted,0,1,2,3"


def test_the_saved_table_sorts_by_the_outcome_and_shows_what_was_searched() -> None:
    space = {"epochs": {"kind": "constant", "value": 5}, "dropout": {"kind": "range", "low": 0, "high": 1}}
    sweep = SweepView("id", "lstm", metric="val_loss", goal="minimize", definition={"space": {"lstm": space}})

    state = json.loads(json.loads(view.saved_view(sweep, 1.0))["state"])
    assert (state["orderByKey"], state["orderByAsc"]) == ("metrics.`best.val_loss`", True)
    assert "params.`dropout`" in state["selectedColumns"]
    assert "params.`epochs`" not in state["selectedColumns"]


def test_the_description_says_what_was_searched_what_won_and_against_what(
    tmp_path: Path, fabricate: Callable[..., Any]
) -> None:
    made = fabricate(Store(tmp_path))
    made.twelve()
    text = describe(view.read(made.ledger))

    assert text.startswith("**Won**: trial 8 with val_accuracy 0.8119 at epoch 5 of 5.")
    for part in (
        "`lstm` by bayes search to maximise `val_accuracy`, seed 7",
        "interrupted (Ctrl-C): 12 of 12 trials (1 interrupted, 9 complete, 1 pruned, 1 failed)",
        "Is it the data, the architecture or the hyperparameters?",
        "| accuracy | 0.8119 | 0.7515 |",
        "| floor: chance | 0.2500 | 0.2500 |",
        "| floor: TF-IDF and a linear model | 0.8100 | 0.8180 |",
        "| batch_size | 16, 32, 64 | 64 |",
        "| learning_rate | 0.0001 to 0.1 (log) |",
        "4000 / 800 / 2000 rows",
        "near_duplicates, 120 rows",
        "`definition.yaml`",
    ):
        assert part in text


def test_the_description_names_the_cleaning_that_all_trials_have_and_that_is_unusual() -> None:
    lstm = {"lowercase": True, "strip_html": True, "urls": "mask", "digits": "fold", "units": 64}
    cnn = {**lstm, "digits": "keep"}
    space = {
        name: {key: {"kind": "constant", "value": value} for key, value in constants.items()}
        for name, constants in (("lstm", lstm), ("cnn", cnn))
    }
    seen = SweepView("id", "lstm", definition={"space": space}, data={"name": "a.csv"})

    assert describe(seen).count("**Cleaned**: strip_html true, urls mask.") == 1
    assert "Cleaned" not in describe(dataclasses.replace(seen, definition={}))


def test_the_description_says_how_to_run_it_again_with_the_same_options() -> None:
    text = "# run with --set seed=8\n# run with --set data.path=my file.csv\n# run with --set name=b\n# mine\nseed: 1\n"
    late = "# run with --set run_cap=1\n"
    sweep = SweepView("id", "lstm", definition_text=text + late)

    again = "`sweep run definition.yaml --set seed=8 --set 'data.path=my file.csv' --name lstm-2`"
    assert again in describe(sweep)


def test_the_winner_is_the_best_of_the_history() -> None:
    history = (record(1, 0.5), record(2, 0.9), record(3, 0.95, TrialState.PRUNED))

    assert SweepView("id", "lstm", history=history).winner is history[1]
    assert SweepView("id", "lstm", metric="val_loss", goal="minimize", history=history).winner is history[0]
    assert SweepView("id", "lstm").winner is None


def test_the_description_of_a_sweep_that_has_just_begun_claims_nothing() -> None:
    text = describe(SweepView("id", "lstm", definition={"architecture": "lstm", "method": "grid", "seed": 0}))

    assert "no trial has succeeded yet" in text
    assert "0 trials." in text


def test_the_description_keeps_the_test_part_sealed_until_it_is_opened() -> None:
    sweep = SweepView("id", "lstm", history=(dataclasses.replace(record(1, 0.5)),))
    metrics = {"val_accuracy": 0.5, "val_macro_f1": 0.4, "val_loss": 1.0}
    result = dataclasses.replace(sweep.history[0].result, metrics=metrics)  # type: ignore[type-var]
    sweep = dataclasses.replace(sweep, history=(dataclasses.replace(sweep.history[0], result=result),))

    assert "| accuracy | 0.5000 | sealed |" in describe(sweep)


def test_trials_that_are_left_out_are_not_counted(tmp_path: Path, fabricate: Callable[..., Any]) -> None:
    made = fabricate(Store(tmp_path))
    made.twelve()
    before = int(view.parent_tags(view.read(made.ledger))["sweep.trials.complete"])
    complete = [record.number for record in made.ledger.history() if record.state is TrialState.COMPLETE]
    made.ledger.redefine(complete[:2])
    seen = view.read(made.ledger)
    assert view.parent_tags(seen)["sweep.trials.complete"] == str(before - 2)
    assert "10 of 12 trials" in describe(seen)
    assert "2 more lie outside the search space" in describe(seen)
    tags = [view.attempt_tags(seen, attempt, "p") for attempt in made.ledger.attempts(complete[0])]
    assert {tag["sweep.counted"] for tag in tags} == {"false"}
