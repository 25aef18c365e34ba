"""`benchmarks/search.py`, shortened: its tables are there and agree with each other."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "search.py"


METHODS = ("random", "tpe", "gp", "cmaes", "qmc", "grid")
SHORT = ("--architecture", "cnn", "--repetitions", "4", "--slow-repetitions", "1", "--trials", "12")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, check=False, timeout=300
    )


@pytest.fixture(scope="module")
def printed() -> str:
    done = run(*SHORT, "--processes", "2")
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


@pytest.mark.parametrize("method", METHODS)
def test_epochs_until_the_target(printed: str, method: str) -> None:
    """All methods, without being asked; the slow one fewer times."""
    count, middle, low, high = row(printed, method)[:4]
    assert count == (1 if method == "gp" else 4)
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
    assert len(lines.splitlines()) == 3 + 2 * 4
    bayesian = {}
    for line in lines.splitlines():
        verdict, reached = line[:12].strip(), not line.startswith("not ")
        if match := re.search(
            r"cnn: (.+) needs no more .* in 80% of (\d+) repetitions: (\d+)%, (\d+)% with as many$", line
        ):
            name, *figures = match.groups()
            count, *_, no_more, as_many = row(printed, name)
            assert [count, no_more, as_many] == [int(figure) for figure in figures]
            assert verdict == "information" or reached == (no_more >= 80)
            bayesian[name] = verdict
        else:
            pattern = r"cnn: (.+) saves at least .*: (\d+)%, (-?[\d.]+) in the median; (\d+)% of the repetitions lose"
            name, saved, lost, kept = re.search(pattern, line).groups()
            assert row(printed, name)[0] == int(saved)
            assert row(printed, name)[3] == float(lost)
            assert row(printed, name)[6] == int(kept)
            if int(saved) != 33:  # a third is between 33 % and 34 %
                assert reached == (int(saved) > 33 and float(lost) <= 0.5)
    # Only what learns from results is Bayesian, and only what a library uses by default is judged.
    assert bayesian.keys() == {"cmaes", "gp", "tpe"}
    assert [name for name, verdict in bayesian.items() if verdict == "information"] == ["cmaes"]


def test_it_says_the_same_again_however_many_processes_there_are() -> None:
    small = ("--architecture", "cnn", "--repetitions", "2", "--methods", "random", "tpe", "--no-pruning")
    assert run(*small, "--processes", "1").stdout == run(*small, "--processes", "2").stdout


def test_four_workers_and_one_method_alone(printed: str) -> None:
    done = run("--architecture", "cnn", "--repetitions", "2", "--workers", "4", "--methods", "random", "--no-pruning")
    assert done.returncode == 0, done.stderr
    low = row(done.stdout, "random")[2]
    assert 1 <= low <= 252 * 20
    assert "pruning" not in done.stdout


def test_both_architectures_are_replayed_by_default() -> None:
    done = run("--repetitions", "2", "--methods", "random", "--no-pruning")
    assert (done.returncode, done.stderr) == (0, "")
    heads = re.findall(r"^(\w+): 252 configurations of 20 epochs", done.stdout, re.MULTILINE)
    assert heads == ["cnn", "lstm"]


def test_an_unknown_architecture_is_named() -> None:
    done = run("--architecture", "gru")
    assert done.returncode == 1
    assert done.stderr.startswith("no curves of gru in ")
