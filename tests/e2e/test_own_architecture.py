"""A model of the user's own: tried before any trial, then searched, raced and kept like any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e

EXAMPLE = (Path(__file__).parents[2] / "examples" / "gated_cnn.py").read_text(encoding="utf-8")
RACE = """\
architecture: [{file: models/gated_cnn.py}, tfidf_mlp]
method: random
allocate: race
run_cap: 4
workers: 1
data: {path: news.csv}
parameters:
  learning_rate: {min: 0.001, max: 0.01}
  epochs: {value: 1}
  width: {values: [4, 8]}
  blocks: {value: 1}
  tfidf_mlp: {depth: 0}
enqueue:
  - {architecture: gated_cnn, width: 8}
"""


def test_a_model_of_ones_own(place: Any, base: Any, assert_whole: Any) -> None:
    place.write("own/race.yaml", RACE)
    place.write("own/news.csv", (place.path / "news.csv").read_bytes())
    place.write("own/models/gated_cnn.py", EXAMPLE)
    running = place.start("run", "own/race.yaml", "--plain")
    running.says("^trial 1 started: ")
    place.write("own/models/gated_cnn.py", f"{EXAMPLE}raise SystemExit('edited while it ran')\n")
    assert running.end().code == 0
    assert_whole("race", trials=4)
    trials = place.trials("race")
    assert {trial["architecture"] for trial in trials} == {"gated_cnn", "tfidf_mlp"}
    first = next(trial for trial in trials if trial["architecture"] == "gated_cnn")
    assert (first["parameters"]["width"], first["parameters"]["dropout"]) == (8, 0.2)

    changed = place.sweep("run", "own/race.yaml", code=2)
    assert "error: the file of gated_cnn has changed since sweep 'race' began" in changed.err
    place.write("own/models/gated_cnn.py", EXAMPLE)
    (place.path / "own").rename(place.path / "moved")
    assert "nothing was run: every trial is done" in place.sweep("run", "moved/race.yaml", "--plain").out
