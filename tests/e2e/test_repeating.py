"""The same sweep again: in another store, continued, changed, under another name."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def elsewhere(place: Any, make_place: Any) -> Any:
    """A store in which the same sweep was run a second time; tests may go on with it."""
    store = make_place("elsewhere")
    done = place.sweep("run", "base.yaml", "--plain", "--store", str(store.path))
    assert f"sweep ui base --store {store.path}" in done.out
    return store


def test_the_same_file_and_seed_give_the_same_results_bit_by_bit(
    place: Any, base: Any, elsewhere: Any, lasting: Any, assert_whole: Any
) -> None:
    assert lasting(elsewhere.trials("base")[:3]) == lasting(place.trials("base"))
    timed = {"epoch_seconds", "examples_per_second", "seconds"}

    def curves(place: Any) -> Any:
        return {
            run.name: {metric: points for metric, points in run.points.items() if metric not in timed}
            for run in place.runs("base")
            if run.kind == "trial" and int(run.tags["sweep.trial"]) <= 3
        }

    assert curves(elsewhere) == curves(place)
    ours, theirs = place.status("base"), elsewhere.status("base")
    assert {key: ours["test"][key] for key in ("accuracy", "macro_f1", "loss")} == {
        key: theirs["test"][key] for key in ("accuracy", "macro_f1", "loss")
    }
    assert ours["floors"] == theirs["floors"]


def test_a_larger_run_cap_continues(elsewhere: Any, lasting: Any, assert_whole: Any) -> None:
    before = elsewhere.trials("base")
    assert len(before) == 3
    done = elsewhere.sweep("run", "base.yaml", "--plain", "--set", "run_cap=4")
    assert "resuming: 3 trials finished earlier" in done.out
    after = elsewhere.trials("base")
    assert after[:3] == before
    assert_whole("base", trials=4, place=elsewhere)

    refused = elsewhere.sweep("run", "base.yaml", code=2)  # whose run_cap is still 3
    assert "run_cap is 3 now" in refused.err
    assert "at least 4" in refused.err


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ("seed=4", "seed was 3 when sweep 'base' began and is 4 now"),
        ("parameters.units.value=16", "parameters.units was constant (value 8)"),
        ("parameters.learning_rate.max=0.1", "parameters.learning_rate was range (low 0.001, high 0.05"),
        ("early_stopping={patience: 2}", "early_stopping"),
    ],
)
def test_a_changed_definition_is_refused_with_the_difference(
    place: Any, base: Any, change: str, difference: str
) -> None:
    before = place.trials("base")
    done = place.sweep("run", "base.yaml", "--set", change, code=2)
    assert difference in done.err
    assert "Traceback" not in done.err
    assert place.trials("base") == before
    assert "--name NEW" in done.err
    assert "sweep delete base" in done.err


def test_changed_data_are_refused(place: Any, base: Any, news: str, make_place: Any) -> None:
    changed = make_place("changed")
    changed.write("news.csv", news.replace("business", "economy"))
    done = changed.sweep("run", "base.yaml", "--store", str(place.path), code=2)
    assert "the data are not those sweep 'base' began with" in done.err
    assert "hint: " in done.err
    assert set(changed.content()) == {"base.yaml", "news.csv"}


def test_another_name_starts_anew_and_delete_frees_it(place: Any, base: Any, assert_whole: Any) -> None:
    command = ("run", "base.yaml", "--name", "other", "--set", "parameters.epochs.value=2", "--plain")
    once = (*command, "--set", "run_cap=1")
    place.sweep(*once)
    assert_whole("other", trials=1)
    first = place.status("other")
    (trial,) = place.trials("other")
    assert (trial["number"], trial["epochs"]) == (1, 2)
    assert trial["parameters"] == {**place.trials("base")[0]["parameters"], "epochs": 2}

    refused = place.sweep("delete", "other", code=2)  # nobody is there to say yes
    assert "add --yes" in refused.err
    place.sweep("delete", "other", "--yes")
    assert "other" not in place.sweep("list").out
    assert not (place.path / "mlruns" / "sweeps" / "other").exists()
    assert not (place.path / "mlruns" / "artifacts" / "other").exists()
    assert place.runs("other") == []
    assert "there is no sweep 'other'" in place.sweep("status", "other", code=2).err

    place.sweep(*once)
    assert_whole("other", trials=1)
    second = place.status("other")
    assert second["parent_run_id"] != first["parent_run_id"]
    assert second["best"]["value"] == first["best"]["value"]
