"""A worker's entry: run one task to its outcome."""

from __future__ import annotations

import io
import json
import platform
import shutil
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from textclf_sweep.data import features
from textclf_sweep.data.corpus import fold_name
from textclf_sweep.data.features import FeatureInfo
from textclf_sweep.errors import SweepError
from textclf_sweep.training import check, fit, models
from textclf_sweep.training.files import sha256, write_atomically
from textclf_sweep.training.own import source_of
from textclf_sweep.training.steps import Steps
from textclf_sweep.training.tasks import CheckTask, Decision, EvaluateTask, Evaluation, Outcome, Report, Task, TrainTask
from textclf_sweep.trial import (
    FEW_LABELS,
    METRICS,
    SPREADS,
    EpochEvent,
    Failure,
    TrialResult,
    TrialState,
    bits_of,
    derive_seed,
)

KEPT_LOSSES = 100
"""Batches' losses that a result keeps."""

_threads: int | None = None


def run_task(task: Task, report: Report, threads: int) -> Outcome:
    """Run one task; called again and again in one process.

    A trial's result does not depend on what ran in the process before it: see `models.borrowed`.

    Args:
        task: what to do.
        report: called after each epoch of a trial; waits for the parent's decision.
        threads: TensorFlow's threads, >= 1; the same at each call.

    Returns:
        A `TrialResult` (also when training failed), an `Evaluation` or a `Checked`.
    """
    _configure(threads)
    if isinstance(task, CheckTask):
        return check.check(task)
    return _evaluate(task) if isinstance(task, EvaluateTask) else _train(task, report)


def _configure(threads: int) -> None:
    global _threads
    if _threads is not None:
        return
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    for device in tf.config.list_physical_devices("GPU"):
        # Otherwise the first worker takes a GPU's whole memory.
        tf.config.experimental.set_memory_growth(device, True)
    _threads = threads


def _train(task: TrainTask, report: Report) -> TrialResult:
    """What the model's code raises fails the trial; what reading and writing files raises is passed on."""
    started = time.perf_counter()
    fitted, events = fit.Fitted(), list[EpochEvent]()

    def end_of_epoch(epoch: int, metrics: dict[str, float]) -> Decision:
        counts = _rows(fitted.confusions[-1]) if len(fitted.confusions[-1]) <= FEW_LABELS else ()
        events.append(EpochEvent(task.trial.number, task.attempt, epoch, metrics, time.time(), counts))
        return report(events[-1])

    trained, failure = _fit(task, end_of_epoch, fitted)
    # The models of folds have done their work: the final one is trained anew.
    saved = failure is None and task.folds is None
    weights = _save_weights(trained, task.results / f"{task.key}.npz") if saved else ""
    state, reason = _ending(fitted, failure)
    last = fitted.metrics[fitted.best_epoch - 1] if fitted.best_epoch else {}
    best = {name: value for name, value in last.items() if name in (*METRICS, *SPREADS)}
    result = TrialResult(
        trial=task.trial.number,
        attempt=task.attempt,
        state=state,
        reason=reason,
        epochs=tuple(events),
        best_epoch=fitted.best_epoch,
        metrics=best,
        value=best.get(task.metric.name) if failure is None else None,
        seconds=time.perf_counter() - started,
        confusion=() if fitted.confusion is None else _rows(fitted.confusion),
        definition_hash=task.definition_hash,
        data_hash=task.data_hash,
        weights_hash=weights,
        failure=failure,
        versions=_versions(),
        right=bits_of(fitted.right) if fitted.right else "",
        start=fitted.start,
        losses=_some(fitted.losses),
    )
    write_atomically(task.results / f"{task.key}.json", json.dumps(result.to_json()).encode())
    return result


def _rows(counts: NDArray[np.int64]) -> tuple[tuple[int, ...], ...]:
    return tuple(map(tuple, counts.tolist()))


def _some(losses: list[float]) -> tuple[float, ...]:
    """At most `KEPT_LOSSES` of them, evenly spread, the last one among them."""
    step = -(-len(losses) // KEPT_LOSSES)
    return tuple(losses[::-1][:: max(1, step)][::-1])


class _Fold(NamedTuple):
    """What one model is trained from; `name` is empty when there is only one."""

    train: features.Features
    validation: features.Features
    seed: int
    name: str


def _folds(task: TrainTask) -> list[_Fold]:
    def fold(corpus: Path, seed: int, name: str) -> _Fold:
        return _Fold(models.load(task, corpus, "train"), models.load(task, corpus, "validation"), seed, name)

    if task.folds is None:
        return [fold(task.corpus, task.trial.seed, "")]
    return [
        fold(task.corpus / fold_name(number), derive_seed(task.trial.seed, "fold", number), f"fold {number}")
        for number in range(1, task.folds + 1)
    ]


def _fit(
    task: TrainTask, report: Callable[[int, dict[str, float]], Decision], fitted: fit.Fitted
) -> tuple[list[NDArray[Any]], Failure | None]:
    """The weights of the trained model (of folds, the first one's), or why there are none."""
    try:
        folds = _folds(task)
    except (OSError, SweepError):
        raise
    except Exception as error:  # of a pretrained model that encodes them
        return [], _failure(error)
    try:
        with ExitStack() as models_in_use:
            runs = [
                fit.Run(models_in_use.enter_context(models.borrowed(task, fold.train.info, fold.seed)), *fold)
                for fold in folds
            ]
            fit.fit(
                runs, parameters=models.parameters_of(task), metric=task.metric, early_stopping=task.early_stopping,
                report=report, fitted=fitted,
            )  # fmt: skip
            return runs[0].steps.model.get_weights(), None
    except fit.DivergedError as error:
        return [], Failure("diverged", str(error))
    except (Exception, SystemExit) as error:  # whatever a model or an op raises fails this trial alone
        return [], _failure(error)


def _failure(error: BaseException) -> Failure:
    line = f"{type(error).__name__}: {error}".splitlines()[0][:500]
    return Failure("error", line, "".join(traceback.format_exception(error)))


def _ending(fitted: fit.Fitted, failure: Failure | None) -> tuple[TrialState, str]:
    if failure is not None:
        return TrialState.FAILED, f"diverged: {failure.message}" if failure.kind == "diverged" else failure.message
    if fitted.decision is not None:
        return TrialState.PRUNED if fitted.decision.pruned else TrialState.COMPLETE, fitted.decision.reason
    early = f"early stopping after epoch {len(fitted.metrics)}"
    return TrialState.COMPLETE, early if fitted.stopped_early else "all epochs"


def _evaluate(task: EvaluateTask) -> Evaluation:
    test = models.load(task, task.corpus, "test")
    seed = task.trial.seed if task.refit is None else task.refit.seed
    with models.borrowed(task, test.info, seed) as steps:
        _finish(task, steps)
        scored = fit.evaluate(steps.score, test)
        weights = steps.model.get_weights()
    _export(_plain(task, test.info, weights), test.info, task)
    return Evaluation(scored.metrics(), len(test.labels), tuple(map(tuple, scored.confusion.tolist())))


def _finish(task: EvaluateTask, steps: Steps) -> None:
    """Give the model the weights that are to be scored: those of a trained one, or by training it here and now."""
    if task.refit is not None:
        train = models.load(task, task.corpus, "train")
        fit.refit(steps, train, parameters=models.parameters_of(task), seed=task.refit.seed, epochs=task.refit.epochs)
    elif task.weights is None:
        raise ValueError(f"task {task.key} has neither weights nor a way to train them")
    else:
        with np.load(task.weights) as arrays:
            steps.model.set_weights([arrays[f"arr_{index}"] for index in range(len(arrays.files))])


def _plain(task: EvaluateTask, info: FeatureInfo, weights: list[NDArray[Any]]) -> keras.Model:
    """The model of Keras' own layers alone, so that Keras can read it without this package."""
    keras.backend.clear_session(free_memory=False)  # names of layers are to be those of a first model
    keras.utils.set_random_seed(task.trial.seed)  # and the states of dropout are saved, too
    return models.finished(task, info, weights)


def _save_weights(weights: list[NDArray[Any]], path: Path) -> str:
    buffer = io.BytesIO()
    np.savez(buffer, *weights)
    write_atomically(path, buffer.getvalue())
    return sha256(path)


def _export(model: keras.Model, info: FeatureInfo, task: EvaluateTask) -> None:
    """Write the model and what is needed to use it; its folder is the old export or the new one, never a mixture."""
    folder = task.export
    fresh = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    model.save(fresh / "model.keras")
    (fresh / "labels.json").write_text(json.dumps(list(info.labels), indent=1))
    # A percentile of the training texts' lengths, say, cannot be found again from the trial's parameters.
    read = {
        "features": models.architecture_of(task).FEATURES,
        "vocabulary_size": info.vocabulary_size,
        "max_length": info.max_length,
    }
    (fresh / "features.json").write_text(json.dumps(read, indent=1))
    if task.own is not None and task.own.digest:  # layers of the user's own are read with it
        (fresh / Path(task.own.location).name).write_bytes(source_of(task.own, task.folder, task.cache))
    for path in info.files:
        (fresh / path.name).write_bytes(path.read_bytes())
    (fresh / "trial.json").write_text(json.dumps(task.trial.to_json(), indent=1))
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def _versions() -> Mapping[str, str]:
    return {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
    }
