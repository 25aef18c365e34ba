"""What several architectures declare and build alike.

Token ids are int32 (batch, length), 0 is padding after the text. Whoever reads them must give the same output for a
text however much it is padded: recurrent layers skip what the embedding masks, all others multiply by `text_of`.
"""

from __future__ import annotations

from typing import Any

from textclf_sweep.architectures import BuildInfo
from textclf_sweep.definition.space import Categorical, Parameter, Range

EMBEDDING_DIM = Parameter(
    "embedding_dim", "int", 128, "width of a word's vector; that of pretrained vectors is their own",
    search=Categorical((64, 128)), minimum=1, maximum=4096, when=(("embedding", ("none",)),),
)  # fmt: skip
TRAINABLE = Parameter(
    "trainable", "bool", True, "whether the word vectors are learned; false keeps pretrained ones as they are"
)
RECURRENT_DROPOUT = Parameter(
    "recurrent_dropout", "float", 0.0,
    "share of the state dropped at each step (Gal and Ghahramani 2016); such a layer is several times slower",
    minimum=0, below=1,
)  # fmt: skip
L1 = Parameter("l1", "float", 0.0, "weight of the L1 penalty on kernels", minimum=0)
L2 = Parameter("l2", "float", 0.0, "weight of the L2 penalty on kernels", minimum=0)


def dropout_of(doc: str, default: float = 0.0) -> Parameter:
    """The parameter ``dropout`` of an architecture, in [0, 1)."""
    return Parameter("dropout", "float", default, doc, search=Range(0.0, 0.6), minimum=0, below=1)


def learning_rate_of(default: float, low: float, high: float) -> Parameter:
    """Training's parameter ``learning_rate``, for `OVERRIDES`: another default, and another range that is searched."""
    return Parameter(
        "learning_rate", "float", default, "step size of the optimizer",
        search=Range(low, high, log=True), above=0, maximum=100,
    )  # fmt: skip


def regularizer(l1: float, l2: float) -> Any:
    """A Keras regularizer of these weights, >= 0; None when both are 0. It has no state: layers can share it."""
    import keras  # noqa: PLC0415 - heavy, and only workers build models

    return keras.regularizers.L1L2(l1=l1, l2=l2) if l1 or l2 else None


def token_input() -> Any:
    """The input of every model that reads tokens: int32 (batch, length)."""
    import keras  # noqa: PLC0415 - as above

    return keras.Input((None,), dtype="int32", name="tokens")


def text_of(tokens: Any) -> Any:
    """1 where there is a token, 0 where there is padding: float32 (batch, length, 1)."""
    import keras  # noqa: PLC0415 - as above

    return keras.ops.expand_dims(keras.ops.cast(keras.ops.not_equal(tokens, 0), "float32"), -1)


def embedded(tokens: Any, info: BuildInfo, embedding_dim: int, *, trainable: bool, mask_zero: bool = False) -> Any:
    """The vectors of token ids (batch, length): pretrained ones where `info` has them, else random ones.

    Args:
        tokens: as of `token_input`.
        info: what the model must fit.
        embedding_dim: width of a vector, >= 1, where there are no pretrained ones.
        trainable: whether they are learned.
        mask_zero: whether padding is masked, for a recurrent layer to read.

    Returns:
        float32 (batch, length, width).
    """
    import keras  # noqa: PLC0415 - as above
    import numpy as np  # noqa: PLC0415 - as above

    from textclf_sweep.architectures._recurrent import FastEmbedding  # noqa: PLC0415 - as above

    start = None if info.vectors is None else np.load(info.vectors, mmap_mode="r")
    width = embedding_dim if start is None else start.shape[1]
    kind = FastEmbedding if mask_zero and not info.plain else keras.layers.Embedding
    # An initializer that draws nothing: training draws first weights again, and these begin with what they are set to.
    first = "uniform" if start is None else "zeros"
    layer = kind(info.vocabulary_size, width, embeddings_initializer=first, mask_zero=mask_zero, trainable=trainable)
    found = layer(tokens)
    if start is not None:
        # Not as an initializer: the saved model's configuration would hold the whole matrix.
        layer.set_weights([start])
    return found


def dropped(values: Any, dropout: float, info: BuildInfo) -> Any:
    """`values` behind a dropout layer; as they are when `dropout`, in [0, 1), is 0."""
    import keras  # noqa: PLC0415 - as above

    from textclf_sweep.architectures._dropout import VariableDropout  # noqa: PLC0415 - as above

    if not dropout:
        return values
    return (keras.layers.Dropout if info.plain else VariableDropout)(dropout)(values)


def recurrent(  # noqa: PLR0913 - one argument per hyperparameter
    cell: str,
    values: Any,
    info: BuildInfo,
    *,
    units: int,
    depth: int,
    dropout: float,
    recurrent_dropout: float,
    bidirectional: bool,
    penalty: Any,
    sequences: bool = False,
    mask: Any = None,
) -> Any:
    """`depth` recurrent layers, each with dropout behind it.

    Args:
        cell: lstm or gru.
        values: float32 (batch, length, width), masked by themselves (an embedding's), or by `mask`.
        info: what the model must fit.
        units: width of each layer (of each direction), >= 1.
        depth: >= 1.
        dropout: in [0, 1).
        recurrent_dropout: in [0, 1).
        bidirectional: reads in both directions, which doubles each layer's output.
        penalty: regularizer of the input kernels, or None.
        sequences: whether the last layer's output is that of every step.
        mask: bool (batch, length), true where there is something to read.

    Returns:
        float32 (batch, units), or (batch, length, units).
    """
    from textclf_sweep.architectures import _recurrent  # noqa: PLC0415 - as above

    for layer in range(depth):
        values = _recurrent.recurrent(
            cell, units, bidirectional=bidirectional, return_sequences=sequences or layer < depth - 1,
            recurrent_dropout=recurrent_dropout, kernel_regularizer=penalty, plain=info.plain,
        )(values, mask=mask)  # fmt: skip
        values = dropped(values, dropout, info)
    return values


def convolved(values: Any, text: Any, filters: int, kernel_size: int, penalty: Any) -> Any:
    """A convolution with ReLU over tokens, as if there were no padding.

    Args:
        values: float32 (batch, length, width), zero where there is padding.
        text: as of `text_of`.
        filters: width of the output, >= 1.
        kernel_size: tokens that a filter sees, >= 1.
        penalty: regularizer of the kernel, or None.

    Returns:
        float32 (batch, length, filters), >= 0, and zero where there is padding: the least that ReLU gives.
    """
    import keras  # noqa: PLC0415 - as above

    layer = keras.layers.Conv1D(filters, kernel_size, padding="same", activation="relu", kernel_regularizer=penalty)
    return layer(values) * text


def mean_of(values: Any, text: Any) -> Any:
    """The mean of (batch, length, width) over the tokens of each text, (batch, width); `text` as of `text_of`."""
    import keras  # noqa: PLC0415 - as above

    return keras.ops.sum(values * text, axis=1) / keras.ops.maximum(keras.ops.sum(text, axis=1), 1.0)


def dense(values: Any, units: int, info: BuildInfo, dropout: float, penalty: Any) -> Any:
    """A dense layer with ReLU, (batch, width) to (batch, units), and dropout behind it."""
    import keras  # noqa: PLC0415 - as above

    layer = keras.layers.Dense(units, activation="relu", kernel_regularizer=penalty)
    return dropped(layer(values), dropout, info)


def classified(name: str, inputs: Any, hidden: Any, info: BuildInfo, penalty: Any) -> Any:
    """The model from `inputs` to a softmax over labels of `hidden`, (batch, width): a ``keras.Model``."""
    import keras  # noqa: PLC0415 - as above

    layer = keras.layers.Dense(info.labels, activation="softmax", kernel_regularizer=penalty)
    return keras.Model(inputs, layer(hidden), name=name)
