"""What is wrong with the data is said before anything is trained, and what is hopeless stops a sweep."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

pytestmark = pytest.mark.e2e

QUICK = ("--set", "run_cap=1", "--set", "parameters.epochs.value=1", "--plain")


@pytest.fixture(scope="module")
def half_labelled(headlines: Any, csv_of: Any) -> str:
    """320 rows with labels and 340 without, one of which holds a zero-width space."""
    texts = [f"{text} once more" for text, _ in headlines] + [f"and {number} more rows\u200b" for number in range(20)]
    return csv_of([("text", "label"), *headlines, *((text, "") for text in texts)])


def test_programs_get_one_object(place: Any) -> None:
    found = place.sweep("check", "base.yaml", "--json").json
    assert found["rows"] == 320
    assert found["labels"] == {"business": 80, "entertainment": 80, "health": 80, "sci_tech": 80}
    for finding in found["findings"]:
        assert finding["severity"] in ("warning", "note")
        assert {"name", "count", "share", "texts", "rows", "why", "fix"} <= finding.keys()
        assert all({"line", "text", "label"} <= row.keys() for row in finding["rows"])


def test_what_cannot_be_seen_is_spelled_out_with_its_line_and_its_cure(place: Any, headlines: Any, csv_of: Any) -> None:
    rows = [("body", "queue"), *headlines]
    rows[3] = (f"{rows[3][0]}\u200b", rows[3][1])
    place.write("rogue.csv", csv_of(rows, delimiter=";"))
    found = place.sweep("check", "rogue.csv").out
    section = re.search(r"^warning  rogue_characters|^note  rogue_characters", found, re.MULTILINE)
    assert section, found
    assert "<U+200B>" in found[section.start() :]
    assert re.search(r"line 4\b", found[section.start() :])
    assert "strip_control: true" in found
    assert "body" in found  # which column was taken for the text
    assert "\u200b" not in found
    by_hand = place.sweep("check", "rogue.csv", "--text", "body", "--label", "nonsense", code=2)
    assert re.search(r"(?s)error: \S*rogue.csv:1.*'nonsense'.*'queue'", by_hand.err)


def test_a_fatal_finding_stops_a_sweep_unless_forced(fresh: Any, half_labelled: str) -> None:
    fresh.write("news.csv", half_labelled)
    before = fresh.content()
    checked = fresh.sweep("check", "base.yaml", code=2)
    assert re.search(r"^fatal  missing_label  340 rows \(51\.5%\)", checked.out, re.MULTILINE)
    refused = fresh.sweep("run", "base.yaml", *QUICK, code=2)
    assert re.search(r"(?s)^error: \S*news.csv:322: missing_label: .*data\.label.*--force", refused.err)
    assert fresh.content() == before

    forced = fresh.sweep("run", "base.yaml", "--force", *QUICK)
    assert re.search(r"^warning: missing_label: ", forced.err, re.MULTILINE)
    assert "note: 340 rows without a label were dropped" in forced.out
    (parent,) = (run for run in fresh.runs("base") if run.kind == "parent")
    assert "missing_label" in parent.tags["data.findings"].split(", ")
    assert parent.tags["data.fatal"] == "1"
    logged = {path.name: path.read_text() for path in fresh.path.rglob("data_audit.*")}
    assert "fatal: missing_label" in logged["data_audit.md"]
    assert "once more" in logged["data_audit.md"]  # MLflow is on this machine
    assert "missing_label" in {finding["name"] for finding in json.loads(logged["data_audit.json"])}

    fresh.write("news.csv", half_labelled + "a new row about health,health\na new row about shares,business\n")
    changed = fresh.sweep("run", "base.yaml", "--force", *QUICK, code=2)
    assert re.search(r"the data are not those sweep 'base' began with .*2 rows are new, 0 are gone", changed.err)


def test_force_cannot_train_on_one_label(fresh: Any, headlines: Any, csv_of: Any) -> None:
    fresh.write("news.csv", csv_of([("text", "label"), *((text, "news") for text, _ in headlines)]))
    before = fresh.content()
    refused = fresh.sweep("run", "base.yaml", "--force", *QUICK, code=2)
    assert re.search(r"^error: \S*news.csv:2: single_label: ", refused.err)
    assert "--force" not in refused.err
    assert fresh.content() == before
