"""From a trial to what it trains: its features, and a model that is a function of its seed."""

from __future__ import annotations

import gc
import importlib
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import keras
from numpy.typing import NDArray

from textclf_sweep.architectures import Architecture, BuildInfo
from textclf_sweep.architectures._dropout import VariableDropout
from textclf_sweep.data import features
from textclf_sweep.data.corpus import PartName
from textclf_sweep.data.features import FeatureInfo
from textclf_sweep.training import encode, own
from textclf_sweep.training.parameters import TRACED, complete
from textclf_sweep.training.pool import Pool, Pooled
from textclf_sweep.training.steps import Steps, steps_of
from textclf_sweep.training.tasks import Task
from textclf_sweep.training.weights import Start
from textclf_sweep.trial import Scalar

_POOL = Pool()


def architecture_of(task: Task) -> Architecture:
    """What builds a trial's models."""
    if task.own is not None:
        return own.architecture(task.own, task.folder, task.cache)
    name = task.trial.architecture
    return cast("Architecture", importlib.import_module(f"textclf_sweep.architectures.{name}"))


def parameters_of(task: Task) -> dict[str, Scalar]:
    """A trial's parameters, and of those that a condition keeps out of it what they are with its architecture."""
    architecture, given = architecture_of(task), dict(task.trial.parameters)
    declared = (*architecture.PARAMETERS, *getattr(architecture, "OVERRIDES", ()))
    return complete({item.name: item.preset for item in declared if item.name not in given} | given)


def load(task: Task, corpus: Path, part: PartName) -> features.Features:
    """One part of the data as the trial's model reads it."""
    architecture = architecture_of(task)
    found = features.load(architecture.FEATURES, corpus, task.cache, parameters_of(task), part, task.folder)
    encoder = getattr(architecture, "encoder", None)
    make = None if encoder is None else encoder(_info(found.info), **_own(task))
    if make is None:
        return found
    given = _own(task)
    by = {name: given[name] for name in getattr(architecture, "ENCODED_BY", ())}
    return encode.encoded(found, make, {"architecture": task.trial.architecture, **by}, task.cache)


@contextmanager
def borrowed(task: Task, info: FeatureInfo, seed: int) -> Iterator[Steps]:
    """A model of the trial and its steps, for the time of a ``with`` block; all it does is a function of the seed.

    One that an earlier trial has traced is used again where that is known to change nothing: the weights of a user's
    own model, or of a pretrained one, could begin with something that this program cannot draw again.
    """
    architecture, given = architecture_of(task), parameters_of(task)
    kept = False
    try:
        if task.own is not None or (hasattr(architecture, "encoder") and info.encoded is None):
            yield steps_of(seeded(task, info, seed), given)
        else:
            key = _shapes(task, info)
            pooled = _pooled(key, task, info, seed)
            yield pooled.steps
            # Not reached after an error: nothing is known of the model then.
            kept = pooled.start.known and _POOL.give_back(key, pooled)
    finally:
        if not kept:
            gc.collect()  # models are full of cycles


def _pooled(key: Hashable, task: Task, info: FeatureInfo, seed: int) -> Pooled:
    """A model of these shapes with its first weights, for this task alone."""
    given = parameters_of(task)

    def make() -> Pooled:
        model = seeded(task, info, seed)
        return Pooled(steps_of(model, given), Start(model))

    pooled = _POOL.take(key, make)
    if pooled.start.known:
        pooled.start.draw(seed)
    pooled.steps.reset()
    for layer in pooled.steps.model.layers:
        if isinstance(layer, VariableDropout):
            layer.current.assign(given.get("dropout", layer.rate))
    return pooled


def _shapes(task: Task, info: FeatureInfo) -> Hashable:
    """What a traced model depends on: two trials of which it is equal can use the same one."""
    given = parameters_of(task)
    chosen = {name: value for name, value in _own(task).items() if name != "dropout"}
    traced = {name: given[name] for name in TRACED}
    # Without dropout there is no layer for it.
    what = {**chosen, **traced, "dropped": bool(given.get("dropout"))}
    features = (len(info.labels), info.vocabulary_size, info.max_length, str(info.vectors), info.encoded)
    return (task.trial.architecture, *features, *sorted(what.items()))


def seeded(task: Task, info: FeatureInfo, seed: int) -> keras.Model:
    """A new model, as the first one that a process builds with this seed.

    Not for one that is used again: either call makes TensorFlow prepare all traced steps anew, which takes longer than
    all else before a trial's first step.
    """
    keras.backend.clear_session(free_memory=False)
    keras.utils.set_random_seed(seed)
    return build(task, info)


def build(task: Task, info: FeatureInfo, *, plain: bool = False) -> keras.Model:
    """A new model of the trial; see `BuildInfo` for `plain`.

    A plain one reads texts' tokens: its first weights are those of what `encoded` inputs came from.
    """
    model = architecture_of(task).build(_info(info, plain=plain), **_own(task))
    return cast("keras.Model", model)


def finished(task: Task, info: FeatureInfo, weights: list[NDArray[Any]]) -> keras.Model:
    """The whole model of a trial as a plain one: with these weights, or with these as its last ones."""
    model = build(task, info, plain=True)
    kept = model.get_weights()
    model.set_weights([*kept[: len(kept) - len(weights)], *weights])
    return model


def _info(info: FeatureInfo, *, plain: bool = False) -> BuildInfo:
    return BuildInfo(
        len(info.labels), info.vocabulary_size, info.max_length, info.vectors, info.checkpoint,
        None if plain else info.encoded, plain=plain,
    )  # fmt: skip


def _own(task: Task) -> dict[str, Scalar]:
    """The architecture's own hyperparameters."""
    given = parameters_of(task)
    return {item.name: given[item.name] for item in architecture_of(task).PARAMETERS}
