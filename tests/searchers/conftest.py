"""Frozen histories, and a search that runs on a plain function instead of training."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import ModuleType

import pytest

from textclf_sweep.definition.space import SearchSpace, contains
from textclf_sweep.definition.types import Metric
from textclf_sweep.searchers import Ask
from textclf_sweep.trial import History, Parameters, Scalar, Trial, TrialRecord, TrialResult, TrialState

Objective = Callable[[Parameters], float | None]


def record(
    number: int, parameters: Parameters, value: float | None = None, state: TrialState = TrialState.COMPLETE
) -> TrialRecord:
    """A trial as the ledger gives it back after a restart: through JSON."""
    trial = Trial.from_json(json.loads(json.dumps(Trial(number, "lstm", dict(parameters), seed=number).to_json())))
    if not state.final:
        return TrialRecord(trial, state, attempts=1)
    result = TrialResult(number, 1, state, "all epochs", best_epoch=1, value=value)
    return TrialRecord(trial, state, attempts=1, result=TrialResult.from_json(json.loads(json.dumps(result.to_json()))))


class Search:
    """What a sweep does around a searcher, one trial at a time.

    Args:
        searcher: the module under test.
        space, metric, seed: of the sweep.
        objective: the value of a parameter set; None fails the trial.
    """

    def __init__(
        self,
        searcher: ModuleType,
        space: Mapping[str, object] | SearchSpace,
        objective: Objective = lambda _: 0.5,
        metric: Metric = Metric(),  # noqa: B008 - frozen
        seed: int = 0,
    ) -> None:
        self.searcher, self.objective, self.metric, self.seed = searcher, objective, metric, seed
        self.space = space if isinstance(space, SearchSpace) else SearchSpace.of(space)

    def propose(self, history: History) -> Mapping[str, Scalar] | None:
        """The trial that follows `history`."""
        return self.searcher.propose(Ask(self.space, self.metric, self.seed, len(history) + 1, history))

    def holds(self, parameters: Parameters) -> bool:
        """Whether `parameters` names exactly the space's parameters, each with a value of its distribution."""
        distributions = dict(self.space.distributions)
        return parameters.keys() == distributions.keys() and all(
            contains(distributions[name], value) for name, value in parameters.items()
        )

    def finished(self, number: int, parameters: Parameters) -> TrialRecord:
        """The record of a trial that has been trained."""
        value = self.objective(parameters)
        return record(number, parameters, value, TrialState.FAILED if value is None else TrialState.COMPLETE)

    def run(self, trials: int, history: History = ()) -> History:
        """The history after up to `trials` trials, the first ones as given."""
        while len(history) < trials:
            parameters = self.propose(history)
            if parameters is None:
                return history
            history = (*history, self.finished(len(history) + 1, parameters))
        return history

    def run_wide(self, trials: int, width: int) -> History:
        """The same with `width` trials training at once; the oldest ends first."""
        history: History = ()
        while len(history) < trials:
            parameters = self.propose(history)
            if parameters is None:
                return history
            history = (*history, record(len(history) + 1, parameters, state=TrialState.RUNNING))
            if len(history) >= width:
                done = len(history) - width
                oldest = history[done]
                history = (
                    *history[:done], self.finished(oldest.number, oldest.trial.parameters), *history[done + 1 :],
                )  # fmt: skip
        return history


@pytest.fixture
def search() -> type[Search]:
    return Search


@pytest.fixture
def make_record() -> Callable[..., TrialRecord]:
    return record
