"""Multilayer perceptron on bags of n-grams; without a hidden layer, a linear model.

Wang and Manning, "Baselines and Bigrams: Simple, Good Sentiment and Topic Classification", ACL 2012.
"""

from __future__ import annotations

from typing import Any

from textclf_sweep.architectures import BuildInfo
from textclf_sweep.architectures import _layers as layers
from textclf_sweep.definition.space import Categorical, Parameter, Range

FEATURES = "tfidf"

_DEEP = (("depth", (1, 2, 3, 4)),)
PARAMETERS = (
    Parameter(
        "depth", "int", 1, "number of hidden layers; 0 is a linear model",
        search=Range(0, 2, integer=True), minimum=0, maximum=4,
    ),
    Parameter(
        "units", "int", 64, "width of each hidden layer",
        search=Categorical((32, 64, 128)), minimum=1, maximum=8192, when=_DEEP,
    ),
    Parameter(
        "dropout", "float", 0.0, "share of activations dropped after each hidden layer",
        search=Range(0.0, 0.6), minimum=0, below=1, when=_DEEP,
    ),
    layers.L1,
    layers.L2,
)  # fmt: skip

# Most cells of a row are zero and the others far below 1; a linear model needs most.
OVERRIDES = (layers.learning_rate_of(0.003, 5e-4, 3e-2),)


def build(  # noqa: PLR0913 - one argument per hyperparameter is the contract
    info: BuildInfo, *, depth: int, units: int, dropout: float, l1: float, l2: float
) -> Any:
    """`depth` dense layers with ReLU, softmax.

    Args:
        info: what the model must fit; `vocabulary_size` is the width of its rows.
        depth: number of hidden layers, >= 0.
        units: width of each, >= 1.
        dropout: in [0, 1).
        l1: weight of the L1 penalty, >= 0.
        l2: weight of the L2 penalty, >= 0.

    Returns:
        A ``keras.Model`` from sparse float32 rows (batch, vocabulary_size) to probabilities (batch, labels).
    """
    import keras  # noqa: PLC0415 - heavy, and only workers build models

    terms = hidden = keras.Input((info.vocabulary_size,), dtype="float32", sparse=True, name="terms")
    penalty = layers.regularizer(l1, l2)
    for _ in range(depth):
        hidden = layers.dense(hidden, units, info, dropout, penalty)
    return layers.classified("tfidf_mlp", terms, hidden, info, penalty)
