"""Whether a model can be trained at all, found out on a few texts before any trial."""

from __future__ import annotations

import re
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from textclf_sweep.architectures import Architecture
from textclf_sweep.data.features import FeatureInfo, Features, SparseRows
from textclf_sweep.definition.signature import signature
from textclf_sweep.definition.types import OwnArchitecture
from textclf_sweep.errors import InputError, Problem, StorageError
from textclf_sweep.training import models
from textclf_sweep.training.own import file_of
from textclf_sweep.training.smoke import smoke
from textclf_sweep.training.steps import is_softmax, tensor
from textclf_sweep.training.symptoms import judge
from textclf_sweep.training.tasks import Checked, CheckTask

ROWS = 8
"""Texts that a user's model is called with, before it is trained on some."""
TRAINABLE = "a model that can be trained"
LEARNS = "a model that can learn a few texts by heart"
MODEL = "a keras.Model from one input to (batch, labels)"


class _WrongError(Exception):
    """Something is wrong with a model.

    Args:
        what, expected, fix: as of a `Problem`.
    """

    def __init__(self, what: str, expected: str = MODEL, fix: str = "") -> None:
        super().__init__(what)
        self.what, self.expected, self.fix = what, expected, fix


def check(task: CheckTask) -> Checked:
    """Build the model (of one of the user's own, look at it, call it and save it), and put it to the smoke test.

    What its code raises is a finding.

    Raises:
        StorageError: the features cannot be read or written.
    """
    started = time.perf_counter()
    try:
        train = models.load(task, task.corpus, "train")
        if task.own is not None:
            _check_own(task, _few(train))
        measured = _step(lambda: smoke(task, train), "training the model on a few texts failed", TRAINABLE)
    except _WrongError as wrong:
        problem = Problem(wrong.what, wrong.expected, wrong.fix, where=_where(task, wrong))
        return Checked(problem, seconds=time.perf_counter() - started)
    except InputError as error:
        return Checked(error.problems[0], seconds=time.perf_counter() - started)
    found, broken = judge(measured), None
    if found.faults:
        name, why = next(iter(found.faults.items()))
        fix = f"{FIXES[name]}; --force goes on all the same"
        broken = Problem(f"{name}: {why}", LEARNS, fix, where=_where(task, None))
    return Checked(broken, found.warnings, measured.numbers(), time.perf_counter() - started)


FIXES = {
    "exploding_gradients": "mind the scale of the first weights and of what is multiplied; normalise between layers",
    "vanishing_gradients": "let gradients pass from the loss to every layer that is to learn; what is to stay as it is "
    "gets trainable=False",
    "dead_units": "begin with biases of 0 and weights around 0",
    "saturated_activations": "begin with smaller weights (Keras' own initializers fit their layers)",
    "head_loss_mismatch": 'end with one keras.layers.Dense(info.labels, activation="softmax")',
    "ignores_input": "is what the layers read made of the model's input?",
    "cannot_learn_a_batch": "do all layers that matter learn, and does nothing throw away what the texts say?",
}
"""What to do about each fault of a smoke test."""


def _check_own(task: CheckTask, few: Features) -> None:
    """Whether a user's function returns a model that can be called and saved."""
    model = _step(
        lambda: models.seeded(task, few.info, task.trial.seed),
        "building the model failed",
        "a function that returns a model",
    )
    _check_model(model, models.architecture_of(task), few)
    _step(lambda: _save(model), "the model cannot be saved", "a model whose layers Keras can save")


def _step(do: Callable[[], Any], what: str, expected: str) -> Any:
    """What `do` returns; what it raises is wrong with the model."""
    try:
        return do()
    except (_WrongError, InputError, StorageError):
        raise
    except (Exception, SystemExit) as error:  # whatever a user's code raises
        raise _WrongError(f"{what}: {_told(error)}", expected, "mend it there; nothing has been trained yet") from error


def _few(rows: Features) -> Features:
    """The first rows of some features."""
    labels = np.array(rows.labels[:ROWS])
    chosen = np.arange(len(labels))
    inputs = rows.inputs.take(chosen) if isinstance(rows.inputs, SparseRows) else rows.inputs[:ROWS]
    return Features(inputs, np.array(rows.lengths[:ROWS]), labels, rows.info)


def _check_model(model: Any, architecture: Architecture, few: Features) -> None:
    """Whether it is a model of the right shape whose answers mean what they seem to."""
    if not isinstance(model, keras.Model):
        kind = "nothing" if model is None else f"an object of type {type(model).__name__}"
        raise _WrongError(f"it returns {kind}", fix="end it with: return keras.Model(inputs, outputs)")
    _check_input(model, architecture.FEATURES, few.info)
    _check_output(model, len(few.info.labels))
    if not model.trainable_weights:
        raise _WrongError("the model has no weights that training could change", "a layer with trainable weights")
    batch = tensor(few.batch(np.arange(len(few.labels))))
    output = _step(lambda: np.asarray(model(batch, training=False)), "calling the model failed", MODEL)
    _check_values(model, output, few)


def _check_input(model: keras.Model, features: str, info: FeatureInfo) -> None:
    inputs = getattr(model, "inputs", None)
    sparse = features == "tfidf"
    right = _INPUTS["tfidf" if sparse else "tokens"]
    if not inputs:
        raise _WrongError(
            "the model says nothing of its input", f"a model made from {right}", "use keras.Model(inputs, outputs)"
        )
    if len(inputs) != 1:
        raise _WrongError(f"the model has {len(inputs)} inputs", f"one: {right}", "make it read one")
    (tensor_in,) = inputs
    given = f"its input is {tensor_in.dtype} of shape {_shape(tensor_in)}" + (", sparse" if tensor_in.sparse else "")
    wrong = bool(tensor_in.sparse) != sparse or (sparse and tuple(tensor_in.shape) != (None, info.vocabulary_size))
    if not sparse:
        wrong = wrong or tensor_in.dtype != "int32" or tuple(tensor_in.shape) != (None, None)
    if wrong:
        why = "rows of TF-IDF are sparse" if sparse else "batches of token ids are as wide as their longest text"
        raise _WrongError(given, right, f"{why}: write it so")


_INPUTS = {
    "tokens": 'keras.Input((None,), dtype="int32")',
    "tfidf": "keras.Input((info.vocabulary_size,), sparse=True)",
}
"""The input of a model, by the features."""


def _check_output(model: keras.Model, labels: int) -> None:
    outputs = model.outputs
    if len(outputs) != 1:
        raise _WrongError(f"the model has {len(outputs)} outputs", f"one of shape (batch, {labels})", "return one")
    if tuple(outputs[0].shape) != (None, labels):
        what = f"its output has the shape {_shape(outputs[0])}"
        fix = 'end with keras.layers.Dense(info.labels, activation="softmax")'
        if len(outputs[0].shape) > 2:
            fix = f"leave out the other axes, e.g. with keras.layers.GlobalAveragePooling1D(), and {fix}"
        raise _WrongError(what, f"(batch, {labels}), a number for each label", fix)


BENT = {
    "sigmoid": "which is for labels that go together",
    "hard_sigmoid": "which is for labels that go together",
    "tanh": "which is never far from 0, so no label can be sure",
    "relu": "which answers 0 where a label is unlikely, and learns nothing there",
    "relu6": "which answers 0 where a label is unlikely, and learns nothing there",
}
"""Activations that do not go with the loss of one label among many."""


def _check_values(model: keras.Model, output: Any, few: Features) -> None:
    """Logits or probabilities: the last layer's activation says which, and training goes by it."""
    if not np.isfinite(output).all():
        raise _WrongError(
            "exploding_gradients: its output is not finite for texts of the data",
            "finite numbers",
            "mind logarithms and divisions",
        )
    last = model.layers[-1]
    softmax = is_softmax(last)
    shares = bool((output >= 0).all() and np.allclose(output.sum(axis=1), 1, atol=1e-3))
    bent = getattr(getattr(last, "activation", None), "__name__", "")
    right = "softmax as the activation of the last layer, or logits without any"
    if softmax and not shares:
        raise _WrongError(
            f"head_loss_mismatch: the last layer, {last.name}, has a softmax, but its rows do not sum to 1",
            right,
            "make it the last",
        )
    if not softmax and shares and len(few.labels) > 1:
        what = f"head_loss_mismatch: it returns probabilities, but the last layer, {last.name}, has no softmax"
        raise _WrongError(what, right, 'end with keras.layers.Dense(info.labels, activation="softmax")')
    if bent in BENT:
        what = f"head_loss_mismatch: its last activation is {bent}, {BENT[bent]}"
        raise _WrongError(what, right, 'write activation="softmax": a text has one label')


def _save(model: keras.Model) -> None:
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.keras")


def _shape(tensor_out: Any) -> str:
    """``(batch, None, 4)``."""
    return f"({', '.join(['batch', *map(str, tensor_out.shape[1:])])}{',' if len(tensor_out.shape) == 1 else ''})"


def _told(error: BaseException) -> str:
    """An exception on one line: Keras' own go over many, in colour, with advice and every argument."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    for before, after in (
        ("Error encountered:", ""),
        ("", "Arguments received by"),
        ("", "You can attempt the following"),
    ):
        text = text.rpartition(before)[2] if before else text.partition(after)[0]
    return f"{type(error).__name__}: {' '.join(text.split())}"[:300].rstrip(": ")


def _where(task: CheckTask, wrong: _WrongError | None) -> str:
    """The line of the user's file that raised, the last one of the traceback; else where the function begins."""
    if task.own is None:
        return ""
    path, cause = file_of(task.own, task.folder), None if wrong is None else wrong.__cause__
    lines = [frame.lineno for frame in traceback.extract_tb(cause.__traceback__ if cause else None)
             if Path(frame.filename) == path]  # fmt: skip
    if isinstance(cause, SyntaxError) and cause.filename == str(path):
        lines.append(cause.lineno)
    return f"{path}:{lines[-1] if lines else _first_line(task.own, path)}"


def _first_line(own: OwnArchitecture, path: Path) -> int:
    try:
        found = signature(path.read_bytes(), own.function, lambda *_: None)
    except OSError:
        return 1
    return 1 if found is None else found.line
