"""CSV files of the user's own."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.e2e

TICKETS = """\
architecture: lstm
method: random
run_cap: 1
workers: 1
data: {path: data/tickets.csv, text: body, label: queue, delimiter: ";"}
parameters:
  units: {value: 8}
  embedding_dim: {value: 8}
  epochs: {value: 2}
"""


def test_other_columns_another_delimiter_and_a_byte_order_mark(
    place: Any, base: Any, headlines: Any, csv_of: Any, assert_whole: Any
) -> None:
    rows = [("queue", "id; text", "body"), *((label, str(row), text) for row, (text, label) in enumerate(headlines))]
    place.write("definitions/tickets.yaml", TICKETS)  # the path in it counts from there
    place.write("definitions/data/tickets.csv", b"\xef\xbb\xbf" + csv_of(rows, delimiter=";").encode())
    done = place.sweep("run", "definitions/tickets.yaml", "--plain")
    assert "4 labels: business, entertainment, health, sci_tech" in done.out
    assert_whole("tickets", trials=1)
    test, floors = place.status("tickets")["test"], place.status("tickets")["floors"]
    assert test["rows"] > 30
    assert floors["linear"] > floors["majority"]  # texts and labels belong together

    moved = place.path / "definitions" / "data" / "moved.csv"
    moved.with_name("tickets.csv").rename(moved)
    again = place.sweep("run", "definitions/tickets.yaml", "--set", f"data.path={moved}", "--plain")
    assert "started" not in again.out  # the content counts, not its place
    assert len(place.trials("tickets")) == 1
