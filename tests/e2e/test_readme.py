"""What the README says is what works: its commands run, in their order, and its definitions are accepted."""

from __future__ import annotations

import re
import shlex
import signal
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
SWEEPS = Path(__file__).parents[2] / "sweeps"
ELSEWHERE = {("run", f"sweeps/{path.name}") for path in SWEEPS.glob("*.yaml") if path.stem != "lstm"}
"""The tests of the shipped definitions run each as it is; the README goes on with one of them."""


def blocks(language: str) -> list[str]:
    """The README's code blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def commands() -> list[list[str]]:
    """The arguments of every ``sweep`` command line; what sets up the environment is no such line."""
    steps = [step for block in blocks("sh") for line in block.splitlines() for step in line.split("&&")]
    words = [shlex.split(step, comments=True) for step in steps]
    return [arguments for first, *arguments in filter(None, words) if Path(first).name == "sweep"]


def test_every_command_works_in_the_order_of_the_readme(shipped: Any, shorten: Any) -> None:
    found = commands()
    assert ["run", "sweeps/lstm.yaml"] in found
    for arguments in found:
        match arguments[0]:
            case "run" if tuple(arguments) in ELSEWHERE:
                continue
            case "run":
                done = shipped.sweep(*shorten(arguments))
                assert "Always guessing the commonest label gets " in done.out
            case "ui":
                serving = shipped.start(*arguments, "--no-open", "--port", "5700")
                serving.says(r"^http://127\.0\.0\.1:57\d\d/")
                serving.interrupt(signal.SIGINT)
                assert serving.end().code == 130
                assert serving.gone()
            case _:
                assert shipped.sweep(*arguments).out


def test_the_commands_of_its_table_are_all_there_are(shipped: Any) -> None:
    commands_table = README.partition("| command | what it does |")[2].partition("\n\n")[0]
    first_cells = re.findall(r"^\| (`.*?) \|", commands_table, re.MULTILINE)
    said = {cell.removeprefix("sweep ").split()[0] for row in first_cells for cell in re.findall(r"`(.*?)`", row)}
    helped = shipped.sweep("--help").out.partition("Commands:")[2]
    assert said == set(re.findall(r"^  (\w+)", helped, re.MULTILINE))


@pytest.mark.parametrize("number", range(len(blocks("yaml"))))
def test_its_definitions_are_accepted(number: int, fresh: Any) -> None:
    fresh.write("tickets.yaml", blocks("yaml")[number])
    assert "trial" in fresh.sweep("plan", "tickets.yaml").out
