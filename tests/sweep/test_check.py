"""Looking at data, without a command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from textclf_sweep.errors import DataError
from textclf_sweep.sweep.check import check_data

pytestmark = pytest.mark.unit


def test_where_no_row_is_left_the_fatal_finding_says_it_alone(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("text,label\n" + "".join(f"text {row},\n" for row in range(9)), encoding="utf-8")
    checked = check_data(str(path), ("text",), "label")
    assert [finding.name for finding in checked.findings] == ["missing_label"]
    assert (checked.fatal, checked.problems, checked.labels, checked.rows) == (True, (), {}, 9)
    assert checked.to_json()["problems"] == []


def test_what_cannot_be_split_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("text,label\n" + "same text,a\nsame text,b\n" * 9, encoding="utf-8")
    checked = check_data(str(path))
    assert "fatal" not in {finding.severity for finding in checked.findings}
    assert checked.fatal
    assert "no row is left for" in checked.problems[0].what
    with pytest.raises(DataError, match="both in column 'label'"):
        check_data(str(path), ("label",), "label")
