"""How Adam, RMSprop and SGD update rows, as in Keras, and how rows without a gradient move meanwhile."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import keras
import tensorflow as tf

Moments = tuple[tf.Tensor, ...]
"""What an optimizer keeps of each row, float32 (rows, width) each.

Means of gradients and of their squares are kept as sums: a new one is added as it is, and `pace` has the factor.
"""


@dataclass(frozen=True, slots=True)
class Rule:
    """An optimizer's arithmetic.

    Attributes:
        decays: the share of each moment that remains after a step without a gradient, in (0, 1).
        ratios: of a step's addend in each of the sums that `missed` reads, to that of the step before; empty where a
            row without a gradient stays where it is.
        squares: whether `step` reads squares.
        paced: whether an addend is multiplied by its step's pace.
        pace: (number of a step from 1 on, learning rate) -> how far it goes; scalars.
        missed: (moments before steps without a gradient, sums over these of each ratio to the power of 1, 2, ...,
            float32 (rows, ratios)) -> what those steps take off the rows, float32 (rows, width).
        step: (moments times `decays`, gradients, their squares, pace) -> moments after the step and what it takes off
            the rows.
    """

    decays: tuple[float, ...]
    ratios: tuple[float, ...]
    squares: bool
    paced: bool
    pace: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    missed: Callable[[Moments, tf.Tensor], tf.Tensor]
    step: Callable[[Moments, tf.Tensor, tf.Tensor, tf.Tensor], tuple[Moments, tf.Tensor]]


def rule_of(optimizer: keras.optimizers.Optimizer) -> Rule | None:
    """The rule of an optimizer; None where there is none for it, or for one of its settings."""
    given = optimizer.get_config()
    clipped = any(given[name] is not None for name in ("clipnorm", "clipvalue", "global_clipnorm"))
    unusual = ("weight_decay", "use_ema", "gradient_accumulation_steps", "loss_scale_factor", "amsgrad", "centered")
    if clipped or any(given.get(name) for name in unusual):
        return None
    if type(optimizer) is keras.optimizers.Adam:
        # Else the sums of missed steps would grow with their number.
        calm = 0 < given["beta_1"] < math.sqrt(given["beta_2"]) < 1
        return _adam(given["beta_1"], given["beta_2"], given["epsilon"]) if calm else None
    if type(optimizer) is keras.optimizers.RMSprop:
        return _rmsprop(given["rho"], given["momentum"], given["epsilon"]) if 0 < given["rho"] < 1 else None
    if type(optimizer) is keras.optimizers.SGD:
        # Without momentum Keras' own touches only the rows in a batch.
        return _sgd(given["momentum"], nesterov=given["nesterov"]) if given["momentum"] else None
    return None


def _adam(beta_1: float, beta_2: float, epsilon: float) -> Rule:
    """Adam (Kingma and Ba 2015)."""
    scale, epsilon = (1 - beta_1) / math.sqrt(1 - beta_2), epsilon / math.sqrt(1 - beta_2)

    def pace(number: tf.Tensor, rate: tf.Tensor) -> tf.Tensor:
        return scale * rate * tf.sqrt(1 - tf.pow(beta_2, number)) / (1 - tf.pow(beta_1, number))

    def missed(moments: Moments, sums: tf.Tensor) -> tf.Tensor:
        moment, square = moments
        whole, raised = sums[:, :1], sums[:, 1:]
        # Both sums are zero where nothing was missed.
        return moment * raised / (tf.sqrt(square) + epsilon * tf.where(whole > 0, raised / whole, 1.0))

    def step(faded: Moments, gradient: tf.Tensor, squares: tf.Tensor, pace: tf.Tensor) -> tuple[Moments, tf.Tensor]:
        moment, square = faded[0] + gradient, faded[1] + squares
        return (moment, square), moment * pace / (tf.sqrt(square) + epsilon)

    return Rule((beta_1, beta_2), (beta_1, beta_1 / math.sqrt(beta_2)), True, True, pace, missed, step)


def _rmsprop(rho: float, momentum: float, epsilon: float) -> Rule:
    """RMSprop (Hinton 2012), where `momentum` is 0 without a moment for it."""
    scale, epsilon = 1 / math.sqrt(1 - rho), epsilon / (1 - rho)

    def pace(_number: tf.Tensor, rate: tf.Tensor) -> tf.Tensor:
        return scale * rate

    def missed(moments: Moments, sums: tf.Tensor) -> tf.Tensor:
        return moments[1] * sums

    def step(faded: Moments, gradient: tf.Tensor, squares: tf.Tensor, pace: tf.Tensor) -> tuple[Moments, tf.Tensor]:
        square = faded[0] + squares
        change = pace * gradient / tf.sqrt(square + epsilon)
        if not momentum:
            return (square,), change
        return (square, faded[1] + change), faded[1] + change

    ratios = (momentum,) if momentum else ()
    return Rule((rho, *ratios), ratios, True, False, pace, missed, step)


def _sgd(momentum: float, *, nesterov: bool) -> Rule:
    """SGD with momentum, Nesterov's or not (Sutskever et al. 2013)."""

    def pace(_number: tf.Tensor, rate: tf.Tensor) -> tf.Tensor:
        return rate

    def missed(moments: Moments, sums: tf.Tensor) -> tf.Tensor:
        return -moments[0] * sums * (momentum if nesterov else 1.0)

    def step(faded: Moments, gradient: tf.Tensor, _squares: tf.Tensor, pace: tf.Tensor) -> tuple[Moments, tf.Tensor]:
        change = pace * gradient
        moment = faded[0] - change
        return (moment,), change - momentum * moment if nesterov else -moment

    return Rule((momentum,), (momentum,), False, False, pace, missed, step)
