from __future__ import annotations

import importlib
import os
import pkgutil
import subprocess
import sys
from dataclasses import fields
from importlib import metadata

import pytest

from textclf_sweep import architectures, engines, pruners, searchers
from textclf_sweep.data import sources
from textclf_sweep.definition.catalogue import Entry
from textclf_sweep.definition.space import Categorical, Constant, Range, contains, enumerate_values
from textclf_sweep.definition.types import OwnArchitecture
from textclf_sweep.sweep.catalogue import GROUP, discover, extended

pytestmark = pytest.mark.unit

ROOMS = {
    "architectures": architectures,
    "searchers": searchers,
    "pruners": pruners,
    "sources": sources,
    "engines": engines,
}
ENTRIES = [(room, entry) for room in ROOMS for entry in getattr(discover(), room).values()]
# What several entries share is one parameter.
NAMED = {item: f"{room}.{entry.name}.{item.name}" for room, entry in ENTRIES for item in entry.parameters}
PARAMETERS = [pytest.param(parameter, id=name) for parameter, name in NAMED.items()]


def test_it_has_every_room() -> None:
    assert {field.name for field in fields(discover())} == {
        *ROOMS, "cleaning", "training", "features", "broken"
    }  # fmt: skip


def test_every_architecture_has_the_cleaning_steps() -> None:
    steps = {item.name for item in discover().cleaning}
    assert "lowercase" in steps
    assert all(steps <= {item.name for item in entry.parameters} for entry in discover().architectures.values())


@pytest.mark.parametrize("room", ROOMS)
def test_every_module_is_found_and_no_other(room) -> None:
    modules = {item.name for item in pkgutil.iter_modules(ROOMS[room].__path__) if not item.name.startswith("_")}
    assert set(getattr(discover(), room)) == modules
    assert modules


def test_what_the_shipped_sweeps_need_is_there() -> None:
    found = discover()
    assert {"cnn", "lstm"} <= set(found.architectures)
    assert {"tpe", "grid", "random"} <= set(found.searchers)
    assert {"csv", "uci_news"} <= set(found.sources)
    assert {"local"} <= set(found.engines)
    assert {"learning_rate", "batch_size", "optimizer", "epochs", "dropout"} <= {
        parameter.name for parameter in found.architectures["lstm"].parameters
    }
    assert found.searchers["grid"].finite
    assert not found.searchers["random"].finite
    assert found.sources["csv"].extensions == (".csv", ".csv.gz")
    paths = {name: entry.path for name, entry in found.sources.items()}
    assert (paths["csv"], paths["folder"], paths["huggingface"], paths["uci_news"]) == (
        "file",
        "folder",
        "name",
        "none",
    )


@pytest.mark.parametrize(("room", "entry"), ENTRIES, ids=lambda item: item.name if isinstance(item, Entry) else item)
def test_an_entry_is_documented_and_names_each_parameter_once(room, entry) -> None:
    assert entry.doc
    names = [parameter.name for parameter in entry.parameters]
    assert len(set(names)) == len(names)
    assert all(extension.startswith(".") and extension == extension.lower() for extension in entry.extensions)


@pytest.mark.parametrize("parameter", PARAMETERS)
class TestParameter:
    def test_its_default_is_valid_and_of_its_type(self, parameter) -> None:
        if parameter.default is None:  # an option that need not be set
            return
        assert parameter.reject(parameter.default) is None
        assert type(parameter.default).__name__ == parameter.kind

    def test_what_is_searched_is_valid(self, parameter) -> None:
        match parameter.search:
            case None:
                return
            case Constant(value):
                values = (value,)
            case Categorical(values, probabilities):
                assert len(set(values)) == len(values) > 1
                assert probabilities is None or sum(probabilities) == pytest.approx(1)
            case Range(low, high, integer, log, step):
                values = (low, high)
                assert low < high
                assert low > 0 or not log
                assert integer == (parameter.kind == "int")
                if step or integer:
                    values = (*values, *enumerate_values(parameter.search))
        assert [parameter.reject(value) for value in values] == [None] * len(values)

    def test_the_default_is_one_of_the_searched_values(self, parameter) -> None:
        assert parameter.search is None or contains(parameter.search, parameter.default)

    def test_its_bounds_are_not_stated_twice(self, parameter) -> None:
        assert parameter.minimum is None or parameter.above is None
        assert parameter.maximum is None or parameter.below is None
        assert not parameter.choices or parameter.kind in {"str", "int"}

    def test_it_is_documented(self, parameter) -> None:
        assert len(parameter.doc) > 10


def test_discovery_imports_nothing_heavy() -> None:
    script = (
        "import sys; from textclf_sweep.sweep.catalogue import discover; discover()\n"
        "heavy = {'tensorflow', 'keras', 'mlflow', 'optuna', 'sklearn', 'pandas', 'keras_tuner'}\n"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    assert told.stdout.strip() == "[]"


class TestOtherPackages:
    """Architectures by entry points: read, not executed, and never in the way of the others."""

    @pytest.fixture
    def add(self, tmp_path, monkeypatch):
        monkeypatch.syspath_prepend(str(tmp_path))
        (tmp_path / "own_nets").mkdir()
        (tmp_path / "own_nets" / "__init__.py").write_text("raise SystemExit('executed')")

        def call(source, value="own_nets.mlp:build", name="mlp"):
            path = tmp_path.joinpath(*value.partition(":")[0].split(".")).with_suffix(".py")
            path.write_text(source)
            importlib.invalidate_caches()
            return extended(discover(), [metadata.EntryPoint(name, value, GROUP)])

        return call

    def test_a_function_is_read_by_its_signature(self, add) -> None:
        found = add('"""A net."""\nFEATURES = "tfidf"\nraise SystemExit\ndef build(info, width: int = 8): pass\n')
        entry = found.architectures["mlp"]
        assert (entry.name, entry.doc, entry.features) == ("mlp", "A net.", "tfidf")
        assert entry.own == OwnArchitecture("own_nets.mlp", "build", "tfidf")
        assert entry.parameters[0].name == "width"
        assert {"learning_rate", "lowercase", "ngrams"} <= {item.name for item in entry.parameters}
        assert set(found.architectures) == {*discover().architectures, "mlp"}
        assert found.broken == {}

    def test_a_module_of_the_whole_contract_is_imported(self, add) -> None:
        source = (
            '"""A net."""\nfrom textclf_sweep.definition.space import Parameter\nFEATURES = "tokens"\n'
            'PARAMETERS = (Parameter("width", "int", 8, "how wide", minimum=1),)\n'
            'OVERRIDES = (Parameter("epochs", "int", 3, "few of them", minimum=1),)\n'
        )
        entry = add(source, "own_flat_net").architectures["mlp"]
        defaults = {item.name: item.default for item in entry.parameters}
        assert entry.own == OwnArchitecture("own_flat_net", "", "tokens")
        assert (defaults["width"], defaults["epochs"], entry.parameters[0].minimum) == (8, 3, 1)

    def test_a_module_without_documentation_is_told_by_its_place(self, add) -> None:
        entry = add('FEATURES = "tokens"\nPARAMETERS = ()\n', "own_bare_net").architectures["mlp"]
        assert entry.doc == "own_bare_net."

    @pytest.mark.parametrize(
        ("source", "value", "name", "why"),
        [
            ("def build(info, x): pass", "own_nets.mlp:build", "mlp", "mlp.py:1: x has no type"),
            ("def build(info, epochs=1): pass", "own_nets.mlp:build", "mlp", "epochs is a parameter of training"),
            ("FEATURES = 'x'\ndef build(info): pass", "own_nets.mlp:build", "mlp", "FEATURES is 'x'"),
            ("def build(info): pass", "own_nets.mlp:make", "mlp", "there is no function make"),
            ("def build(info): pass", "own_nets.mlp:build", "lstm", "is called lstm, as another architecture is"),
            ("def build(info): pass", "own_nets.mlp:build", "a b", "is called 'a b'"),
            ("1 / 0", "own_failing_net", "mlp", "ZeroDivisionError: division by zero"),
            ("", "own_empty_net", "mlp", "AttributeError"),
            ("from textclf_sweep.definition.space import Parameter\nFEATURES = 'tokens'\n"
             "PARAMETERS = (Parameter('epochs', 'int', 3, 'few', minimum=1),)", "own_twin_net", "mlp",
             "own_twin_net declares epochs, which it shares with others"),
            ("", "own_nets.whole", "mlp", "SystemExit: executed"),
        ],
    )  # fmt: skip
    def test_one_that_cannot_be_used_is_told_when_it_is_named(self, add, source, value, name, why) -> None:
        found = add(source, value, name)
        assert set(found.architectures) == set(discover().architectures)
        assert why in found.broken[name]

    @pytest.mark.parametrize("value", ["no_such_net:build", "own_nets.none:build", "own_nets.none.deeper:build"])
    def test_one_that_is_not_there(self, add, value) -> None:
        add("")
        found = extended(discover(), [metadata.EntryPoint("mlp", value, GROUP)])
        assert found.broken["mlp"] == f"there is no Python file of the module {value.partition(':')[0]}"
