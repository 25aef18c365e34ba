"""Mean of word embeddings and a linear or dense classifier, as fastText, learned from scratch or pretrained.

Joulin et al., "Bag of Tricks for Efficient Text Classification", EACL 2017; with hidden layers: Iyyer et al., "Deep
Unordered Composition Rivals Syntactic Methods for Text Classification", ACL 2015.
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
        "depth", "int", 0, "number of hidden layers; 0 is fastText",
        search=Range(0, 2, integer=True), minimum=0, maximum=16,
    ),
    Parameter(
        "units", "int", 64, "width of each hidden layer",
        search=Categorical((32, 64, 128)), minimum=1, maximum=8192, when=(("depth", tuple(range(1, 17))),),
    ),
    layers.dropout_of("share of activations dropped after the mean and after each hidden layer"),
    layers.L1,
    layers.L2,
)  # fmt: skip

# Each word has but a small share in the mean, and so in the gradient.
OVERRIDES = (layers.learning_rate_of(0.003, 1e-3, 2e-2),)


def build(  # noqa: PLR0913 - one argument per hyperparameter is the contract
    info: BuildInfo,
    *,
    embedding_dim: int,
    trainable: bool,
    depth: int,
    units: int,
    dropout: float,
    l1: float,
    l2: float,
) -> Any:
    """Embedding, mean over the text, `depth` dense layers with ReLU, softmax.

    Args:
        info: what the model must fit.
        embedding_dim: width of a word's vector, >= 1; unused when `info` has pretrained ones.
        trainable: whether the vectors are learned.
        depth: number of hidden layers, >= 0.
        units: width of each, >= 1.
        dropout: in [0, 1).
        l1: weight of the L1 penalty, >= 0.
        l2: weight of the L2 penalty, >= 0.

    Returns:
        A ``keras.Model`` from int32 token ids (batch, length) to probabilities (batch, labels). Padding is no part of
        the mean.
    """
    tokens, penalty = layers.token_input(), layers.regularizer(l1, l2)
    words = layers.embedded(tokens, info, embedding_dim, trainable=trainable)
    hidden = layers.dropped(layers.mean_of(words, layers.text_of(tokens)), dropout, info)
    for _ in range(depth):
        hidden = layers.dense(hidden, units, info, dropout, penalty)
    return layers.classified("mean_embedding", tokens, hidden, info, penalty)
