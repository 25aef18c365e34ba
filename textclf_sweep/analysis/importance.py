"""Where the differences between trials come from: data settings, the architecture, each hyperparameter. Pure.

Shares of the spread are fANOVA's (Hutter et al. 2014), by Optuna: a forest learns the objective from the parameters,
and its variance is divided among them. What architectures differ in is taken off first, by an analysis of variance, so
that a parameter is only compared within architectures that have it. Beside the shares stands PED-ANOVA (Watanabe et
al. 2023), which asks another question: what decides whether a trial is among the best quarter.
"""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from textclf_sweep.analysis.shares import ARCHITECTURE, divided, explained, numbers, ped_anova, value_of
from textclf_sweep.analysis.words import number
from textclf_sweep.data import cleaning, features
from textclf_sweep.definition.types import Metric
from textclf_sweep.training import parameters as training
from textclf_sweep.trial import History, TrialRecord, TrialState

if TYPE_CHECKING:
    from textclf_sweep.analysis.shares import Floats

LEAST = 4
"""Trials below which nothing can be said."""
FEW = 10
"""Trials for each parameter that is searched, below which shares are a guess."""
WIDE = 0.8
"""Width from which an interval says nothing."""
BY_CHANCE = 0.05
"""What a forest explains of unseen trials where nothing matters: less than this in 19 of 20 such histories."""
GROUPS = ("data", "architecture", "hyperparameters")
REGULARISATION = frozenset({"dropout", "recurrent_dropout", "l1", "l2"})

Spaces = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Of each architecture its parameters, as `SweepDefinition.identity` has them."""


@dataclass(frozen=True, slots=True)
class Share:
    """How much of the spread something explains.

    Attributes:
        share: in [0, 1]; all parameters' sum to 1.
        low, high: where 9 in 10 of the shares lie when trials are drawn anew. That is no confidence interval: of
            simulated histories with 40 and 100 trials it held the truth in 3 to 10 of 10, with 20 in 2 to 10.
        decisive: the same of what decides who is among the best quarter, by PED-ANOVA; None with fewer than
            `ENOUGH_FOR_QUARTER` trials.
    """

    share: float
    low: float
    high: float
    decisive: float | None


@dataclass(frozen=True, slots=True)
class Importance:
    """What the trials of a sweep tell of the parameters.

    Attributes:
        trials: how many were looked at.
        spread: least, greatest and standard deviation of the objective, and ``noise``: the standard deviation that
            the number of validation rows alone brings about (of accuracy and macro-F1; else None).
        explained: how much of the spread a forest predicts of trials it has not seen (out of bag), in [0, 1].
        groups: of `GROUPS`, those with something that varies.
        parameters: by name, the greatest share first.
        architectures: of each parameter, which have it; None for all.
        best: of each parameter, what the best quarter has.
        words: what it comes to, in sentences.
    """

    trials: int
    spread: Mapping[str, float | None]
    explained: float
    groups: Mapping[str, Share]
    parameters: Mapping[str, Share]
    architectures: Mapping[str, str | None]
    best: Mapping[str, str]
    words: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "trials": self.trials,
            "method": "fanova",
            "spread": dict(self.spread),
            "explained": self.explained,
            "groups": {name: asdict(share) for name, share in self.groups.items()},
            "parameters": [
                {
                    "name": name,
                    "group": group_of(name),
                    "architecture": self.architectures[name],
                    **asdict(share),
                    "best": self.best[name],
                }
                for name, share in self.parameters.items()
            ],
            "words": list(self.words),
        }


def importance(history: History, spaces: Spaces, metric: Metric, rows: int, *, seed: int = 0) -> Importance:
    """What explains the differences between trials.

    Trials that were ended early count with the value they had then: leaving them out hides what made them bad. Losses
    are compared by their logarithm, or one that exploded would be all there is.

    Args:
        history: of the sweep; at least `LEAST` trials of it are `usable`.
        spaces: of the sweep's architectures.
        metric: the objective.
        rows: validation rows; 0 when unknown.
        seed: of the trees and of the trials that are drawn.

    Raises:
        ValueError: there are too few trials, or nothing varies.
    """
    found = usable(history)
    names = varied(found)
    if len(found) < LEAST or not names:
        raise ValueError(f"{len(found)} trials, {len(names)} parameters that vary")
    objective = _objective(found, metric)
    shares, again = divided(found, names, objective, seed)
    decisive = ped_anova(found, names, metric)
    parameters = {
        names[index]: _share([index], shares, again, decisive) for index in np.argsort(-shares, kind="stable")
    }
    members = {group: [index for index, name in enumerate(names) if group_of(name) == group] for group in GROUPS}
    groups = {group: _share(some, shares, again, decisive) for group, some in members.items() if some}
    spread = _spread(found, metric, rows)
    predicted = explained(found, names, objective, seed)
    best = {name: _of_the_best(found, name, metric) for name in names}
    words = _words(history, parameters, groups, spread, predicted, best)
    having = {name: _having(name, spaces) for name in names}
    return Importance(len(found), spread, predicted, groups, parameters, having, best, words)


def usable(history: History) -> list[TrialRecord]:
    """The trials that tell something: those that count and have a value, ended early or not."""
    return [record for record in history if record.counted and record.value is not None]


def varied(found: Sequence[TrialRecord]) -> tuple[str, ...]:
    """The parameters in which trials of one architecture differ, and first the architecture when there are several."""
    values: dict[tuple[str, str], set[str]] = {}
    for record in found:
        for name, value in record.trial.parameters.items():
            values.setdefault((name, record.trial.architecture), set()).add(repr(value))
    different = dict.fromkeys(name for (name, _), seen in values.items() if len(seen) > 1)
    several = len({record.trial.architecture for record in found}) > 1
    return (*([ARCHITECTURE] if several else []), *different)


def group_of(parameter: str) -> str:
    """Of `GROUPS`, whose a parameter is; what only an architecture declares is the architecture's.

    Regularisation (`REGULARISATION`) counts as hyperparameters wherever it is declared.
    """
    if parameter in {item.name for item in cleaning.PARAMETERS} | _of_features():
        return "data"
    if parameter in {item.name for item in training.PARAMETERS} | REGULARISATION:
        return "hyperparameters"
    return "architecture"


def _of_features() -> set[str]:
    modules = (item.name for item in pkgutil.iter_modules(features.__path__) if not item.name.startswith("_"))
    loaded = [importlib.import_module(f"{features.__name__}.{name}") for name in modules]
    return {parameter.name for module in loaded for parameter in module.PARAMETERS}


def _having(name: str, spaces: Spaces) -> str | None:
    having = [architecture for architecture, space in spaces.items() if name in space]
    return ", ".join(having) if having and len(having) < len(spaces) else None


def _objective(found: Sequence[TrialRecord], metric: Metric) -> Floats:
    values = np.array([record.value for record in found], np.float64)
    return np.log(np.maximum(values, 1e-12)) if metric.name.endswith("loss") else values


def _spread(found: Sequence[TrialRecord], metric: Metric, rows: int) -> dict[str, float | None]:
    values = [record.value for record in found if record.value is not None]
    top = max(values)
    counts = metric.name in ("val_accuracy", "val_macro_f1") and rows > 0 and 0 <= top <= 1
    return {
        "least": min(values), "greatest": top, "standard_deviation": float(np.std(values, ddof=1)),
        "noise": math.sqrt(top * (1 - top) / rows) if counts else None,
    }  # fmt: skip


def _share(members: Sequence[int], shares: Floats, again: Floats, decisive: Floats | None) -> Share:
    """Of several parameters together."""
    whole = min(1.0, float(shares[members].sum()))
    low, high = (float(value) for value in np.quantile(again[:, members].sum(1), (0.05, 0.95)))
    told = None if decisive is None else float(decisive[members].sum())
    return Share(whole, max(0.0, min(low, whole)), min(1.0, max(high, whole)), told)


def _of_the_best(found: Sequence[TrialRecord], name: str, metric: Metric) -> str:
    """What the best quarter of the trials has of a parameter: a range, or the commonest value."""
    sign = -1 if metric.goal == "maximize" else 1
    order = sorted(found, key=lambda record: sign * (record.value or 0.0))
    values = [value for record in order[: max(2, len(order) // 4)] if (value := value_of(record, name)) is not None]
    if not values:
        return "-"
    if numbers(values):
        low, high = min(values), max(values)
        return number(low) if low == high else f"{number(low)} to {number(high)}"
    value, count = Counter(values).most_common(1)[0]
    return f"{number(value)} ({count} of {len(values)})"


def _words(  # noqa: PLR0913, PLR0917 - what was found, each once
    history: History,
    parameters: Mapping[str, Share],
    groups: Mapping[str, Share],
    spread: Mapping[str, float | None],
    predicted: float,
    best: Mapping[str, str],
) -> tuple[str, ...]:
    found = usable(history)
    few = len(found) < FEW * len(parameters)
    told = []
    if few:
        told.append(
            f"Too few trials to tell: {len(found)} for {len(parameters)} parameter{'s' * (len(parameters) > 1)}, "
            f"where about {FEW * len(parameters)} make a picture. Take the shares as a hint."
        )
    nothing = _nothing(len(found), spread, predicted)
    told += [nothing] if nothing else _of_shares(parameters, groups, predicted, best, few=few)
    pruned = sum(record.state is TrialState.PRUNED for record in found)
    if pruned:
        told.append(
            f"{pruned} of the {len(found)} trials ended early and count with the value they had then: what makes a "
            "trial learn slowly looks worse than it may be."
        )
    failed = sum(record.counted and record.state is TrialState.FAILED for record in history)
    if failed:
        which = f"{failed} trials failed and have" if failed > 1 else "1 trial failed and has"
        told.append(f"{which} no value: what makes trials fail is in no share.")
    return tuple(told)


def _nothing(trials: int, spread: Mapping[str, float | None], predicted: float) -> str:
    """Why no parameter matters as far as can be seen; empty when one does."""
    from scipy.stats import chi2  # noqa: PLC0415 - heavy

    deviation, noise = spread["standard_deviation"] or 0.0, spread["noise"]
    if deviation == 0:
        return "All trials reached the same value: nothing matters measurably."
    # What noise alone stays below in 19 of 20 cases.
    if noise is not None and deviation <= noise * math.sqrt(chi2.ppf(0.95, trials - 1) / (trials - 1)):
        return (
            f"The trials differ no more (standard deviation {deviation:.4f}) than the number of validation rows alone "
            f"brings about ({noise:.4f}): nothing matters measurably."
        )
    if predicted < BY_CHANCE:
        return (
            "What these trials tell of the parameters does not predict other trials: no effect can be told from "
            "chance, and the shares mean nothing."
        )
    return ""


def _of_shares(
    parameters: Mapping[str, Share],
    groups: Mapping[str, Share],
    predicted: float,
    best: Mapping[str, str],
    *,
    few: bool,
) -> list[str]:
    parts = [f"{name} {share.share:.0%} ({share.low:.0%} to {share.high:.0%})" for name, share in groups.items()]
    told = [
        f"The parameters predict {predicted:.0%} of the spread between trials that were not learned from. Of what each "
        f"explains by itself: {', '.join(parts)}."
    ]
    (first, share), *others = parameters.items()
    if others:
        sure = not few and share.low > max(other.high for _, other in others)
        told.append(
            f"{first} {'clearly' if sure else 'probably'} matters most ({share.share:.0%}); the best quarter has "
            f"{best[first]}."
        )
    open_ = [name for name, share in groups.items() if share.high - share.low >= WIDE]
    if open_:
        told.append(f"The interval of {' and '.join(open_)} covers nearly everything: these trials do not tell it.")
    return told
