"""What `sweep importance` prints."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from textclf_sweep.cli.importance import render
from textclf_sweep.cli.main import main
from textclf_sweep.store import Store
from textclf_sweep.trial import TrialState

pytestmark = pytest.mark.unit

MakeSweep = Callable[..., Store]


def drawn(found: dict[str, Any], width: int = 200) -> list[str]:
    console = Console(file=io.StringIO(), width=width, highlight=False, markup=False)
    console.print(render(found, width))
    return [line.rstrip() for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]


def joined(line: str) -> str:
    return " ".join(line.split())


def share(value: float, decisive: float | None = 0.5) -> dict[str, Any]:
    return {"share": value, "low": value / 2, "high": 1.0, "decisive": decisive}


FOUND: dict[str, Any] = {
    "sweep": "news", "metric": "val_accuracy", "trials": 40, "method": "fanova", "explained": 0.7,
    "spread": {"least": 0.25, "greatest": 0.8, "standard_deviation": 0.1, "noise": 0.014},
    "groups": {"data": share(0.2), "architecture": share(0.8)},
    "parameters": [
        {"name": "units", "group": "architecture", "architecture": "lstm", "best": "32 to 64", **share(0.8)},
        {"name": "urls", "group": "data", "architecture": None, "best": "mask (4 of 10)", **share(0.2)},
    ],
    "words": ["Of the spread [bold]."],
}  # fmt: skip


def test_the_table() -> None:
    words, spread, empty, _, heading, data, architecture, units, urls = drawn(FOUND)
    assert words == "Of the spread [bold]."
    assert spread == (
        "40 trials, val_accuracy 0.2500 to 0.8000, standard deviation 0.1000 (0.0140 by the number of validation rows)"
    )
    assert empty == ""
    assert joined(heading) == "of the spread kind only of share 9 in 10 best quarter best quarter has"
    assert joined(data) == "data 20% 10% to 100% 50%"
    assert joined(architecture) == "architecture 80% 40% to 100% 50%"
    assert joined(units) == "units architecture lstm 80% 40% to 100% 50% 32 to 64"
    assert joined(urls) == "urls data 20% 10% to 100% 50% mask (4 of 10)"


def test_what_is_not_known_is_a_dash() -> None:
    without = [{**item, "decisive": None, "architecture": None} for item in FOUND["parameters"]]
    found = {**FOUND, "parameters": without, "spread": {**FOUND["spread"], "noise": None}}
    lines = drawn(found)
    assert lines[1].endswith("standard deviation 0.1000")
    assert "only of" not in lines[4]
    assert joined(lines[-1]) == "urls data 20% 10% to 100% - mask (4 of 10)"


def test_it_fits_a_narrow_terminal() -> None:
    lines = drawn(FOUND, 70)
    assert max(map(len, lines)) <= 70
    assert "not shown: " in lines[-1]
    assert "decides the best quarter" in lines[-1]
    assert any("32 to 64" in line for line in lines)


def test_on_a_ledger(make_sweep: MakeSweep, capsys: pytest.CaptureFixture[str]) -> None:
    store = make_sweep(*[TrialState.COMPLETE] * 6, TrialState.PRUNED)
    assert main(("importance", "news", "--store", str(store.root))) == 0
    text = capsys.readouterr().out
    assert text.startswith("Too few trials to tell: 7 for 1 parameter, ")
    assert "1 of the 7 trials ended early" in text
    assert main(("importance", "news", "--store", str(store.root), "--json")) == 0
    found = json.loads(capsys.readouterr().out)
    assert [item["name"] for item in found["parameters"]] == ["learning_rate"]
    assert found["parameters"][0]["share"] == 1


@pytest.mark.parametrize(
    ("states", "name", "said"),
    [
        ([TrialState.COMPLETE] * 3, "news", "the sweep 'news' has 3 trials with a value; at least 4 are needed"),
        ([TrialState.FAILED] * 5, "news", "the sweep 'news' has no trial with a value; at least 4 are needed"),
        ([TrialState.COMPLETE], "nwes", "there is no sweep 'nwes'"),
    ],
)
def test_what_cannot_be_told(
    make_sweep: MakeSweep, capsys: pytest.CaptureFixture[str], states: list[TrialState], name: str, said: str
) -> None:
    store = make_sweep(*states)
    assert main(("importance", name, "--store", str(store.root))) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.out == ""
