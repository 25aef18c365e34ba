"""KerasTuner's oracles, refilled from the history for every proposal. Imported by the process of `_oracle` alone.

`Oracle.populate_space` is all that is used of an oracle. Trials are put into it directly: `create_trial` and
`end_trial` save to disk, print, keep a lock for every oracle there ever was, and raise at the third failure in a row.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping
from typing import Any

import keras_tuner
import numpy as np
from scipy.linalg import solve_triangular
from sklearn.gaussian_process import GaussianProcessRegressor

from textclf_sweep.searchers import Ask, Wait, _tokens, grid, key, used
from textclf_sweep.searchers import random as random_search
from textclf_sweep.searchers._brackets import hyperband
from textclf_sweep.searchers._encoding import STARTUP_TRIALS, failure_value
from textclf_sweep.searchers._tokens import Tokens, TokenSpace
from textclf_sweep.trial import Parameters, TrialRecord, derive_seed

CANDIDATES = 1_000
"""Random sets among which the Gaussian process chooses when its first choice has been proposed before."""


def by_random(ask: Ask) -> Parameters | None:
    """KerasTuner's random draw; what is left of a finite space once it gives up."""
    space = TokenSpace(ask.space)
    oracle = keras_tuner.oracles.RandomSearchOracle(**_settings(ask, space, "keras_tuner_random"))
    _refill(oracle, ask, space)
    answer = oracle.populate_space("new")
    return space.decode(answer["values"]) if answer["status"] == "RUNNING" else random_search.propose(ask)


def by_grid(ask: Ask) -> Parameters | None:
    """The first combination, in KerasTuner's order, that no trial has.

    The oracle would wait for a trial to end before it goes on, in case it brings new parameters. Ours never do, so each
    combination counts as tried as soon as it is named.
    """
    space, taken = TokenSpace(ask.space), used(ask.history)
    oracle = keras_tuner.oracles.GridSearchOracle(**_settings(ask, space, "keras_tuner_grid"))
    for number in itertools.count():
        answer = oracle.populate_space(str(number))
        if answer["status"] != "RUNNING":
            return grid.propose(ask)
        parameters = space.decode(answer["values"])
        if key(parameters) not in taken:
            return parameters
        _tokens.begin(oracle, str(number), answer["values"])
        oracle.ongoing_trials.clear()
        oracle._populate_next = [str(number)]
    return None


def by_gp(ask: Ask) -> Parameters | None:
    """The choice of KerasTuner's Gaussian process."""
    space = TokenSpace(ask.space)
    oracle = GaussianProcess(num_initial_points=STARTUP_TRIALS, **_settings(ask, space, "gp"))
    _refill(oracle, ask, space)
    answer = oracle.populate_space("new")
    if answer["status"] != "RUNNING":
        return random_search.propose(ask)
    parameters = space.decode(answer["values"])
    if key(parameters) not in used(ask.history):
        return parameters
    candidates = _candidates(ask)
    if not candidates:
        return None
    bounds = oracle.bounds([space.encode(candidate) for candidate in candidates])
    return candidates[bounds.index(min(bounds))]


class GaussianProcess(keras_tuner.oracles.BayesianOptimizationOracle):  # type: ignore[misc]
    """KerasTuner's oracle, faster, one mistake less and one question more."""

    trials: dict[str, Any]

    def _make_gpr(self) -> Any:
        return Regressor(**super()._make_gpr().get_params(deep=False))

    def _vectorize_trials(self) -> Any:
        # Pending trials get the value that the process predicts. KerasTuner's is that of the last proposal; ours is new
        # and must be fitted to the results first.
        everything = self.trials
        if self.ongoing_trials:
            self.trials = {name: trial for name, trial in everything.items() if trial.status == "COMPLETED"}
            try:
                self.gpr.fit(*super()._vectorize_trials())
            finally:
                self.trials = everything
        return super()._vectorize_trials()

    def bounds(self, sets: list[Tokens]) -> list[float]:
        """The lower confidence bound of the loss for each of `sets`, by the process as last fitted."""
        vectors = [
            [hp.value_to_prob(tokens.get(hp.name, hp.default)) for hp in self.hyperparameters.space] for tokens in sets
        ]
        mean, deviation = self.gpr.predict(np.array(vectors), return_std=True)
        return [float(bound) for bound in mean - self.beta * deviation]


class Regressor(GaussianProcessRegressor):  # type: ignore[misc]
    """scikit-learn's process, which predicts without checking its input.

    A proposal predicts some 5,000 points, one at a time; the checks take two thirds of that time.
    """

    def fit(self, x: Any, y: Any) -> Regressor:
        """As scikit-learn does, and the inverse of its Cholesky factor once for all predictions."""
        super().fit(x, y)
        self.inverse_ = solve_triangular(self.L_, np.eye(len(self.L_)), lower=True)
        return self

    def predict(self, x: Any, return_std: bool = True) -> Any:
        """Mean and, if `return_std`, standard deviation at points `x`, (points, parameters)."""
        across = self.kernel_(x, self.X_train_)
        mean = across @ self.alpha_ * self._y_train_std + self._y_train_mean
        if not return_std:
            return mean
        variance = self.kernel_.diag(x) - np.sum((self.inverse_ @ across.T) ** 2, axis=0)
        return mean, np.sqrt(np.maximum(variance, 0.0)) * self._y_train_std


def _candidates(ask: Ask) -> list[Parameters]:
    """Up to `CANDIDATES` sets that no trial has: all of a small space, else random ones."""
    taken = used(ask.history)
    if (ask.space.size or CANDIDATES + 1) <= CANDIDATES:
        return [parameters for parameters in ask.space.grid() if key(parameters) not in taken]
    generator = random.Random(derive_seed(ask.seed, ask.number, "gp", "candidates"))  # noqa: S311 - nothing secret
    drawn: list[Parameters] = [random_search.sample(ask.space, generator) for _ in range(CANDIDATES)]
    fresh = [parameters for parameters in drawn if key(parameters) not in taken]
    if fresh:
        return fresh
    last = random_search.propose(ask)
    return [] if last is None else [last]


def _settings(ask: Ask, space: TokenSpace, purpose: str) -> Mapping[str, Any]:
    """What every oracle is made with."""
    direction = "max" if ask.metric.goal == "maximize" else "min"
    return {
        "objective": keras_tuner.Objective("value", direction),
        # KerasTuner takes 0 for "no seed".
        "seed": derive_seed(ask.seed, ask.number, purpose) or 1,
        "hyperparameters": space.hyperparameters(),
    }


def _refill(oracle: Any, ask: Ask, space: TokenSpace) -> None:
    """Put the trials of the history that lie inside the space into `oracle`."""
    failed = failure_value(ask.history, ask.metric)
    for record in ask.history:
        if ask.space.holds(record.trial.parameters):
            _tokens.begin(oracle, str(record.number), space.encode(record.trial.parameters))
            if record.state.final:
                _end(oracle, record, failed)


def _end(oracle: Any, record: TrialRecord, failed: float) -> None:
    """A failed trial has the score `failed`: KerasTuner learns nothing from those it knows as failed."""
    trial = oracle.ongoing_trials.pop(str(record.number))
    trial.status, trial.score = "COMPLETED", failed if record.value is None else record.value


SAMPLERS: Mapping[str, Callable[[Ask], Parameters | Wait | None]] = {
    "gp": by_gp,
    "grid": by_grid,
    "hyperband": hyperband,
    "random": by_random,
}
