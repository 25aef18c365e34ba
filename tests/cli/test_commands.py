"""The commands that read a store, over real ledgers."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from textclf_sweep.cli.delete import trials
from textclf_sweep.cli.main import main
from textclf_sweep.definition.space import Categorical, Constant, SearchSpace
from textclf_sweep.store import Store
from textclf_sweep.trial import TrialState

pytestmark = pytest.mark.unit

MakeSweep = Callable[..., Store]
Capture = pytest.CaptureFixture[str]


def printed(capsys: Capture, *arguments: str, code: int = 0) -> str:
    assert main(arguments) == code
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_an_empty_store_says_what_to_do(tmp_path: Path, capsys: Capture) -> None:
    assert "no sweeps in" in printed(capsys, "list", "--store", str(tmp_path))
    assert json.loads(printed(capsys, "list", "--store", str(tmp_path), "--json")) == {"sweeps": []}


def test_list(make_sweep: MakeSweep, capsys: Capture) -> None:
    make_sweep(TrialState.FAILED, name="old")
    store = make_sweep(TrialState.COMPLETE, TrialState.COMPLETE)
    lines = printed(capsys, "list", "--store", str(store.root)).splitlines()
    assert " ".join(lines[0].split()) == "sweep state trials failed best metric architecture method updated"
    cells = {line.split()[0]: line.split()[1:] for line in lines[1:]}
    assert cells["news"][:7] == ["complete", "2", "0", "0.5200", "val_accuracy", "lstm", "random"]
    assert cells["old"][2:5] == ["1", "-", "-"]
    found = json.loads(printed(capsys, "list", "--store", str(store.root), "--json"))
    assert {sweep["sweep"] for sweep in found["sweeps"]} == {"news", "old"}


def test_trials(make_sweep: MakeSweep, capsys: Capture) -> None:
    store = make_sweep(TrialState.COMPLETE, TrialState.COMPLETE, TrialState.FAILED, TrialState.INTERRUPTED)
    assert printed(capsys, "trials", "news", "--store", str(store.root)).splitlines() == [
        "trial  state        val_accuracy  verdict   epochs  time  learning_rate  reason",
        "    1  complete           0.5100                 3  12 s          0.001  early stopping",
        "*   2  complete           0.5200                 3  12 s          0.002  early stopping",
        "    3  failed                  -  diverged       3  12 s          0.003  diverged",
        "    4  interrupted             -                 3     -          0.004  interrupt",
        "val_accuracy to beat: chance 0.2500, commonest label 0.2625, linear baseline 0.8175",
    ]
    found = json.loads(printed(capsys, "trials", "news", "--store", str(store.root), "--json"))
    assert [trial["number"] for trial in found["trials"]] == [1, 2, 3, 4]


def test_one_trial_shows_all_its_parameters(make_sweep: MakeSweep, capsys: Capture) -> None:
    store = make_sweep(TrialState.COMPLETE)
    heading = printed(capsys, "trials", "news", "--store", str(store.root)).splitlines()[0]
    assert heading.split()[6:] == ["learning_rate", "batch_size", "optimizer", "epochs", "reason"]


def test_usual_cleaning_goes_without_saying(make_sweep: MakeSweep, capsys: Capture, story) -> None:
    space = dict(story.space.distributions)
    cleaning = {"lowercase": Constant(True), "urls": Constant("mask"), "digits": Categorical(("keep", "fold"))}
    chosen = {"lowercase": True, "urls": "mask", "digits": "keep"}
    store = make_sweep(TrialState.COMPLETE, space=SearchSpace.of(space | cleaning), more=chosen)
    at = ("news", "--store", str(store.root))
    for command in ("best", "status", "trials"):
        shown = printed(capsys, command, *at)
        assert "digits" in shown
        assert "urls" in shown
        assert "lowercase" not in shown
    assert json.loads(printed(capsys, "best", *at, "--json"))["parameters"]["lowercase"] is True


def test_a_sweep_without_trials(make_sweep: MakeSweep, capsys: Capture) -> None:
    store = make_sweep()
    assert printed(capsys, "trials", "news", "--store", str(store.root)) == "sweep news has no trials yet\n"
    assert printed(capsys, "best", "news", "--store", str(store.root)) == "no trial of sweep news has succeeded yet\n"
    assert printed(capsys, "best", "news", "--store", str(store.root), "--json") == "null\n"
    assert "trials   none yet" in printed(capsys, "status", "news", "--store", str(store.root))


def test_status(make_sweep: MakeSweep, capsys: Capture) -> None:
    store = make_sweep(TrialState.COMPLETE, TrialState.FAILED)
    assert printed(capsys, "status", "news", "--store", str(store.root)).splitlines() == [
        "sweep    news",
        "state    complete (every trial is done)",
        "trials   1 complete, 1 failed",
        "best     val_accuracy 0.5100 by trial 1",
        "         learning_rate 0.001, batch_size 32, optimizer adam, epochs 4",
        "to beat  chance 0.2500, commonest label 0.2625, linear baseline 0.8175",
    ]
    assert json.loads(printed(capsys, "status", "news", "--store", str(store.root), "--json"))["best"]["number"] == 1


def test_best_shows_every_digit(make_sweep: MakeSweep, capsys: Capture) -> None:
    store = make_sweep(TrialState.COMPLETE)
    text = printed(capsys, "best", "news", "--store", str(store.root))
    assert "val_accuracy   0.5100\n" in text
    assert "learning_rate  0.001\n" in text


def test_stop_of_a_sweep_that_does_not_run(make_sweep: MakeSweep, capsys: Capture) -> None:
    store = make_sweep(TrialState.COMPLETE)
    assert "is not running" in printed(capsys, "stop", "news", "--store", str(store.root))
    assert "message" in json.loads(printed(capsys, "stop", "news", "--store", str(store.root), "--json"))


def test_delete_asks_nobody_without_a_terminal(
    make_sweep: MakeSweep, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make_sweep(TrialState.COMPLETE)
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert main(["delete", "news", "--store", str(store.root)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.endswith("hint: add --yes\n")
    assert store.sweep("news").ledger.is_file()


def test_delete_of_a_sweep_that_nothing_can_read_asks_without_a_count(
    make_sweep: MakeSweep, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make_sweep(TrialState.COMPLETE)
    assert trials(store, "news") == 1
    store.sweep("news").ledger.write_bytes(b"no database" * 500)
    assert trials(store, "news") is None
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    assert printed_question(capsys, "delete", "news", "--store", str(store.root)).startswith(
        "Delete sweep news, everything in its folder and its MLflow experiment?"
    )
    assert main(["delete", "news", "--store", str(store.root), "--yes"]) == 0
    assert "mlruns/sweeps/news is removed" in capsys.readouterr().out
    assert not store.sweep("news").path.exists()


def printed_question(capsys: Capture, *arguments: str) -> str:
    assert main(arguments) == 0
    captured = capsys.readouterr()
    assert captured.out.strip() == "nothing was deleted"
    return captured.err


class Terminal(io.StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        return True


def test_an_unknown_sweep_is_an_error_on_stderr_even_with_json(make_sweep: MakeSweep, capsys: Capture) -> None:
    store = make_sweep(TrialState.COMPLETE)
    for command in ("status", "trials", "best", "stop", "delete", "sync"):
        assert main([command, "new", "--store", str(store.root), "--json"]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith("error: there is no sweep 'new'")
        assert "hint: did you mean news?" in captured.err
