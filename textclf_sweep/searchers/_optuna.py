"""Optuna's tree-structured Parzen estimator, told a history. Imports optuna: whoever needs it imports this late.

The study is rebuilt for each proposal, so nothing is kept between two of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial
from optuna.trial import TrialState as OptunaState

from textclf_sweep.definition.distribution import position
from textclf_sweep.definition.space import Categorical, Condition, draw, snap
from textclf_sweep.searchers import Ask
from textclf_sweep.searchers._encoding import UNIT_END, Axis, axes, failure_value, settled
from textclf_sweep.trial import Parameters, Scalar, TrialRecord

Code = int | float
SOME_TIME = datetime(2000, 1, 1, tzinfo=UTC)
"""When every trial is said to have begun: Optuna asks for it, and no proposal may depend on the clock."""


class _Told(FrozenTrial):
    """A trial that is told to one study alone. Copying and checking it would be most of the work of rebuilding one."""

    def __deepcopy__(self, memo: dict[int, object]) -> _Told:
        return self

    def _validate(self) -> None:
        return


class _Sampler(optuna.samplers.TPESampler):
    """The estimator, asked for one group of parameters after the other by `suggestions`."""

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:  # noqa: ARG002 - the signature is Optuna's
        """No parameters at all: Optuna would look for them in the whole history."""
        return {}


def suggestions(ask: Ask, seed: int) -> Iterator[Parameters]:
    """One draw of the estimator after another, each a point of the space, possibly one that was proposed before.

    Args:
        ask: with at least one finished trial.
        seed: of the draws.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    # Multivariate and with the constant liar: pending trials count as poor ones.
    sampler = _Sampler(seed=seed, n_startup_trials=0, multivariate=True, constant_liar=True)
    study = optuna.create_study(direction=ask.metric.goal, sampler=sampler)
    moving, fixed = axes(ask.space), settled(ask.space)
    distributions = {name: _distribution(item) for name, item in moving.items()}
    failed = failure_value(ask.history, ask.metric)
    # Listed values come again and again; True is not 1.
    encode = lru_cache(maxsize=None, typed=True)(lambda name, value: _encode(moving[name], value))
    study.add_trials(_told(record, distributions, encode, failed) for record in ask.history)
    groups = _groups(ask, moving, study.get_trials(deepcopy=False))
    study.ask()
    trial = study.get_trials(deepcopy=False)[-1]
    while True:
        chosen: dict[str, Scalar] = dict(fixed)
        for conditions, names in groups:
            there = ask.space.active(chosen)
            if all(condition.holds(there) for condition in conditions):
                drawn = sampler.sample_relative(study, trial, {name: distributions[name] for name in names})
                chosen |= {name: _decode(moving[name], code) for name, code in drawn.items()}
        yield ask.space.active(chosen)


def _groups(
    ask: Ask, moving: dict[str, Axis], told: list[FrozenTrial]
) -> list[tuple[tuple[Condition, ...], list[str]]]:
    """The parameters that are drawn together, parents first: those under the same conditions.

    An estimate of several parameters learns only from trials that have them all. A parameter that most trials lack
    (it is new in an extended space) is therefore drawn alone, and the others learn from every trial. Optuna's own
    way, the parameters that all trials have, would take every conditional one alone, and one odd trial would be
    enough to take the rest apart.
    """
    conditions, groups = dict(ask.space.conditions), dict[tuple[tuple[Condition, ...], str], list[str]]()
    counts = {name: sum(name in trial.params for trial in told) for name in moving}
    for name in moving:
        own = conditions.get(name, ())
        most = max(counts[other] for other in moving if conditions.get(other, ()) == own)
        groups.setdefault((own, "" if 2 * counts[name] >= most else name), []).append(name)
    return [(own, names) for (own, _), names in groups.items()]


def _told(
    record: TrialRecord,
    distributions: dict[str, BaseDistribution],
    encode: Callable[[str, Scalar], Code | None],
    failed: float,
) -> FrozenTrial:
    """A trial as Optuna knows it. One that is final is complete, with the value `failed` when it has none of its own.

    Optuna leaves out what it knows as failed. It ranks every pruned trial behind every complete one, also behind those
    that learned nothing in all their epochs; here the value of its best epoch is what it has reached, and it was
    pruned because that is little.
    """
    final, parameters = record.state.final, record.trial.parameters
    codes = {
        name: code
        for name in distributions
        if name in parameters and (code := encode(name, parameters[name])) is not None
    }
    return _Told(
        number=-1,
        trial_id=-1,
        state=OptunaState.COMPLETE if final else OptunaState.RUNNING,
        value=(failed if record.value is None else record.value) if final else None,
        values=None,
        datetime_start=SOME_TIME,
        datetime_complete=SOME_TIME if final else None,
        params=codes,
        distributions={name: distributions[name] for name in codes},
        user_attrs={},
        system_attrs={},
        intermediate_values={},
    )


def _distribution(axis: Axis) -> BaseDistribution:
    """What Optuna searches instead: see `_encode`."""
    item = axis.distribution
    if axis.levels is not None:
        return IntDistribution(0, axis.levels - 1) if axis.ordered else CategoricalDistribution(range(axis.levels))
    if isinstance(item, Categorical) or item.prior:
        # Where the prior has most of its mass, the unit has most of its length.
        return FloatDistribution(0.0, 1.0)
    if item.integer:
        return IntDistribution(int(item.low), int(item.high), log=item.log)
    return FloatDistribution(item.low, item.high, log=item.log)


def _encode(axis: Axis, value: Scalar) -> Code | None:
    """A value as Optuna knows it: a level's index, a number, or its place in the prior; None when it is unknown."""
    item = axis.distribution
    if isinstance(item, Categorical) or axis.levels is not None:
        return axis.index_of(value)
    number = axis.number_of(value)
    if number is None:
        return None
    if item.prior:
        return position(item, number)
    return round(number) if item.integer else number


def _decode(axis: Axis, code: Code) -> Scalar:
    item = axis.distribution
    if isinstance(item, Categorical) or axis.levels is not None:
        return axis.at_index(int(code))
    return draw(item, min(float(code), UNIT_END)) if item.prior else snap(item, code)
