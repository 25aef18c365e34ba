"""Pretrained BERT (by KerasHub) with a classifier on top: fine-tuned as a whole or in part, or left as it is.

Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding", NAACL 2019; the
default checkpoint is of Wang et al., "MiniLM: Deep Self-Attention Distillation for Task-Agnostic Compression of
Pre-Trained Transformers", NeurIPS 2020, trained on for sentences (Reimers and Gurevych, EMNLP 2019).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from textclf_sweep.architectures import BuildInfo
from textclf_sweep.architectures._layers import L1, L2, dropped, regularizer
from textclf_sweep.definition.space import Categorical, Parameter, Range
from textclf_sweep.errors import InputError, Problem
from textclf_sweep.trial import Scalar

FEATURES = "wordpiece"

FULL, TOP, FROZEN = "full", "top", "frozen"

PARAMETERS = (
    Parameter(
        "fine_tuning", "str", FULL,
        "what of the checkpoint is trained: full is all of it, top its last layers (see top_layers), frozen nothing: "
        "it then answers once for each text, and a trial takes seconds",
        search=Categorical((FULL, TOP, FROZEN)), choices=(FULL, TOP, FROZEN),
    ),
    Parameter(
        "top_layers", "int", 2, "transformer layers that are trained, counted from the last one",
        search=Range(1, 4, integer=True), minimum=1, maximum=64, when=(("fine_tuning", (TOP,)),),
    ),
    Parameter(
        "pooling", "str", "mean",
        "how a text's vectors become one: their mean (as MiniLM was trained), or BERT's own answer to [CLS]",
        choices=("mean", "cls"),
    ),
    Parameter(
        "units", "int", 0, "width of a hidden layer before the output; 0 is none; a frozen checkpoint gains by one",
        search=Categorical((0, 128)), minimum=0, maximum=8192,
    ),
    Parameter(
        "dropout", "float", 0.1, "share of activations dropped before each layer on top of the checkpoint",
        search=Range(0.0, 0.5), minimum=0, below=1,
    ),
    L1,
    L2,
)  # fmt: skip

OVERRIDES = (
    Parameter(
        "learning_rate", "float", 5e-5, "step size of the optimizer; a frozen checkpoint wants more (1e-3)",
        search=Range(2e-5, 1e-3, log=True), above=0, maximum=100,
    ),
    Parameter("batch_size", "int", 32, "texts per step", search=Categorical((16, 32)), minimum=1, maximum=65536),
    Parameter(
        "optimizer", "str", "adam", "adam and adamw are what BERT is trained with; the others are there too",
        choices=("adam", "adamw", "nadam", "adamax", "rmsprop", "adagrad", "lion", "sgd"),
    ),
    Parameter("epochs", "int", 3, "passes over the training part at the most", minimum=1, maximum=100000),
    # The checkpoint lower-cases by itself if it was trained so.
    Parameter("lowercase", "bool", False, "Whether texts are lower-cased, beyond what the checkpoint does itself."),
)  # fmt: skip

ENCODED_BY = ("pooling",)


def check(values: Mapping[str, Sequence[Scalar]], folder: Path) -> None:  # noqa: ARG001 - it is the same for all values
    """Whether the packages are there that trials with these values need.

    Raises:
        InputError: KerasHub, or what it reads weights with, is not installed.
    """
    for module, name in (("keras_hub", "keras-hub"), ("safetensors", "safetensors")):
        if importlib.util.find_spec(module) is None:
            what = f"bert needs the package {name}, which is not installed"
            raise InputError(Problem(what, fix="pip install 'textclf-sweep[bert]'", key="architecture"))


def build(  # noqa: PLR0913 - one argument per hyperparameter is the contract
    info: BuildInfo,
    *,
    fine_tuning: str,
    top_layers: int,
    pooling: str,
    units: int,
    dropout: float,
    l1: float,
    l2: float,
) -> Any:
    """The checkpoint, pooling, perhaps a hidden layer, softmax.

    Args:
        info: what the model must fit; `checkpoint` is needed unless `encoded` is given.
        fine_tuning: ``full``, ``top`` or ``frozen``.
        top_layers: of ``top``, transformer layers that are trained, >= 1; all of them where there are fewer.
        pooling: ``mean`` or ``cls``.
        units: width of a hidden layer with ReLU, >= 0; 0 is none.
        dropout: in [0, 1).
        l1: weight of the L1 penalty on the kernels on top of the checkpoint, >= 0.
        l2: weight of the L2 penalty on them, >= 0.

    Returns:
        A ``keras.Model`` from int32 token ids (batch, length), or from float32 vectors (batch, `info.encoded`), to
        probabilities (batch, labels). Padding is masked.
    """
    import keras  # noqa: PLC0415 - heavy, and only workers build models

    if info.encoded is None:
        inputs, hidden = _pooled(info, fine_tuning, top_layers, pooling)
    else:
        inputs = hidden = keras.Input((info.encoded,), dtype="float32", name="encoded")
    if units:
        layer = keras.layers.Dense(units, activation="relu", kernel_regularizer=regularizer(l1, l2))
        hidden = layer(dropped(hidden, dropout, info))
    output = keras.layers.Dense(info.labels, activation="softmax", kernel_regularizer=regularizer(l1, l2))
    return keras.Model(inputs, output(dropped(hidden, dropout, info)), name="bert")


def encoder(info: BuildInfo, *, fine_tuning: str, pooling: str, **_: object) -> Callable[[], Any] | None:
    """What makes the part of the model that is left as it is.

    Args:
        info: as for `build`.
        fine_tuning: it is all of the checkpoint when this is ``frozen``, else nothing.
        pooling: ``mean`` or ``cls``.

    Returns:
        What makes a ``keras.Model`` from int32 token ids (batch, length) to float32 (batch, width); or None.
    """
    import keras  # noqa: PLC0415 - as above

    return (lambda: keras.Model(*_pooled(info, FROZEN, 0, pooling))) if fine_tuning == FROZEN else None


def _pooled(info: BuildInfo, fine_tuning: str, top_layers: int, pooling: str) -> tuple[Any, Any]:
    """Token ids (batch, length), and the checkpoint's answer to them (batch, width)."""
    import keras  # noqa: PLC0415 - as above

    backbone = _backbone(info)
    _freeze(backbone, fine_tuning, top_layers, pooling)
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    mask = keras.ops.cast(keras.ops.not_equal(tokens, 0), "int32")
    given = {"token_ids": tokens, "segment_ids": keras.ops.zeros_like(tokens), "padding_mask": mask}
    # What is left as it is drops nothing in training either.
    answers = backbone(given, training=False) if fine_tuning == FROZEN else backbone(given)
    if pooling == "cls":
        return tokens, answers["pooled_output"]
    weights = keras.ops.expand_dims(keras.ops.cast(mask, "float32"), -1)
    total = keras.ops.sum(answers["sequence_output"] * weights, axis=1)
    return tokens, total / keras.ops.maximum(keras.ops.sum(weights, axis=1), 1.0)


def _backbone(info: BuildInfo) -> Any:
    import keras_hub  # type: ignore[import-untyped, unused-ignore]  # noqa: PLC0415 - as above, and an extra

    if info.checkpoint is None:
        raise ValueError("bert needs a checkpoint")
    return keras_hub.models.BertBackbone.from_preset(str(info.checkpoint))


def _freeze(backbone: Any, fine_tuning: str, top_layers: int, pooling: str) -> None:
    """Leave as they are what is not to be trained, and what has no influence."""
    if fine_tuning == FROZEN:
        backbone.trainable = False
        return
    if pooling != "cls":
        backbone.pooled_dense.trainable = False
    if fine_tuning == TOP:
        below = backbone.transformer_layers[: max(0, len(backbone.transformer_layers) - top_layers)]
        embeddings = (backbone.token_embedding, backbone.position_embedding, backbone.segment_embedding)
        for layer in (*embeddings, backbone.embeddings_layer_norm, *below):
            layer.trainable = False
