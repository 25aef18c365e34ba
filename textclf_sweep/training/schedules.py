"""The learning rate at each step. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable

from textclf_sweep.trial import Parameters


def rates(parameters: Parameters, steps: int) -> Callable[[int], float]:
    """The learning rate of step 0, 1, ... of a training run.

    Args:
        parameters: learning_rate, schedule, warmup and epochs, complete.
        steps: of an epoch, >= 1.

    Returns:
        A function of the step's number. The rate rises in a straight line over the share `warmup` of all steps
        (Goyal et al. 2017), and is then ``constant`` or falls to 0 by a ``cosine`` (Loshchilov and Hutter 2017) or in
        a straight line (``linear``).
    """
    full, schedule = float(parameters["learning_rate"]), str(parameters["schedule"])
    total = steps * int(parameters["epochs"])
    rising = round(total * float(parameters["warmup"]))

    def rate(step: int) -> float:
        if step < rising:
            return full * (step + 1) / (rising + 1)
        gone = (step - rising) / max(1, total - rising)
        if schedule == "cosine":
            return full * (1 + math.cos(math.pi * min(1.0, gone))) / 2
        return full * max(0.0, 1 - gone) if schedule == "linear" else full

    return rate
