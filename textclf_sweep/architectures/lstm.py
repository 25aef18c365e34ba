"""Long short-term memory network over word embeddings, learned from scratch or pretrained.

Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation 9(8), 1997; in both directions: Graves and
Schmidhuber, "Framewise Phoneme Classification with Bidirectional LSTM", Neural Networks 18, 2005.
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
        "units", "int", 128, "width of each LSTM layer (of each direction)",
        search=Categorical((32, 64, 128)), minimum=1, maximum=8192,
    ),
    Parameter("depth", "int", 1, "number of LSTM layers", search=Range(1, 2, integer=True), minimum=1, maximum=16),
    layers.dropout_of("share of activations dropped after the embedding and after each LSTM layer"),
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
    """Embedding, `depth` LSTM layers, softmax of the last step.

    Args:
        info: what the model must fit.
        embedding_dim: width of a word's vector, >= 1; unused when `info` has pretrained ones.
        trainable: whether the vectors are learned.
        units: width of each LSTM layer, >= 1.
        depth: number of LSTM layers, >= 1.
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
        "lstm", layers.dropped(words, dropout, info), info, units=units, depth=depth, dropout=dropout,
        recurrent_dropout=recurrent_dropout, bidirectional=bidirectional, penalty=penalty,
    )  # fmt: skip
    return layers.classified("lstm", tokens, hidden, info, penalty)
