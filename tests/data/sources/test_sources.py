"""What every source promises, and how a source is found."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from collections import Counter

import pytest

from textclf_sweep.data import sources
from textclf_sweep.data.corpus import comparable
from textclf_sweep.data.sources import uci_news
from textclf_sweep.definition.space import Parameter
from textclf_sweep.definition.types import DataSettings
from textclf_sweep.errors import DataError

NAMES = [module.name for module in pkgutil.iter_modules(sources.__path__) if not module.name.startswith("_")]


@pytest.mark.contract
@pytest.mark.parametrize("name", NAMES)
def test_source_declares_what_the_catalogue_asks(name: str) -> None:
    module = importlib.import_module(f"{sources.__name__}.{name}")
    assert module.__doc__
    assert all(isinstance(item, Parameter) and item.reject(item.default) is None for item in module.PARAMETERS)
    assert all(ending == ending.lower() and ending.startswith(".") for ending in module.EXTENSIONS)
    assert callable(module.load)


@pytest.mark.contract
def test_the_room_is_light_to_import() -> None:
    modules = ", ".join(
        [
            "textclf_sweep.floors",
            "textclf_sweep.data.features.tokens",
            *(f"{sources.__name__}.{name}" for name in NAMES),
        ]
    )
    script = f"import sys, {modules}; print(*sorted(name for name in sys.modules if '.' not in name))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert "textclf_sweep" in loaded
    assert not {"numpy", "sklearn", "scipy", "pandas", "tensorflow", "keras", "mlflow", "optuna"} & set(loaded)


@pytest.mark.unit
def test_unknown_source() -> None:
    with pytest.raises(DataError, match="no data source 'parquett'"):
        sources.load(DataSettings("parquett", "x"))


@pytest.mark.unit
def test_bundled_sample() -> None:
    corpus = uci_news.load(DataSettings("uci_news"))
    assert corpus.parts is not None
    assert corpus.groups is not None
    assert Counter(corpus.parts) == {"train": 4_000, "validation": 800, "test": 2_000}
    per_part = Counter(zip(corpus.parts, corpus.labels, strict=True))
    assert {label for _, label in per_part} == {"business", "entertainment", "health", "sci_tech"}
    assert all(count in (1_000, 200, 500) for count in per_part.values())
    assert all(text.strip() for text in corpus.texts)
    assert corpus.lines[:2] == (2, 3)


@pytest.mark.unit
def test_bundled_sample_has_no_story_and_no_text_in_two_parts() -> None:
    corpus = uci_news.load(DataSettings("uci_news"))
    assert corpus.parts is not None
    assert corpus.groups is not None
    for values in (corpus.groups, map(comparable, corpus.texts)):
        sides: dict[str, set[str]] = {}
        for value, part in zip(values, corpus.parts, strict=True):
            sides.setdefault(value, set()).add(part)
        assert all(len(parts) == 1 for parts in sides.values())
