"""The hyperparameters of training, common to all architectures. Light: the catalogue reads them."""

from __future__ import annotations

from textclf_sweep.definition.space import Categorical, Parameter, Range
from textclf_sweep.trial import Parameters, Scalar

OPTIMIZERS = ("adam", "adamw", "nadam", "adamax", "rmsprop", "adagrad", "lion", "sgd")
OPTIONAL = (
    Parameter(
        "schedule", "str", "constant",
        "the learning rate's way over all epochs: constant, or from its full value to 0 by a cosine (Loshchilov and "
        "Hutter 2017) or a straight line",
        choices=("constant", "cosine", "linear"),
    ),
    Parameter(
        "warmup", "float", 0.0,
        "share of all steps over which the learning rate first rises from 0, in a straight line",
        minimum=0, below=1,
    ),
    Parameter(
        "weight_decay", "float", 0.0,
        "share of each kernel and embedding that is taken off it at each step, times the learning rate (decoupled; "
        "Loshchilov and Hutter 2019)",
        minimum=0, below=1,
    ),
    Parameter(
        "clip_norm", "float", 0.0, "the greatest norm of all gradients together (Pascanu et al. 2013); 0 is no limit",
        minimum=0,
    ),
    Parameter(
        "label_smoothing", "float", 0.0,
        "share of each target that is spread evenly over all labels (Szegedy et al. 2016)", minimum=0, below=1,
    ),
    Parameter(
        "class_weight", "str", "none",
        "how much a text counts in training: balanced is inversely to its label's frequency, with a mean of 1",
        choices=("none", "balanced"),
    ),
)  # fmt: skip
"""What plain training does without."""
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
        "adam (Kingma and Ba 2015), adamw (Loshchilov and Hutter 2019), nadam (Dozat 2016), adamax (Kingma and Ba "
        "2015), rmsprop (Hinton 2012), adagrad (Duchi et al. 2011), lion (Chen et al. 2023) or sgd",
        search=Categorical(("adam", "rmsprop")), choices=OPTIMIZERS,
    ),
    Parameter(
        "momentum", "float", 0.9, "share of its last step that sgd repeats",
        minimum=0, below=1, when=(("optimizer", ("sgd",)),),
    ),
    Parameter(
        "nesterov", "bool", True, "whether sgd's momentum is Nesterov's (Sutskever et al. 2013)",
        when=(("optimizer", ("sgd",)),),
    ),
    *OPTIONAL,
    Parameter("epochs", "int", 10, "passes over the training part at the most", minimum=1, maximum=100000),
)  # fmt: skip


TRACED = ("optimizer", "momentum", "nesterov", "weight_decay", "clip_norm")
"""What is part of a model's traced learning step; the others can change from one training to the next."""


def complete(parameters: Parameters) -> dict[str, Scalar]:
    """`parameters` and, where a condition keeps one of training's out of the trial, its default."""
    return {item.name: item.preset for item in PARAMETERS} | dict(parameters)
