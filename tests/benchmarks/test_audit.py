"""`benchmarks/audit.py`, shortened: its tables are there, agree with each other, and can say no."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "audit.py"
SHORT = ("--sets", "sample", "--rows", "1500", "--repetitions", "1")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, check=False, timeout=300
    )


@pytest.fixture(scope="module")
def printed() -> str:
    chosen = ("html_debris", "label_leak", "single_label", "mislabelled")
    done = run(*SHORT, "--processes", "1", "--rates", "0.1", "--faults", *chosen)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def row(printed: str, name: str) -> list[str]:
    """The columns of a table's row."""
    (line,) = (line for line in printed.splitlines() if re.match(rf"{name} +[\d.]+%", line))
    return line.split()[1:]


@pytest.mark.parametrize(("fault", "rate"), [("html_debris", "10.0%"), ("label_leak", "10.0%")])
def test_faults_are_found_with_their_rows(printed: str, fault: str, rate: str) -> None:
    *figures, precision, alarms = row(printed, fault)
    assert figures == [rate, "1", "1.00", "1.000"]
    assert 0.98 < float(precision) <= 1
    assert alarms == "0.00"


def test_a_fault_of_the_whole_has_no_rate(printed: str) -> None:
    assert row(printed, "single_label")[:3] == ["100.0%", "1", "1.00"]


def test_mislabelled_rows_are_ranked(printed: str) -> None:
    *_, first, least, _ = row(printed, "sample")
    assert first == least
    assert float(first) > 0.2
    line = next(line for line in printed.splitlines() if "sample: 10% of mislabelled rows" in line)
    assert line.startswith("reached" if float(first) >= 0.5 else "not reached")


def test_clean_data_and_requirements(printed: str) -> None:
    assert re.search(r"^sample +1  (none|\w+: warning) \(", printed, re.MULTILINE)
    _, lines = printed.split("\nrequirements\n")
    assert re.search(r"^reached +sample: clean data raise no fatal finding .*: 0 and [01]$", lines, re.MULTILINE)
    assert re.search(r"^reached +html_debris: 95% of its rows .*: 100.0% at least$", lines, re.MULTILINE)


def test_data_that_are_not_there_are_named(tmp_path: Path) -> None:
    done = run("--data", str(tmp_path), "--sets", "sample", "news", "--rows", "60", "--repetitions", "1",
               "--faults", "single_label", "--processes", "1")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "news is left out: there is no" in done.stderr
    # So few rows are a fault of their own, and a warning at most.
    assert re.search(r"^sample +1  few_rows: warning", done.stdout, re.MULTILINE)
