"""The hyperparameters of training, common to all architectures. Light: the catalogue reads them."""

from __future__ import annotations

from textclf_sweep.definition.space import Categorical, Parameter, Range
from textclf_sweep.trial import Parameters, Scalar

PARAMETERS = (
    Parameter(
        "learning_rate", "float", 0.001, "step size of the optimizer",
        search=Range(3e-4, 1e-2, log=True), above=0, maximum=100,
    ),
    Parameter(
        "batch_size", "int", 64, "texts per step",
        search=Categorical((32, 64, 128)), minimum=1, maximum=65536,
    ),
    Parameter(
        "optimizer", "str", "adam",
        "adam (Kingma and Ba 2015), rmsprop (Hinton 2012) or sgd with Nesterov momentum (Sutskever et al. 2013)",
        search=Categorical(("adam", "rmsprop", "sgd")), choices=("adam", "rmsprop", "sgd"),
    ),
    Parameter(
        "momentum", "float", 0.9, "of sgd (Nesterov's)", minimum=0, below=1, when=(("optimizer", ("sgd",)),),
    ),
    Parameter("epochs", "int", 10, "passes over the training part at the most", minimum=1, maximum=100000),
)  # fmt: skip


def complete(parameters: Parameters) -> dict[str, Scalar]:
    """`parameters` and, where a condition keeps one of training's out of the trial, its default."""
    return {item.name: item.preset for item in PARAMETERS} | dict(parameters)
