"""How the spread of an objective is divided among parameters: estimates on trials, and how sure they are. Pure."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from textclf_sweep.definition.types import Metric
from textclf_sweep.trial import Scalar, TrialRecord

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Integers = npt.NDArray[np.intp]

ARCHITECTURE = "architecture"
"""The name of the parameter that is a trial's architecture."""
OWN_FOREST = 10
"""Trials from which an architecture has a forest of its own; the others share one."""
TREES, DEPTH = 64, 8
RESAMPLES = 200
QUARTER, ENOUGH_FOR_QUARTER = 0.25, 20
"""PED-ANOVA looks at the best quarter; Optuna asks for at least five trials in it."""


def value_of(record: TrialRecord, name: str) -> Scalar | None:
    """A trial's value of a parameter, or its architecture; None where it has no such parameter."""
    return record.trial.architecture if name == ARCHITECTURE else record.trial.parameters.get(name)


def numbers(values: Sequence[Scalar | None]) -> bool:
    """Whether all values that are there are numbers."""
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values if value is not None)


def divided(found: Sequence[TrialRecord], names: Sequence[str], objective: Floats, seed: int) -> tuple[Floats, Floats]:
    """Each parameter's share, and the same of trials drawn anew.

    What architectures differ in is the share of the architecture. What is left is learned by one forest for each
    architecture, or for several that have few trials, and divided by fANOVA; interactions are in no share.

    Args:
        found: trials with a value.
        names: of the parameters, `ARCHITECTURE` first where there are several.
        objective: of each trial, shape (trials).
        seed: of the trees and of the trials that are drawn.

    Returns:
        Shares of shape (names), and of shape (resamples, names); each row sums to 1.
    """
    architectures = [record.trial.architecture for record in found]
    codes = np.unique(architectures, return_inverse=True)[1]
    means = np.bincount(codes, objective) / np.bincount(codes)
    blocks = _blocks(codes)
    forests = [
        _trees([found[index] for index in block], names, (objective - means[codes])[block], seed) for block in blocks
    ]
    whose = np.empty(len(found), np.intp)
    for index, block in enumerate(blocks):
        whose[block] = index
    draw = np.random.default_rng(seed)
    shares = _combined(objective, codes, whose, [trees.mean(0) for trees in forests], names)
    again = []
    for _ in range(RESAMPLES):
        drawn = draw.integers(0, len(found), len(found))
        # Each tree has grown on trials drawn anew. Means of several would be too sure of themselves.
        grown = [trees[draw.integers(TREES)] for trees in forests]
        again.append(_combined(objective[drawn], codes[drawn], whose[drawn], grown, names))
    return shares, np.array(again)


def _blocks(codes: Integers) -> list[Integers]:
    """Which trials are learned together: those of one architecture where they are enough, and all others."""
    enough = np.bincount(codes)[codes] >= OWN_FOREST
    blocks = [np.flatnonzero(codes == code) for code in np.unique(codes[enough])]
    return [*blocks, np.flatnonzero(~enough)] if not enough.all() else blocks


def _combined(
    objective: Floats, codes: Integers, whose: Integers, within: Sequence[Floats], names: Sequence[str]
) -> Floats:
    """The shares of all parameters; equal ones where nothing differs.

    Args:
        objective: of each trial.
        codes: each trial's architecture, from 0.
        whose: the block of each trial.
        within: of each block, what its parameters explain.
        names: of the parameters.
    """
    counts = np.bincount(codes)
    means = np.bincount(codes, objective) / np.maximum(counts, 1)
    rest = (objective - means[codes]) ** 2
    shares = np.zeros(len(names))
    if names[0] == ARCHITECTURE:
        between, kinds = ((objective - objective.mean()) ** 2).sum() - rest.sum(), np.count_nonzero(counts)
        # Means of a few trials differ by chance: that much is taken off (omega squared, Hays 1963).
        by_chance = (kinds - 1) * rest.sum() / max(1, len(objective) - kinds)
        shares[0] = max(0.0, between - by_chance)
    for block, parts in enumerate(within):
        if parts.sum() > 0:
            shares += rest[whose == block].sum() * parts / parts.sum()
    whole = shares.sum()
    return shares / whole if whole > 0 else np.full(len(names), 1 / len(names))


def _trees(found: Sequence[TrialRecord], names: Sequence[str], objective: Floats, seed: int) -> Floats:
    """What each parameter explains by itself in each of `TREES` trees, of shape (trees, names)."""
    import optuna  # noqa: PLC0415 - heavy

    placed = {name: _placed([value_of(record, name) for record in found], objective) for name in names}
    columns = {name: column for name, column in placed.items() if name != ARCHITECTURE and np.ptp(column) > 0}
    divided_by_tree = np.zeros((TREES, len(names)))
    if not columns or np.ptp(objective) == 0:
        return divided_by_tree
    unit = optuna.distributions.FloatDistribution(0, 1)
    trials = [{name: float(column[index]) for name, column in columns.items()} for index in range(len(found))]
    study = _study(trials, dict.fromkeys(columns, unit), objective, Metric())
    for tree in range(TREES):
        evaluator = optuna.importance.FanovaImportanceEvaluator(n_trees=1, max_depth=DEPTH, seed=seed + tree)
        parts = _evaluated(study, list(columns), evaluator)
        divided_by_tree[tree] = [parts.get(name, 0.0) for name in names]
    return divided_by_tree


def _placed(values: Sequence[Scalar | None], objective: Floats) -> Floats:
    """Each value as the share of trials below it, in (0, 1): so logarithms, priors and choices are all alike.

    Optuna's fANOVA weighs a range by its length, even a logarithmic one, nine tenths of which would be its last decade.
    What is no number is put in the order of its mean objective, in which a tree finds the best cut (Breiman et al.
    1984); where a parameter is absent it is put in the middle.
    """
    there = [index for index, value in enumerate(values) if value is not None]
    if numbers(values):
        keys = np.array([float(values[index] or 0) for index in there])
    else:
        texts = np.unique([repr(values[index]) for index in there], return_inverse=True)[1]
        keys = (np.bincount(texts, objective[there]) / np.bincount(texts))[texts]
    _, ranks, counts = np.unique(keys, return_inverse=True, return_counts=True)
    column = np.full(len(values), 0.5)
    column[there] = ((np.cumsum(counts) - counts / 2) / max(1, len(there)))[ranks]
    return column


def _study(
    trials: Sequence[Mapping[str, Any]],
    distributions: Mapping[str, Any],
    objective: Sequence[float] | Floats,
    metric: Metric,
) -> Any:
    import optuna  # noqa: PLC0415 - heavy

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction=metric.goal)
    for params, value in zip(trials, objective, strict=True):
        own = {name: distributions[name] for name in params}
        study.add_trial(optuna.create_trial(params=dict(params), distributions=own, value=float(value)))
    return study


def _evaluated(study: Any, names: Sequence[str], evaluator: Any) -> dict[str, float]:
    """What Optuna says; nothing when the trials that a tree was grown on do not differ."""
    from optuna.importance import get_param_importances  # noqa: PLC0415 - heavy

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # features that are experimental, and regimes of few trials
        try:
            found = get_param_importances(study, evaluator=evaluator, params=list(names), normalize=False)
        except RuntimeError:
            return {}
    return {name: float(value) for name, value in found.items()}


def ped_anova(found: Sequence[TrialRecord], names: Sequence[str], metric: Metric) -> Floats | None:
    """What decides who is among the best quarter, of shape (names), summing to 1.

    Optuna compares a parameter only where it is present. None when that cannot be told: from fewer than
    `ENOUGH_FOR_QUARTER` trials, or when the best differ in nothing.
    """
    from optuna import distributions as kinds  # noqa: PLC0415 - heavy
    from optuna.importance import PedAnovaImportanceEvaluator  # noqa: PLC0415 - heavy

    if len(found) < ENOUGH_FOR_QUARTER:
        return None
    trials: list[dict[str, Any]] = [{} for _ in found]
    distributions: dict[str, Any] = {}
    for name in names:
        values = [value_of(record, name) for record in found]
        plain = numbers(values)
        placed = _placed(values, np.zeros(len(values)))
        texts = sorted({repr(value) for value in values if value is not None})
        distributions[name] = kinds.FloatDistribution(0, 1) if plain else kinds.CategoricalDistribution(texts)
        for params, value, place in zip(trials, values, placed, strict=True):
            if value is not None:
                params[name] = float(place) if plain else repr(value)
    study = _study(trials, distributions, [record.value or 0.0 for record in found], metric)
    parts = _evaluated(study, names, PedAnovaImportanceEvaluator(target_quantile=QUARTER))
    shares = np.array([parts.get(name, 0.0) for name in names])
    return shares / shares.sum() if shares.sum() > 0 else None


def explained(found: Sequence[TrialRecord], names: Sequence[str], objective: Floats, seed: int) -> float:
    """The share of the spread that is predicted of trials that were not seen, in [0, 1].

    Of a trial are predicted the mean of its architecture's other trials, and what a forest makes of its parameters (out
    of bag). Where nothing matters that is below 0.05 in 19 of 20 histories.
    """
    whole = float(((objective - objective.mean()) ** 2).sum())
    if whole == 0:
        return 0.0
    codes = np.unique([record.trial.architecture for record in found], return_inverse=True)[1]
    counts = np.bincount(codes)[codes]
    rest = objective - (np.bincount(codes, objective) / np.bincount(codes))[codes]
    # A trial is no part of the mean it is predicted by; the only one of an architecture goes by all.
    missed = np.where(counts > 1, rest * counts / np.maximum(1, counts - 1), objective - objective.mean())
    for block in _blocks(codes):
        missed[block] -= _out_of_bag([found[index] for index in block], names, rest[block], seed)
    return min(1.0, max(0.0, 1 - float((missed**2).sum()) / whole))


def _out_of_bag(found: Sequence[TrialRecord], names: Sequence[str], objective: Floats, seed: int) -> Floats:
    """What a forest predicts of each trial from the others."""
    from sklearn.ensemble import RandomForestRegressor  # noqa: PLC0415 - heavy

    columns: list[Floats] = []
    for name in names:
        values = [value_of(record, name) for record in found]
        if name == ARCHITECTURE:
            continue
        if numbers(values):
            columns.append(_placed(values, objective))
        else:
            # The order of means would tell of the trials that are to be predicted.
            choices = sorted(set(values), key=repr)
            columns += [np.array([value == choice for value in values], np.float64) for choice in choices]
    if not columns or len(found) < 2:
        return np.zeros(len(found))
    forest = RandomForestRegressor(100, oob_score=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of very few trials, one may be in every tree
        predicted: Floats = forest.fit(np.array(columns).T, objective).oob_prediction_
    return predicted
