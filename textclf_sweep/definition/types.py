"""The frozen values a definition becomes. Mappings in them are never mutated after construction."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from textclf_sweep.definition.space import SearchSpace
from textclf_sweep.trial import Parameters, Scalar

FREE = ("run_cap", "budget", "engine", "workers", "description")
"""Keys that may change between two runs of one sweep; a change of any other makes it another sweep."""


@dataclass(frozen=True, slots=True)
class Metric:
    """The objective.

    Attributes:
        name: one of `textclf_sweep.trial.OBJECTIVES`.
        goal: which direction is better.
        target: the sweep ends when a trial reaches it; None never.
    """

    name: str = "val_accuracy"
    goal: Literal["maximize", "minimize"] = "maximize"
    target: float | None = None

    def better(self, left: float, right: float) -> bool:
        """Whether `left` is strictly better than `right`."""
        return left > right if self.goal == "maximize" else left < right


@dataclass(frozen=True, slots=True)
class EarlyStopping:
    """When a trial stops by itself; the best epoch's weights are restored either way.

    Attributes:
        metric: what is watched, one of `textclf_sweep.trial.OBJECTIVES`; defaults to the sweep's metric.
        patience: epochs without improvement before stopping, >= 1.
        min_delta: the least change that counts as improvement, >= 0.
    """

    metric: str = "val_accuracy"
    patience: int = 3
    min_delta: float = 0.0


@dataclass(frozen=True, slots=True)
class Budget:
    """What a sweep may spend.

    Attributes:
        time: active seconds of the sweep over all its runs; None is unlimited.
        trial_time: seconds one trial may take before it is failed as a timeout.
    """

    time: float | None = None
    trial_time: float = 1800.0


@dataclass(frozen=True, slots=True)
class DataSettings:
    """Where texts and labels come from and how they are split.

    Attributes:
        source: a source of the catalogue.
        path: absolute path of the file; None for a bundled source.
        text, label: column names.
        group: column whose rows stay on one side of a split; None groups only equal texts.
        validation, test: shares in (0, 1), with validation + test < 1; unused when the source ships its own split.
        options: the source's own options, all of them, defaults included.
    """

    source: str
    path: str | None = None
    text: str = "text"
    label: str = "label"
    group: str | None = None
    validation: float = 0.15
    test: float = 0.15
    options: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SweepDefinition:
    """One sweep, complete and valid.

    Attributes:
        name: the sweep's name, also of its MLflow experiment.
        architecture: a name of the catalogue.
        method: a searcher of the catalogue.
        metric: the objective.
        space: every parameter of the architecture, fixed ones as constants.
        data: texts, labels and splits.
        run_cap: the number of trials; None runs until the space is exhausted, the budget is spent or someone stops it.
        enqueue: parameter sets, possibly partial, that the first trials use.
        early_stopping: None trains every epoch.
        budget: time limits.
        seed: of the search, the splits and (with a trial's number) its training; in [0, 2**31).
        engine: an engine of the catalogue.
        workers: how many trials train at once; None lets the engine choose.
        description: free text shown in MLflow.
        ignored: keys of other tools that were accepted and have no effect here.
    """

    name: str
    architecture: str
    method: str
    space: SearchSpace
    data: DataSettings
    metric: Metric = Metric()
    run_cap: int | None = None
    enqueue: tuple[Parameters, ...] = ()
    early_stopping: EarlyStopping | None = None
    budget: Budget = Budget()
    seed: int = 0
    engine: str = "local"
    workers: int | None = None
    description: str = ""
    ignored: tuple[str, ...] = ()

    def identity(self) -> dict[str, Any]:
        """What makes it this sweep and no other, as JSON: everything but the keys of `FREE` and `ignored`.

        The data's path is left out too: its content decides (see the data hash), so a moved file is no change.
        """
        whole = dataclasses.asdict(self)
        kept = {key: value for key, value in whole.items() if key not in (*FREE, "ignored")}
        # Two distributions can have equal fields, so the kind is written beside them.
        kept["space"] = {
            name: {"kind": type(item).__name__.lower(), **dataclasses.asdict(item)}
            for name, item in self.space.distributions
        }
        del kept["data"]["path"]
        plain: dict[str, Any] = json.loads(json.dumps(kept))
        return plain

    def hash(self) -> str:
        """SHA-256 of `identity`, hexadecimal."""
        return hashlib.sha256(json.dumps(self.identity(), sort_keys=True).encode()).hexdigest()
