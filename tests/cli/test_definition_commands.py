"""The commands that read a definition, as far as they come without training."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from textclf_sweep.cli.main import main
from textclf_sweep.cli.plan import time_needed, trials
from textclf_sweep.cli.run import resume_command

pytestmark = pytest.mark.unit

GRID = """
architecture: lstm
method: grid
data: {source: uci_news}
parameters:
  learning_rate: {values: [1e-3, 1e-2]}
  units: {values: [8, 16]}
"""


@pytest.fixture
def definition(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "sweep.yaml"
    path.write_text(GRID)
    return path


def test_plan_uses_the_definition_of_this_folder(definition: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "sweep: architecture lstm, method grid, maximize val_accuracy"
    assert lines[1] == "4 trials; no estimate of the time"
    assert lines[2].startswith("fixed: ")
    assert lines[-5].split() == ["trial", "learning_rate", "units"]
    assert lines[-1].split() == ["4", "0.01", "16"]


def test_plan_as_json_with_changes(definition: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", str(definition), "--set", "run_cap=3", "--name", "2024", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["sweep"], found["trials"], found["up_to"]) == ("2024", 3, False)
    assert list(definition.parent.iterdir()) == [definition]


@pytest.mark.parametrize("command", ["plan", "run"])
def test_problems_of_a_definition_end_with_2(
    command: str, definition: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    definition.write_text(GRID.replace("grid", "gird"))
    assert main([command, "sweep.yaml", "--json"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: sweep.yaml:3 method: ")
    assert "hint: " in captured.err
    assert list(definition.parent.iterdir()) == [definition]


def test_the_schema_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(schema)


def test_what_a_plan_says() -> None:
    assert trials({"trials": 1, "up_to": False}) == "1 trial"
    assert trials({"trials": 20, "up_to": True}) == "at most 20 trials"
    assert trials({"trials": None, "up_to": False}).startswith("trials until")
    assert time_needed({"estimate_seconds": 840.0}) == "about 14 min at the pace of this store's finished trials"


def test_the_resume_command_is_quoted_for_a_shell() -> None:
    command = resume_command(Path("my sweep.yaml"), ["budget.time=1 h"], "b", Path("/data"))
    assert command == "sweep run 'my sweep.yaml' --set 'budget.time=1 h' --name b --store /data"
    assert resume_command(Path("a.yaml"), None, None, Path()) == "sweep run a.yaml"
