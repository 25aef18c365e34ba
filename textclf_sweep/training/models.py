"""From a trial to what it trains: its features, and a model that is a function of its seed."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import cast

import keras

from textclf_sweep.architectures import Architecture, BuildInfo
from textclf_sweep.data import features
from textclf_sweep.data.corpus import PartName
from textclf_sweep.data.features import FeatureInfo
from textclf_sweep.training.tasks import EvaluateTask, TrainTask


def architecture_of(task: TrainTask | EvaluateTask) -> Architecture:
    """What builds a trial's models."""
    name = task.trial.architecture
    return cast("Architecture", importlib.import_module(f"textclf_sweep.architectures.{name}"))


def load(task: TrainTask | EvaluateTask, corpus: Path, part: PartName) -> features.Features:
    """One part of the data as the trial's architecture reads it."""
    name = architecture_of(task).FEATURES
    return features.load(name, corpus, task.cache, task.trial.parameters, part, task.folder)


def seeded(task: TrainTask | EvaluateTask, info: FeatureInfo, seed: int) -> keras.Model:
    """A new model that is a function of the seed; what its layers draw later (dropout) is too."""
    keras.utils.set_random_seed(seed)
    return build(task, info)


def build(task: TrainTask | EvaluateTask, info: FeatureInfo, *, plain: bool = False) -> keras.Model:
    """A new model of the trial; see `BuildInfo` for `plain`."""
    architecture, given = architecture_of(task), task.trial.parameters
    # A parameter that another one makes meaningless is absent from the trial.
    own = {item.name: given.get(item.name, item.preset) for item in architecture.PARAMETERS}
    what = BuildInfo(len(info.labels), info.vocabulary_size, info.max_length, info.vectors, plain=plain)
    return cast("keras.Model", architecture.build(what, **own))
