"""The commands that read a definition, as far as they come without training."""

from __future__ import annotations

import dataclasses
import json
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from textclf_sweep.cli._options import overrides
from textclf_sweep.cli.main import main
from textclf_sweep.cli.plan import time_needed, trials
from textclf_sweep.cli.run import for_the_record, resume_command
from textclf_sweep.definition.types import Budget, Metric, SweepDefinition
from textclf_sweep.errors import TrackingError
from textclf_sweep.store import Store

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
    assert lines[2] == "lstm: 4 combinations"
    assert lines[3].startswith("fixed: ")
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


def test_the_error_that_the_readme_shows_is_the_real_one(definition: Path, capsys: pytest.CaptureFixture[str]) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    example = readme.partition("```yaml\n")[2].partition("\nparameters:")[0]
    Path("tickets.yaml").write_text(f"{example}\nparameters:\n  learning_rat: {{value: 0.01}}\n", encoding="utf-8")
    assert main(["plan", "tickets.yaml"]) == 2
    shown = capsys.readouterr().err
    assert "tickets.yaml:25 parameters.learning_rat: " in shown
    assert f"```text\n{shown}```\n" in readme


def test_what_a_plan_says(story) -> None:
    endless = story.definition(run_cap=None)
    assert trials(endless, {"trials": 1, "up_to": False}) == "1 trial"
    assert trials(endless, {"trials": 20, "up_to": True}) == "at most 20 trials"
    assert trials(endless, {"trials": None, "up_to": False}) == "trials until someone stops it"
    timed = dataclasses.replace(endless, budget=Budget(time=60), metric=Metric(target=0.9))
    assert trials(timed, {"trials": None, "up_to": False}) == (
        "trials until the time budget is spent or the target is reached or someone stops it"
    )


def test_of_the_cleaning_only_what_is_unusual_is_shown_with_its_warning(definition: Path, capsys) -> None:
    definition.write_text(
        "architecture: cnn\nmethod: grid\ndata: {source: uci_news, cleaning: {strip_html: true, stop_words: remove}}\n"
        "parameters:\n  digits: {values: [keep, fold]}\n"
    )
    assert main(["plan"]) == 0
    shown = capsys.readouterr()
    (fixed,) = [line for line in shown.out.splitlines() if line.startswith("fixed: ")]
    assert "strip_html true" in fixed
    assert "stop_words remove" in fixed
    assert not any(name in fixed for name in ("urls", "lowercase", "punctuation", "language", "embedding none"))
    assert shown.err.startswith("warning: stop_words: remove takes negations")
    assert main(["plan", "--json"]) == 0
    planned = json.loads(capsys.readouterr().out)
    assert len(planned["warnings"]) == 1
    assert planned["sample"][0]["parameters"]["urls"] == "keep"


def test_a_fixed_parameter_that_can_be_absent_is_told_apart(definition: Path, capsys) -> None:
    definition.write_text(
        "architecture: cnn\nmethod: grid\ndata: {source: uci_news}\nparameters:\n"
        "  kernels: {values: [1, 2]}\n  filters: {value: 4, when: {kernels: 2}}\n"
        "  optimizer: {values: [adam, sgd], when: {kernels: 2}}\n  epochs: {value: 3, when: {kernels: [1]}}\n"
    )
    assert main(["plan"]) == 0
    (fixed,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("fixed: ")]
    assert "; filters 4 when kernels is 2" in fixed
    assert "; epochs 3 when kernels is 1" in fixed
    assert "; momentum 0.9 when optimizer is sgd" in fixed
    assert time_needed({"estimate_seconds": 840.0}) == "about 14 min at the pace of this store's finished trials"


def test_the_resume_command_is_quoted_for_a_shell() -> None:
    command = resume_command(Path("my sweep.yaml"), ["budget.time=1 h"], "b", 2, Store(Path("/my data")))
    assert command == "sweep run 'my sweep.yaml' --set 'budget.time=1 h' --name b --workers 2 --store '/my data'"
    assert resume_command(Path("a.yaml"), None, None, None, Store(Path())) == "sweep run a.yaml"


def test_the_record_says_what_was_changed() -> None:
    text = for_the_record(b"\xef\xbb\xbfmethod: grid\n", overrides(["a=[1,\n2]"], "2024", 3))
    assert text == '# run with --set a=[1, 2]\n# run with --set name="2024"\n# run with --set workers=3\nmethod: grid\n'


def test_a_definition_may_come_from_a_pipe(definition: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pipe = definition.parent / "pipe.yaml"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=[GRID])
    writer.start()
    assert main(["plan", str(pipe)]) == 0
    writer.join()
    assert capsys.readouterr().out.startswith("pipe: architecture lstm, method grid")


@pytest.fixture
def run_ending(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Lets `sweep run` train nothing and end with this status or error; returns the texts it was handed."""

    def end_with(status: Mapping[str, Any], error: Exception | None = None) -> list[str]:
        texts: list[str] = []

        def fake(definition: SweepDefinition, text: str, *_: object) -> Mapping[str, Any]:
            texts.append(text)
            if error is not None:
                raise error
            return status

        monkeypatch.setattr("textclf_sweep.cli.run.run", fake)
        return texts

    return end_with


def test_run_from_a_pipe_keeps_its_text(definition: Path, run_ending: Callable[..., list[str]]) -> None:
    texts = run_ending({"state": "complete"})
    pipe = definition.parent / "pipe.yaml"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=[GRID])
    writer.start()
    assert main(["run", str(pipe), "--workers", "1"]) == 0
    writer.join()
    assert texts == [f"# run with --set workers=1\n{GRID}"]


FAILED = {"sweep": "news", "state": "failed", "reason": "no trial succeeded"}


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_no_success_is_said_on_stderr_beside_the_object(
    options: list[str],
    definition: Path,
    run_ending: Callable[..., list[str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    run_ending(FAILED)
    assert main(["run", *options]) == 3
    captured = capsys.readouterr()
    assert (json.loads(captured.out) if options else captured.out) == (FAILED if options else "")
    assert captured.err.startswith("error: the sweep 'news' ended without one successful trial")


@pytest.mark.parametrize(("options", "status"), [([], FAILED), (["--json"], FAILED), (["--json"], None)])
def test_a_flush_that_fails_is_said_on_stderr_beside_the_object(
    options: list[str],
    status: Mapping[str, Any] | None,
    definition: Path,
    run_ending: Callable[..., list[str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    error = TrackingError("MLflow has not been told everything")
    error.status = status
    run_ending(FAILED, error)
    assert main(["run", *options]) == 4
    captured = capsys.readouterr()
    assert captured.out == (f"{json.dumps(status, indent=2)}\n" if options and status else "")
    assert captured.err == "error: MLflow has not been told everything\n"


def test_a_plan_says_what_is_ignored(definition: Path, capsys: pytest.CaptureFixture[str]) -> None:
    definition.write_text(f"{GRID}program: train.py\nproject: news\n")
    assert main(["plan"]) == 0
    assert "\nignored: program, project\n" in capsys.readouterr().out


SEVERAL = """architecture: [lstm, cnn]
method: grid
data: {source: uci_news}
parameters:
  optimizer: {values: [adam, sgd]}
  momentum: {values: [0.5, 0.9]}
  lstm: {units: {values: [8, 16]}}
"""


def test_a_plan_of_several_architectures(definition: Path, capsys: pytest.CaptureFixture[str]) -> None:
    definition.write_text(SEVERAL)
    assert main(["plan"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "sweep: architectures lstm, cnn, method grid, maximize val_accuracy"
    assert lines[1] == "9 trials; no estimate of the time"
    assert lines[2:4] == ["lstm: 6 combinations, 6 trials", "cnn: 3 combinations, 3 trials"]
    assert lines[4].startswith("fixed: learning_rate 0.001, ")
    assert "filters 64" in lines[4]  # what one architecture alone has is shared by all that have it
    head = next(line for line in lines if line.startswith("trial"))
    assert head.split() == ["trial", "architecture", "optimizer", "momentum", "units"]
    # An inactive parameter is not there.
    assert any(line.split() == ["1", "lstm", "adam", "-", "8"] for line in lines), lines


def test_a_race_is_named(definition: Path, capsys: pytest.CaptureFixture[str]) -> None:
    definition.write_text(f"{SEVERAL}allocate: race\nrun_cap: 6\n")
    assert main(["plan"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "sweep: architectures lstm, cnn, method grid, allocate race, maximize val_accuracy"
    assert lines[1] == "6 trials; no estimate of the time"
