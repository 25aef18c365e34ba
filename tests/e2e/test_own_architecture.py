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


BROKEN = """\
import keras

def build(info, width: int = 8):
    tokens = keras.Input((None,), dtype="int32")
    words = keras.layers.Embedding(info.vocabulary_size, width)(tokens)
    mean = keras.ops.stop_gradient(keras.layers.GlobalAveragePooling1D()(words))
    return keras.Model(tokens, keras.layers.Dense(info.labels, activation="softmax")(mean))
"""


def test_a_broken_model_stops_a_sweep_unless_it_is_forced(fresh: Any, assert_whole: Any) -> None:
    fresh.write("broken.py", BROKEN)
    fresh.write(
        "broken.yaml",
        "architecture: {file: broken.py}\nmethod: random\nrun_cap: 1\ndata: {path: news.csv}\nbaselines: [chance]\n"
        "parameters: {epochs: {value: 1}, width: {values: [4, 8]}}\n",
    )
    before = fresh.content()
    stopped = fresh.sweep("run", "broken.yaml", code=2)
    assert "error: broken.py:3: vanishing_gradients: no gradient reaches embedding" in stopped.err
    assert "--force goes on all the same" in stopped.err
    assert fresh.content() == before
    forced = fresh.sweep("run", "broken.yaml", "--force", "--plain")
    assert "warning: broken: vanishing_gradients: no gradient reaches embedding" in forced.err
    assert "checks: floors and smoke tests in " in forced.out
    assert_whole("broken", 1, fresh)
    checks = fresh.status("broken")["checks"]
    assert checks["smoke"]["broken"]["warnings"][0]["name"] == "vanishing_gradients"
    assert fresh.status("broken")["floors"] == {"chance": 0.25, "majority": None, "linear": None}
    again = fresh.sweep("run", "broken.yaml", "--plain", "--set", "baselines=[chance, linear]")
    assert "nothing was run: every trial is done" in again.out
    assert fresh.status("broken")["floors"]["linear"] > 0.25
    assert_whole("broken", 1, fresh)
