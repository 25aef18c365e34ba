"""The definitions in sweeps/: each runs, and the same command again does nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e

SWEEPS = Path(__file__).parents[2] / "sweeps"
FILES = sorted(path.name for path in SWEEPS.glob("*.y*ml"))


@pytest.mark.parametrize("file", FILES)
def test_it_runs_and_running_it_again_runs_nothing(file: str, shipped: Any, shorten: Any, assert_whole: Any) -> None:
    command = shorten(["run", f"sweeps/{file}"])
    assert "Always guessing the commonest label gets " in shipped.sweep(*command).out
    name = shipped.sweep("plan", f"sweeps/{file}", "--json").json["sweep"]
    assert_whole(name, trials=1, place=shipped)
    assert (shipped.path / "mlruns" / "sweeps" / name / "model" / "model.keras").is_file()
    attempts, runs = shipped.attempts(name), shipped.runs(name)

    done = shipped.sweep(*command)
    assert "nothing was run" in done.out
    assert "The only trial is trial 1 " in done.out
    assert "started" not in done.out
    assert shipped.attempts(name) == attempts
    assert shipped.runs(name) == runs


@pytest.mark.parametrize("file", FILES)
def test_an_editor_finds_its_schema(file: str) -> None:
    first = (SWEEPS / file).read_text(encoding="utf-8").splitlines()[0]
    found = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert found is not None
    assert (SWEEPS / found[1]).is_file()


def test_the_schema_beside_them_is_the_present_one(fresh: Any) -> None:
    present = fresh.sweep("schema").json
    assert json.loads((SWEEPS / "schema.json").read_text(encoding="utf-8")) == present, (
        "update it: sweep schema > sweeps/schema.json"
    )


def test_all_three_methods_are_shipped() -> None:
    methods = {re.search(r"^method: (\w+)", (SWEEPS / file).read_text(), re.MULTILINE)[1] for file in FILES}
    assert {"grid", "random", "bayes"} <= methods
