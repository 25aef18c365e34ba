"""Convolutional network with parallel kernel widths over word embeddings, learned from scratch or pretrained.

Kim, "Convolutional Neural Networks for Sentence Classification", EMNLP 2014.
"""

from __future__ import annotations

from typing import Any

from textclf_sweep.architectures import BuildInfo
from textclf_sweep.architectures import _layers as layers
from textclf_sweep.definition.space import Categorical, Parameter, Range

FEATURES = "tokens"

PARAMETERS = (
    layers.EMBEDDING_DIM,
    layers.TRAINABLE,
    Parameter(
        "filters", "int", 64, "filters of each kernel width",
        search=Categorical((32, 64, 128)), minimum=1, maximum=8192,
    ),
    Parameter(
        "kernel_size", "int", 3, "tokens that the narrowest kernel sees",
        search=Range(1, 4, integer=True), minimum=1, maximum=64,
    ),
    Parameter(
        "kernels", "int", 3, "parallel kernels, each one token wider than the one before",
        search=Range(1, 3, integer=True), minimum=1, maximum=16,
    ),
    layers.dropout_of("share of activations dropped after the embedding and after the pooling"),
    layers.L1,
    layers.L2,
)  # fmt: skip


def build(  # noqa: PLR0913 - one argument per hyperparameter is the contract
    info: BuildInfo,
    *,
    embedding_dim: int,
    trainable: bool,
    filters: int,
    kernel_size: int,
    kernels: int,
    dropout: float,
    l1: float,
    l2: float,
) -> Any:
    """Embedding, parallel convolutions with ReLU, maximum over the text, softmax.

    Args:
        info: what the model must fit.
        embedding_dim: width of a word's vector, >= 1; unused when `info` has pretrained ones.
        trainable: whether the vectors are learned.
        filters: filters of each kernel width, >= 1.
        kernel_size: tokens that the narrowest kernel sees, >= 1.
        kernels: parallel kernels, of widths kernel_size, kernel_size + 1, ..., >= 1.
        dropout: in [0, 1).
        l1: weight of the L1 penalty, >= 0.
        l2: weight of the L2 penalty, >= 0.

    Returns:
        A ``keras.Model`` from int32 token ids (batch, length) to probabilities (batch, labels). Padding has no
        influence: it is zero for the kernels, and their answers to it are zero, the least that ReLU gives.
    """
    import keras  # noqa: PLC0415 - heavy, and only workers build models

    tokens, penalty = layers.token_input(), layers.regularizer(l1, l2)
    text = layers.text_of(tokens)
    words = layers.embedded(tokens, info, embedding_dim, trainable=trainable)
    words = layers.dropped(words, dropout, info) * text
    pooled = [
        keras.layers.GlobalMaxPooling1D()(layers.convolved(words, text, filters, width, penalty))
        for width in range(kernel_size, kernel_size + kernels)
    ]
    hidden = keras.layers.Concatenate()(pooled) if kernels > 1 else pooled[0]
    return layers.classified("cnn", tokens, layers.dropped(hidden, dropout, info), info, penalty)
