"""What MLflow shows of the data audit, without MLflow."""

from __future__ import annotations

import json
from typing import Any

import pytest

from textclf_sweep.data.findings import Finding, Row
from textclf_sweep.tracking import audit, view
from textclf_sweep.tracking.view import SweepView

pytestmark = pytest.mark.unit


def finding(name: str, severity: str, text: str = "a secret") -> dict[str, Any]:
    rows = (Row(17, text, "spam", detail="also 'ham'"),)
    found = Finding(name, severity, 1, 0.5, 1, rows, "something is wrong", "mend it", "data:\n  missing: drop")  # type: ignore[arg-type]
    return found.to_json()


FOUND = [finding("near_duplicates", "note"), finding("conflicting_labels", "warning")]


@pytest.mark.parametrize(
    ("uri", "local"),
    [
        ("sqlite:////home/me/mlflow.db", True),
        ("file:///home/me/mlruns", True),
        ("/home/me/mlruns", True),
        ("http://127.0.0.1:5000", True),
        ("http://localhost:5000", True),
        ("http://[::1]:5000", True),
        ("http://mlflow.example.org", False),
        ("https://10.0.0.7/mlflow", False),
        ("databricks", False),
        ("databricks://profile", False),
        ("postgresql://mlflow@db.example.org/mlflow", False),
        ("postgresql://mlflow@localhost/mlflow", True),
    ],
)
def test_where_texts_stay_on_this_machine(uri: str, local: bool) -> None:
    assert audit.is_local(uri) == local


def test_without_texts_only_lines_and_labels_are_left() -> None:
    plain = json.dumps(list(audit.artifacts(audit.without_texts(FOUND)).values()))
    assert "secret" not in plain
    assert "ham" not in plain
    assert "17" in plain
    assert "spam" in plain
    assert "a secret" in audit.artifacts(FOUND)["data_audit.json"]


def test_the_report_has_the_gravest_first_and_the_yaml_in_a_block() -> None:
    report = audit.report(FOUND)
    assert report.index("conflicting_labels") < report.index("near_duplicates")
    assert "```yaml\ndata:\n  missing: drop\n```" in report
    assert "| 17 | spam | a secret (also 'ham') |" in report


def test_a_text_is_no_markup() -> None:
    found = finding("html_debris", "note", "<b>x</b> | `y`\u200b\n# z" + "w" * 500)
    report = audit.report([{**found, "why": "<br> in 3 rows, &amp; in 1"}])
    (row,) = [line for line in report.splitlines() if line.startswith("| 17")]
    assert row.count("|") == 4
    assert "&#60;b>x&#60;/b>" in row
    assert "&#60;U+200B>&#60;U+000A># z" in row
    assert "&#60;br> in 3 rows, &#38;amp; in 1" in report
    assert len(row) < 300


def test_tags_of_the_parent() -> None:
    tags = view.parent_tags(SweepView("id", "lstm", findings=tuple(FOUND)))
    assert tags["data.findings"] == "near_duplicates, conflicting_labels"
    assert [tags[f"data.{severity}"] for severity in audit.SEVERITIES] == ["0", "1", "1"]
    assert view.parent_tags(SweepView("id", "lstm"))["data.findings"] == "none"
    assert audit.artifacts([]) == {}
