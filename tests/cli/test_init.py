"""What `sweep init` does with its file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from textclf_sweep.cli import _commands

pytestmark = pytest.mark.unit


@pytest.fixture
def mails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, the current one, with a file of data."""
    monkeypatch.chdir(tmp_path)
    rows = [f"mail {number} on the {('match', 'market')[number % 2]} today,{number % 2}" for number in range(40)]
    (tmp_path / "mails.csv").write_text("\n".join(["body,queue", *rows]), encoding="utf-8")
    return tmp_path


def test_it_writes_sweep_yaml_and_says_what_it_did(mails: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _commands.run(["init", "mails.csv"]) == 0
    said = capsys.readouterr().out
    assert "40 rows, 2 labels; read as csv: texts in 'body', labels in 'queue'" in said
    assert "wrote sweep.yaml" in said
    assert "  sweep run  " in said  # without the file's name: it is the default
    assert (
        "  path: mails.csv # relative to this file\n  text: body\n  label: queue\n"
        in (mails / "sweep.yaml").read_text()
    )
    assert sorted(path.name for path in mails.iterdir()) == ["mails.csv", "sweep.yaml"]


def test_a_file_without_a_header_is_warned_of(mails: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = (mails / "mails.csv").read_text().splitlines()[1:]
    (mails / "mails.csv").write_text("\n".join(lines))
    assert _commands.run(["init", "mails.csv"]) == 0
    assert "warning: the column of the labels is named '0', like one of its own labels" in capsys.readouterr().err


def test_programs_get_one_object(mails: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (mails / "sweeps").mkdir()
    assert _commands.run(["init", "mails.csv", "-o", "sweeps/mails.yml", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["file"] == "sweeps/mails.yml"
    assert found["labels"] == {"0": 20, "1": 20}
    assert {finding["name"] for finding in found["findings"]} >= {"few_rows"}
    assert "  path: ../mails.csv " in (mails / "sweeps" / "mails.yml").read_text()


def test_a_file_that_is_there_is_only_overwritten_by_force(mails: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (mails / "sweep.yaml").write_text("mine")
    assert _commands.run(["init", "mails.csv"]) == 2
    assert "sweep.yaml exists already" in capsys.readouterr().err
    assert (mails / "sweep.yaml").read_text() == "mine"
    assert _commands.run(["init", "mails.csv", "--force"]) == 0
    assert (mails / "sweep.yaml").read_text() != "mine"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["mails.csv", "-o", "mails.csv"], r"ends in .yaml"),
        (["mails.csv", "-o", "nowhere/mails.yaml"], "there is no folder nowhere"),
        (["nothing.csv"], "there is no such file"),
        (["mails.csv", "--label", "topic"], "there is no column 'topic'"),
        ([], "Missing argument 'DATA'"),
    ],
)
def test_what_cannot_be_done_leaves_nothing(
    mails: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert _commands.run(["init", *arguments]) == 2
    assert said in capsys.readouterr().err
    assert [path.name for path in mails.iterdir()] == ["mails.csv"]
