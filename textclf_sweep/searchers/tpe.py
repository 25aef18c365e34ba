"""Bayesian search: Optuna's tree-structured Parzen estimator.

Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NeurIPS 2011; multivariate as in Falkner et al., "BOHB",
ICML 2018. The study is rebuilt in memory from the history for each proposal, which takes milliseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textclf_sweep.definition.space import Categorical, Parameter, Range, snap
from textclf_sweep.searchers import Ask, key, used
from textclf_sweep.searchers import random as random_search
from textclf_sweep.trial import Parameters, Scalar, TrialRecord, TrialState, derive_seed

if TYPE_CHECKING:
    import optuna

FINITE = False
WEIGHS = False
"""Optuna's categorical distribution has no probabilities, so a definition with both is an error."""
METHODS = ("bayes",)
DEFAULT = True
PARAMETERS: tuple[Parameter, ...] = ()

STARTUP_TRIALS = 6
"""Random trials before the estimator takes over; a sweep of a dozen trials should not spend them all at random."""

TRIES = 8
"""Proposals drawn before a repeated one is replaced by a random one."""


def propose(ask: Ask) -> Parameters | None:
    """The estimator's choice after the results in the history, pending trials counted as poor; None when used up."""
    taken = used(ask.history)
    if not ask.space.searched:
        return random_search.propose(ask)
    for attempt in range(TRIES):
        parameters = _suggest(ask, derive_seed(ask.seed, ask.number, "bayes", attempt))
        if key(parameters) not in taken:
            return parameters
    return random_search.propose(ask)


def _suggest(ask: Ask, seed: int) -> dict[str, Scalar]:
    import optuna  # noqa: PLC0415 - heavy, and needed by this method alone

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        direction=ask.metric.goal, sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=STARTUP_TRIALS)
    )
    distributions = {name: _distribution(item) for name, item in ask.space.searched.items()}
    study.add_trials(_frozen(record, distributions) for record in ask.history if _fits(record, ask))
    suggested = study.ask(distributions).params
    return ask.space.constants | {
        name: snap(item, suggested[name]) if isinstance(item, Range) else suggested[name]
        for name, item in ask.space.searched.items()
    }


def _fits(record: TrialRecord, ask: Ask) -> bool:
    """Whether the estimator can learn from a trial: one inside the space's ranges (an enqueued one may lie outside)."""
    searched = ask.space.searched
    return all(
        name in record.trial.parameters and _inside(item, record.trial.parameters[name])
        for name, item in searched.items()
    )


def _inside(item: Categorical | Range, value: Scalar) -> bool:
    if isinstance(item, Categorical):
        return value in item.values
    return not isinstance(value, str) and item.low <= value <= item.high


def _distribution(item: Categorical | Range) -> optuna.distributions.BaseDistribution:
    import optuna  # noqa: PLC0415 - as above

    if isinstance(item, Categorical):
        return optuna.distributions.CategoricalDistribution(item.values)
    if item.integer:
        return optuna.distributions.IntDistribution(int(item.low), int(item.high), log=item.log)
    return optuna.distributions.FloatDistribution(item.low, item.high, log=item.log)


def _frozen(
    record: TrialRecord, distributions: dict[str, optuna.distributions.BaseDistribution]
) -> optuna.trial.FrozenTrial:
    import optuna  # noqa: PLC0415 - as above

    parameters = {name: record.trial.parameters[name] for name in distributions}
    state, value = optuna.trial.TrialState.RUNNING, None
    if record.state is TrialState.FAILED:
        state = optuna.trial.TrialState.FAIL
    elif record.value is not None:
        state, value = optuna.trial.TrialState.COMPLETE, record.value
    return optuna.trial.create_trial(state=state, value=value, params=parameters, distributions=distributions)
