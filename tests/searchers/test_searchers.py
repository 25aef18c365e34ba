from __future__ import annotations

import importlib
import pkgutil

import pytest

from textclf_sweep import searchers
from textclf_sweep.searchers import key

pytestmark = pytest.mark.unit


SEARCHERS = {
    item.name: importlib.import_module(f"textclf_sweep.searchers.{item.name}")
    for item in pkgutil.iter_modules(searchers.__path__)
    if not item.name.startswith("_")
}


def test_the_shipped_searchers_are_found() -> None:
    assert {"cmaes", "grid", "qmc", "random", "tpe"} <= SEARCHERS.keys()


def test_a_library_has_one_default_for_a_method() -> None:
    defaults = [
        (getattr(searcher, "LIBRARY", "optuna"), searcher.METHODS[0])
        for searcher in SEARCHERS.values()
        if getattr(searcher, "DEFAULT", False)
    ]
    assert len(defaults) == len(set(defaults))
    assert {("optuna", method) for method in ("grid", "random", "bayes")} <= set(defaults)


def test_true_is_not_one() -> None:
    assert key({"a": True}) != key({"a": 1})
    assert key({"a": 1.0}) != key({"a": 1})
    assert key({"a": 1, "b": "x"}) == key({"b": "x", "a": 1})
