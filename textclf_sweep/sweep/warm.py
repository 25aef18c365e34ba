"""A warm start: the best parameter sets of another sweep, to be tried first."""

from __future__ import annotations

from dataclasses import replace

from textclf_sweep.definition.space import contains
from textclf_sweep.definition.types import Metric, Search, SweepDefinition
from textclf_sweep.errors import InputError
from textclf_sweep.ledger import Ledger
from textclf_sweep.ranking import ranked
from textclf_sweep.store import Store
from textclf_sweep.sweep.manage import open_ledger
from textclf_sweep.trial import History, Parameters, Scalar

BEST = 3
"""How many parameter sets of the other sweep are tried, for each architecture."""

Sets = dict[str, list[dict[str, Scalar]]]
"""Parameter sets by architecture."""


def best_sets(definition: SweepDefinition, best_of: str, store: Store) -> Sets:
    """The best parameter sets of the sweep `best_of`, for each architecture of `definition`; empty when it is empty.

    Raises:
        InputError: there is no other sweep of that name, or nothing to take from it.
        StorageError: the other ledger cannot be read.
    """
    if not best_of:
        return {}
    if best_of == definition.name:
        raise InputError("--enqueue-best-of names this very sweep", fix="name another one; `sweep list` shows them")
    with open_ledger(store, best_of) as other:
        metric, history = other.get("metric"), other.history()
    found = {
        search.architecture: _best(search, history, Metric(metric["name"], metric["goal"]))
        for search in definition.searches
    }
    if not any(found.values()):
        names = ", ".join(definition.architectures)
        raise InputError(
            f"--enqueue-best-of {best_of}: that sweep has no complete trial of {names} that lies in this search space",
            fix="name a sweep of the same architecture and parameters, or leave the option out",
        )
    return found


def settled(found: Sets, name: str, ledger: Ledger) -> Sets:
    """What is enqueued behind the definition's own sets: `found`, or what the sweep began with.

    Args:
        found: see `best_sets`.
        name: of the sweep to be run.
        ledger: of the sweep to be run.

    Raises:
        InputError: the sweep has begun with other ones.
    """
    kept: Sets = ledger.get("warm_start") or {}
    if found and ledger.history() and found != kept:
        raise InputError(
            f"the sweep {name!r} has begun; --enqueue-best-of can only start one",
            fix="leave the option out to go on, or give --name NEW",
        )
    return found or kept


def _best(search: Search, history: History, metric: Metric) -> list[dict[str, Scalar]]:
    """The best distinct sets of one architecture that lie in this search's space, as far as it varies parameters."""
    # Whether a trial still counts in its own sweep is no matter here.
    own = (replace(record, counted=True) for record in history if record.trial.architecture == search.architecture)
    distributions, found = dict(search.space.distributions), list[dict[str, Scalar]]()
    for record in ranked(tuple(own), metric):
        chosen = _varied(search, record.trial.parameters)
        inside = all(contains(distributions[name], value) for name, value in chosen.items())
        if chosen and inside and chosen not in found:
            found.append(chosen)
    return found[:BEST]


def _varied(search: Search, parameters: Parameters) -> dict[str, Scalar]:
    names = search.space.searched
    chosen = {name: value for name, value in parameters.items() if name in names}
    # A parameter whose parent this search fixes otherwise would never be there.
    whole = {**search.space.constants, **chosen}
    return {name: value for name, value in search.space.active(whole).items() if name in chosen}
