"""`benchmarks/search.py`, shortened: its tables are there and agree with each other."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "search.py"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, check=False, timeout=300
    )


@pytest.fixture(scope="module")
def printed() -> str:
    done = run("--architecture", "cnn", "--repetitions", "4", "--trials", "8", "--processes", "2")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def row(printed: str, name: str) -> list[float]:
    """The numbers of a table's row."""
    (line,) = (line for line in printed.splitlines() if re.match(rf"{re.escape(name)}  ", line))
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", line.removeprefix(name))]


def test_the_recording_is_described(printed: str) -> None:
    assert re.search(
        r"^cnn: 252 configurations of 20 epochs, best val_accuracy 0\.8187; 16 come to ", printed, re.MULTILINE
    )


@pytest.mark.parametrize("method", ["random", "tpe"])
def test_epochs_until_the_target(printed: str, method: str) -> None:
    middle, low, high = row(printed, method)[:3]
    assert 1 <= low <= middle <= high <= 252 * 20


def test_pairs_are_shares(printed: str) -> None:
    *_, no_more, as_many = row(printed, "tpe")
    assert 0 <= as_many <= no_more <= 100


@pytest.mark.parametrize("method", ["random", "tpe"])
@pytest.mark.parametrize("pruner", ["hyperband-3", "asha", "asha-1", "median"])
def test_pruning(printed: str, method: str, pruner: str) -> None:
    saved, low, high, lost, least, most, kept = row(printed, f"{method} + {pruner}")
    assert 0 < low <= saved <= high < 100
    assert least <= lost <= most
    assert 0 <= kept <= 100
    if method == "random":
        # The same trials in the same order: pruning can only lose.
        assert least >= 0


def test_the_requirements_follow_from_the_tables(printed: str) -> None:
    _, lines = printed.split("\nrequirements\n")
    assert len(lines.splitlines()) == 1 + 2 * 4
    for line in lines.splitlines():
        reached = not line.startswith("not ")
        if match := re.search(r"cnn: (.+) needs no more .* in 80% of the repetitions: (\d+)%$", line):
            assert reached == (int(match[2]) >= 80)
            assert row(printed, match[1])[3] == int(match[2])
        else:
            name, saved, lost = re.search(r"cnn: (.+) saves at least .*: (\d+)%, (-?[\d.]+)$", line).groups()
            assert row(printed, name)[0] == int(saved)
            assert row(printed, name)[3] == float(lost)
            if int(saved) != 33:  # a third is between 33 % and 34 %
                assert reached == (int(saved) > 33 and float(lost) <= 0.5)


def test_it_says_the_same_again(printed: str) -> None:
    again = run("--architecture", "cnn", "--repetitions", "4", "--trials", "8", "--processes", "1")
    assert again.stdout == printed


def test_four_workers_and_one_method_alone(printed: str) -> None:
    done = run("--architecture", "cnn", "--repetitions", "2", "--workers", "4", "--methods", "random", "--no-pruning")
    assert done.returncode == 0, done.stderr
    low = row(done.stdout, "random")[1]
    assert 1 <= low <= 252 * 20
    assert "pruning" not in done.stdout


def test_an_unknown_architecture_is_named() -> None:
    done = run("--architecture", "gru")
    assert done.returncode == 1
    assert done.stderr.startswith("no curves of gru in ")
