"""A worker's entry: run one task to its outcome."""

from __future__ import annotations

import gc
import importlib
import io
import json
import platform
import shutil
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from textclf_sweep.architectures import BuildInfo
from textclf_sweep.data import features
from textclf_sweep.data.features import FeatureInfo
from textclf_sweep.training import fit, steps
from textclf_sweep.training.files import sha256, write_atomically
from textclf_sweep.training.tasks import Decision, EvaluateTask, Evaluation, Outcome, Report, Task, TrainTask
from textclf_sweep.trial import EpochEvent, Failure, Trial, TrialResult, TrialState

_threads: int | None = None


def run_task(task: Task, report: Report, threads: int) -> Outcome:
    """Run one task; called again and again in one process.

    A trial's result does not depend on what ran in the process before it: seeds are set and Keras' state cleared.

    Args:
        task: what to do.
        report: called after each epoch of a trial; waits for the parent's decision.
        threads: TensorFlow's threads, >= 1; the same at each call.

    Returns:
        A `TrialResult` (also when training failed) or an `Evaluation`.
    """
    _configure(threads)
    keras.backend.clear_session(free_memory=True)
    try:
        if isinstance(task, EvaluateTask):
            return _evaluate(task)
        return _train(task, report)
    finally:
        gc.collect()


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
    train, validation = (_load(task, part) for part in ("train", "validation"))
    fitted, events = fit.Fitted(), list[EpochEvent]()

    def end_of_epoch(epoch: int, metrics: dict[str, float]) -> Decision:
        events.append(EpochEvent(task.trial.number, task.attempt, epoch, metrics, time.time()))
        return report(events[-1])

    model, failure = _fit(task, train, validation, end_of_epoch, fitted)
    weights = "" if failure else _save_weights(model, task.results / f"{task.key}.npz")
    state, reason = _ending(fitted, failure)
    best = fitted.metrics[fitted.best_epoch - 1] if fitted.best_epoch else {}
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
        confusion=() if fitted.confusion is None else tuple(map(tuple, fitted.confusion.tolist())),
        definition_hash=task.definition_hash,
        data_hash=task.data_hash,
        weights_hash=weights,
        failure=failure,
        versions=_versions(),
    )
    write_atomically(task.results / f"{task.key}.json", json.dumps(result.to_json()).encode())
    return result


def _fit(
    task: TrainTask,
    train: features.Features,
    validation: features.Features,
    report: Callable[[int, dict[str, float]], Decision],
    fitted: fit.Fitted,
) -> tuple[keras.Model | None, Failure | None]:
    """The trained model, or why there is none."""
    try:
        keras.utils.set_random_seed(task.trial.seed)
        model = _build(task.trial, train.info)
        fit.fit(
            model, train, validation, parameters=task.trial.parameters, seed=task.trial.seed, metric=task.metric,
            early_stopping=task.early_stopping, report=report, fitted=fitted,
        )  # fmt: skip
    except fit.DivergedError as error:
        return None, Failure("diverged", str(error))
    except (Exception, SystemExit) as error:  # whatever a model or an op raises fails this trial alone
        line = f"{type(error).__name__}: {error}".splitlines()[0][:500]
        return None, Failure("error", line, traceback.format_exc())
    return model, None


def _ending(fitted: fit.Fitted, failure: Failure | None) -> tuple[TrialState, str]:
    if failure is not None:
        return TrialState.FAILED, f"diverged: {failure.message}" if failure.kind == "diverged" else failure.message
    if fitted.decision is not None:
        return TrialState.PRUNED if fitted.decision.pruned else TrialState.COMPLETE, fitted.decision.reason
    early = f"early stopping after epoch {len(fitted.metrics)}"
    return TrialState.COMPLETE, early if fitted.stopped_early else "all epochs"


def _evaluate(task: EvaluateTask) -> Evaluation:
    test = _load(task, "test")
    model = _build(task.trial, test.info)
    with np.load(task.weights) as arrays:
        model.set_weights([arrays[f"arr_{index}"] for index in range(len(arrays.files))])
    scored = fit.evaluate(steps.trace_evaluation(model), test)
    _export(model, test.info, task.trial, task.export)
    return Evaluation(scored.metrics(), len(test.labels), tuple(map(tuple, scored.confusion.tolist())))


def _load(task: TrainTask | EvaluateTask, part: str) -> features.Features:
    name = importlib.import_module(f"textclf_sweep.architectures.{task.trial.architecture}").FEATURES
    return features.load(name, task.corpus, task.cache, task.trial.parameters, part)


def _build(trial: Trial, info: FeatureInfo) -> keras.Model:
    module = importlib.import_module(f"textclf_sweep.architectures.{trial.architecture}")
    # A parameter that another one makes meaningless is absent from the trial.
    own = {parameter.name: trial.parameters.get(parameter.name, parameter.preset) for parameter in module.PARAMETERS}
    return module.build(BuildInfo(len(info.labels), info.vocabulary_size, info.max_length), **own)


def _save_weights(model: keras.Model, path: Path) -> str:
    buffer = io.BytesIO()
    np.savez(buffer, *model.get_weights())
    write_atomically(path, buffer.getvalue())
    return sha256(path)


def _export(model: keras.Model, info: FeatureInfo, trial: Trial, folder: Path) -> None:
    """Write the model and what is needed to use it; `folder` is the old export or the new one, never a mixture."""
    fresh = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    model.save(fresh / "model.keras")
    (fresh / "labels.json").write_text(json.dumps(list(info.labels), indent=1))
    (fresh / "vocabulary.json").write_bytes(info.vocabulary.read_bytes())
    (fresh / "trial.json").write_text(json.dumps(trial.to_json(), indent=1))
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def _versions() -> Mapping[str, str]:
    return {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
    }
