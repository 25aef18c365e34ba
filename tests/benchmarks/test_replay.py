"""The bookkeeping of replays, on a grid of four curves that are worked out by hand."""

from __future__ import annotations

import importlib
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from textclf_sweep.trial import TrialState

pytestmark = pytest.mark.unit

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
CURVES = {
    ("a", 1): "0.2 0.3 0.4",
    ("a", 2): "0.5 0.9 0.7",
    ("b", 1): "0.6 0.6",  # diverges in the third epoch
    ("b", 2): "0.1 0.1 0.1",
}


@pytest.fixture
def replay(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("replay")


@pytest.fixture
def recording(replay: ModuleType) -> Any:
    rows = [
        {
            "state": "failed" if len(curve.split()) < 3 else "complete",
            "parameters": f'{{"letter": "{letter}", "number": {number}}}',
            "val_accuracy": curve,
            "val_loss": curve,
        }
        for (letter, number), curve in CURVES.items()
    ]
    return replay.recording_of("lstm", rows, size=4)


def ends(found: Any) -> list[tuple[TrialState, int, float | None]]:
    return [(record.state, len(record.epochs), record.value) for record in found.history]


COMPLETE, FAILED, PRUNED = TrialState.COMPLETE, TrialState.FAILED, TrialState.PRUNED


def test_a_recording_knows_its_grid(recording: Any) -> None:
    assert (recording.space.size, recording.epochs, recording.best, recording.is_whole) == (4, 3, 0.9, True)


def test_a_recording_with_a_hole_is_not_whole(recording: Any) -> None:
    left = dict(list(recording.trainings.items())[:3])
    assert not replace(recording, trainings=left).is_whole


def test_an_export_of_the_first_trials_is_not_whole(replay: ModuleType, tmp_path: Path) -> None:
    """The first two of a grid: every combination of the values that occur is there, and the grid has more."""
    row = {"architecture": "cnn", "state": "complete", "val_accuracy": "0.5", "val_loss": "0.5"}
    rows = [row | {"parameters": f'{{"batch_size": {size}}}'} for size in (32, 128)]
    record = importlib.import_module("record")
    record.write(rows, tmp_path / "curves.csv.gz")
    recording = replay.read(tmp_path / "curves.csv.gz")["cnn"]
    assert (recording.space.size, recording.size, recording.is_whole) == (2, 252, False)


def test_every_configuration_is_trained_once_and_every_epoch_paid(replay: ModuleType, recording: Any) -> None:
    found = replay.run(recording, "grid", 0)
    assert ends(found) == [(COMPLETE, 3, 0.4), (COMPLETE, 3, 0.9), (FAILED, 2, None), (COMPLETE, 3, 0.1)]
    assert (found.spent, found.best, found.hit) == (12, 0.9, None)  # the epoch that diverged is one, too
    assert [record.trial.seen for record in found.history] == [(), (1,), (1, 2), (1, 2, 3)]
    assert [record.result.best_epoch for record in found.history] == [3, 2, 1, 1]


@pytest.mark.parametrize(("target", "hit"), [(0.15, 1), (0.3, 2), (0.55, 5), (0.9, 5), (0.95, None)])
def test_the_target_is_hit_within_a_trial(replay: ModuleType, recording: Any, target: float, hit: int | None) -> None:
    assert replay.run(recording, "grid", 0, target=target).hit == hit


def test_workers_take_turns_of_one_epoch(replay: ModuleType, recording: Any) -> None:
    """Trials 1 and 2 side by side: 0.9 comes in the second epoch of the second, after four epochs in all."""
    assert replay.run(recording, "grid", 0, workers=2, target=0.9).hit == 4
    found = replay.run(recording, "grid", 0, workers=2)
    assert [record.trial.seen for record in found.history] == [(), (), (1, 2), (1, 2)]
    assert found.spent == 12


def test_what_is_pruned_is_not_paid(replay: ModuleType, recording: Any) -> None:
    looks = []

    def second_epoch(look: Any) -> str:
        looks.append(look)
        return "enough" if len(look.curve) == 2 and look.curve[-1] < 0.5 else ""

    found = replay.run(recording, "grid", 0, pruner=second_epoch)
    assert ends(found) == [(PRUNED, 2, 0.3), (COMPLETE, 3, 0.9), (FAILED, 2, None), (PRUNED, 2, 0.1)]
    assert (found.spent, found.best) == (10, 0.9)
    # Nothing is asked after a last epoch, and a failed trial is no peer.
    assert max(len(look.curve) for look in looks) == 2
    assert looks[-1].peers == ((0.2, 0.3), (0.5, 0.9, 0.7))


def test_a_number_of_trials_is_kept(replay: ModuleType, recording: Any) -> None:
    found = replay.run(recording, "random", 5, trials=3)
    assert len(found.history) == 3
    assert all(record.state.final for record in found.history)


def test_a_seed_decides(replay: ModuleType, recording: Any) -> None:
    def order(seed: int) -> list[Any]:
        return [record.trial.parameters for record in replay.run(recording, "random", seed).history]

    assert order(1) == order(1)
    assert len({str(order(seed)) for seed in range(10)}) > 1


@pytest.mark.parametrize("ahead", [True, False])
def test_a_slow_searcher_does_not_see_how_the_last_trials_end(
    replay: ModuleType, recording: Any, monkeypatch: pytest.MonkeyPatch, ahead: bool
) -> None:
    """As in the program, as many as there are workers count as running when a proposal is made ahead."""
    slow, finals = ModuleType("textclf_sweep.searchers.slow"), []
    points = iter([*recording.space.grid(), None])

    def propose(ask: Any) -> Any:
        finals.append([record.number for record in ask.history if record.state.final])
        return next(points, None)

    monkeypatch.setattr(slow, "AHEAD", ahead, raising=False)
    monkeypatch.setattr(slow, "propose", propose, raising=False)
    monkeypatch.setitem(sys.modules, slow.__name__, slow)
    found = replay.run(recording, "slow", 0)
    assert finals == ([[], [], [1], [1, 2], [1, 2, 3]] if ahead else [[], [1], [1, 2], [1, 2, 3], [1, 2, 3, 4]])
    assert [list(record.trial.seen) for record in found.history] == finals[:4]


@pytest.mark.parametrize(("architecture", "own"), [("cnn", "filters"), ("lstm", "units")])
def test_the_recorded_table_is_what_the_definitions_ask_for(replay: ModuleType, architecture: str, own: str) -> None:
    """Whole numbers stay whole, and every accuracy is one of so many validation rows."""
    recording = replay.read(BENCHMARKS / "curves" / "curves.csv.gz")[architecture]
    assert recording.is_whole
    assert (recording.size, recording.space.size, recording.epochs) == (252, 252, 20)
    assert set(dict(recording.space.distributions)) == {"batch_size", "dropout", own, "learning_rate", "optimizer"}
    for training in recording.trainings.values():
        assert len(training.curve) == len(training.losses)
        assert training.failed or len(training.curve) == 20
        assert all(round(value * 800, 6).is_integer() for value in training.curve)
