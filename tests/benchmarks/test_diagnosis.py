"""Every way to break a classifier changes something, always the same, and is named after a cause that there is."""

from __future__ import annotations

import ast
import importlib
import random
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
PACKAGE = Path(__file__).parents[2] / "textclf_sweep"


@pytest.fixture(scope="module")
def diagnosis() -> ModuleType:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        return importlib.import_module("diagnosis")
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.fixture(scope="module")
def rows(diagnosis: ModuleType) -> Any:
    return diagnosis.rows_of("uci_news")[:2500]


def broken(diagnosis: ModuleType, rows: Any, fault: Any) -> tuple[Any, Any]:
    """A clean setup, and the same with a fault."""
    clean = diagnosis.clean(rows, diagnosis.Case(fault.name, "news", "cnn"))
    return clean, fault.make(clean, random.Random(3))


@pytest.mark.unit
def test_every_fault_changes_something_and_always_the_same(diagnosis: ModuleType, rows: Any) -> None:
    for fault in diagnosis.FAULTS:
        clean, changed = broken(diagnosis, rows, fault)
        assert changed != clean, fault.name
        again = broken(diagnosis, rows, fault)[1]
        assert (changed.train, changed.parameters, changed.model) == (again.train, again.parameters, again.model)
        if changed.model:
            ast.parse(changed.model)


@pytest.mark.unit
def test_causes_are_those_that_can_be_named(diagnosis: ModuleType) -> None:
    sources = [path.read_text() for path in (*(PACKAGE / "analysis" / "diagnosis").glob("*.py"),
                                             *(PACKAGE / "training").glob("*.py"))]  # fmt: skip
    said = set(re.findall(r"[\"`]([a-z]+(?:_[a-z]+)+)[\"`:]", "".join(sources)))
    named = {name for fault in diagnosis.FAULTS for name in fault.causes} - {
        "imbalance",
        "leakage",
        "truncation",
        "overfitting",
    }
    assert named <= said, named - said


@pytest.mark.unit
def test_cases_are_divided_evenly_and_once(diagnosis: ModuleType) -> None:
    found = diagnosis.cases(["news", "documents", "intents"])
    assert len({case.key for case in found}) == len(found) >= 3 * 25
    share = sum(case.half == "A" for case in found) / len(found)
    assert 0.4 < share < 0.6


@pytest.mark.e2e
@pytest.mark.parametrize("fault", ["max_length 1", "gradient stopped"])
def test_a_case_from_end_to_end(diagnosis: ModuleType, fault: str, tmp_path: Path) -> None:
    found = diagnosis.one(diagnosis.Case(fault, "news", "mean_embedding"), "uci_news", tmp_path)
    assert diagnosis.named(found)[0] == diagnosis.BY_NAME[fault].causes[0]
