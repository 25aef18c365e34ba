from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textclf_sweep.definition.catalogue import Catalogue
from textclf_sweep.definition.keys import BUDGET, EARLY_STOPPING, METRIC, data, top
from textclf_sweep.definition.load import load
from textclf_sweep.definition.schema import json_schema
from textclf_sweep.errors import DefinitionError
from textclf_sweep.sweep.catalogue import discover

pytestmark = pytest.mark.unit
Accepts = Callable[[Any], bool]


@pytest.fixture(scope="module")
def by_schema(catalogue: Catalogue) -> Accepts:
    schema = json_schema(catalogue)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema).is_valid


@pytest.fixture(scope="module")
def by_load(catalogue: Catalogue) -> Accepts:
    def accepts(document: Any) -> bool:
        try:
            load(json.dumps(document), catalogue, path=Path("a.yaml"))  # JSON is YAML
        except DefinitionError:
            return False
        return True

    return accepts


BASE = {"architecture": "lstm", "method": "random", "data": {"source": "uci_news"}}
ACCEPTED: list[dict[str, Any]] = [
    {},
    {"name": "a.b-c_1", "description": "", "run_cap": 3, "seed": 0, "engine": "local", "workers": 1},
    {"run_cap": 64.0, "workers": None},
    {"metric": {}}, {"metric": {"name": "val_loss", "goal": "minimize", "target": 1}}, {"metric": {"target": None}},
    {"early_stopping": False}, {"early_stopping": None}, {"early_stopping": "none"}, {"early_stopping": {}},
    {"early_stopping": {"metric": "loss", "patience": 1, "min_delta": 0}},
    {"budget": {"time": "1h30m", "trial_time": 0.5}}, {"budget": {"time": None}}, {"budget": {}},
    {"parameters": {}}, {"parameters": {"dropout": 0}}, {"parameters": {"dropout": {"value": 0.5}}},
    {"parameters": {"dropout": {"values": [0, 0.5], "probabilities": [0.5, 0.5], "distribution": "categorical"}}},
    {"parameters": {"dropout": {"min": 0, "max": 0.5, "q": 0.1}, "units": {"min": 1, "max": 9, "q": 2}}},
    {"parameters": {"units": {"min": 1, "max": 9, "distribution": "int_uniform"}, "optimizer": {"values": ["sgd"]}}},
    {"parameters": {"learning_rate": {"min": -9, "max": -1, "distribution": "log_uniform"}, "bidirectional": True}},
    {"parameters": {"shift": {"min": 1, "max": 9, "q": 2, "distribution": "q_log_uniform_values"}}},
    {"enqueue": []}, {"enqueue": [{"learning_rate": 0.1}, {"depth": 2}]},
    {"data": {"path": "a.CSV", "text": "x", "label": "y", "group": None, "delimiter": "\t", "test": 0.2}},
    {"data": {"path": "a.txt", "source": "csv"}}, {"data": {"source": "uci_news", "path": None}},
    {"data": {"train": "a.csv", "validation": "dev.jsonl", "test": 0.2, "text": ["title", "body"], "split": "part"}},
    {"data": {"path": "a.csv", "trim_labels": True, "label_case": "upper", "min_per_label": 2, "log_text": False}},
    {"data": {"path": "a.csv", "log_text": None, "labels": {"Spam": "spam", "": "ham"}, "drop_labels": ["a", "b"]}},
    {"data": {"path": "a.csv", "labels": None, "cleaning": None, "drop_labels": "a", "split": None}},
    {"data": {"path": "a.csv", "missing": "empty"}}, {"data": {"path": "a.csv", "missing": {"fill": "none"}}},
    {"data": {"path": "a.csv", "missing": {"from": "title"}}},
    {"data": {"path": "a.csv", "cleaning": {"lowercase": False, "digits": "fold"}}},
    {"data": {"path": "a.csv", "folds": 3, "validation": "dev.csv"}}, {"data": {"source": "folder", "train": "a.b"}},
    {"data": {"path": "."}}, {"data": {"path": "..", "encoding": "latin-1"}},
    {"data": {"source": "hub", "path": "owner/name", "revision": "main"}},
    {"early_terminate": {"type": "hyperband", "min_iter": 3}},
    {"early_terminate": {"type": "hyperband", "max_iter": 27, "s": 2, "eta": 2.5, "strict": True}},
    {"early_terminate": {"type": "none"}}, {"early_terminate": None}, {"early_terminate": {"type": "median"}},
    {"early_stopping": {"restore_best_weights": False}}, {"budget": {"patience": 5}},
    {"data": {"source": "uci_news", "folds": 5}}, {"data": {"source": "uci_news", "folds": None}},
    {"method": "bayes", "sampler": "qmc"}, {"method": "bayes", "library": "keras_tuner"},
    {"architecture": ["lstm"]}, {"architecture": ["lstm", "cnn"], "run_cap": {"lstm": 3, "cnn": None}},
    {"architecture": ["lstm", "cnn"], "run_cap": 9, "allocate": "race"}, {"run_cap": {"lstm": 3}},
    {"architecture": ["lstm", "cnn"], "parameters": {"dropout": 0.1, "units": 3, "cnn": {"filters": 3}, "lstm": {}}},
    {"architecture": ["lstm", "cnn"], "parameters": {"dropout": {"values": [0, 0.5]}},
     "enqueue": [{"architecture": "cnn", "dropout": 0.3}, {"dropout": 0.1}]},
    {"parameters": {"lstm": {"units": 3}, "units": {"value": 4}}},
    {"parameters": {"optimizer": {"values": ["adam", "sgd"]}, "momentum": {"min": 0, "max": 0.9}}},
    {"parameters": {"shift": {"value": 1, "when": {"optimizer": "adam", "units": [128]}}}},
    {"parameters": {"shift": {"min": 0, "max": 1, "count": 3}, "units": {"distribution": "normal", "mu": 64}}},
    {"parameters": {"shift": {"distribution": "q_log_normal", "mu": 1, "sigma": 2, "q": 0.5, "max": 9}}},
    {"parameters": {"dropout": {"distribution": "beta", "a": 2, "b": 2.5}}},
    {"parameters": {"learning_rate": {"distribution": "inv_log_uniform", "min": 2, "max": 9}}},
    {"program": "x.py", "command": ["a"], "project": "p", "entity": {"b": 1}},
]  # fmt: skip
REJECTED: list[dict[str, Any]] = [
    {"architecture": "gru"}, {"architecture": []}, {"architecture": ["lstm", "lstm"]},
    {"method": "tpe"}, {"data": None}, {"data": "a.csv"},
    {"unknown": 1}, {"early_terminate": {}}, {"early_terminate": True},
    {"early_terminate": {"min_iter": 3}}, {"early_terminate": {"type": "asha"}},
    {"early_terminate": {"type": "median", "min_iter": 3}},
    {"early_terminate": {"type": "hyperband", "min_iter": 0}},
    {"early_terminate": {"type": "hyperband", "min_iter": 3, "eta": 1}},
    {"early_terminate": {"type": "hyperband", "min_iter": 3, "eta": 1.000001}},
    {"early_terminate": {"type": "hyperband", "min_iter": 3, "patience": 1}},
    {"early_stopping": {"restore_best_weights": 1}}, {"budget": {"patience": 0}},
    {"data": {"source": "uci_news", "folds": 1}}, {"data": {"source": "uci_news", "folds": 21}},
    {"sampler": "tpr"}, {"library": "ray"}, {"allocate": "fair"}, {"allocate": "race"},
    {"allocate": "race", "run_cap": 3}, {"architecture": ["lstm", "cnn"], "allocate": "race"},
    {"architecture": ["lstm", "cnn"], "allocate": "race", "run_cap": {"lstm": 3}},
    {"run_cap": {}}, {"run_cap": {"gru": 3}}, {"architecture": ["lstm", "bert"], "run_cap": {"cnn": 3}},
    {"architecture": ["lstm", "bert"], "parameters": {"cnn": {}}}, {"parameters": {"cnn": {}}},
    {"architecture": ["lstm", "bert"], "parameters": {"filters": 3}},
    {"architecture": ["lstm", "bert"], "enqueue": [{"filters": 3}]},
    {"architecture": ["lstm", "cnn"], "parameters": {"lr": 3}},
    {"architecture": ["lstm", "cnn"], "parameters": {"lstm": {"filters": 3}}},
    {"architecture": ["lstm", "cnn"], "enqueue": [{"architecture": "gru", "dropout": 0.1}]},
    {"parameters": {"shift": {"value": 1, "when": {}}}}, {"parameters": {"shift": {"value": 1, "when": {"lr": 3}}}},
    {"parameters": {"shift": {"value": 1, "when": {"optimizer": "adm"}}}},
    {"parameters": {"shift": {"value": 1, "when": {"optimizer": []}}}},
    {"parameters": {"shift": {"min": 0, "max": 1, "count": 1}}},
    {"parameters": {"shift": {"distribution": "normal", "sigma": 0}}},
    {"parameters": {"shift": {"distribution": "normal", "q": 1}}},
    {"parameters": {"shift": {"distribution": "beta", "mu": 1}}}, {"parameters": {"shift": {"mu": 1}}},
    {"dropout": 0.1}, {"name": ""}, {"name": "a b"}, {"name": 3},
    {"description": 3}, {"run_cap": 0}, {"run_cap": 1.5}, {"run_cap": "3"}, {"run_cap": True}, {"seed": -1},
    {"seed": 2**31}, {"seed": None}, {"engine": "x"}, {"workers": 0}, {"metric": "val_loss"},
    {"metric": {"name": "f1"}},
    {"metric": {"goal": "max"}}, {"metric": {"target": "1"}}, {"metric": {"x": 1}}, {"early_stopping": True},
    {"early_stopping": 0}, {"early_stopping": []}, {"early_stopping": {"patience": 0}},
    {"early_stopping": {"min_delta": -1}},
    {"budget": 3}, {"budget": {"time": 0}}, {"budget": {"time": "soon"}}, {"budget": {"trial_time": None}},
    {"budget": {"time": 1e9}}, {"parameters": None}, {"parameters": []}, {"parameters": {"lr": 1}},
    {"parameters": {"warmup": 0.1}}, {"parameters": {"dropout": 1}}, {"parameters": {"dropout": [0.1]}},
    {"parameters": {"dropout": {}}}, {"parameters": {"dropout": {"values": []}}},
    {"parameters": {"dropout": {"values": [0.1, 0.1]}}}, {"parameters": {"dropout": {"value": 0.1, "values": [0.1]}}},
    {"parameters": {"dropout": {"min": 0}}}, {"parameters": {"dropout": {"min": 0, "max": 1}}},
    {"parameters": {"dropout": {"min": 0, "max": 0.5, "distribution": "triangular"}}},
    {"parameters": {"dropout": {"min": 0, "max": 0.5, "distribution": "int_uniform"}}},
    {"parameters": {"dropout": {"min": 0, "max": 0.5, "distribution": "uniform", "q": 0.1}}},
    {"parameters": {"dropout": {"min": 0, "max": 0.5, "q": 0}}},
    {"parameters": {"dropout": {"min": 0, "max": 0.5, "mu": 0}}},
    {"parameters": {"dropout": {"values": [0.1], "probabilities": [2]}}},
    {"parameters": {"dropout": {"parameters": {}}}},
    {"parameters": {"units": {"min": -1, "max": 1, "distribution": "log_uniform"}}}, {"parameters": {"units": 1.5}},
    {"parameters": {"optimizer": {"min": 1, "max": 2}}}, {"parameters": {"optimizer": "adm"}},
    {"parameters": {"bidirectional": 1}}, {"enqueue": {}}, {"enqueue": [{}]}, {"enqueue": [3]},
    {"enqueue": [{"dropout": 1}]}, {"enqueue": [{"lr": 1}]}, {"data": {}}, {"data": {"path": "a.xlsx"}},
    {"data": {"path": ""}}, {"data": {"source": "csv"}}, {"data": {"source": "csv", "path": None}},
    {"data": {"source": "uci_news", "path": "a.csv"}}, {"data": {"source": "uci_news", "delimiter": ","}},
    {"data": {"path": "a.csv", "sep": ","}}, {"data": {"path": "a.csv", "delimiter": 3}},
    {"data": {"path": "a.csv", "train": "b.csv"}}, {"data": {"path": "a.csv", "train": None}},
    {"data": {"path": "a.csv", "text": []}}, {"data": {"path": "a.csv", "text": ["a", "a"]}},
    {"data": {"path": "a.csv", "text": ["a", 1]}}, {"data": {"path": "a.csv", "validation": ""}},
    {"data": {"path": "a.csv", "test": None}}, {"data": {"path": "a.csv", "test": True}},
    {"data": {"path": "a.csv", "missing": "fill"}}, {"data": {"path": "a.csv", "missing": None}},
    {"data": {"path": "a.csv", "missing": {}}}, {"data": {"path": "a.csv", "missing": {"fill": " "}}},
    {"data": {"path": "a.csv", "missing": {"fill": "a", "from": "b"}}},
    {"data": {"path": "a.csv", "missing": {"from": ""}}}, {"data": {"path": "a.csv", "labels": ["a"]}},
    {"data": {"path": "a.csv", "labels": {"a": 1}}}, {"data": {"path": "a.csv", "drop_labels": [1]}},
    {"data": {"path": "a.csv", "drop_labels": []}}, {"data": {"path": "a.csv", "drop_labels": ""}},
    {"data": {"path": "a.csv", "label_case": "title"}}, {"data": {"path": "a.csv", "min_per_label": 0}},
    {"data": {"path": "a.csv", "log_text": "no"}}, {"data": {"path": "a.csv", "trim_labels": None}},
    {"data": {"path": "a.csv", "cleaning": True}}, {"data": {"path": "a.csv", "cleaning": {"lower": True}}},
    {"data": {"path": "a.csv", "cleaning": {"digits": ["keep"]}}}, {"data": {"path": "a.csv", "digits": "fold"}},
    {"data": {"source": "folder"}}, {"data": {"source": "folder", "path": "a", "revision": "b"}},
    {"data": {"path": "..", "delimiter": ";"}}, {"data": {"source": "uci_news", "train": "a.csv"}},
    {"data": {"path": "a.csv", "validation": 1}}, {"data": {"path": "a.csv", "text": ""}},
]  # fmt: skip


@pytest.mark.parametrize("change", ACCEPTED, ids=json.dumps)
def test_what_one_accepts_the_other_does(change: dict[str, Any], by_schema: Accepts, by_load: Accepts) -> None:
    assert by_load(BASE | change)
    assert by_schema(BASE | change)


@pytest.mark.parametrize("change", REJECTED, ids=json.dumps)
def test_what_one_rejects_the_other_does(change: dict[str, Any], by_schema: Accepts, by_load: Accepts) -> None:
    assert not by_load(BASE | change)
    assert not by_schema(BASE | change)


@pytest.mark.parametrize("key", sorted(BASE))
def test_both_miss_a_required_key(key: str, by_schema: Accepts, by_load: Accepts) -> None:
    document = {name: value for name, value in BASE.items() if name != key}
    assert not by_load(document)
    assert not by_schema(document)


values = st.none() | st.booleans() | st.integers(-3, 70) | st.floats(-2, 2) | st.sampled_from(
    ("adam", "lstm", "val_loss", "minimize", "1h", "a.csv", "csv", "uci_news", "uniform", "log_uniform", "text", "")
)  # fmt: skip
KEYS = ("value", "values", "min", "max", "q", "distribution", "probabilities", "count", "mu", "a", "when")
entries = st.dictionaries(
    st.sampled_from(KEYS),
    values
    | st.lists(values, max_size=3)
    | st.sampled_from((0.1, 0.5, "categorical", "log_uniform_values", "normal", "q_beta"))
    | st.sampled_from(({"optimizer": "adam"}, {"units": [128, 3]}, {"architecture": "cnn"}, {"lr": 1})),
    max_size=4,
)
names = st.sampled_from(
    ("dropout", "units", "optimizer", "learning_rate", "shift", "warmup", "momentum", "filters", "lstm", "cnn")
)
sections = {
    "metric": st.dictionaries(st.sampled_from(("name", "goal", "target")), values, max_size=2),
    "parameters": st.dictionaries(names, values | entries, max_size=3),
    "data": st.dictionaries(
        st.sampled_from(
            (
                "source",
                "path",
                "train",
                "text",
                "delimiter",
                "test",
                "missing",
                "labels",
                "drop_labels",
                "cleaning",
                "log_text",
            )
        ),
        values
        | st.lists(values, max_size=2)
        | st.dictionaries(st.sampled_from(("fill", "from", "lowercase", "a")), values, max_size=2)
        | st.sampled_from((".", "folder", "hub", "drop", {"digits": "fold"})),
        max_size=4,
    ),
    "early_stopping": st.dictionaries(st.sampled_from(("metric", "patience", "min_delta")), values, max_size=2),
    "budget": st.dictionaries(st.sampled_from(("time", "trial_time", "patience")), values, max_size=2),
    "run_cap": st.dictionaries(st.sampled_from(("lstm", "cnn")), values, max_size=2),
    "early_terminate": st.dictionaries(
        st.sampled_from(("type", "min_iter", "warmup")), values | st.just("median"), max_size=2
    ),
    "enqueue": st.lists(st.dictionaries(names | st.just("architecture"), values, max_size=2), max_size=2),
}
documents = st.fixed_dictionaries(
    {},
    optional={
        "architecture": st.sampled_from(("lstm", ["lstm", "cnn"], ["lstm", "bert"], [], ["cnn"])),
        "allocate": st.sampled_from(("each", "race")),
        "sampler": st.sampled_from(("random", "qmc", "tpe")),
        **{name: values | section for name, section in sections.items()},
        **dict.fromkeys(("name", "seed", "workers", "engine", "description", "program"), values),
    },
).map(lambda change: BASE | change)


@given(document=documents)
def test_the_schema_accepts_whatever_load_accepts(
    document: dict[str, Any], by_schema: Accepts, by_load: Accepts
) -> None:
    assert by_schema(document) or not by_load(document)


def test_editors_find_a_description_of_every_key(catalogue: Catalogue) -> None:
    schema = json_schema(catalogue)
    assert all(entry["description"] for entry in schema["properties"].values())
    for settings in (METRIC, EARLY_STOPPING, BUDGET, data(catalogue), top(catalogue)):
        assert all(setting.doc for setting in settings)
    lstm = schema["allOf"][0]["then"]["properties"]["parameters"]["properties"]
    dropout = schema["$defs"][lstm["dropout"]["$ref"].rpartition("/")[2]]
    assert dropout["description"] == "share dropped Default: 0.0."
    assert dropout["default"] == 0.0
    assert "grid: Every parameter set." in schema["properties"]["method"]["description"]


def test_the_schema_is_json(catalogue: Catalogue) -> None:
    schema = json_schema(catalogue)
    assert json.loads(json.dumps(schema, allow_nan=False)) == schema


def test_the_shipped_schema_is_this_installations() -> None:
    shipped = Path(__file__).parents[2] / "sweeps" / "schema.json"
    assert json.loads(shipped.read_text(encoding="utf-8")) == json_schema(discover()), (
        "sweep schema > sweeps/schema.json"
    )


def test_the_schema_stays_small() -> None:
    assert len(json.dumps(json_schema(discover()))) < 500_000
