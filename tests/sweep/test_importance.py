"""From a ledger to what explains the differences between its trials."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from textclf_sweep.definition.space import Categorical, Constant, Range, SearchSpace
from textclf_sweep.definition.types import Search
from textclf_sweep.errors import InputError
from textclf_sweep.store import Store
from textclf_sweep.sweep.importance import importance_of
from textclf_sweep.trial import Trial, TrialResult, TrialState

pytestmark = pytest.mark.unit

COMMON = {"learning_rate": Range(1e-4, 1e-1, log=True), "lowercase": Categorical((True, False)), "epochs": Constant(3)}


@pytest.fixture
def two(make_sweep: Callable[..., Any]) -> Any:
    """A sweep over two architectures; one has a parameter of its own."""
    searches = (
        Search("lstm", SearchSpace.of(COMMON | {"units": Categorical((32, 64, 128))}), 12),
        Search("mean_embedding", SearchSpace.of(COMMON), 12),
    )
    return make_sweep(name="two", searches=searches, run_cap=24)


def test_the_object(two: Any) -> None:
    two.run()
    found = importance_of(two.store, "two")
    assert list(found)[:4] == ["sweep", "metric", "trials", "method"]
    assert (found["sweep"], found["metric"], found["trials"], found["method"]) == ("two", "val_accuracy", 24, "fanova")
    assert set(found["groups"]) == {"data", "architecture", "hyperparameters"}
    assert sum(group["share"] for group in found["groups"].values()) == pytest.approx(1)
    entries = {item["name"]: item for item in found["parameters"]}
    assert {name: (item["group"], item["architecture"]) for name, item in entries.items()} == {
        "learning_rate": ("hyperparameters", None),
        "lowercase": ("data", None),
        "units": ("architecture", "lstm"),
        "architecture": ("architecture", None),
    }
    # The script's trials go by their learning rate.
    assert found["parameters"][0]["name"] == "learning_rate"
    assert {"share", "low", "high", "decisive", "best"} <= set(entries["units"])
    json.dumps(found, allow_nan=False)


def test_the_noise_is_that_of_the_rows_a_trial_was_judged_on(make_sweep: Callable[..., Any]) -> None:
    sweep = make_sweep(run_cap=8)
    sweep.run()
    # With folds that is every row, while the validation part is empty.
    sweep.ledger.put(data={"data_hash": "d" * 64, "validation": 0})
    rows = sum(map(sum, sweep.ledger.history()[0].result.confusion))
    spread = importance_of(sweep.store, "lstm")["spread"]
    assert spread["noise"] == pytest.approx(math.sqrt(spread["greatest"] * (1 - spread["greatest"]) / rows))


def test_trials_that_fail_or_end_early_are_spoken_of(make_sweep: Callable[..., Any], play: Any) -> None:
    sweep = make_sweep(run_cap=8)
    sweep.run(lambda trial, attempt: play("diverged") if trial.number in (2, 5) else play())
    found = importance_of(sweep.store, "lstm")
    assert found["trials"] == 6
    assert any(sentence.startswith("2 trials failed") for sentence in found["words"])


@pytest.mark.parametrize(
    ("count", "said"), [(0, "has no trial with a value"), (1, "1 trial with"), (3, "3 trials with")]
)
def test_too_few_trials(make_sweep: Callable[..., Any], count: int, said: str) -> None:
    sweep = make_sweep(run_cap=count)
    if count:
        sweep.run()
    with pytest.raises(InputError, match=said) as caught:
        importance_of(sweep.store, "lstm")
    assert "at least 4" in str(caught.value)


def test_trials_that_failed_have_no_value(make_sweep: Callable[..., Any], play: Any) -> None:
    sweep = make_sweep(run_cap=4)
    sweep.run(lambda trial, attempt: play("diverged"))
    with pytest.raises(InputError, match="has no trial with a value"):
        importance_of(sweep.store, "lstm")


def test_nothing_is_searched(make_sweep: Callable[..., Any]) -> None:
    sweep = make_sweep(space=SearchSpace.of({"epochs": Constant(3)}))
    for number in range(1, 6):
        sweep.ledger.propose(Trial(number, "lstm", {"epochs": 3}, number))
        sweep.ledger.begin_attempt(number)
        sweep.ledger.finish(TrialResult(number, 1, TrialState.COMPLETE, "all epochs", value=number / 10))
    with pytest.raises(InputError, match="nothing varies") as caught:
        importance_of(sweep.store, "lstm")
    assert "give a parameter a range" in str(caught.value)


def test_no_such_sweep(make_sweep: Callable[..., Any]) -> None:
    store: Store = make_sweep().store
    with pytest.raises(InputError, match="no sweep 'lstn'"):
        importance_of(store, "lstn")
