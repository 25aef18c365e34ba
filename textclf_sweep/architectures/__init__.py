"""Models: one file per architecture, one contract.

An architecture module is named as in a definition (``architecture: cnn_lstm``), has only light top-level imports
(keras is imported inside `build`), and declares

- ``FEATURES``: the module of `textclf_sweep.data.features` whose arrays it reads;
- ``PARAMETERS``: its own hyperparameters (those of features and training are added to them);
- ``build(info, **hyperparameters) -> keras.Model``: uncompiled, output shape (batch, labels), probabilities when its
  last layer has a softmax activation, logits otherwise;

and may declare

- ``OVERRIDES``: parameters of its features or of training whose default, range or bounds are others here;
- ``encoder(info, **hyperparameters) -> Callable[[], keras.Model] | None``: what makes the part of the model that
  training leaves as it is, from the same inputs to float32 (batch, width). Its answers are computed once for each text
  and cached, and `build` then makes the rest alone (see `BuildInfo.encoded`); the whole model's last weights are those
  of the rest. None: nothing is left as it is;
- ``ENCODED_BY``: the names of its own parameters that those answers depend on;
- ``check(values, folder)``: raises an `InputError` before any trial where something is missing that it needs; see
  `textclf_sweep.sweep.prerequisites`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from textclf_sweep.definition.space import Parameter


@dataclass(frozen=True, slots=True)
class BuildInfo:
    """What a model must fit.

    Attributes:
        labels: number of labels, >= 2.
        vocabulary_size: token ids are in [0, vocabulary_size), 0 is padding, after the text; of sparse rows, their
            width.
        max_length: the most tokens a text has; batches are often narrower.
        vectors: a NumPy file that embeddings start from, float32 of shape (vocabulary_size, width); None without.
        checkpoint: the folder of a pretrained model; None without.
        encoded: the width of what `encoder` made of the inputs, which is the model's input then: float32 (batch,
            encoded); None: its input is the features'.
        plain: whether the model is to be of Keras' own layers alone, with the same weights in the same order: what is
            exported must load without this package.
    """

    labels: int
    vocabulary_size: int
    max_length: int
    vectors: Path | None = None
    checkpoint: Path | None = None
    encoded: int | None = None
    plain: bool = False


class Architecture(Protocol):
    """The shape of an architecture module."""

    FEATURES: str
    PARAMETERS: tuple[Parameter, ...]

    def build(self, info: BuildInfo, **hyperparameters: Any) -> Any:
        """An uncompiled ``keras.Model``."""
