from __future__ import annotations

import tempfile
from pathlib import Path
from typing import NoReturn

import pytest
import typer

from textclf_sweep.cli._errors import exit_code
from textclf_sweep.errors import (
    AlreadyRunningError,
    DataError,
    DefinitionError,
    InputError,
    NoSuccessError,
    Problem,
    StorageError,
    TrackingError,
)

pytestmark = pytest.mark.unit


def raising(error: BaseException) -> NoReturn:
    raise error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("x"), 2), (DefinitionError("x"), 2), (DataError("x"), 2), (NoSuccessError("x"), 3),
        (StorageError("x"), 4), (TrackingError("x"), 4), (AlreadyRunningError("x"), 5), (KeyboardInterrupt(), 130),
        (typer.Abort(), 130), (typer.BadParameter("x"), 2),
    ],
)  # fmt: skip
def test_every_branch_has_its_exit_code(error: BaseException, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(lambda: raising(error), []) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err


def test_what_the_action_returns_is_the_exit_code() -> None:
    assert exit_code(lambda: 143, []) == 143
    assert exit_code(lambda: None, []) == 0


def test_problems_are_listed_with_place_and_hint(capsys: pytest.CaptureFixture[str]) -> None:
    first = Problem("2 is too large", "a number < 1", "write 0.2", "sweeps/x.yaml:7", "parameters.dropout")
    exit_code(lambda: raising(DefinitionError(first, Problem("no method"))), [])
    assert capsys.readouterr().err == (
        "error: sweeps/x.yaml:7 parameters.dropout: 2 is too large; expected a number < 1\n"
        "  hint: write 0.2\n"
        "error: no method\n"
    )


def test_a_bug_leaves_its_traceback_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert exit_code(lambda: raising(ZeroDivisionError("by zero")), ["run", "a file.yaml"]) == 1
    shown = capsys.readouterr().err
    (report,) = tmp_path.iterdir()
    assert shown.startswith("error: this is a bug in textclf-sweep: ZeroDivisionError: by zero\n")
    assert str(report) in shown
    assert "Traceback" not in shown
    text = report.read_text()
    assert "sweep run 'a file.yaml'" in text
    assert "Traceback (most recent call last)" in text


def test_a_bug_is_shown_whole_where_no_file_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    assert exit_code(lambda: raising(ZeroDivisionError("by zero")), []) == 1
    assert "Traceback (most recent call last)" in capsys.readouterr().err
