"""What every pruner keeps to, found as the program finds them."""

from __future__ import annotations

import importlib
import inspect
import math
import pkgutil
import time
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textclf_sweep import pruners
from textclf_sweep.definition.types import Metric
from textclf_sweep.pruners import Curve, Look, hyperband
from textclf_sweep.sweep.catalogue import discover

pytestmark = pytest.mark.unit

PRUNERS: tuple[ModuleType, ...] = tuple(
    importlib.import_module(f"{pruners.__name__}.{item.name}")
    for item in pkgutil.iter_modules(pruners.__path__)
    if not item.name.startswith("_")
)
MAXIMIZE, MINIMIZE = Metric("val_accuracy", "maximize"), Metric("val_loss", "minimize")
FEW = st.sampled_from((0.0, 0.25, 0.5, 0.75, 1.0))
"""Few values, so that ties are common."""
FINITE = st.floats(-10, 10) | FEW
ANY = st.floats() | FEW


def curves(values: st.SearchStrategy[float]) -> st.SearchStrategy[Curve]:
    return st.lists(values, min_size=1, max_size=12).map(tuple)


def looks(values: st.SearchStrategy[float]) -> st.SearchStrategy[Look]:
    return st.builds(
        Look,
        curve=curves(values),
        peers=st.lists(curves(values), max_size=9).map(tuple),
        metric=st.sampled_from((MAXIMIZE, MINIMIZE)),
        epochs=st.just(14),
    )


def mirrored(look: Look) -> Look:
    """The same look at what is to be made small instead of large, or the other way round."""
    return replace(
        look,
        curve=tuple(-value for value in look.curve),
        peers=tuple(tuple(-value for value in curve) for curve in look.peers),
        metric=MINIMIZE if look.metric is MAXIMIZE else MAXIMIZE,
    )


@st.composite
def options_of(draw: st.DrawFn, module: ModuleType) -> dict[str, Any]:
    """Valid options, some left to their defaults."""
    small = {"eta": st.sampled_from((1.1, 1.5, 2.0, 3.0, 4.0)), "strict": st.booleans()}
    options = {item.name: item.default for item in module.PARAMETERS}
    for item in module.PARAMETERS:
        if draw(st.booleans()):
            options[item.name] = draw(small.get(item.name, st.integers(1, 6)))
    if getattr(module, "check", lambda _: "")(given_only(options)):
        options |= {"min_iter": 1} | {name: None for name in ("max_iter", "s") if name in options}
    return options


def given_only(options: dict[str, Any]) -> dict[str, Any]:
    """Those that are set, as a definition has them."""
    return {name: value for name, value in options.items() if value is not None}


@st.composite
def cases(draw: st.DrawFn, values: st.SearchStrategy[float]) -> tuple[ModuleType, Look, dict[str, Any]]:
    module = draw(st.sampled_from(PRUNERS))
    return module, draw(looks(values)), draw(options_of(module))


def test_they_are_found() -> None:
    assert {module.__name__.rpartition(".")[2] for module in PRUNERS} >= {"hyperband", "asha", "median"}


@pytest.mark.parametrize("module", PRUNERS, ids=lambda module: module.__name__.rpartition(".")[2])
class TestDeclarations:
    """What a definition says of each."""

    def test_options_are_those_of_the_function(self, module: ModuleType) -> None:
        own = {
            name: item.default
            for name, item in inspect.signature(module.prune).parameters.items()
            if item.kind is inspect.Parameter.KEYWORD_ONLY
        }
        assert {item.name: item.default for item in module.PARAMETERS} == own

    def test_defaults_are_valid_and_options_explained(self, module: ModuleType) -> None:
        for item in module.PARAMETERS:
            assert item.default is None or item.reject(item.default) is None
            assert item.doc

    def test_a_definition_is_checked_by_its_functions(self, module: ModuleType) -> None:
        entry = discover().pruners[module.__name__.rpartition(".")[2]]
        assert entry.first_epoch is module.first_epoch
        assert entry.check is getattr(module, "check", None)

    def test_it_is_patient_by_default(self, module: ModuleType) -> None:
        assert {item.name: item.default for item in module.PARAMETERS}["min_trials"] == 4


@given(cases(FINITE))
def test_the_best_trial_goes_on(case: tuple[ModuleType, Look, dict[str, Any]]) -> None:
    """One that is, epoch for epoch, at least as good as every other; ties with the best go on, too."""
    module, look, options = case
    pick = max if look.metric.goal == "maximize" else min
    best = tuple(
        pick([value, *(curve[epoch] for curve in look.peers if len(curve) > epoch)])
        for epoch, value in enumerate(look.curve)
    )
    assert module.prune(replace(look, curve=best), **options) == ""


@given(cases(ANY))
def test_it_takes_enough_peers_that_have_come_as_far(case: tuple[ModuleType, Look, dict[str, Any]]) -> None:
    module, look, options = case
    reached = [curve for curve in look.peers if len(curve) >= len(look.curve)]
    few = replace(look, peers=tuple(reached[: options["min_trials"] - 1]))
    assert module.prune(few, **options) == ""


@given(cases(ANY))
def test_trials_that_are_equal_go_on(case: tuple[ModuleType, Look, dict[str, Any]]) -> None:
    module, look, options = case
    assert module.prune(replace(look, peers=(look.curve,) * 9), **options) == ""


@given(cases(ANY))
def test_the_answer_is_a_function_of_the_look(case: tuple[ModuleType, Look, dict[str, Any]]) -> None:
    """And the order of the peers, which tells when they were proposed, is no part of it."""
    module, look, options = case
    first = module.prune(look, **options)
    assert module.prune(replace(look, peers=look.peers[::-1]), **options) == first
    assert module.prune(look, **options) == first


@given(cases(FINITE))
def test_small_is_to_minimise_what_large_is_to_maximise(case: tuple[ModuleType, Look, dict[str, Any]]) -> None:
    module, look, options = case
    assert bool(module.prune(look, **options)) == bool(module.prune(mirrored(look), **options))


@given(cases(ANY))
def test_before_its_first_epoch_nothing_ends(case: tuple[ModuleType, Look, dict[str, Any]]) -> None:
    module, look, options = case
    assert module.first_epoch(given_only(options)) >= 1
    early = look.curve[: module.first_epoch(given_only(options)) - 1]
    assert not early or module.prune(replace(look, curve=early), **options) == ""


@given(st.sampled_from(PRUNERS).flatmap(lambda module: st.tuples(st.just(module), options_of(module))))
def test_at_its_first_epoch_a_hopeless_trial_ends(case: tuple[ModuleType, dict[str, Any]]) -> None:
    module, options = case
    epoch = module.first_epoch(given_only(options))
    look = Look((0.1,) * epoch, ((0.9,) * epoch,) * 60, MAXIMIZE, epochs=epoch + 1)
    assert module.prune(look, **options).startswith(f"behind at epoch {epoch}: ")


@pytest.mark.parametrize("eta", [1 + 1e-12, 1.1])
def test_a_ratio_near_one_does_not_hang(eta: float) -> None:
    """A definition allows 1.1 and more; whoever calls with less waits no longer."""
    started, epochs = time.perf_counter(), 10_000
    look = Look((0.1,) * epochs, ((0.9,) * epochs,) * 8, MAXIMIZE, epochs=2 * epochs)
    for module in PRUNERS:
        forms = [{"min_iter": 1}] + ([{"max_iter": epochs, "s": 10**9}] if module is hyperband else [])
        if "eta" in {item.name for item in module.PARAMETERS}:
            for options in forms:
                module.prune(look, eta=eta, **options)
            (rule,) = (item for item in module.PARAMETERS if item.name == "eta")
            assert (rule.reject(eta) is None) == (eta == 1.1)
    assert time.perf_counter() - started < 2


@given(cases(FINITE))
def test_the_last_epoch_is_too_late(case: tuple[ModuleType, Look, dict[str, Any]]) -> None:
    module, look, options = case
    assert module.prune(replace(look, epochs=len(look.curve)), **options) == ""


@pytest.mark.parametrize("module", PRUNERS, ids=lambda module: module.__name__.rpartition(".")[2])
class TestBehind:
    """A trial that is hopeless."""

    OPTIONS = {"hyperband": {"min_iter": 3}}  # noqa: RUF012 - a constant

    def prune(self, module: ModuleType, look: Look) -> str:
        return module.prune(look, **self.OPTIONS.get(module.__name__.rpartition(".")[2], {}))

    @pytest.mark.parametrize("metric", [MAXIMIZE, MINIMIZE], ids=lambda metric: metric.goal)
    def test_it_ends_and_the_reason_tells_what_was_compared(self, module: ModuleType, metric: Metric) -> None:
        good, bad = (0.9, 0.2) if metric is MAXIMIZE else (0.2, 0.9)
        reason = self.prune(module, Look((bad,) * 3, ((good,) * 3,) * 8, metric, 20))
        side = "below" if metric is MAXIMIZE else "above"
        assert reason.startswith(f"behind at epoch 3: {metric.name} {bad}, {side} the ")
        assert f"({good}) of " in reason

    def test_a_value_that_is_not_finite_is_behind_and_is_no_measure(self, module: ModuleType) -> None:
        nothing, something = (math.nan, math.inf, -math.inf), (0.2,) * 3
        assert "val_loss not finite" in self.prune(module, Look(nothing, (something,) * 8, MINIMIZE, 20))
        assert self.prune(module, Look(something, (nothing,) * 8, MINIMIZE, 20)) == ""
        assert self.prune(module, Look(nothing, (nothing,) * 8, MAXIMIZE, 20)) == ""
