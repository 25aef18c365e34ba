"""The audit as a whole."""

from __future__ import annotations

import csv
import importlib
import json
import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from textclf_sweep.data import audit
from textclf_sweep.data.audit import findings, ordered
from textclf_sweep.data.findings import Finding, Row

pytestmark = pytest.mark.unit

Make = Callable[..., Any]
FILES = Path(__file__).parents[1] / "files"
SAMPLE = Path(audit.__file__).parents[1] / "uci_news" / "train.csv"


def test_no_rows_no_findings(subject: Make) -> None:
    assert findings(subject([])) == ()


def test_every_public_check_is_listed() -> None:
    for item in pkgutil.iter_modules(audit.__path__):
        module = importlib.import_module(f"{audit.__name__}.{item.name}")
        for check in getattr(module, "CHECKS", ()):
            assert check.__module__ == module.__name__
            assert check.__doc__


def test_json_has_the_promised_shape() -> None:
    finding = Finding("rare_label", "fatal", 2, 0.5, 1, (Row(7, "t", "x"),), "because", "do this", "a:\n  b: 1")
    assert json.loads(json.dumps(finding.to_json())) == {
        "name": "rare_label", "severity": "fatal", "count": 2, "share": 0.5, "texts": 1,
        "rows": [{"line": 7, "text": "t", "label": "x"}], "why": "because", "fix": "do this:\na:\n  b: 1",
    }  # fmt: skip


def test_the_gravest_and_the_commonest_come_first() -> None:
    found = [
        Finding(name, severity, 1, share, 1, (), "", "")  # type: ignore[arg-type]
        for name, severity, share in (
            ("a", "note", 0.9),
            ("b", "fatal", 0.1),
            ("c", "warning", 0.1),
            ("d", "warning", 0.2),
        )
    ]
    assert [finding.name for finding in ordered(found)] == ["b", "d", "c", "a"]


@pytest.mark.parametrize("path", [FILES / "hwu64.csv", SAMPLE], ids=lambda path: path.stem)
def test_clean_data_raise_nothing_fatal_and_at_most_one_warning(subject: Make, path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        pairs = [(row["text"], row["label"]) for row in csv.DictReader(file)]
    found = findings(subject(pairs))
    assert not [finding.name for finding in found if finding.severity == "fatal"]
    assert len([finding.name for finding in found if finding.severity == "warning"]) <= 1
