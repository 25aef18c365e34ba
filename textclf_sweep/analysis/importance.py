"""Where the differences between trials come from: data settings, the architecture, each hyperparameter. Pure.

Shares of the spread are fANOVA's (Hutter et al. 2014), by Optuna: a forest learns the objective from the parameters,
and its variance is divided among them. Beside it stands PED-ANOVA (Watanabe et al. 2023), which asks another question:
what decides whether a trial is among the best quarter. Intervals are those of trials drawn anew (bootstrap).
"""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from textclf_sweep.analysis.words import number
from textclf_sweep.definition.types import Metric
from textclf_sweep.trial import History, Scalar, TrialRecord

if TYPE_CHECKING:
    from optuna.study import Study

LEAST = 4
"""Trials below which nothing can be said."""
FEW = 10
"""Trials for each parameter that is searched, below which shares are a guess."""
RESAMPLES, TREES = 20, 24
QUARTER = 0.25
GROUPS = ("data", "architecture", "hyperparameters")
ARCHITECTURE = "architecture"

Spaces = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Of each architecture its parameters, each with its ``kind`` and what else its distribution has."""


@dataclass(frozen=True, slots=True)
class Share:
    """How much of the spread something explains.

    Attributes:
        share: in [0, 1]; all parameters' sum to 1.
        low, high: where 9 in 10 of the shares lie when trials are drawn anew.
        decisive: the same of what decides who is among the best quarter, by PED-ANOVA.
    """

    share: float
    low: float
    high: float
    decisive: float


@dataclass(frozen=True, slots=True)
class Importance:
    """What the trials of a sweep tell of the parameters.

    Attributes:
        trials: how many were looked at.
        spread: least, greatest and standard deviation of the objective, and ``noise``: the standard deviation that
            the number of validation rows alone brings about (of an accuracy; else 0).
        groups: of `GROUPS`, those with something that varies.
        parameters: by name, the greatest share first.
        best: of each parameter, what the best quarter has.
        words: what it comes to, in sentences.
    """

    trials: int
    spread: Mapping[str, float]
    groups: Mapping[str, Share]
    parameters: Mapping[str, Share]
    best: Mapping[str, str]
    words: tuple[str, ...]

    def to_json(self, group_of: Callable[[str], str]) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "trials": self.trials,
            "method": "fanova",
            "spread": dict(self.spread),
            "groups": {name: asdict(share) for name, share in self.groups.items()},
            "parameters": [
                {"name": name, "group": group_of(name), **asdict(share), "best": self.best[name]}
                for name, share in self.parameters.items()
            ],
            "words": list(self.words),
        }


def usable(history: History) -> list[TrialRecord]:
    """The trials that tell something: those that count and have a value, ended early or not."""
    return [record for record in history if record.counted and record.value is not None]


def importance(  # noqa: PLR0913 - what a sweep has, each once
    history: History,
    spaces: Spaces,
    metric: Metric,
    rows: int,
    group_of: Callable[[str], str],
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Importance:
    """What explains the differences between trials.

    Args:
        history: of the sweep; at least `LEAST` trials of it are `usable`.
        spaces: of the sweep's architectures.
        metric: the objective.
        rows: validation rows.
        group_of: one of `GROUPS` for each parameter.
        seed: of the forests and of the trials that are drawn.
        resamples: how often trials are drawn anew, for the intervals.

    Raises:
        ValueError: there are too few trials, or nothing varies.
    """
    import numpy as np  # noqa: PLC0415 - heavy

    found = usable(history)
    names = varied(found, spaces)
    if len(found) < LEAST or not names:
        raise ValueError(f"{len(found)} trials, {len(names)} parameters that vary")
    values = [record.value or 0.0 for record in found]
    spread = {
        "least": min(values), "greatest": max(values), "standard_deviation": float(np.std(values)),
        "noise": _noise(values, metric, rows),
    }  # fmt: skip
    study = _study(found, spaces, names, metric)
    shares, decisive = _fanova(study, names, seed), _ped_anova(study, names)
    draw, again = np.random.default_rng(seed), list[dict[str, float]]()
    for resample in range(resamples):
        some = [found[index] for index in draw.integers(0, len(found), len(found))]
        again.append(_fanova(_study(some, spaces, names, metric), names, seed + resample))
    order = sorted(names, key=lambda name: -shares[name])
    parameters = {name: _share(np, [name], shares, decisive, again) for name in order}
    members = {group: [name for name in names if group_of(name) == group] for group in GROUPS}
    groups = {group: _share(np, some, shares, decisive, again) for group, some in members.items() if some}
    best = {name: _of_the_best(found, name, metric) for name in names}
    words = _words(len(found), parameters, groups, spread, best)
    return Importance(len(found), spread, groups, parameters, best, words)


def varied(found: Sequence[TrialRecord], spaces: Spaces) -> tuple[str, ...]:
    """The parameters in which the trials differ, the architecture first when there are several."""
    names = dict.fromkeys(name for record in found for name in record.trial.parameters)
    searched = [name for name in names if any(_searched(space.get(name)) for space in spaces.values())]
    different = [name for name in searched if len({repr(_value(record, name)) for record in found}) > 1]
    several = len({record.trial.architecture for record in found}) > 1
    return (*([ARCHITECTURE] if several else []), *different)


def _searched(item: Mapping[str, Any] | None) -> bool:
    return item is not None and item["kind"] != "constant"


def _value(record: TrialRecord, name: str) -> Scalar | None:
    return record.trial.architecture if name == ARCHITECTURE else record.trial.parameters.get(name)


def _noise(values: Sequence[float], metric: Metric, rows: int) -> float:
    top = max(values)
    return math.sqrt(top * (1 - top) / rows) if metric.name == "val_accuracy" and rows and 0 <= top <= 1 else 0.0


def _study(found: Sequence[TrialRecord], spaces: Spaces, names: Sequence[str], metric: Metric) -> Study:
    """The trials as Optuna has them; where a parameter is not active it has the value it has most often elsewhere."""
    import optuna  # noqa: PLC0415 - heavy

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction=metric.goal)
    distributions = {name: _distribution(found, spaces, name) for name in names}
    usual = {name: _usual(found, name) for name in names}
    for record in found:
        given = {name: _value(record, name) for name in names}
        params = {name: usual[name] if value is None else value for name, value in given.items()}
        # Values are compared as texts where they are a choice: true and 1 are two.
        params = {
            name: repr(value)
            if isinstance(distributions[name], optuna.distributions.CategoricalDistribution)
            else value
            for name, value in params.items()
        }
        study.add_trial(optuna.create_trial(params=params, distributions=distributions, value=record.value))
    return study


def _usual(found: Sequence[TrialRecord], name: str) -> Scalar:
    values = [value for record in found if (value := _value(record, name)) is not None]
    return Counter(values).most_common(1)[0][0]


def _distribution(found: Sequence[TrialRecord], spaces: Spaces, name: str) -> Any:
    from optuna import distributions  # noqa: PLC0415 - heavy

    values = [value for record in found if (value := _value(record, name)) is not None]
    ranges = [item for space in spaces.values() if (item := space.get(name)) and item["kind"] == "range"]
    plain = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    if not ranges or not plain:
        return distributions.CategoricalDistribution(sorted({repr(value) for value in values}))
    numbers = [float(value) for value in values]
    low = min(*(float(item["low"]) for item in ranges), *numbers)
    high = max(*(float(item["high"]) for item in ranges), *numbers)
    log = low > 0 and all(item.get("log") for item in ranges)
    return distributions.FloatDistribution(low, high, log=log)


def _fanova(study: Study, names: Sequence[str], seed: int) -> dict[str, float]:
    from optuna.importance import FanovaImportanceEvaluator  # noqa: PLC0415 - heavy

    return _evaluated(study, names, FanovaImportanceEvaluator(n_trees=TREES, max_depth=TREES, seed=seed))


def _ped_anova(study: Study, names: Sequence[str]) -> dict[str, float]:
    from optuna.importance import PedAnovaImportanceEvaluator  # noqa: PLC0415 - heavy

    return _evaluated(study, names, PedAnovaImportanceEvaluator(target_quantile=QUARTER))


def _evaluated(study: Study, names: Sequence[str], evaluator: Any) -> dict[str, float]:
    """Shares that sum to 1; equal ones when the trials drawn do not differ."""
    from optuna.importance import get_param_importances  # noqa: PLC0415 - heavy

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # experimental features, and trials that do not differ
            found = get_param_importances(study, evaluator=evaluator, params=list(names))
    except (ValueError, RuntimeError, ZeroDivisionError):
        found = {}
    total = sum(float(value) for value in found.values())
    if not total > 0:
        return dict.fromkeys(names, 1 / len(names))
    return {name: float(found.get(name, 0.0)) / total for name in names}


def _share(
    np_: Any,
    names: Sequence[str],
    shares: Mapping[str, float],
    decisive: Mapping[str, float],
    again: Sequence[Mapping[str, float]],
) -> Share:
    """Of several parameters together."""
    sums = [sum(item[name] for name in names) for item in again]
    low, high = (float(value) for value in np_.quantile(sums, (0.05, 0.95)))
    whole = sum(shares[name] for name in names)
    return Share(whole, min(low, whole), max(high, whole), sum(decisive[name] for name in names))


def _of_the_best(found: Sequence[TrialRecord], name: str, metric: Metric) -> str:
    """What the best quarter of the trials has of a parameter: a range, or the commonest value."""
    sign = -1 if metric.goal == "maximize" else 1
    order = sorted(found, key=lambda record: sign * (record.value or 0.0))
    values = [value for record in order[: max(2, len(order) // 4)] if (value := _value(record, name)) is not None]
    if not values:
        return "-"
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        low, high = min(values), max(values)
        return number(low) if low == high else f"{number(low)} to {number(high)}"
    value, count = Counter(values).most_common(1)[0]
    return f"{number(value)} ({count} of {len(values)})"


def _words(
    trials: int,
    parameters: Mapping[str, Share],
    groups: Mapping[str, Share],
    spread: Mapping[str, float],
    best: Mapping[str, str],
) -> tuple[str, ...]:
    told = []
    if spread["noise"] and spread["greatest"] - spread["least"] < 3 * spread["noise"]:
        told.append(
            f"All trials lie within {spread['greatest'] - spread['least']:.4f} of each other, which the number of "
            f"validation rows alone can bring about (standard deviation {spread['noise']:.4f}): nothing matters "
            "measurably."
        )
    elif groups:
        parts = [f"{name} {share.share:.0%} ({share.low:.0%} to {share.high:.0%})" for name, share in groups.items()]
        told.append(f"Of the spread between trials, {', '.join(parts)}.")
        (first, share), *others = parameters.items()
        sure = "clearly" if share.low > max((other.high for _, other in others), default=0) else "probably"
        told.append(f"{first} {sure} matters most ({share.share:.0%}); the best quarter has {best[first]}.")
    if trials < FEW * len(parameters):
        told.append(
            f"{trials} trials are few for {len(parameters)} parameter{'s' * (len(parameters) > 1)} "
            f"(about {FEW} for each make a picture): take the shares as a hint."
        )
    return tuple(told)
