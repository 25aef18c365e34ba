"""Long short-term memory network over word embeddings learned from scratch.

Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation 9(8), 1997.
"""

from __future__ import annotations

from typing import Any

from textclf_sweep.architectures import BuildInfo
from textclf_sweep.definition.space import Categorical, Parameter, Range

FEATURES = "tokens"

PARAMETERS = (
    Parameter(
        "embedding_dim", "int", 128, "width of a word's vector",
        search=Categorical((64, 128)), minimum=1, maximum=4096,
    ),
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
    Parameter("l1", "float", 0.0, "weight of the L1 penalty on input and output kernels", minimum=0),
    Parameter("l2", "float", 0.0, "weight of the L2 penalty on input and output kernels", minimum=0),
)  # fmt: skip


def build(  # noqa: PLR0913 - one argument per hyperparameter is the contract
    info: BuildInfo,
    *,
    embedding_dim: int,
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
        embedding_dim: width of a word's vector, >= 1.
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

    def regularizer() -> Any:
        return keras.regularizers.L1L2(l1=l1, l2=l2) if l1 or l2 else None

    def dropped(values: Any) -> Any:
        return keras.layers.Dropout(dropout)(values) if dropout else values

    tokens = keras.Input((None,), dtype="int32", name="tokens")
    hidden = dropped(keras.layers.Embedding(info.vocabulary_size, embedding_dim, mask_zero=True)(tokens))
    for layer in range(depth):
        lstm = keras.layers.LSTM(units, return_sequences=layer < depth - 1, kernel_regularizer=regularizer())
        hidden = dropped((keras.layers.Bidirectional(lstm) if bidirectional else lstm)(hidden))
    output = keras.layers.Dense(info.labels, activation="softmax", kernel_regularizer=regularizer())(hidden)
    return keras.Model(tokens, output, name="lstm")
