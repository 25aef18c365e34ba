"""The next trial as a function of the definition and the history."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import ModuleType

from textclf_sweep.definition.space import contains
from textclf_sweep.definition.types import Search, SweepDefinition
from textclf_sweep.ranking import best
from textclf_sweep.searchers import Ask, Wait, key
from textclf_sweep.sweep.allocate import turns
from textclf_sweep.trial import History, Parameters, Trial, TrialRecord, TrialState, derive_seed


def next_trial(definition: SweepDefinition, history: History) -> Trial | Wait | None:
    """Trial ``len(history) + 1``.

    Enqueued parameter sets come first in each architecture's search; a partial one is completed by the searcher.

    Args:
        definition: of the sweep.
        history: all its trials; those that are not counted take up a number and nothing else.

    Returns:
        None when `run_cap` is reached or the space is used up, `Wait` when that depends on how running trials end.
    """
    counted, exhausted = tuple(record for record in history if record.counted), set[str]()
    while True:
        searches, waiting = turns(definition, counted, exhausted), False
        if isinstance(searches, Wait):
            return searches
        for search in searches:
            parameters = _parameters(definition, search, history)
            if isinstance(parameters, Wait):
                waiting = True
            elif parameters is None:
                # Who goes on in a race depends on it: ask again whose turn it is.
                exhausted.add(search.architecture)
                break
            else:
                return _trial(definition, search, parameters, history)
        else:
            return Wait() if waiting else None


def masked(history: History, last: int) -> History:
    """`history` as if its last trials were still running: what a proposal that is made ahead may see.

    Args:
        history: all trials.
        last: how many, >= 0.
    """
    shown = len(history) - last
    return tuple(
        record
        if index < shown or not record.counted
        else TrialRecord(record.trial, TrialState.RUNNING, attempts=record.attempts)
        for index, record in enumerate(history)
    )


def searcher_of(definition: SweepDefinition) -> ModuleType:
    """The module that proposes."""
    return importlib.import_module(f"textclf_sweep.searchers.{definition.sampler}")


def warmed(definition: SweepDefinition, sets: Mapping[str, Sequence[Parameters]]) -> SweepDefinition:
    """`definition` with parameter sets of another sweep to be tried first, behind its own.

    Args:
        definition: of the sweep.
        sets: by architecture.
    """
    searches = (replace(search, warm=tuple(sets.get(search.architecture, ()))) for search in definition.searches)
    return replace(definition, searches=tuple(searches))


def _trial(definition: SweepDefinition, search: Search, parameters: Parameters, history: History) -> Trial:
    number = len(history) + 1
    return Trial(
        number=number,
        architecture=search.architecture,
        parameters=parameters,
        seed=derive_seed(definition.seed, number, "trial"),
        seen=tuple(record.number for record in history if record.state.final),
    )


def _parameters(definition: SweepDefinition, search: Search, history: History) -> Parameters | Wait | None:
    searcher = searcher_of(definition)
    own = tuple(record for record in history if record.trial.architecture == search.architecture)
    number = len(own) + 1
    ask = Ask(
        search.space, definition.metric, definition.seed, number, tuple(record for record in own if record.counted)
    )
    parameters: Parameters | Wait | None = None
    if number <= len(search.first):
        parameters = searcher.propose(replace(ask, space=search.space.fix(search.first[number - 1])))
    return parameters if parameters is not None else searcher.propose(ask)


def first_trial(definition: SweepDefinition, search: Search) -> Trial:
    """The first trial of one architecture as its searcher proposes it, or where that takes long, a random one."""
    slow = getattr(searcher_of(definition), "AHEAD", False)
    quick = replace(definition, sampler="random") if slow else definition
    parameters = _parameters(quick, search, ())
    if parameters is None or isinstance(parameters, Wait):
        parameters = _parameters(replace(definition, sampler="random"), search, ())
    if parameters is None or isinstance(parameters, Wait):
        raise ValueError(f"the search space of {search.architecture} is empty")
    return _trial(definition, search, parameters, ())


def total(definition: SweepDefinition) -> int | None:
    """How many trials the sweep has in all; None when only a budget, a target or a person ends it."""
    parts = [trials_of(search) for search in definition.searches]
    whole = None if any(part is None for part in parts) else sum(part or 0 for part in parts)
    return min((bound for bound in (whole, definition.run_cap) if bound is not None), default=None)


def trials_of(search: Search) -> int | None:
    """How many trials one architecture's search has at the most; None when nothing of its own ends it."""
    return min((bound for bound in (_size(search), search.run_cap) if bound is not None), default=None)


def _size(search: Search) -> int | None:
    """The parameter sets of the space and the enqueued ones that lie outside it."""
    size, distributions = search.space.size, dict(search.space.distributions)
    outside = {
        key(parameters)
        for parameters in search.first
        if not all(contains(distributions[name], value) for name, value in parameters.items())
    }
    return None if size is None else size + len(outside)


def limit_reached(definition: SweepDefinition, history: History, active_seconds: float) -> str:
    """Why no more trial should start (budget, target), in a few words; empty when one may."""
    budget, metric = definition.budget, definition.metric
    if budget.time is not None and active_seconds >= budget.time:
        return f"the time budget of {budget.time:g} s is spent"
    leader = best(history, metric)
    if leader is None or leader.value is None:
        return ""
    if metric.target is not None and (leader.value == metric.target or metric.better(leader.value, metric.target)):
        return f"the target {metric.name} {metric.target:g} is reached"
    later = sum(record.state.final and record.counted for record in history[leader.number :])
    if budget.patience is not None and later >= budget.patience:
        return f"budget.patience: {later} finished trials in a row brought nothing better than trial {leader.number}"
    return ""
