"""The frozen values a definition becomes. Mappings in them are never mutated after construction."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from textclf_sweep.definition.space import SearchSpace
from textclf_sweep.trial import Parameters, Scalar

FREE = ("run_cap", "budget", "engine", "workers", "description", "folder", "baselines")
"""Keys that may change between two runs of one sweep; a change of any other makes it another sweep."""


BASELINES = ("chance", "majority", "linear")
"""What trials can be compared with: see `textclf_sweep.floors`."""

Allocate = Literal["each", "race"]
ALLOCATE: tuple[Allocate, ...] = get_args(Allocate)
"""How the trials of a sweep are shared among its architectures."""


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
    """When a trial stops by itself.

    Attributes:
        metric: what is watched, one of `textclf_sweep.trial.OBJECTIVES`; defaults to the sweep's metric.
        patience: epochs without improvement before stopping, >= 1.
        min_delta: the least change that counts as improvement, >= 0.
        restore_best_weights: whether a trial ends with the weights of its best epoch; else with those of its last.
    """

    metric: str = "val_accuracy"
    patience: int = 3
    min_delta: float = 0.0
    restore_best_weights: bool = True


@dataclass(frozen=True, slots=True)
class EarlyTerminate:
    """How trials that fall behind others are ended.

    Attributes:
        type: a pruner of the catalogue.
        options: the pruner's own, defaults included; one that has no default and is not set is absent.
    """

    type: str
    options: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OwnArchitecture:
    """An architecture of the user's.

    Attributes:
        location: what holds it: a Python file as written in the definition (a relative path starts from its folder), or
            a module by its dotted name.
        function: the function in it that builds the model; empty for a module that follows the whole contract of
            `textclf_sweep.architectures`.
        features: a module of `textclf_sweep.data.features`.
        digest: SHA-256 of the file, hexadecimal; of a module, empty.
    """

    location: str
    function: str = "build"
    features: str = "tokens"
    digest: str = ""

    def identity(self) -> dict[str, str]:
        """What makes it this architecture, as JSON: of a file its content, wherever it is."""
        found = dataclasses.asdict(self)
        return {key: value for key, value in found.items() if key != ("location" if self.digest else "digest")}


@dataclass(frozen=True, slots=True)
class Search:
    """The search of one architecture.

    Attributes:
        architecture: a name of the catalogue, or that of an architecture of the user's.
        space: every parameter of the architecture, fixed ones as constants.
        run_cap: the number of its trials; None is no limit of its own.
        enqueue: parameter sets, possibly partial, that its first trials use.
        warm: more of them, behind those, taken from another sweep when this one began; no part of its identity.
        own: where the user's own architecture is; None for one of the catalogue.
    """

    architecture: str
    space: SearchSpace
    run_cap: int | None = None
    enqueue: tuple[Parameters, ...] = ()
    warm: tuple[Parameters, ...] = ()
    own: OwnArchitecture | None = None

    @property
    def first(self) -> tuple[Parameters, ...]:
        """All parameter sets that are tried first, in order."""
        return (*self.enqueue, *self.warm)


@dataclass(frozen=True, slots=True)
class Budget:
    """What a sweep may spend.

    Attributes:
        time: active seconds of the sweep over all its runs; None is unlimited.
        trial_time: seconds one trial may take before it is failed as a timeout.
        patience: the sweep ends when so many trials in a row have finished without a better one; None never.
    """

    time: float | None = None
    trial_time: float = 1800.0
    patience: int | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """What is done about rows whose text is blank.

    Attributes:
        action: ``drop`` them with a note, keep them ``empty``, make them an ``error``, ``fill`` in one text for all, or
            take the text ``from`` another column (and drop those where it is blank too).
        value: the text to fill in, or the column's name; else empty.
    """

    action: Literal["drop", "empty", "error", "fill", "from"] = "drop"
    value: str = ""


@dataclass(frozen=True, slots=True)
class DataSettings:
    """Where texts and labels come from, how labels are written, and how the rows are split.

    Labels are trimmed, put in one case, mapped, dropped and counted in this order.

    Attributes:
        source: a source of the catalogue.
        path: absolute path of the file or folder (or the name the source knows it by); None for a bundled source.
        validation_path, test_path: the same, of separate validation and test data; None takes a share of `path`.
        text: column names; several are joined by a space, blank ones left out.
        label: column name.
        group: column whose rows stay on one side of a split; None groups only equal and nearly equal texts.
        split: column that says which part a row belongs to; None for none.
        validation, test: shares in (0, 1), with validation + test < 1; for parts that the data do not bring themselves.
        folds: every trial is trained so many times, each time validated on another part of the train and validation
            rows; None trains it once.
        missing: what is done about blank texts.
        trim_labels: whether white space around labels is removed.
        label_case: ``keep``, ``lower`` or ``upper``.
        labels: (written, meant) pairs; labels that are not written here stay.
        drop_labels: labels whose rows are left out.
        min_per_label: labels with fewer rows are left out; 1 keeps all.
        log_text: whether MLflow may be sent texts of rows; None: when it is on this machine.
        options: the source's own options, all of them, defaults included.
    """

    source: str
    path: str | None = None
    validation_path: str | None = None
    test_path: str | None = None
    text: tuple[str, ...] = ("text",)
    label: str = "label"
    group: str | None = None
    split: str | None = None
    validation: float = 0.15
    test: float = 0.15
    folds: int | None = None
    missing: Missing = Missing()
    trim_labels: bool = False
    label_case: Literal["keep", "lower", "upper"] = "keep"
    labels: tuple[tuple[str, str], ...] = ()
    drop_labels: tuple[str, ...] = ()
    min_per_label: int = 1
    log_text: bool | None = None
    options: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SweepDefinition:
    """One sweep, complete and valid.

    Attributes:
        name: the sweep's name, also of its MLflow experiment.
        searches: one for each architecture, in the definition's order; at least one.
        method: grid, random or bayes.
        sampler: a searcher of the catalogue, one that serves the method.
        metric: the objective.
        data: texts, labels and splits.
        run_cap: the number of trials of all architectures; None runs until the space is exhausted, the budget is
            spent or someone stops it.
        allocate: ``each`` gives every architecture its own trials, ``race`` shares `run_cap` out by their results.
        early_stopping: None trains every epoch.
        early_terminate: None lets every trial train to its end.
        budget: limits of time and patience.
        seed: of the search, the splits and (with a trial's number) its training; in [0, 2**31).
        engine: an engine of the catalogue.
        workers: how many trials train at once; None lets the engine choose.
        description: free text shown in MLflow.
        folder: absolute path of what relative paths in parameters start from.
        baselines: what the trials are compared with, of `BASELINES`.
        ignored: keys that were accepted and have no effect here: those of other tools, and (with the reason in
            brackets) one whose value has none.
    """

    name: str
    searches: tuple[Search, ...]
    method: str
    sampler: str
    data: DataSettings
    metric: Metric = Metric()
    run_cap: int | None = None
    allocate: Allocate = "each"
    early_stopping: EarlyStopping | None = None
    early_terminate: EarlyTerminate | None = None
    budget: Budget = Budget()
    seed: int = 0
    engine: str = "local"
    workers: int | None = None
    description: str = ""
    folder: str = ""
    baselines: tuple[str, ...] = BASELINES
    ignored: tuple[str, ...] = ()

    @property
    def architectures(self) -> tuple[str, ...]:
        """The names of the architectures, in the definition's order."""
        return tuple(search.architecture for search in self.searches)

    @property
    def several(self) -> bool:
        """Whether more than one architecture is searched."""
        return len(self.searches) > 1

    @property
    def searched(self) -> tuple[str, ...]:
        """The names of the parameters that some architecture's search varies."""
        return tuple(dict.fromkeys(name for search in self.searches for name in search.space.searched))

    def search(self, architecture: str) -> Search | None:
        """The search of one architecture; None when it has none here."""
        return next((search for search in self.searches if search.architecture == architecture), None)

    def own(self, architecture: str) -> OwnArchitecture | None:
        """Where an architecture of the user's is; None for one of the catalogue."""
        search = self.search(architecture)
        return None if search is None else search.own

    def identity(self) -> dict[str, Any]:
        """What makes it this sweep and no other, as JSON: everything but the keys of `FREE` and `ignored`.

        The data's paths are left out too: their content decides (see the data hash), so a moved file is no change. So
        is the place of an architecture's file.
        """
        whole = dataclasses.asdict(self)
        kept = {key: value for key, value in whole.items() if key not in (*FREE, "ignored", "searches")}
        kept["architecture"] = list(self.architectures)
        kept["space"] = {search.architecture: _space(search.space) for search in self.searches}
        kept["enqueue"] = {
            search.architecture: [dict(item) for item in search.enqueue] for search in self.searches if search.enqueue
        }
        own = {search.architecture: search.own for search in self.searches if search.own is not None}
        if own:  # absent where it says nothing: sweeps from before it stay what they are
            kept["own"] = {name: item.identity() for name, item in own.items()}
        for key in ("path", "validation_path", "test_path", "log_text"):
            del kept["data"][key]
        plain: dict[str, Any] = json.loads(json.dumps(kept))
        return plain

    def hash(self) -> str:
        """SHA-256 of `identity`, hexadecimal."""
        return hashlib.sha256(json.dumps(self.identity(), sort_keys=True).encode()).hexdigest()


def _space(space: SearchSpace) -> dict[str, dict[str, Any]]:
    """Each parameter's distribution, its kind and its conditions (when it has any)."""
    conditions = {
        name: {condition.parent: list(condition.values) for condition in items} for name, items in space.conditions
    }
    return {
        # Two distributions can have equal fields, so the kind is written beside them.
        name: {"kind": type(item).__name__.lower(), **dataclasses.asdict(item)}
        | ({"when": conditions[name]} if name in conditions else {})
        for name, item in space.distributions
    }
