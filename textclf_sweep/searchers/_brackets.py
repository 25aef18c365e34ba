"""Hyperband's brackets, rebuilt from the history. Imported by the process of `_oracle` alone.

KerasTuner's oracle keeps which trial stands in which rung, which the trials do not tell. So its run is played again:
before each trial of the history those end that its proposal had seen, then the oracle proposes, and the recorded trial
takes the place of what it proposed. A trial that the oracle would not have proposed (it was enqueued, or the space has
changed) stays outside the brackets.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterable
from typing import Any

import keras_tuner

from textclf_sweep.definition.space import Range, draw, snap
from textclf_sweep.searchers import Ask, Wait, _tokens, key
from textclf_sweep.searchers import random as random_search
from textclf_sweep.searchers._tokens import TokenSpace
from textclf_sweep.trial import Parameters, Scalar, TrialRecord, derive_seed

FACTOR = 3
"""A rung has a third of the trials of the one before, and three times the epochs."""
LISTED = 10_000
"""Sets of a finite space that are listed to find one that is left."""


def hyperband(ask: Ask) -> Parameters | Wait | None:
    """The next trial of one full Hyperband; ``epochs`` must be a range of the space."""
    brackets = Brackets(ask)
    for place, record in enumerate(ask.history, start=1):
        brackets.end(record.trial.seen)
        if ask.space.holds(record.trial.parameters):
            brackets.replay(place, record)
    brackets.end(record.number for record in ask.history)
    answer = brackets.advance(ask.number)
    return answer[1] if isinstance(answer, tuple) else answer


class Oracle(keras_tuner.oracles.HyperbandOracle):  # type: ignore[misc]
    """KerasTuner's oracle, which fills its brackets from a small finite space, too."""

    tokens: TokenSpace

    def _random_values(self) -> dict[str, Any]:
        values: dict[str, Any] | None = super()._random_values()
        if values is not None:
            return values
        # Twenty collisions: nothing, or next to nothing, is left. A set that has been proposed for as many epochs is
        # answered with its result, so that the halving goes on.
        space, generator = self.tokens.space, random.Random(self._seed_state)  # noqa: S311 - nothing secret
        left = [
            tokens
            for tokens in map(self.tokens.encode, space.grid() if 0 < (space.size or 0) <= LISTED else ())
            if not self._duplicate(tokens)
        ]
        return generator.choice(left) if left else self.tokens.encode(random_search.sample(space, generator))


class Brackets:
    """The oracle and what is known of the trials in it.

    Args:
        ask: the question; its history is not read here.
    """

    def __init__(self, ask: Ask) -> None:
        epochs = dict(ask.space.distributions)["epochs"]
        if not isinstance(epochs, Range):
            raise TypeError(f"epochs is {epochs!r}; expected a Range, as of every searcher that PACES")
        self.ask, self.epochs = ask, epochs
        longest = snap(epochs, epochs.high)
        self.tokens = TokenSpace(ask.space.fix({"epochs": longest}))
        direction = "max" if ask.metric.goal == "maximize" else "min"
        self.oracle = Oracle(
            keras_tuner.Objective("value", direction), max_epochs=int(longest), factor=FACTOR, seed=1,
            hyperparameters=self.tokens.hyperparameters(),
        )  # fmt: skip
        self.oracle.tokens = self.tokens
        self.records = {record.number: record for record in ask.history}
        self.known = dict[frozenset[tuple[str, str, Scalar]], int]()
        """The number of the trial that has a parameter set."""
        self.ended = set[int]()
        self.places = dict[int, list[str]]()
        """The oracle's trials that a trial's result answers."""

    def end(self, numbers: Iterable[int]) -> None:
        """Tell the oracle the results of trials, in the order of their numbers; pending ones are passed over."""
        for number in sorted(set(numbers) - self.ended):
            record = self.records.get(number)
            if record is not None and record.state.final:
                self.ended.add(number)
                for name in self.places.get(number, ()):
                    self._result(name, record.value)

    def replay(self, place: int, record: TrialRecord) -> None:
        """Let a trial of the history take the place for which it was proposed.

        Args:
            place: its own in the history, from 1.
            record: the trial, a set of the space.
        """
        before = self._state()
        answer = self.advance(place)
        if isinstance(answer, tuple) and self._fits(*answer, record.trial.parameters):
            trial = self.oracle.trials[answer[0]]
            trial.hyperparameters.values |= self.tokens.encode(record.trial.parameters)
            self.oracle._tried_so_far.add(self.oracle._compute_values_hash(trial.hyperparameters.values))
            self.places.setdefault(record.number, []).append(answer[0])
        else:
            self._restore(before)
        self.known.setdefault(key(record.trial.parameters), record.number)

    def advance(self, number: int) -> tuple[str, dict[str, Scalar]] | Wait | None:
        """The oracle's next trial that has not been trained: its name there, and its parameters."""
        self.oracle._seed_state = derive_seed(self.ask.seed, number, "hyperband")
        while True:
            name = str(len(self.oracle.trials) + 1)
            answer = self.oracle.populate_space(name)
            if answer["status"] != "RUNNING":
                return Wait() if answer["status"] == "IDLE" else None
            _tokens.begin(self.oracle, name, answer["values"])
            parameters = self._parameters(answer["values"])
            past = self.oracle.trials.get(answer["values"].get("tuner/trial_id"))
            twin = self.known.get(key(parameters))
            if past is not None and past.message == "failed":
                # Too few others are left to fill the rung: it would fail again.
                self._result(name, None)
            elif twin is None:
                return name, parameters
            else:
                self.places.setdefault(twin, []).append(name)
                if twin in self.ended:
                    self._result(name, self.records[twin].value)

    def _parameters(self, values: dict[str, Any]) -> dict[str, Scalar]:
        parameters = self.tokens.decode(values) | {"epochs": snap(self.epochs, values["tuner/epochs"])}
        if self.ask.space.holds(parameters):
            return parameters
        # Some parameter is there for some epochs alone: it gets the same value wherever it is.
        middle = {name: draw(item, 0.5) for name, item in self.ask.space.distributions}
        return self.ask.space.active(middle | parameters)

    def _fits(self, name: str, proposed: Parameters, recorded: Parameters) -> bool:
        """Whether a recorded trial can stand where the oracle has proposed one."""
        if "tuner/trial_id" in self.oracle.trials[name].hyperparameters.values:
            return key(proposed) == key(recorded)
        return proposed["epochs"] == recorded["epochs"]

    def _result(self, name: str, value: float | None) -> None:
        """A failed trial counts as the worst: KerasTuner fills no rung when a few trials of the one before failed."""
        trial = self.oracle.ongoing_trials.pop(name)
        worst = float("-inf" if self.ask.metric.goal == "maximize" else "inf")
        trial.status, trial.score = "COMPLETED", worst if value is None else value
        trial.message = "failed" if value is None else None

    def _state(self) -> tuple[Any, ...]:
        oracle = self.oracle
        return (
            copy.deepcopy((oracle._brackets, oracle._current_bracket, oracle._current_iteration, self.places)),
            dict(oracle.trials), dict(oracle.ongoing_trials), set(oracle._tried_so_far),
        )  # fmt: skip

    def _restore(self, state: tuple[Any, ...]) -> None:
        oracle = self.oracle
        (oracle._brackets, oracle._current_bracket, oracle._current_iteration, self.places), *rest = state
        oracle.trials, oracle.ongoing_trials, oracle._tried_so_far = rest
