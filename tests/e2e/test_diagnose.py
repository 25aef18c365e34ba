"""Faults that somebody runs into, and what `sweep diagnose` says of them."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from textclf_sweep.data.sources import load as read
from textclf_sweep.definition.types import DataSettings

pytestmark = pytest.mark.e2e

ONE = """\
architecture: {architecture}
method: random
run_cap: 1
workers: 1
seed: 5
data: {data}
parameters: {{{parameters}epochs: {{value: 6}}}}
early_stopping: {{patience: 2}}
"""


def definition(architecture: str = "cnn", data: str = "{source: uci_news}", **parameters: object) -> str:
    """One trial with these parameters."""
    written = "".join(f"{name}: {{value: {str(value).lower()}}}, " for name, value in parameters.items())
    return ONE.format(architecture=architecture, data=data, parameters=written)


def rows() -> Iterator[tuple[str, str]]:
    """2,000 of the sample's headlines with their labels."""
    corpus = read(DataSettings(source="uci_news"))
    return zip(corpus.texts[::3][:2000], corpus.labels[::3][:2000], strict=True)


def as_csv(records: list[tuple[object, ...]]) -> str:
    stream = io.StringIO()
    csv.writer(stream).writerows(records)
    return stream.getvalue()


def first(found: dict[str, Any]) -> tuple[str, str]:
    """Severity and name of the first cause."""
    return found["causes"][0]["severity"], found["causes"][0]["name"]


@pytest.fixture
def diagnosed(place: Any) -> Any:
    """Runs a definition and returns what `sweep diagnose --json` says."""

    def run(name: str, text: str, *options: str, code: int | None = 0) -> Any:
        place.write(f"{name}.yaml", text)
        place.sweep("run", f"{name}.yaml", "--plain", *options, code=code)
        return place.sweep("diagnose", name, "--json").json

    return run


def test_a_learning_rate_of_ten_and_its_cure(place: Any, diagnosed: Any) -> None:
    place.write("fault.yaml", definition("lstm", units=32, learning_rate=10))
    done = place.sweep("run", "fault.yaml", "--plain", code=None)
    assert "learning_rate_too_high" in done.out  # unasked
    found = place.sweep("diagnose", "fault", "--json").json
    assert first(found) == ("cause", "learning_rate_too_high")
    assert found["verdict"] in ("stuck", "weak", "diverged")
    patch = place.sweep("diagnose", "fault", "--patch").out
    assert yaml.safe_load(patch) == {"parameters": {"learning_rate": {"value": 0.001}}}
    place.sweep("diagnose", "fault", "--apply")
    place.sweep("run", "fault-fixed.yaml", "--plain")
    (trial,) = place.trials("fault-fixed")
    assert trial["verdict"] not in ("stuck", "diverged")
    assert trial["value"] > 0.6


def test_one_token_of_each_text(diagnosed: Any) -> None:
    found = diagnosed("short", definition(max_length=1))
    assert first(found) == ("cause", "truncation")


def test_frozen_random_embeddings(diagnosed: Any) -> None:
    found = diagnosed("frozen", definition("lstm", trainable=False, units=32))
    assert first(found) == ("cause", "frozen_random_embeddings")


def test_shuffled_labels(place: Any, diagnosed: Any) -> None:
    texts, labels = zip(*rows(), strict=True)
    exchanged = list(labels)
    random.Random(1).shuffle(exchanged)
    place.write("shuffled.csv", as_csv([("text", "label"), *zip(texts, exchanged, strict=True)]))
    text = definition(data="{path: shuffled.csv}")
    place.write("shuffled.yaml", text)
    assert "shuffled_labels" in place.sweep("run", "shuffled.yaml", "--plain", code=2).err
    found = diagnosed("shuffled", text, "--force", code=None)
    assert first(found) == ("cause", "shuffled_labels")


def test_an_id_for_a_label(place: Any, diagnosed: Any) -> None:
    records = [(number // 2 + 1000, text) for number, (text, _) in enumerate(rows())]
    place.write("ids.csv", as_csv([("id", "text"), *records]))
    found = diagnosed("ids", definition(data="{path: ids.csv, label: id}"), "--force", code=None)
    assert first(found) == ("cause", "label_column_misread")


def test_nothing_is_wrong_with_the_sample(diagnosed: Any) -> None:
    found = diagnosed("healthy", definition("mean_embedding"))
    assert not [cause["name"] for cause in found["causes"] if cause["severity"] == "cause"]
    assert found["verdict"] not in ("stuck", "diverged")


@pytest.mark.usefixtures("base")
def test_what_cannot_be_diagnosed(place: Any) -> None:
    run_id = place.trials("base")[0]["run_id"]
    assert place.sweep("diagnose", run_id, "--json").json["trial"] == 1
    for name, said in (("absent", "there is no sweep 'absent'"), ("0" * 32, "there is no run")):
        done = place.sweep("diagnose", name, code=2)
        assert said in done.err
    assert "no trial 99" in place.sweep("diagnose", "base", "99", code=2).err
