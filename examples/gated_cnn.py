"""Gated convolutions with residual connections (Dauphin et al. 2017), as a model of your own.

`sweep` reads the signature of `build` to know the hyperparameters, and runs this file in its workers only.
"""

import keras


def build(info, *, width: int = 64, blocks: int = 2, kernel_size: int = 3, dropout: float = 0.2):
    """Embedding, residual blocks of gated convolutions, the greatest value of each channel, softmax.

    Args:
        info: what the model must fit: info.labels, info.vocabulary_size, info.max_length.
        width: of the embedding and of each block.
        blocks: how many there are.
        kernel_size: tokens that a convolution sees at once.
        dropout: share of activations dropped before each block.
    """
    # One input: token ids, 0 after the end of a text. Batches are as wide as their longest text, so the width is None.
    tokens = keras.Input((None,), dtype="int32")
    hidden = keras.layers.Embedding(info.vocabulary_size, width)(tokens)
    # Padding must not count: it is 0 after every block, and lower than anything else for the maximum.
    there = keras.ops.expand_dims(keras.ops.cast(keras.ops.not_equal(tokens, 0), "float32"), -1)
    for _ in range(blocks):
        dropped = keras.layers.Dropout(dropout)(hidden)
        values = keras.layers.Conv1D(width, kernel_size, padding="same")(dropped * there)
        gates = keras.layers.Conv1D(width, kernel_size, padding="same", activation="sigmoid")(dropped * there)
        hidden = keras.layers.LayerNormalization()(hidden + values * gates)
    pooled = keras.layers.GlobalMaxPooling1D()(hidden - 1e4 * (1 - there))
    # One output: a number for each label, probabilities (softmax) or logits (no activation). Not compiled.
    return keras.Model(tokens, keras.layers.Dense(info.labels, activation="softmax")(pooled))
