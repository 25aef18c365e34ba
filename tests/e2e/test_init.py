"""From a file nobody has described to a finished sweep."""

from __future__ import annotations

import re
from typing import Any

import pytest

pytestmark = pytest.mark.e2e


def test_a_file_becomes_a_sweep(fresh: Any, headlines: Any, csv_of: Any) -> None:
    rows = [("id", "headline", "category"), *((str(row), *pair) for row, pair in enumerate(headlines))]
    for row in range(1, len(rows), 9):
        rows[row] = (rows[row][0], f"<b>{rows[row][1]}</b>", f"{rows[row][2].title()} ")
    fresh.write("mine.csv", csv_of(rows, delimiter="\t"))
    made = fresh.sweep("init", "mine.csv")
    assert re.search(r"delimiter '\\t'\): texts in 'headline', labels in 'category'", made.out)
    assert "label_variants" in made.out
    quick = ("--set", "run_cap=1", "--set", "parameters.epochs.value=1", "--set", "data.folds=null")
    done = fresh.sweep("run", *quick, "--plain")
    assert "4 labels: business, entertainment, health, sci_tech" in done.out
    assert "Always guessing the commonest label gets " in done.out
    trials = fresh.trials("mine")
    assert {trial["architecture"] for trial in trials} == {"tfidf_mlp"}
    assert all(trial["parameters"]["strip_html"] is True for trial in trials)
    refused = fresh.sweep("init", "mine.csv", code=2)
    assert "sweep.yaml exists already" in refused.err
