"""`sweep check`: what it reads, and what it says when there is nothing to read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from textclf_sweep.cli.main import main

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_a_name_or_a_definition_it_says_what_can_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 2
    shown = capsys.readouterr().err
    assert "there is no sweep.yaml in this folder" in shown
    assert "sweep check train.csv" in shown


def test_what_was_guessed_is_in_the_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"a text about {'cats' if row % 2 else 'dogs'} {row};{'ab'[row % 2]}\n" for row in range(40)]
    (folder / "mail.csv").write_text("Body;Queue\n" + "".join(rows), encoding="utf-8")
    main(["check", "mail.csv", "--json"])
    chosen = json.loads(capsys.readouterr().out)["chosen"]
    assert (chosen["source"], chosen["text"], chosen["label"]) == ("csv", ["Body"], "Queue")
    assert chosen["options"]["delimiter"] == ";"


def test_a_file_that_is_not_there_names_its_neighbour(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "mail.csv").touch()
    assert main(["check", "mial.csv"]) == 2
    shown = capsys.readouterr().err
    assert "mial.csv: there is no such file" in shown
    assert "did you mean mail.csv?" in shown
    assert "definition" not in shown
