from __future__ import annotations

import pytest

from textclf_sweep import __version__
from textclf_sweep.cli._commands import names, summary
from textclf_sweep.cli.main import main

pytestmark = pytest.mark.unit


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"textclf-sweep {__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_lists_every_command(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    text = capsys.readouterr().out
    width = max(map(len, names()))
    for name in names():
        assert f"\n  {name:<{width}}  {summary(name)}\n" in text


def test_the_commands_are_the_modules() -> None:
    wanted = {
        "run",
        "plan",
        "schema",
        "list",
        "status",
        "trials",
        "best",
        "stop",
        "delete",
        "sync",
        "ui",
        "architectures",
    }
    assert wanted <= set(names())
    assert not {"main", "__init__"} & set(names())


@pytest.mark.parametrize("name", names())
def test_every_command_has_its_own_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"Usage: sweep {name} ")
    assert summary(name).split("\n")[0][:40] in text


def test_a_mistyped_command_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rum"]) == 2
    assert capsys.readouterr().err.startswith("error: No such command 'rum'. Did you mean 'run'?\n  hint: sweep --help")


@pytest.mark.parametrize("arguments", [["list", "--colour"], ["status"], ["ui", "--port", "70000"]])
def test_a_wrong_command_line_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"hint: sweep {arguments[0]} --help" in captured.err
