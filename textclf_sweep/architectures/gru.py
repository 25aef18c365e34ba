"""Gated recurrent unit network over word embeddings, learned from scratch or pretrained.

Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine Translation", EMNLP 2014.
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
        "units", "int", 128, "width of each GRU layer (of each direction)",
        search=Categorical((32, 64, 128)), minimum=1, maximum=8192,
    ),
    Parameter("depth", "int", 1, "number of GRU layers", search=Range(1, 2, integer=True), minimum=1, maximum=16),
    layers.dropout_of("share of activations dropped after the embedding and after each GRU layer"),
    layers.RECURRENT_DROPOUT,
    Parameter("bidirectional", "bool", False, "whether each layer reads the text in both directions"),
    layers.L1,
    layers.L2,
)  # fmt: skip


def build(  # noqa: PLR0913 - one argument per hyperparameter is the contract
    info: BuildInfo,
    *,
    embedding_dim: int,
    trainable: bool,
    units: int,
    depth: int,
    dropout: float,
    recurrent_dropout: float,
    bidirectional: bool,
    l1: float,
    l2: float,
) -> Any:
    """Embedding, `depth` GRU layers, softmax of the last step.

    Args:
        info: what the model must fit.
        embedding_dim: width of a word's vector, >= 1; unused when `info` has pretrained ones.
        trainable: whether the vectors are learned.
        units: width of each GRU layer, >= 1.
        depth: number of GRU layers, >= 1.
        dropout: in [0, 1).
        recurrent_dropout: in [0, 1).
        bidirectional: doubles each layer's output.
        l1: weight of the L1 penalty, >= 0.
        l2: weight of the L2 penalty, >= 0.

    Returns:
        A ``keras.Model`` from int32 token ids (batch, length) to probabilities (batch, labels). Padding is masked.
    """
    tokens, penalty = layers.token_input(), layers.regularizer(l1, l2)
    words = layers.embedded(tokens, info, embedding_dim, trainable=trainable, mask_zero=True)
    hidden = layers.recurrent(
        "gru", layers.dropped(words, dropout, info), info, units=units, depth=depth, dropout=dropout,
        recurrent_dropout=recurrent_dropout, bidirectional=bidirectional, penalty=penalty,
    )  # fmt: skip
    return layers.classified("gru", tokens, hidden, info, penalty)
