"""From a ledger to a diagnosis, and from there to a new definition."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from textclf_sweep import data
from textclf_sweep.data import snapshot
from textclf_sweep.definition.load import load
from textclf_sweep.definition.types import DataSettings
from textclf_sweep.errors import InputError
from textclf_sweep.sweep.catalogue import discover
from textclf_sweep.sweep.cure import apply
from textclf_sweep.sweep.diagnose import diagnose, unasked
from textclf_sweep.sweep.importance import group_of, importance_of
from textclf_sweep.sweep.plots import plot

pytestmark = pytest.mark.unit

TEXT = """\
# A search that cannot work
name: lstm
architecture: lstm
method: random
data: {source: uci_news}
parameters:
  learning_rate: {value: 10} # too high
"""


@pytest.fixture(autouse=True)
def own_mlflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture
def stuck(make_sweep: Callable[..., Any], play: Any, tmp_path: Path) -> Any:
    """A sweep of trials at the commonest label, on the sample."""
    sweep = make_sweep(run_cap=5)
    splits = data.again(DataSettings(source="uci_news"), 0)
    snapshot.write(splits, sweep.folder.corpus)
    sweep.run(lambda trial, attempt: play(value=0.25))
    path = tmp_path / "lstm.yaml"
    path.write_text(TEXT)
    sweep.ledger.put(
        definition_text=f"# run with --set run_cap=2\n{TEXT}", overrides=["run_cap=2"], definition_path=str(path)
    )
    return sweep


def test_the_best_is_diagnosed_from_what_there_is(stuck: Any) -> None:
    found = diagnose(stuck.store, "lstm")
    assert found["sweep"] == "lstm"
    assert found["trial"] in range(1, 6)
    assert {"verdict", "causes", "why", "numbers"} <= set(found)


def test_any_trial_can_be_asked_for(stuck: Any) -> None:
    assert diagnose(stuck.store, "lstm", 3)["trial"] == 3
    with pytest.raises(InputError, match="no trial 9"):
        diagnose(stuck.store, "lstm", 9)


def test_without_the_data_what_is_left_is_said(stuck: Any) -> None:
    for path in stuck.folder.corpus.iterdir():
        path.unlink()
    assert "causes" in diagnose(stuck.store, "lstm")


def test_what_has_not_finished(make_sweep: Callable[..., Any]) -> None:
    sweep = make_sweep(name="new")
    with pytest.raises(InputError, match="no finished trial"):
        diagnose(sweep.store, "new")


def test_it_is_unasked_only_where_something_is_wrong(stuck: Any) -> None:
    status = {"state": "complete", "best": {"verdict": "stuck"}}
    found = unasked(stuck.ledger, stuck.folder, status)
    assert found is not None
    assert found["why"].startswith("0.2500 on 800 validation rows, not above the commonest label's 0.2500")
    assert unasked(stuck.ledger, stuck.folder, {"state": "failed", "best": None}) is not None
    assert unasked(stuck.ledger, stuck.folder, {"state": "complete", "best": {"verdict": "good"}}) is None
    assert unasked(stuck.ledger, stuck.folder, {"state": "interrupted", "best": None}) is None


def test_trials_that_failed_have_said_why(make_sweep: Callable[..., Any], play: Any) -> None:
    sweep = make_sweep(name="failed", run_cap=1)
    sweep.run(lambda trial, attempt: play("error", epochs=0, message="no such layer"))
    assert unasked(sweep.ledger, sweep.folder, {"state": "failed", "best": None}) is None
    found = diagnose(sweep.store, "failed")
    assert (found["verdict"], found["why"]) == (None, "failed: no such layer")


def test_a_patch_becomes_a_definition(stuck: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cause = {"name": "learning_rate_too_high", "patch": {"parameters": {"learning_rate": {"value": 0.001}}}}
    found = {"sweep": "lstm", "causes": [{"name": "few_rows", "patch": {}}, cause]}
    monkeypatch.setattr("textclf_sweep.sweep.cure.diagnose", lambda *_: found)
    written = apply(stuck.store, "lstm")
    assert written.path == tmp_path / "lstm-fixed.yaml"
    text = written.path.read_text()
    assert text.startswith("# lstm without learning_rate_too_high")
    assert "# A search that cannot work" in text
    definition = load(text, discover(), path=written.path)
    assert (definition.name, definition.run_cap) == ("lstm-fixed", 2)
    with pytest.raises(InputError, match="exists already"):
        apply(stuck.store, "lstm", None, written.path)
    monkeypatch.setattr("textclf_sweep.sweep.cure.diagnose", lambda *_: {**found, "causes": []})
    with pytest.raises(InputError, match="nothing in the definition"):
        apply(stuck.store, "lstm")


def test_importance_and_its_groups(stuck: Any, make_sweep: Callable[..., Any]) -> None:
    sweep = make_sweep(name="varied", run_cap=8)
    sweep.run()
    found = importance_of(sweep.store, "varied")
    assert found["trials"] == 8
    assert {item["name"] for item in found["parameters"]} == {"learning_rate", "dropout", "batch_size"}
    names = ("stemming", "max_length", "embedding", "units", "architecture", "learning_rate", "dropout")
    assert list(map(group_of, names)) == [
        "data", "data", "data", "architecture", "architecture", "hyperparameters", "hyperparameters",
    ]  # fmt: skip
    few = make_sweep(name="few", run_cap=2)
    few.run()
    with pytest.raises(InputError, match="2 trials with a value"):
        importance_of(few.store, "few")


def test_plots_are_written(stuck: Any, tmp_path: Path, make_sweep: Callable[..., Any]) -> None:
    written = plot(stuck.store, "lstm", tmp_path / "pictures")
    assert [path.name for path in written] == ["trials.svg", "curves.svg"]
    assert all(path.read_text().rstrip().endswith("</svg>") for path in written)
    assert plot(stuck.store, "lstm")[0].parent == stuck.folder.plots
    with pytest.raises(InputError, match="has finished an epoch"):
        plot(make_sweep(name="new").store, "new")
