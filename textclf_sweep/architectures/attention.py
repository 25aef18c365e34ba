"""Recurrent or convolutional encoder with attention pooling over word embeddings, from scratch or pretrained.

Yang et al., "Hierarchical Attention Networks for Document Classification", NAACL 2016 (their word level); the scores
are those of Bahdanau et al., "Neural Machine Translation by Jointly Learning to Align and Translate", ICLR 2015.
"""

from __future__ import annotations

from typing import Any

from textclf_sweep.architectures import BuildInfo
from textclf_sweep.architectures import _layers as layers
from textclf_sweep.definition.space import Categorical, Parameter, Range

FEATURES = "tokens"

_RECURRENT = (("encoder", ("gru", "lstm")),)
PARAMETERS = (
    layers.EMBEDDING_DIM,
    layers.TRAINABLE,
    Parameter(
        "encoder", "str", "gru", "what reads the words before attention weighs them",
        search=Categorical(("gru", "lstm", "cnn")), choices=("gru", "lstm", "cnn"),
    ),
    Parameter(
        "units", "int", 64, "width of each encoder layer (of each direction; the filters of a convolution)",
        search=Categorical((32, 64, 128)), minimum=1, maximum=8192,
    ),
    Parameter("depth", "int", 1, "number of encoder layers", search=Range(1, 2, integer=True), minimum=1, maximum=16),
    Parameter(
        "bidirectional", "bool", True, "whether recurrent layers read the text in both directions", when=_RECURRENT,
    ),
    Parameter(
        "kernel_size", "int", 3, "tokens that a convolution's filter sees",
        search=Range(1, 5, integer=True), minimum=1, maximum=64, when=(("encoder", ("cnn",)),),
    ),
    Parameter(
        "attention_units", "int", 64, "width of the layer that scores each word",
        search=Categorical((32, 64, 128)), minimum=1, maximum=8192,
    ),
    layers.dropout_of("share of activations dropped after the embedding, each encoder layer and the pooling"),
    Parameter(
        "recurrent_dropout", "float", 0.0, layers.RECURRENT_DROPOUT.doc, minimum=0, below=1, when=_RECURRENT,
    ),
    layers.L1,
    layers.L2,
)  # fmt: skip


def build(  # noqa: PLR0913 - one argument per hyperparameter is the contract
    info: BuildInfo,
    *,
    embedding_dim: int,
    trainable: bool,
    encoder: str,
    units: int,
    depth: int,
    bidirectional: bool,
    kernel_size: int,
    attention_units: int,
    dropout: float,
    recurrent_dropout: float,
    l1: float,
    l2: float,
) -> Any:
    """Embedding, `depth` encoder layers, a weighted mean of their outputs over the text, softmax.

    Args:
        info: what the model must fit.
        embedding_dim: width of a word's vector, >= 1; unused when `info` has pretrained ones.
        trainable: whether the vectors are learned.
        encoder: gru, lstm or cnn.
        units: width of each encoder layer, >= 1.
        depth: number of encoder layers, >= 1.
        bidirectional: doubles the output of a recurrent layer.
        kernel_size: tokens that a filter sees, >= 1; of cnn.
        attention_units: width of the layer that scores, >= 1.
        dropout: in [0, 1).
        recurrent_dropout: in [0, 1); of gru and lstm.
        l1: weight of the L1 penalty, >= 0.
        l2: weight of the L2 penalty, >= 0.

    Returns:
        A ``keras.Model`` from int32 token ids (batch, length) to probabilities (batch, labels). Padding is masked in
        the encoder and has no weight in the mean.
    """
    tokens, penalty = layers.token_input(), layers.regularizer(l1, l2)
    text, recurrent = layers.text_of(tokens), encoder != "cnn"
    words = layers.embedded(tokens, info, embedding_dim, trainable=trainable, mask_zero=recurrent)
    hidden = layers.dropped(words, dropout, info)
    if recurrent:
        hidden = layers.recurrent(
            encoder, hidden, info, units=units, depth=depth, dropout=dropout, recurrent_dropout=recurrent_dropout,
            bidirectional=bidirectional, penalty=penalty, sequences=True,
        )  # fmt: skip
    else:
        hidden = hidden * text
        for _ in range(depth):
            hidden = layers.convolved(hidden, text, units, kernel_size, penalty)
            hidden = layers.dropped(hidden, dropout, info)
    pooled = layers.dropped(_attended(hidden, text, attention_units, penalty), dropout, info)
    return layers.classified("attention", tokens, pooled, info, penalty)


def _attended(values: Any, text: Any, units: int, penalty: Any) -> Any:
    """Additive attention: the mean of (batch, length, width), weighted by a softmax over the text, (batch, width)."""
    import keras  # noqa: PLC0415 - heavy, and only workers build models

    keys = keras.layers.Dense(units, activation="tanh", kernel_regularizer=penalty)(values)
    # Without a bias, which a softmax does not see.
    scores = keras.layers.Dense(1, use_bias=False, name="attention_scores")(keys)
    weights = keras.ops.softmax(keras.ops.where(text > 0, scores, -1e9), axis=1)
    return keras.ops.sum(values * weights, axis=1)
