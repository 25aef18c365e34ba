"""When to stop a trial, and which of its epochs was best. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from textclf_sweep.definition.types import EarlyStopping, Metric
from textclf_sweep.trial import OBJECTIVES


@dataclass(frozen=True, slots=True)
class Watch:
    """What a trial's watched metric has done so far.

    As in Prechelt, "Early Stopping - But When?" (1998), training stops after `patience` epochs without improvement.

    Attributes:
        metric: what is watched, and which direction is better.
        patience: epochs without improvement; None never stops.
        min_delta: the least change that counts as improvement, >= 0.
        restores: whether a trial ends with its best epoch's weights; else with its last one's.
        best: the best value so far; None before the first epoch.
        mark: the last value that counted as improvement.
        waited: epochs since then.
        is_best: whether the last value is the best.
    """

    metric: Metric
    patience: int | None = None
    min_delta: float = 0.0
    restores: bool = True
    best: float | None = None
    mark: float | None = None
    waited: int = 0
    is_best: bool = False

    @classmethod
    def of(cls, early_stopping: EarlyStopping | None, objective: Metric) -> Watch:
        """The watch on early stopping's metric; without early stopping, on the objective, and it never stops."""
        if early_stopping is None:
            return cls(objective)
        goal = Metric(
            early_stopping.metric, "maximize" if OBJECTIVES[early_stopping.metric] == "maximize" else "minimize"
        )
        return cls(goal, early_stopping.patience, early_stopping.min_delta, early_stopping.restore_best_weights)

    def see(self, value: float) -> Watch:
        """The watch after one more epoch."""
        is_best = self.best is None or self.metric.better(value, self.best)
        improved = self.mark is None or (
            self.metric.better(value, self.mark) and abs(value - self.mark) >= self.min_delta
        )
        return replace(
            self,
            best=value if is_best else self.best,
            mark=value if improved else self.mark,
            waited=0 if improved else self.waited + 1,
            is_best=is_best,
        )

    @property
    def is_kept(self) -> bool:
        """Whether a trial that ended now would end with the last epoch's weights."""
        return self.is_best or not self.restores

    @property
    def is_over(self) -> bool:
        """Whether the patience is used up."""
        return self.patience is not None and self.waited >= self.patience
