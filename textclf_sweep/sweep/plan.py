"""What a sweep would do, without doing it."""

from __future__ import annotations

import contextlib
import importlib
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from textclf_sweep.definition.types import SweepDefinition
from textclf_sweep.errors import StorageError
from textclf_sweep.ledger import Ledger
from textclf_sweep.store import Store
from textclf_sweep.sweep import warm
from textclf_sweep.sweep.assumptions import check_cleaning
from textclf_sweep.sweep.prerequisites import check_needs
from textclf_sweep.sweep.propose import next_trial, searcher_of, total, trials_of, warmed
from textclf_sweep.sweep.resume import only_space_differs, outside
from textclf_sweep.training.parameters import complete
from textclf_sweep.trial import History, Parameters, Trial, TrialRecord, TrialState

START_SECONDS = 10.0
"""Until the workers have imported TensorFlow."""

SAMPLE = 5
"""How many parameter sets a plan shows."""


def plan(
    definition: SweepDefinition, store: Store, workers: int, *, extend: bool = False, best_of: str = ""
) -> dict[str, Any]:
    """The object of ``sweep plan --json``.

    Args:
        definition: what would run.
        store: whose complete trials the estimate of the time comes from.
        workers: how many trials would train at once (see `capacity`).
        extend: whether trials of another search space would count where they fit (``sweep run --extend``).
        best_of: another sweep whose best parameter sets would be tried first; empty for none.

    Raises:
        InputError: there is nothing to take from `best_of`, or a package is lacking that the cleaning needs.
    """
    check_needs(definition)
    warnings = check_cleaning(definition)
    same, found, warm_start = _known(definition, store)
    definition = warmed(definition, warm.best_sets(definition, best_of, store) or warm_start)
    counting = tuple(replace(record, counted=not outside(record, definition)) for record in found)
    reused = sum(record.counted and record.state.final for record in counting)
    history = counting if same or extend else ()
    whole = total(definition)
    trials = None if whole is None else max(0, whole - (reused if history else 0))
    budget, paces = definition.budget, getattr(searcher_of(definition), "PACES", False)
    # What chooses its epochs itself, such as Hyperband, ends by itself too.
    bounded = paces or any(limit is not None for limit in (budget.time, budget.patience, definition.metric.target))
    sample = list(itertools.islice(_sample(definition, history), SAMPLE))
    return {
        "sweep": definition.name,
        "trials": trials,
        "up_to": trials is not None and bounded,
        "architectures": [
            {
                "architecture": search.architecture,
                "combinations": search.space.size,
                "trials": None if definition.allocate == "race" else trials_of(search),
            }
            for search in definition.searches
        ],
        "reused": {
            "trials": reused,
            "left_out": sum(not record.counted for record in counting),
            "extend": not same,
        },
        "sample": [
            {"number": trial.number, "architecture": trial.architecture, "parameters": dict(trial.parameters)}
            for trial in sample
        ],
        "estimate_seconds": _estimate(definition, store, sample, trials, workers) if sample and trials else None,
        "warnings": list(warnings),
    }


def capacity(definition: SweepDefinition) -> int:
    """How many trials would train at once on this machine."""
    engine = importlib.import_module(f"textclf_sweep.engines.{definition.engine}")
    return int(engine.capacity(definition.workers))


def _known(definition: SweepDefinition, store: Store) -> tuple[bool, History, warm.Sets]:
    """What the store has of this sweep: whether it is of this very definition, its trials, and its warm start.

    Trials of another definition are given when it differs in the search space alone, so that ``--extend`` would keep
    what still fits.
    """
    with contextlib.suppress(StorageError), Ledger.read(store.sweep(definition.name).ledger) as ledger:
        if ledger.get("definition_hash") == definition.hash():
            return True, ledger.history(), ledger.get("warm_start") or {}
        if only_space_differs(ledger.get("definition") or {}, definition):
            return False, ledger.history(), ledger.get("warm_start") or {}
    return True, (), {}


def _sample(definition: SweepDefinition, history: History) -> Iterator[Trial]:
    """The next trials as they would be run before any new result is known."""
    yield from (record.trial for record in history if record.counted and not record.state.final)
    for _ in range(SAMPLE):
        trial = next_trial(definition, history)
        if not isinstance(trial, Trial):
            return
        history = (*history, TrialRecord(trial, TrialState.WAITING))
        yield trial


def _estimate(
    definition: SweepDefinition, store: Store, sample: Sequence[Trial], trials: int, workers: int
) -> float | None:
    """Seconds the sweep may take: what an epoch took and how many of its epochs a trial trained, in the store so far.

    Trials of this sweep tell, else those of its architecture; None without one.
    """
    own, others = list[TrialRecord](), list[TrialRecord]()
    for path in sorted(store.sweeps.glob("*/ledger.db")):
        # Another sweep's ledger that cannot be read is no reason not to plan this one.
        with contextlib.suppress(StorageError), Ledger.read(path) as ledger:
            records = own if ledger.get("name") == definition.name else others
            records.extend(item for item in ledger.history() if item.trial.architecture in definition.architectures)
    done = [record for record in own or others if record.result is not None and record.epochs]
    if not done:
        return None
    per_epoch = fmean(record.result.seconds / len(record.epochs) for record in done if record.result)
    share = fmean(len(record.epochs) / _epochs(record.trial.parameters) for record in done)
    epochs = fmean(_epochs(trial.parameters) for trial in sample)
    rounds = math.ceil(trials / workers)
    return START_SECONDS + rounds * per_epoch * share * epochs


def _epochs(parameters: Parameters) -> int:
    return int(complete(parameters)["epochs"])
