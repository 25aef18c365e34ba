"""What several architectures declare and build alike."""

from __future__ import annotations

from typing import Any

from textclf_sweep.architectures import BuildInfo
from textclf_sweep.definition.space import Categorical, Parameter

EMBEDDING_DIM = Parameter(
    "embedding_dim", "int", 128, "width of a word's vector; that of pretrained vectors is their own",
    search=Categorical((64, 128)), minimum=1, maximum=4096, when=(("embedding", ("none",)),),
)  # fmt: skip
TRAINABLE = Parameter(
    "trainable", "bool", True, "whether the word vectors are learned; false keeps pretrained ones as they are"
)
L1 = Parameter("l1", "float", 0.0, "weight of the L1 penalty on kernels", minimum=0)
L2 = Parameter("l2", "float", 0.0, "weight of the L2 penalty on kernels", minimum=0)


def regularizer(l1: float, l2: float) -> Any:
    """A fresh Keras regularizer of these weights, >= 0; None when both are 0."""
    import keras  # noqa: PLC0415 - heavy, and only workers build models

    return keras.regularizers.L1L2(l1=l1, l2=l2) if l1 or l2 else None


def embedded(tokens: Any, info: BuildInfo, embedding_dim: int, *, trainable: bool, mask_zero: bool = False) -> Any:
    """The vectors of token ids (batch, length): pretrained ones where `info` has them, else random ones."""
    import keras  # noqa: PLC0415 - as above
    import numpy as np  # noqa: PLC0415 - as above

    start = None if info.vectors is None else np.load(info.vectors, mmap_mode="r")
    width = embedding_dim if start is None else start.shape[1]
    layer = keras.layers.Embedding(
        info.vocabulary_size,
        width,
        # One that draws nothing tells training that these weights begin with what they are set to.
        embeddings_initializer="uniform" if start is None else "zeros",
        mask_zero=mask_zero,
        trainable=trainable,
    )
    found = layer(tokens)
    if start is not None:
        # Not as an initializer: the saved model's configuration would hold the whole matrix.
        layer.set_weights([start])
    return found


def dropped(values: Any, dropout: float) -> Any:
    """`values` behind a dropout layer; as they are when `dropout`, in [0, 1), is 0."""
    import keras  # noqa: PLC0415 - as above

    return keras.layers.Dropout(dropout)(values) if dropout else values
