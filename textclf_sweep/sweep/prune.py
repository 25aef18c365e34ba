"""Whether a running trial has fallen so far behind that it ends: the history as a pruner sees it."""

from __future__ import annotations

import importlib

from textclf_sweep.definition.types import SweepDefinition
from textclf_sweep.pruners import Curve, Look
from textclf_sweep.training.parameters import complete
from textclf_sweep.trial import EpochEvent, History, Trial, TrialRecord, TrialState

PEERS = (TrialState.RUNNING, TrialState.COMPLETE, TrialState.PRUNED)
"""The states of the trials that others are measured by."""


def prune(definition: SweepDefinition, history: History, event: EpochEvent) -> str:
    """Why the trial whose epoch `event` tells of ends here, in a few words; empty when it goes on."""
    rule = definition.early_terminate
    if rule is None:
        return ""
    record = history[event.trial - 1]
    own = [epoch for epoch in record.epochs if epoch.epoch <= event.epoch]
    peers = tuple(
        _curve(other, definition.metric.name)
        for other in history
        if other.number != event.trial
        and other.counted
        and other.state in PEERS
        and other.trial.architecture == record.trial.architecture
    )
    look = Look(
        curve=tuple(epoch.metrics[definition.metric.name] for epoch in own),
        peers=peers,
        metric=definition.metric,
        epochs=_epochs(definition, record.trial),
    )
    pruner = importlib.import_module(f"textclf_sweep.pruners.{rule.type}")
    reason: str = pruner.prune(look, **rule.options)
    return reason


def _epochs(definition: SweepDefinition, trial: Trial) -> int:
    """The most epochs that a trial trains; where a condition keeps them out of it, its architecture's default."""
    given = dict(trial.parameters)
    if "epochs" not in given and definition.own(trial.architecture) is None:
        module = importlib.import_module(f"textclf_sweep.architectures.{trial.architecture}")
        given |= {item.name: item.preset for item in getattr(module, "OVERRIDES", ()) if item.name == "epochs"}
    return int(complete(given)["epochs"])


def _curve(record: TrialRecord, metric: str) -> Curve:
    return tuple(epoch.metrics[metric] for epoch in record.epochs)
