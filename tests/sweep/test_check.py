"""Looking at data, without a command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from textclf_sweep.definition.load import load
from textclf_sweep.errors import DataError
from textclf_sweep.sweep.catalogue import discover
from textclf_sweep.sweep.check import check_data, check_definition
from textclf_sweep.sweep.init import draft

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


def test_with_a_fatal_finding_nothing_is_split_and_nothing_said_twice(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("text,label\n" + "".join(f"text number {row},a\n" for row in range(40)), encoding="utf-8")
    checked = check_data(str(path), ("text",), "label")
    assert [finding.name for finding in checked.findings] == ["single_label"]
    assert (checked.problems, checked.parts, checked.fatal) == ((), {}, True)


def test_data_are_read_and_split_as_a_definition_for_them_does(tmp_path: Path) -> None:
    for part, rows in (("train", 60), ("dev", 20)):
        lines = [f"{part} text {row} about {'cats' if row % 2 else 'dogs'},{'ab'[row % 2]}\n" for row in range(rows)]
        (tmp_path / f"{part}.csv").write_text("text,label\n" + "".join(lines), encoding="utf-8")
    data, file = str(tmp_path / "train.csv"), tmp_path / "sweep.yaml"
    checked = check_data(data)
    assert checked.name == f"{data} with dev.csv"
    assert "validation data in 'dev.csv'" in checked.chosen
    assert checked.parts["validation"] == 20
    how = checked.to_json()["chosen"]
    assert (how["source"], how["text"], how["label"], how["validation"]) == (
        "csv", ["text"], "label", str(tmp_path / "dev.csv"),
    )  # fmt: skip
    file.write_text(draft(data, file).text, encoding="utf-8")
    written = check_definition(load(file.read_text(encoding="utf-8"), discover(), path=file))
    assert (written.name, written.parts, written.labels) == (checked.name, checked.parts, checked.labels)
