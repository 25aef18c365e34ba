"""What is imported before anything is known to be right: nothing that takes seconds."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

pytestmark = pytest.mark.e2e

HEAVY = {"tensorflow", "keras", "mlflow", "pandas", "sklearn", "keras_tuner"}
SCRIPT = """
import json, sys
from textclf_sweep.cli.main import main
code = main(sys.argv[1:])
print(json.dumps([code, sorted(sys.modules)]), file=sys.stderr)
"""


def imported(place: Any, *arguments: str, code: int = 0) -> set[str]:
    """The modules that are imported once `arguments` were carried out."""
    done = place.commands.start([sys.executable, "-c", SCRIPT, *arguments], place.path).end()
    found, modules = json.loads(done.err.splitlines()[-1])
    assert found == code, done.err
    return set(modules)


def test_help_imports_no_stage(fresh: Any) -> None:
    modules = imported(fresh, "--help")
    assert "textclf_sweep.cli.main" in modules
    assert not modules & (HEAVY | {"optuna", "numpy", "textclf_sweep.sweep"})


@pytest.mark.parametrize(("method", "sampler"), [("grid", "grid"), ("random", "random"), ("bayes", "tpe")])
def test_a_plan_needs_neither_tensorflow_nor_mlflow(fresh: Any, method: str, sampler: str) -> None:
    modules = imported(fresh, "plan", "base.yaml", "--set", f"method={method}", "--set", "parameters.learning_rate=0.1")
    assert f"textclf_sweep.searchers.{sampler}" in modules
    assert not modules & HEAVY


@pytest.mark.parametrize("command", ["plan", "run"])
def test_nor_does_a_definition_that_is_wrong(fresh: Any, command: str) -> None:
    modules = imported(fresh, command, "base.yaml", "--set", "parameters.unit=8", code=2)
    assert "textclf_sweep.definition.load" in modules
    assert not modules & HEAVY


def test_nor_do_data_that_are_wrong(fresh: Any) -> None:
    assert not imported(fresh, "run", "base.yaml", "--set", "data.label=queue", code=2) & HEAVY


def test_a_sweep_that_is_done_is_done_at_once(place: Any, base: Any) -> None:
    assert not imported(place, "run", "base.yaml") & HEAVY
