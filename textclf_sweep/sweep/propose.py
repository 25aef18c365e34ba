"""The next trial as a function of the definition and the history."""

from __future__ import annotations

import importlib
from dataclasses import replace

from textclf_sweep.definition.space import contains
from textclf_sweep.definition.types import SweepDefinition
from textclf_sweep.ranking import best
from textclf_sweep.searchers import Ask, key
from textclf_sweep.trial import History, Parameters, Trial, derive_seed


def next_trial(definition: SweepDefinition, history: History) -> Trial | None:
    """Trial ``len(history) + 1``; None when `run_cap` is reached or the space is used up.

    Enqueued parameter sets come first; a partial one is completed by the searcher.
    """
    number = len(history) + 1
    if definition.run_cap is not None and number > definition.run_cap:
        return None
    parameters = _parameters(definition, history, number)
    if parameters is None:
        return None
    return Trial(
        number=number,
        architecture=definition.architecture,
        parameters=parameters,
        seed=derive_seed(definition.seed, number, "trial"),
        seen=tuple(record.number for record in history if record.state.final),
    )


def _parameters(definition: SweepDefinition, history: History, number: int) -> Parameters | None:
    searcher = importlib.import_module(f"textclf_sweep.searchers.{definition.method}")
    ask = Ask(definition.space, definition.metric, definition.seed, number, history)
    parameters: Parameters | None = None
    if number <= len(definition.enqueue):
        parameters = searcher.propose(replace(ask, space=definition.space.fix(definition.enqueue[number - 1])))
    return parameters if parameters is not None else searcher.propose(ask)


def total(definition: SweepDefinition) -> int | None:
    """How many trials the sweep has in all; None when only a budget, a target or a person ends it."""
    size, cap = _size(definition), definition.run_cap
    return min((bound for bound in (size, cap) if bound is not None), default=None)


def _size(definition: SweepDefinition) -> int | None:
    """The parameter sets of the space and the enqueued ones that lie outside it."""
    size, distributions = definition.space.size, dict(definition.space.distributions)
    outside = {
        key(parameters)
        for parameters in definition.enqueue
        if not all(contains(distributions[name], value) for name, value in parameters.items())
    }
    return None if size is None else size + len(outside)


def limit_reached(definition: SweepDefinition, history: History, active_seconds: float) -> str:
    """Why no more trial should start (the time budget, the target), in a few words; empty when one may."""
    limit, metric = definition.budget.time, definition.metric
    if limit is not None and active_seconds >= limit:
        return f"the time budget of {limit:g} s is spent"
    leader = best(history, metric)
    if metric.target is None or leader is None or leader.value is None:
        return ""
    reached = leader.value == metric.target or metric.better(leader.value, metric.target)
    return f"the target {metric.name} {metric.target:g} is reached" if reached else ""
