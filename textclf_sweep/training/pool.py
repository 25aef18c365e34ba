"""Models that have been traced, kept for the next trial of the same shapes.

Tracing a model takes a second, and what is traced depends neither on the weights nor on the learning rate or the
dropout, which are variables. So a trial whose model has the shapes of one that was trained before gets that one, with
its first weights drawn anew (`textclf_sweep.training.weights`) and its optimizer as new: its result is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from textclf_sweep.training.steps import Steps
from textclf_sweep.training.weights import Start

COUNT = 6
"""Models that are kept: enough for the choices that a search comes back to."""
BYTES = 2**28
"""What the weights of all of them may take; the optimizer's state can take twice as much again."""


@dataclass(frozen=True)
class Pooled:
    """A model with its steps and its first weights; it is in use or in the pool, never both."""

    steps: Steps
    start: Start

    @property
    def size(self) -> int:
        """Bytes of its weights."""
        return sum(weight.shape.num_elements() * 4 for weight in self.steps.model.weights)


class Pool:
    """Idle models by what they were traced for; those given back longest ago go first."""

    def __init__(self, count: int = COUNT, size: int = BYTES) -> None:
        self._count, self._size = count, size
        self._idle: list[tuple[Hashable, Pooled]] = []

    def take(self, key: Hashable, make: Callable[[], Pooled]) -> Pooled:
        """An idle model of this key, or a new one."""
        found = next((index for index, (known, _) in enumerate(self._idle) if known == key), None)
        return make() if found is None else self._idle.pop(found)[1]

    def give_back(self, key: Hashable, pooled: Pooled) -> bool:
        """Keep a model for later; whether all others are kept too."""
        before = len(self._idle)
        self._idle.append((key, pooled))
        while len(self._idle) > self._count or sum(item.size for _, item in self._idle) > self._size:
            del self._idle[0]
        return len(self._idle) > before
