"""What the process as a whole does: what it imports, and what a closed pipe does to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from textclf_sweep.store import Store
from textclf_sweep.trial import TrialState

pytestmark = pytest.mark.contract

HEAVY = ("tensorflow", "keras", "mlflow", "optuna", "numpy", "sklearn", "pandas", "yaml", "rich")
START = "import sys; from textclf_sweep.cli.main import main; code = main(sys.argv[1:])"


def imported(*arguments: str) -> set[str]:
    script = f"{START}; import json; print(json.dumps(sorted(sys.modules)), file=sys.stderr); sys.exit(code)"
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True)
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], []])
def test_help_imports_nothing_heavy_and_no_stage(arguments: list[str]) -> None:
    modules = imported(*arguments)
    assert not modules & set(HEAVY)
    assert not {name for name in modules if name.startswith("textclf_sweep.sweep")}


@pytest.mark.parametrize("arguments", [["architectures"], ["architectures", "lstm", "--json"]])
def test_the_architectures_are_known_without_tensorflow(arguments: list[str]) -> None:
    modules = imported(*arguments)
    assert "textclf_sweep.architectures.lstm" in modules
    assert not modules & {"tensorflow", "keras", "mlflow", "optuna", "sklearn"}


@pytest.mark.parametrize(
    "command", ["run", "plan", "schema", "list", "status", "trials", "best", "delete", "ui", "architectures"]
)
def test_no_command_pays_for_training_or_tracking_before_it_needs_them(command: str) -> None:
    assert not imported(command, "--help") & {"tensorflow", "keras", "mlflow", "optuna"}


def test_a_closed_pipe_is_quiet(make_sweep: Callable[..., Store]) -> None:
    store = make_sweep(*[TrialState.COMPLETE] * 3)
    reader, writer = os.pipe()
    os.close(reader)
    script = f"{START}; sys.exit(code)"
    arguments = [sys.executable, "-c", script, "trials", "news", "--store", str(store.root)]
    done = subprocess.run(arguments, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")
