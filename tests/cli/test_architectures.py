from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from textclf_sweep.cli import architectures
from textclf_sweep.cli.architectures import as_written, grouped
from textclf_sweep.cli.main import main
from textclf_sweep.definition.load import load
from textclf_sweep.definition.space import Categorical, Constant, Range
from textclf_sweep.definition.types import OwnArchitecture
from textclf_sweep.sweep.catalogue import discover

pytestmark = pytest.mark.unit

NAMES = tuple(discover().architectures)


def test_every_architecture_is_listed_with_its_first_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["architectures"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for entry in discover().architectures.values():
        (number,) = [number for number, line in enumerate(lines) if line.split()[:1] == [entry.name]]
        assert lines[number].split(maxsplit=1)[1] == entry.doc
        assert f"reads {entry.features}; " in lines[number + 1]
        assert f"{len(entry.parameters)} with features, cleaning and training" in lines[number + 1]


@pytest.mark.parametrize("name", NAMES)
def test_one_is_shown_with_all_its_parameters(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["architectures", name]) == 0
    out = capsys.readouterr().out
    shown = [line.split()[0] for line in out.splitlines() if line.startswith("  ") and not line.startswith("   ")]
    assert sorted(shown) == sorted(item.name for item in discover().architectures[name].parameters)
    assert out.startswith(f"{name}: ")
    headings = [line.split()[0] for line in out.splitlines() if line and not line.startswith(" ")]
    assert headings[2:-1] == ["model", "features", "cleaning", "training"]


def test_what_is_said_of_a_parameter(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["architectures", "lstm"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "depth default 1; searched: 1 to 2, whole numbers Number of LSTM layers; a whole number >= 1" in text
    assert "learning_rate default 0.001; searched: 0.0003 to 0.01, in the logarithm" in text
    assert "units default 128; searched: 32, 64 or 128" in text
    assert "; only while optimizer is sgd" in text


def test_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["architectures", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["architectures"]
    assert [item["name"] for item in found] == list(NAMES)
    assert main(["architectures", "lstm", "--json"]) == 0
    (lstm,) = json.loads(capsys.readouterr().out)["architectures"]
    assert lstm in found
    assert lstm.keys() == {"name", "doc", "features", "parameters"}
    parameters = {item["name"]: item for item in lstm["parameters"]}
    assert parameters["momentum"] == {
        "name": "momentum", "group": "training", "type": "float", "default": 0.9, "search": None,
        "expected": "a number >= 0 and < 1", "doc": parameters["momentum"]["doc"], "when": {"optimizer": ["sgd"]},
    }  # fmt: skip
    assert parameters["units"]["group"] == "model"
    assert parameters["max_length"]["group"] == "features"
    assert parameters["lowercase"]["group"] == "cleaning"


@pytest.mark.parametrize("name", NAMES)
def test_a_definition_that_writes_its_ranges_down_searches_the_same(name: str) -> None:
    entry = discover().architectures[name]
    parameters = {item.name: as_written(item.search) for item in entry.parameters if item.search is not None}
    document: dict[str, Any] = {"architecture": name, "method": "random", "data": {"source": "uci_news"}, "name": "x"}
    plain, written = (
        load(json.dumps(document | more), discover(), path=None).searches[0].space
        for more in ({}, {"parameters": parameters})
    )
    assert plain == written


@pytest.mark.parametrize(
    ("distribution", "written"),
    [
        (Constant(3), {"value": 3}),
        (Categorical(("a", "b"), (0.25, 0.75)), {"values": ["a", "b"], "probabilities": [0.25, 0.75]}),
        (Range(1, 4, integer=True), {"min": 1, "max": 4}),
        (Range(0.5, 1.0, step=0.25), {"distribution": "q_uniform", "min": 0.5, "max": 1.0, "q": 0.25}),
        (
            Range(0.1, 1.0, log=True, step=0.1),
            {"distribution": "q_log_uniform_values", "min": 0.1, "max": 1.0, "q": 0.1},
        ),
    ],
)
def test_how_a_distribution_is_written(distribution: Any, written: dict[str, Any]) -> None:
    assert as_written(distribution) == written


@pytest.mark.parametrize(("name", "near"), [("lstmm", "did you mean lstm?"), ("xyz", "`sweep architectures` lists")])
def test_an_unknown_one(name: str, near: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["architectures", name]) == 2
    error = capsys.readouterr().err
    assert f"there is no architecture '{name}'; expected one of " in error
    assert near in error


def test_those_of_other_packages(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    found = discover()
    theirs = replace(found.architectures["lstm"], name="theirs", own=OwnArchitecture("nets.mlp"))
    mixed = replace(found, architectures={**found.architectures, "theirs": theirs}, broken={"worse": "ImportError: x"})
    monkeypatch.setattr(architectures, "discover", lambda: mixed)
    assert main(["architectures"]) == 0
    out, err = capsys.readouterr()
    assert "; from nets.mlp" in out
    assert err == "warning: the architecture worse of another package cannot be used: ImportError: x\n"
    assert main(["architectures", "worse"]) == 2
    assert "worse cannot be used: ImportError: x" in capsys.readouterr().err
    assert grouped(theirs, mixed) == grouped(found.architectures["lstm"], found)
