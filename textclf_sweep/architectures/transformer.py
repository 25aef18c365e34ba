"""Small Transformer encoder over word embeddings, learned from scratch or pretrained.

Vaswani et al., "Attention Is All You Need", NeurIPS 2017; normalised before each part, as Xiong et al., "On Layer
Normalization in the Transformer Architecture", ICML 2020; learned positions, as Devlin et al., "BERT", NAACL 2019.
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
    Parameter("depth", "int", 1, "number of blocks", search=Range(1, 2, integer=True), minimum=1, maximum=16),
    Parameter(
        "heads", "int", 4, "parallel attentions of each block, each of the embedding's width divided by their number",
        search=Categorical((2, 4)), minimum=1, maximum=64,
    ),
    Parameter(
        "units", "int", 128, "width of the feed-forward layer of each block",
        search=Categorical((64, 128, 256)), minimum=1, maximum=8192,
    ),
    layers.dropout_of("share of activations dropped after the embedding, each part of a block and the pooling", 0.1),
    layers.L1,
    layers.L2,
)  # fmt: skip

OVERRIDES = (
    layers.learning_rate_of(0.001, 1e-4, 3e-3),
    Parameter(
        "warmup", "float", 0.1,
        "share of all steps over which the learning rate first rises from 0, in a straight line",
        minimum=0, below=1,
    ),
)  # fmt: skip


def build(  # noqa: PLR0913 - one argument per hyperparameter is the contract
    info: BuildInfo,
    *,
    embedding_dim: int,
    trainable: bool,
    depth: int,
    heads: int,
    units: int,
    dropout: float,
    l1: float,
    l2: float,
) -> Any:
    """Embeddings of words and positions, `depth` blocks, mean over the text, softmax.

    Args:
        info: what the model must fit.
        embedding_dim: width of a word's vector, >= 1; unused when `info` has pretrained ones.
        trainable: whether the vectors are learned; those of positions always are.
        depth: number of blocks, >= 1.
        heads: parallel attentions of each block, >= 1.
        units: width of the feed-forward layers, >= 1.
        dropout: in [0, 1).
        l1: weight of the L1 penalty, >= 0.
        l2: weight of the L2 penalty, >= 0.

    Returns:
        A ``keras.Model`` from int32 token ids (batch, length) to probabilities (batch, labels). Nothing attends to
        padding, and it is no part of the mean.
    """
    import keras  # noqa: PLC0415 - heavy, and only workers build models

    tokens, penalty = layers.token_input(), layers.regularizer(l1, l2)
    text = layers.text_of(tokens)
    words = layers.embedded(tokens, info, embedding_dim, trainable=trainable)
    hidden = layers.dropped(words + _positions(tokens, info, words.shape[-1]), dropout, info)
    mask = keras.ops.expand_dims(keras.ops.not_equal(tokens, 0), 1)
    for _ in range(depth):
        hidden = _block(hidden, mask, info, heads=heads, units=units, dropout=dropout, penalty=penalty)
    pooled = layers.mean_of(keras.layers.LayerNormalization(epsilon=1e-6)(hidden), text)
    return layers.classified("transformer", tokens, layers.dropped(pooled, dropout, info), info, penalty)


def _positions(tokens: Any, info: BuildInfo, width: int) -> Any:
    """The vectors of places in the text, (batch, length, width)."""
    import keras  # noqa: PLC0415 - as above

    places = keras.ops.cumsum(keras.ops.ones_like(tokens), axis=1)
    # Whoever uses the exported model can give it longer texts than it has seen.
    places = keras.ops.minimum(places, info.max_length) - 1
    return keras.layers.Embedding(info.max_length, width, name="positions")(places)


def _block(  # noqa: PLR0913 - one argument per hyperparameter
    values: Any, mask: Any, info: BuildInfo, *, heads: int, units: int, dropout: float, penalty: Any
) -> Any:
    """Self-attention and a feed-forward layer, each added to what it reads: (batch, length, width) to the same."""
    import keras  # noqa: PLC0415 - as above

    width = values.shape[-1]
    normal = keras.layers.LayerNormalization(epsilon=1e-6)(values)
    # Without biases: the keys' has no influence, since a softmax does not see what all scores have in common.
    attention = keras.layers.MultiHeadAttention(
        heads, max(1, width // heads), use_bias=False, kernel_regularizer=penalty
    )
    attended = attention(normal, normal, attention_mask=mask)
    values = values + layers.dropped(attended, dropout, info)
    normal = keras.layers.LayerNormalization(epsilon=1e-6)(values)
    hidden = keras.layers.Dense(units, activation="gelu", kernel_regularizer=penalty)(normal)
    hidden = keras.layers.Dense(width, kernel_regularizer=penalty)(layers.dropped(hidden, dropout, info))
    return values + layers.dropped(hidden, dropout, info)
