"""Convolution and pooling that shorten the text, then an LSTM, over word embeddings, from scratch or pretrained.

Zhou et al., "A C-LSTM Neural Network for Text Classification", arXiv:1511.08630, 2015; with pooling as in Keras'
example imdb_cnn_lstm.
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
        "filters", "int", 128, "filters of the convolution",
        search=Categorical((64, 128)), minimum=1, maximum=8192,
    ),
    Parameter(
        "kernel_size", "int", 5, "tokens that a filter sees",
        search=Range(2, 5, integer=True), minimum=1, maximum=64,
    ),
    Parameter(
        "pool_size", "int", 5, "tokens of which each filter's greatest answer is kept; 1 keeps all",
        search=Categorical((1, 2, 5)), minimum=1, maximum=64,
    ),
    Parameter(
        "units", "int", 128, "width of the LSTM layer (of each direction)",
        search=Categorical((64, 128)), minimum=1, maximum=8192,
    ),
    layers.dropout_of("share of activations dropped after the embedding, after the pooling and after the LSTM layer"),
    layers.RECURRENT_DROPOUT,
    Parameter("bidirectional", "bool", False, "whether the LSTM layer reads in both directions"),
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
    pool_size: int,
    units: int,
    dropout: float,
    recurrent_dropout: float,
    bidirectional: bool,
    l1: float,
    l2: float,
) -> Any:
    """Embedding, convolution with ReLU, maximum of each `pool_size` tokens, LSTM, softmax of the last step.

    Args:
        info: what the model must fit.
        embedding_dim: width of a word's vector, >= 1; unused when `info` has pretrained ones.
        trainable: whether the vectors are learned.
        filters: filters of the convolution, >= 1.
        kernel_size: tokens that a filter sees, >= 1.
        pool_size: tokens that make one step of the LSTM, >= 1; a text's last step may have fewer.
        units: width of the LSTM layer, >= 1.
        dropout: in [0, 1).
        recurrent_dropout: in [0, 1).
        bidirectional: doubles the LSTM's output.
        l1: weight of the L1 penalty, >= 0.
        l2: weight of the L2 penalty, >= 0.

    Returns:
        A ``keras.Model`` from int32 token ids (batch, length) to probabilities (batch, labels). Padding has no
        influence: see `layers.convolved`, and steps without a token are masked.
    """
    tokens, penalty = layers.token_input(), layers.regularizer(l1, l2)
    text = layers.text_of(tokens)
    words = layers.embedded(tokens, info, embedding_dim, trainable=trainable)
    words = layers.dropped(words, dropout, info) * text
    found = _pooled(layers.convolved(words, text, filters, kernel_size, penalty), pool_size)
    mask = _pooled(text, pool_size)[:, :, 0] > 0
    hidden = layers.recurrent(
        "lstm", layers.dropped(found, dropout, info), info, units=units, depth=1, dropout=dropout,
        recurrent_dropout=recurrent_dropout, bidirectional=bidirectional, penalty=penalty, mask=mask,
    )  # fmt: skip
    return layers.classified("cnn_lstm", tokens, hidden, info, penalty)


def _pooled(values: Any, size: int) -> Any:
    """The maximum of each `size` steps of (batch, length, width), the last ones filled up with zeros.

    Filled up behind, always: "same" would also fill up before, by a number that depends on the padding.
    """
    import keras  # noqa: PLC0415 - heavy, and only workers build models

    if size == 1:
        return values
    return keras.layers.MaxPooling1D(size)(keras.layers.ZeroPadding1D((0, size - 1))(values))
