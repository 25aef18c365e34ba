"""Long short-term memory network over word embeddings, learned from scratch or pretrained.

Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation 9(8), 1997.
"""

from __future__ import annotations

from typing import Any

from textclf_sweep.architectures import BuildInfo
from textclf_sweep.architectures._layers import EMBEDDING_DIM, L1, L2, TRAINABLE, dropped, embedded, regularizer
from textclf_sweep.definition.space import Categorical, Parameter, Range

FEATURES = "tokens"

PARAMETERS = (
    EMBEDDING_DIM,
    TRAINABLE,
    Parameter(
        "units", "int", 128, "width of each LSTM layer (of each direction)",
        search=Categorical((32, 64, 128)), minimum=1, maximum=8192,
    ),
    Parameter("depth", "int", 1, "number of LSTM layers", search=Range(1, 2, integer=True), minimum=1, maximum=16),
    Parameter(
        "dropout", "float", 0.0, "share of activations dropped after the embedding and after each LSTM layer",
        search=Range(0.0, 0.6), minimum=0, below=1,
    ),
    Parameter("bidirectional", "bool", False, "whether each layer reads the text in both directions"),
    L1,
    L2,
)  # fmt: skip


def build(  # noqa: PLR0913 - one argument per hyperparameter is the contract
    info: BuildInfo,
    *,
    embedding_dim: int,
    trainable: bool,
    units: int,
    depth: int,
    dropout: float,
    bidirectional: bool,
    l1: float,
    l2: float,
) -> Any:
    """Embedding, `depth` LSTM layers, softmax.

    Args:
        info: what the model must fit.
        embedding_dim: width of a word's vector, >= 1; unused when `info` has pretrained ones.
        trainable: whether the vectors are learned.
        units: width of each LSTM layer, >= 1.
        depth: number of LSTM layers, >= 1.
        dropout: in [0, 1).
        bidirectional: doubles each layer's output.
        l1: weight of the L1 penalty, >= 0.
        l2: weight of the L2 penalty, >= 0.

    Returns:
        A ``keras.Model`` from int32 token ids (batch, length) to probabilities (batch, labels). Padding is masked.
    """
    import keras  # noqa: PLC0415 - heavy, and only workers build models

    tokens = keras.Input((None,), dtype="int32", name="tokens")
    hidden = dropped(embedded(tokens, info, embedding_dim, trainable=trainable, mask_zero=True), dropout)
    for layer in range(depth):
        lstm = keras.layers.LSTM(units, return_sequences=layer < depth - 1, kernel_regularizer=regularizer(l1, l2))
        hidden = dropped((keras.layers.Bidirectional(lstm) if bidirectional else lstm)(hidden), dropout)
    output = keras.layers.Dense(info.labels, activation="softmax", kernel_regularizer=regularizer(l1, l2))(hidden)
    return keras.Model(tokens, output, name="lstm")
