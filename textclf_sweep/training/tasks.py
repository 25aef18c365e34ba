"""What an engine runs. Light: imported by the parent; the work itself is in `textclf_sweep.training.run`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from textclf_sweep.definition.types import EarlyStopping, Metric, OwnArchitecture
from textclf_sweep.errors import Problem
from textclf_sweep.trial import EpochEvent, Trial, TrialResult


@dataclass(frozen=True, slots=True)
class Decision:
    """The parent's answer to an epoch.

    Attributes:
        stop: whether training ends here.
        reason: why, in a few words.
        pruned: whether the trial is given up; else it is complete with the epochs it has.
    """

    stop: bool = False
    reason: str = ""
    pruned: bool = False


@dataclass(frozen=True, slots=True)
class TrainTask:
    """Train one attempt of one trial.

    Attributes:
        trial, attempt: what to train.
        metric: the objective.
        early_stopping: None trains every epoch.
        corpus, cache, results: folders (see `textclf_sweep.store`).
        definition_hash, data_hash: written into the result.
        limit: seconds before the engine kills it.
        folds: how many models are trained, each on its own fold of the data; None is one, on the train part.
        folder: what relative paths in parameters start from.
        own: where the trial's architecture is, when it is the user's own.
    """

    trial: Trial
    attempt: int
    metric: Metric
    early_stopping: EarlyStopping | None
    corpus: Path
    cache: Path
    results: Path
    definition_hash: str
    data_hash: str
    limit: float
    folds: int | None = None
    folder: Path = Path()
    own: OwnArchitecture | None = None

    @property
    def key(self) -> str:
        """Unique among the tasks of a sweep: ``7.1``, also the stem of its result files."""
        return f"{self.trial.number}.{self.attempt}"


@dataclass(frozen=True, slots=True)
class Refit:
    """How the final model of a trial with folds is trained, on the rows of all of them.

    Attributes:
        epochs: exactly so many, >= 1.
        seed: of weights, dropout and batch order, in [0, 2**31).
    """

    epochs: int
    seed: int


@dataclass(frozen=True, slots=True)
class EvaluateTask:
    """Score a trained trial on the sealed test part and export the model.

    Attributes:
        trial: whose model it is.
        weights: the weights file; None when the model is trained anew.
        corpus, cache: folders (see `textclf_sweep.store`); the corpus is the one whose training part the model knows.
        export: the folder the model is written to.
        limit: seconds before the engine kills it.
        refit: how to train the model anew; None takes `weights`.
        folder, own: as of the `TrainTask`.
    """

    trial: Trial
    weights: Path | None
    corpus: Path
    cache: Path
    export: Path
    limit: float
    refit: Refit | None = None
    folder: Path = Path()
    own: OwnArchitecture | None = None

    @property
    def key(self) -> str:
        """Unique among the tasks of a sweep."""
        return f"evaluate.{self.trial.number}"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What an `EvaluateTask` found.

    Attributes:
        metrics: loss, accuracy and macro_f1 on the test part.
        rows: how many rows it has.
        confusion: ``confusion[true][predicted]``, labels in sorted order.
    """

    metrics: Mapping[str, float]
    rows: int
    confusion: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class CheckTask:
    """Build a model and try it on a few texts, before any trial.

    Attributes:
        trial: the first one of its architecture; it is not recorded.
        corpus, cache: folders (see `textclf_sweep.store`).
        limit: seconds before the engine kills it.
        folder, own: as of the `TrainTask`.
    """

    trial: Trial
    corpus: Path
    cache: Path
    limit: float
    folder: Path = Path()
    own: OwnArchitecture | None = None

    @property
    def key(self) -> str:
        """Unique among the tasks of a sweep."""
        return f"check.{self.trial.architecture}"


@dataclass(frozen=True, slots=True)
class Checked:
    """What a `CheckTask` found.

    Attributes:
        problem: what is wrong with the model; None when nothing is.
        warnings: what is suspicious, in a sentence each, by the name of the cause that it may have.
        numbers: what was measured: ``initial_loss``, ``expected_loss`` (ln K), ``labels`` (K), ``rows``; of learning
            those ``steps``, ``learned`` (1 or 0), ``learned_loss``, ``learned_accuracy``, and ``shuffled_loss`` with
            the texts of other rows. Losses are mean cross-entropies in nats. Those that were not measured are absent.
        seconds: that it took.
    """

    problem: Problem | None
    warnings: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0


Task = TrainTask | EvaluateTask | CheckTask
Outcome = TrialResult | Evaluation | Checked
Report = Callable[[EpochEvent], Decision]
"""Called by training after each epoch; blocks until the parent has decided."""
