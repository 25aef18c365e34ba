"""A worker's entry: run one task to its outcome."""

from __future__ import annotations

import gc
import importlib
import io
import json
import platform
import time
import traceback
from collections.abc import Mapping
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
    started = time.perf_counter()
    fitted, events = fit.Fitted(), list[EpochEvent]()
    state, reason, failure, weights = TrialState.COMPLETE, "all epochs", None, ""

    def end_of_epoch(epoch: int, metrics: dict[str, float]) -> Decision:
        events.append(EpochEvent(task.trial.number, task.attempt, epoch, metrics, time.time()))
        return report(events[-1])

    try:
        train, validation = (_load(task, part) for part in ("train", "validation"))
        keras.utils.set_random_seed(task.trial.seed)
        model = _build(task.trial, train.info)
        fit.fit(
            model, train, validation, parameters=task.trial.parameters, seed=task.trial.seed, metric=task.metric,
            early_stopping=task.early_stopping, report=end_of_epoch, fitted=fitted,
        )  # fmt: skip
        if fitted.decision:
            state = TrialState.PRUNED if fitted.decision.pruned else TrialState.COMPLETE
            reason = fitted.decision.reason
        elif fitted.stopped_early:
            reason = f"early stopping after epoch {len(events)}"
        weights = _save_weights(model, task.results / f"{task.key}.npz")
    except fit.DivergedError as error:
        state, reason, failure = TrialState.FAILED, f"diverged: {error}", Failure("diverged", str(error))
    except Exception as error:  # whatever a model or an op raises fails this trial alone
        line = f"{type(error).__name__}: {error}".splitlines()[0][:500]
        state, reason, failure = TrialState.FAILED, line, Failure("error", line, traceback.format_exc())
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
    own = {parameter.name: trial.parameters[parameter.name] for parameter in module.PARAMETERS}
    return module.build(BuildInfo(len(info.labels), info.vocabulary_size, info.max_length), **own)


def _save_weights(model: keras.Model, path: Path) -> str:
    buffer = io.BytesIO()
    np.savez(buffer, *model.get_weights())
    write_atomically(path, buffer.getvalue())
    return sha256(path)


def _export(model: keras.Model, info: FeatureInfo, trial: Trial, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder / "model.keras")
    write_atomically(folder / "labels.json", json.dumps(list(info.labels), indent=1).encode())
    write_atomically(folder / "vocabulary.json", info.vocabulary.read_bytes())
    write_atomically(folder / "trial.json", json.dumps(trial.to_json(), indent=1).encode())


def _versions() -> Mapping[str, str]:
    return {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
    }
