"""What several architectures declare and build alike."""

from __future__ import annotations

from typing import Any

from textclf_sweep.definition.space import Categorical, Parameter

EMBEDDING_DIM = Parameter(
    "embedding_dim", "int", 128, "width of a word's vector", search=Categorical((64, 128)), minimum=1, maximum=4096
)
L1 = Parameter("l1", "float", 0.0, "weight of the L1 penalty on kernels", minimum=0)
L2 = Parameter("l2", "float", 0.0, "weight of the L2 penalty on kernels", minimum=0)


def regularizer(l1: float, l2: float) -> Any:
    """A fresh Keras regularizer of these weights, >= 0; None when both are 0."""
    import keras  # noqa: PLC0415 - heavy, and only workers build models

    return keras.regularizers.L1L2(l1=l1, l2=l2) if l1 or l2 else None


def dropped(values: Any, dropout: float) -> Any:
    """`values` behind a dropout layer; as they are when `dropout`, in [0, 1), is 0."""
    import keras  # noqa: PLC0415 - as above

    return keras.layers.Dropout(dropout)(values) if dropout else values
