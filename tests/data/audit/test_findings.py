"""The audit as a whole."""

from __future__ import annotations

import csv
import dataclasses
import importlib
import json
import pkgutil
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from textclf_sweep.data import audit, cleaning
from textclf_sweep.data.audit import findings, ordered
from textclf_sweep.data.features import tokens
from textclf_sweep.data.findings import Finding, Row
from textclf_sweep.definition.types import DataSettings

pytestmark = pytest.mark.unit

Make = Callable[..., Any]
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


def faulty(clean: Make) -> list[list[tuple[str, str]]]:
    """Data that have every fault whose finding has a patch."""
    plain = clean(300)
    labels = [(text, ("Pos", "pos ", "neg")[row % 3]) for row, (text, _) in enumerate(plain)]
    spelt = [(text, ("sci-tech", "sci tech", "x: y #")[row % 3]) for row, (text, _) in enumerate(plain)]
    texts = [("", "a"), ("cafÃ©", "a"), ("Ïðèâåò, êàê äåëà", "b"), ("a\u200bb", "b"), ("<p>c &amp; d</p>", "b")]
    return [
        [*plain, *texts], labels, spelt, plain[:50],
        [*plain, *((f"{text} {row}" * 50, "north") for row, (text, _) in enumerate(plain))],
        [*plain, *((f"t{row}", f"rare {row}") for row in range(9))],
        [*plain, ("t", "nan"), ("u", "{odd: [\"label\"]}")],
        [(f"{row * 7919} {row * 104729} {row * 1299709}", label) for row, (_, label) in enumerate(plain)],
        [(text, "rare" if row < 9 else "common") for row, (text, _) in enumerate(plain)],
    ]  # fmt: skip


def test_patches_are_lines_of_a_definition(subject: Make, clean: Make) -> None:
    names = ("missing", "labels", "variants", "characters", "lengths", "vocabulary")
    checks = [check for name in names for check in importlib.import_module(f"{audit.__name__}.{name}").CHECKS]
    looked = [subject(pairs) for pairs in faulty(clean)]
    found = [finding for item in looked for check in checks if (finding := check(item))]
    found += [finding for item in looked for finding in audit.missing(item)]
    patched = {finding.name for finding in found if finding.patch}
    assert patched == {
        "missing_text", "placeholder_label", "few_rows", "rare_label", "imbalance", "label_variants",
        "rogue_characters", "mojibake", "html_debris", "truncation", "out_of_vocabulary",
    }  # fmt: skip
    steps = {item.name: item for item in cleaning.PARAMETERS}
    known = {item.name: item for item in tokens.PARAMETERS}
    for patch in map(yaml.safe_load, filter(None, (finding.patch for finding in found))):
        data = patch.pop("data", {})
        for name, value in data.pop("cleaning", {}).items():
            assert steps[name].coerce(value) == value
        assert set(data) <= {*(field.name for field in dataclasses.fields(DataSettings)), "encoding"}
        for name, value in patch.pop("parameters", {}).items():
            assert known[name].coerce(value["value"]) == value["value"]
        assert patch.pop("metric", {}) in ({}, {"name": "val_macro_f1", "goal": "maximize"})
        assert patch == {}


@pytest.mark.parametrize(("name", "rows"), [("news", 1_300), ("news", 800), ("news", 300), ("clinc", 800)])
def test_clean_data_raise_nothing_fatal_and_at_most_one_warning(subject: Make, name: str, rows: int) -> None:
    path = SAMPLE if name == "news" else Path(__file__).parents[1] / "files" / "clinc150.csv"
    with path.open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    few = random.Random(4).sample(read, rows)
    groups = tuple(row["story"] for row in few) if name == "news" else None
    found = findings(subject([(row["text"], row["label"]) for row in few], groups=groups))
    assert [finding.name for finding in found if finding.severity == "fatal"] == []
    assert len([finding.name for finding in found if finding.severity == "warning"]) <= 1
