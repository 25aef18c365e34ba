"""Our search space as KerasTuner's hyperparameters. Imported by the process of `_oracle` alone.

KerasTuner's own kinds know no priors, anchor steps elsewhere, allow one type of value in a list and mix up True and 1.
Its oracles, though, ask little of a hyperparameter: a value for a number in [0, 1), that number for a value, the list
of values, and whether it is there. One kind that answers with our own functions serves every distribution exactly.

Inside an oracle a value is a *token*: of a range the number itself, of a listed value its index.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import keras_tuner

from textclf_sweep.definition.distribution import position, typed
from textclf_sweep.definition.space import Categorical, Range, SearchSpace, draw, enumerate_values, snap
from textclf_sweep.trial import Parameters, Scalar

Tokens = Mapping[str, Any]
"""A token of every searched parameter that is there; what else an oracle adds is left alone."""


class Drawn(keras_tuner.engine.hyperparameters.HyperParameter):  # type: ignore[misc]
    """A parameter as an oracle sees it; never changed, so its copy is itself."""

    def __init__(self, space: TokenSpace, name: str, distribution: Categorical | Range) -> None:
        conditions = [There(space, name)] if name in dict(space.space.conditions) else []
        super().__init__(name=name, conditions=conditions)
        self.distribution = distribution
        self.listed = enumerate_values(distribution) if isinstance(distribution, Categorical) else ()
        self._indices = {typed(value): index for index, value in enumerate(self.listed)}

    @cached_property
    def values(self) -> tuple[Any, ...]:
        """Every token; of a finite distribution."""
        return tuple(range(len(self.listed))) if self.listed else enumerate_values(self.distribution)

    @property
    def default(self) -> Any:
        """The first token: where a grid begins, and what an absent parameter counts as."""
        return 0 if self.listed else self.token(draw(self.distribution, 0.0))

    def token(self, value: Scalar) -> Any:
        """The token of `value`, one of the distribution's."""
        if isinstance(self.distribution, Categorical):
            return self._indices[typed(value)]
        return snap(self.distribution, float(value))

    def value(self, token: Any) -> Scalar:
        """The value that `token` stands for."""
        value: Scalar = self.listed[token] if self.listed else token
        return value

    def prob_to_value(self, prob: float) -> Any:
        """The token at `prob`, in [0, 1]."""
        return self.token(draw(self.distribution, float(prob)))

    def value_to_prob(self, token: Any) -> float:
        """Where `token` lies in [0, 1]."""
        if isinstance(self.distribution, Range):
            return position(self.distribution, token)
        shares = self.distribution.probabilities or (1 / len(self.distribution.values),) * len(self.distribution.values)
        before = 0.0
        for value, share in zip(self.distribution.values, shares, strict=True):
            if self._indices[typed(value)] == token and share:
                return before + share / 2
            before += share
        return 0.0

    def get_config(self) -> dict[str, Any]:
        """What `from_config` makes this from."""
        return {"drawn": self}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The parameter itself."""
        return config["drawn"]


class There:
    """A condition, as KerasTuner asks for it: holds where the space has a parameter."""

    def __init__(self, space: TokenSpace, name: str) -> None:
        self.space, self.name = space, name

    def is_active(self, values: Tokens) -> bool:
        """Whether the parameter is there beside `values`."""
        return self.space.has(self.name, values)


class HyperParameters(keras_tuner.HyperParameters):  # type: ignore[misc]
    """KerasTuner's container, which copies itself without writing its parameters out."""

    def copy(self) -> HyperParameters:
        """Another one with the same parameters and values."""
        other = HyperParameters()
        for parameter in self.space:
            other._hps[parameter.name].append(parameter)
            other._space.append(parameter)
        other.values = dict(self.values)
        return other


class TokenSpace:
    """A search space, and the way between its parameter sets and tokens.

    Args:
        space: the search space.
    """

    def __init__(self, space: SearchSpace) -> None:
        self.space = space
        searched = space.searched
        self.drawn = {name: Drawn(self, name, searched[name]) for name in space.order if name in searched}
        self._constants = space.constants

    def hyperparameters(self) -> HyperParameters:
        """What an oracle is made with; parents before their children."""
        container = HyperParameters()
        container.merge(list(self.drawn.values()))
        return container

    def encode(self, parameters: Parameters) -> dict[str, Any]:
        """The tokens of a parameter set of the space."""
        return {name: drawn.token(parameters[name]) for name, drawn in self.drawn.items() if name in parameters}

    def decode(self, tokens: Tokens) -> dict[str, Scalar]:
        """The parameter set, fixed values included, that `tokens` stand for."""
        return self.space.active(self._whole(tokens))

    def has(self, name: str, tokens: Tokens) -> bool:
        """Whether the parameter `name` is there beside `tokens`."""
        drawn = self.drawn[name]
        return name in self.space.active({name: drawn.value(drawn.default), **self._whole(tokens)})

    def _whole(self, tokens: Tokens) -> dict[str, Scalar]:
        named = {name: self.drawn[name].value(token) for name, token in tokens.items() if name in self.drawn}
        return self._constants | named


def begin(oracle: Any, name: str, values: Tokens) -> None:
    """Put a trial that has begun into `oracle`.

    Args:
        oracle: any of KerasTuner's.
        name: of the trial, unique in the oracle.
        values: its tokens, and what the oracle itself has added.
    """
    hyperparameters = oracle.hyperparameters.copy()
    hyperparameters.values = dict(values)
    trial = keras_tuner.engine.trial.Trial(hyperparameters, name, "RUNNING")
    oracle.trials[name] = oracle.ongoing_trials[name] = trial
    oracle.start_order.append(name)
    oracle._tried_so_far.add(oracle._compute_values_hash(values))
