"""Frozen histories, and a search that runs on a plain function instead of training."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import ModuleType

import pytest

from textclf_sweep.definition.space import SearchSpace
from textclf_sweep.definition.types import Metric
from textclf_sweep.searchers import Ask, Wait
from textclf_sweep.trial import History, Parameters, Scalar, Trial, TrialRecord, TrialResult, TrialState

Objective = Callable[[Parameters], float | None]


def record(
    number: int,
    parameters: Parameters,
    value: float | None = None,
    state: TrialState = TrialState.COMPLETE,
    seen: tuple[int, ...] = (),
) -> TrialRecord:
    """A trial as the ledger gives it back after a restart: through JSON."""
    plain = Trial(number, "lstm", dict(parameters), seed=number, seen=seen).to_json()
    trial = Trial.from_json(json.loads(json.dumps(plain)))
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

    def propose(self, history: History) -> Mapping[str, Scalar] | Wait | None:
        """The trial that follows `history`."""
        answer = self.searcher.propose(Ask(self.space, self.metric, self.seed, len(history) + 1, history))
        assert not isinstance(answer, Wait) or pending(history), "nothing is pending, and it waits"
        return answer

    def holds(self, parameters: Parameters) -> bool:
        """Whether `parameters` is a point of the space."""
        return self.space.holds(parameters)

    def finished(self, running: TrialRecord) -> TrialRecord:
        """The record of a trial once it has been trained."""
        value = self.objective(running.trial.parameters)
        state = TrialState.FAILED if value is None else TrialState.COMPLETE
        return record(running.number, running.trial.parameters, value, state, running.trial.seen)

    def started(self, history: History, parameters: Parameters) -> TrialRecord:
        """The record of the trial that follows `history`."""
        seen = tuple(done.number for done in history if done.state.final)
        return record(len(history) + 1, parameters, state=TrialState.RUNNING, seen=seen)

    def run(self, trials: int, history: History = ()) -> History:
        """The history after up to `trials` trials, the first ones as given."""
        while len(history) < trials:
            parameters = self.propose(history)
            if parameters is None:
                return history
            assert not isinstance(parameters, Wait)
            history = (*history, self.finished(self.started(history, parameters)))
        return history

    def run_wide(self, trials: int, width: int, history: History = ()) -> History:
        """The same with `width` trials training at once; the oldest ends first, as soon as nothing can start."""
        while len(history) < trials:
            parameters = self.propose(history)
            if parameters is None:
                return history
            waits = isinstance(parameters, Wait)
            if not isinstance(parameters, Wait):
                history = (*history, self.started(history, parameters))
            if waits or len(pending(history)) > width - 1:
                oldest = pending(history)[0]
                history = tuple(self.finished(item) if item is oldest else item for item in history)
        return history


def pending(history: History) -> History:
    """The trials that have not ended."""
    return tuple(item for item in history if not item.state.final)


@pytest.fixture
def search() -> type[Search]:
    return Search


@pytest.fixture
def make_record() -> Callable[..., TrialRecord]:
    return record
