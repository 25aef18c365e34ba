"""Whose turn it is: which architecture's search gets the next trial. A function of definition and history."""

from __future__ import annotations

import math
from collections.abc import Collection

from textclf_sweep.definition.types import Search, SweepDefinition
from textclf_sweep.ranking import standing
from textclf_sweep.searchers import Wait
from textclf_sweep.trial import History


def turns(definition: SweepDefinition, history: History, exhausted: Collection[str]) -> tuple[Search, ...] | Wait:
    """The searches that may have the next trial, the one whose turn it is first; empty when all is done.

    Args:
        definition: of the sweep.
        history: its counted trials.
        exhausted: architectures whose space is used up.
    """
    searches = tuple(search for search in definition.searches if search.architecture not in exhausted)
    if definition.run_cap is not None and len(history) >= definition.run_cap:
        return ()
    if definition.allocate == "race":
        return _race(definition, searches, history)
    counts = _counts(history)
    open_ = [
        search for search in searches if search.run_cap is None or counts.get(search.architecture, 0) < search.run_cap
    ]
    return tuple(sorted(open_, key=lambda search: counts.get(search.architecture, 0)))


def _race(definition: SweepDefinition, searches: tuple[Search, ...], history: History) -> tuple[Search, ...] | Wait:
    """Successive halving over the architectures.

    Jamieson and Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization", AISTATS 2016. The
    trials are divided evenly among the rounds and, in a round, among the architectures that are left; after each
    round the better half by best trial goes on, and the last one gets all trials that remain. A round is judged when
    its trials have ended, so that who goes on does not depend on timing.
    """
    counts, left, quota = _counts(history), definition.searches, 0
    rounds = math.ceil(math.log2(len(left)))
    share = (definition.run_cap or 0) // (rounds + 1)
    while len(left) > 1:
        quota += max(1, share // len(left))
        short = [search for search in left if search in searches and counts.get(search.architecture, 0) < quota]
        if short:
            return tuple(sorted(short, key=lambda search: counts.get(search.architecture, 0)))
        # Trials of later rounds are running already: a round is judged by its own.
        judged = _first(history, [search.architecture for search in left], quota)
        if any(not record.state.final for record in judged):
            return Wait()
        order = standing(judged, definition.metric, definition.architectures)
        left = tuple(sorted(left, key=lambda search: order.index(search.architecture))[: math.ceil(len(left) / 2)])
    if left[0] in searches:
        return left
    # The winner's space is used up: what is left of the budget goes to the others, best first.
    order = standing(history, definition.metric, definition.architectures)
    return tuple(sorted(searches, key=lambda search: order.index(search.architecture)))


def _first(history: History, architectures: Collection[str], count: int) -> History:
    """The first `count` trials of each of these architectures."""
    seen: dict[str, int] = {}
    chosen = []
    for record in history:
        name = record.trial.architecture
        seen[name] = seen.get(name, 0) + 1
        if name in architectures and seen[name] <= count:
            chosen.append(record)
    return tuple(chosen)


def _counts(history: History) -> dict[str, int]:
    counts: dict[str, int] = {}
    for record in history:
        counts[record.trial.architecture] = counts.get(record.trial.architecture, 0) + 1
    return counts
