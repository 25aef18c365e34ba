"""``{distribution: normal, mu, sigma, q, min, max}`` and its like -> a `Range` with a prior.

The names, keys and defaults are those of Weights & Biases sweeps. There every number can be drawn; here a value is cut
off at what the parameter allows, and ``min`` and ``max`` can cut more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from textclf_sweep.definition.nodes import Field, Problems
from textclf_sweep.definition.space import Beta, Normal, Parameter, Range, greatest, share
from textclf_sweep.definition.values import parameter_value

LARGEST_EXPONENT = 690
"""e to this power is just below the largest number a definition can hold."""
LARGEST = 1e300
"""Leaves room for a few standard deviations below the largest number there is."""
WHOLE = 2**53 - 1
"""The largest whole number that is exact as a float."""
SIGMAS = 8
"""Standard deviations from the mean beyond which a value has no chance (1e-15)."""
LEAST_SHARE = 0.01
"""How much of a prior must lie among the valid values; with less, something else is meant."""
MOST_STEPS = 10**9
"""Steps of ``q`` in a range; beyond, a continuous range is what is meant."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a named distribution is written.

    Attributes:
        log: of the logarithm.
        stepped: takes ``q``, 1 when absent.
        shape: the keys of its two numbers, with their defaults and rules.
    """

    shape: tuple[Parameter, Parameter]
    log: bool = False
    stepped: bool = False


_NORMAL = (
    Parameter("mu", "float", 0.0, "Its mean; default 0.", minimum=-LARGEST, maximum=LARGEST),
    Parameter("sigma", "float", 1.0, "Its standard deviation; default 1.", above=0, maximum=LARGEST),
)
_LOG_NORMAL = (
    Parameter("mu", "float", 0.0, "The mean of the logarithm; default 0.",
              minimum=-LARGEST_EXPONENT, maximum=LARGEST_EXPONENT),
    Parameter("sigma", "float", 1.0, "The standard deviation of the logarithm; default 1.",
              above=0, maximum=LARGEST_EXPONENT),
)  # fmt: skip
_BETA = (
    Parameter("a", "float", 1.0, "Its first shape, alpha; default 1.", above=0, maximum=1e6),
    Parameter("b", "float", 1.0, "Its second shape, beta; default 1.", above=0, maximum=1e6),
)
PRIORS: Mapping[str, Form] = {
    "normal": Form(_NORMAL),
    "q_normal": Form(_NORMAL, stepped=True),
    "log_normal": Form(_LOG_NORMAL, log=True),
    "q_log_normal": Form(_LOG_NORMAL, log=True, stepped=True),
    "beta": Form(_BETA),
    "q_beta": Form(_BETA, stepped=True),
}
"""Distributions that are not uniform."""
SHAPES = tuple(dict.fromkeys(item.name for form in PRIORS.values() for item in form.shape))
"""The keys of their numbers."""


def prior_of(field: Field, parameter: Parameter, name: str, problems: Problems) -> Range | None:
    """The range of an entry with a prior; None when it is invalid.

    Args:
        field: the mapping.
        parameter: the hyperparameter's declaration, a number.
        name: of the distribution, one of `PRIORS`.
        problems: gets what is wrong.
    """
    before, form = len(problems.found), PRIORS[name]
    first, second = (_number(field, item, problems) for item in form.shape)
    prior = Beta(first, second) if form.shape is _BETA else Normal(first, second)
    low, high = _valid(field, parameter, problems)
    step = step_of(field, parameter, problems, stepped=form.stepped)
    if len(problems.found) > before or _mistaken(field, parameter, name, first, problems):
        return None
    within = share(prior, *_numbers(low, high, prior, form))
    if within < LEAST_SHARE:
        one, two = form.shape
        ends = f", from {low:g} to {high:g}" if field.get("min") or field.get("max") else ""
        problems.add(
            field, f"only {within:.2g} of {name} ({one.name} {first:g}, {two.name} {second:g}) is valid: "
            f"{parameter.expected()}{ends}", f"at least {LEAST_SHARE:g}",
            f"choose {one.name} and {two.name} so that most values are",
        )  # fmt: skip
        return None
    left, right = _reach(prior, form)
    found = Range(max(low, left), min(high, right), parameter.kind == "int", form.log, step, prior)
    return _ended(field, found, problems)


def _mistaken(field: Field, parameter: Parameter, name: str, mu: float, problems: Problems) -> bool:
    """Whether `mu`, of a logarithm, looks like a value itself: it is reported.

    Only of a parameter whose usual values are between 0 and 1 can that be said: their logarithms are negative.
    """
    usual = greatest(parameter.search) if parameter.search is not None else parameter.default
    small = isinstance(usual, int | float) and 0 < usual < 1
    if not PRIORS[name].log or not small or not 0 < mu < 1 or parameter.reject(mu):
        return False
    what = f"mu of {name} is the mean of the logarithm: {mu:g} searches around {math.exp(mu):.3g}"
    fix = f"write mu: {math.log(mu):.4g} to search around {mu:g}, with e.g. sigma: 1"
    problems.add(field.get("mu") or field, what, "a negative mu", fix)
    return True


def _number(field: Field, rule: Parameter, problems: Problems) -> float:
    child = field.get(rule.name)
    value = None if child is None else parameter_value(child, rule, problems)
    return float(value if value is not None else rule.preset)


def _valid(field: Field, parameter: Parameter, problems: Problems) -> tuple[float, float]:
    """The lowest and the highest value that the parameter and the entry's ``min`` and ``max`` allow."""
    widest = WHOLE if parameter.kind == "int" else LARGEST
    low, high = -widest, widest
    if parameter.above is not None:
        low = math.nextafter(parameter.above, math.inf)
    if parameter.below is not None:
        high = math.nextafter(parameter.below, -math.inf)
    ends: dict[str, float] = {}
    for key in ("min", "max"):
        child = field.get(key)
        value = None if child is None else parameter_value(child, parameter, problems)
        if isinstance(value, int | float):
            ends[key] = value
    if len(ends) == 2 and ends["min"] > ends["max"]:
        what = f"min {ends['min']:g} is above max {ends['max']:g}"
        problems.add(field, what, "min below max", "swap them")
    lows = (low, parameter.minimum, ends.get("min"))
    highs = (high, parameter.maximum, ends.get("max"))
    return max(item for item in lows if item is not None), min(item for item in highs if item is not None)


def _numbers(low: float, high: float, prior: Normal | Beta, form: Form) -> tuple[float, float]:
    """What the prior is of, at two values."""
    if form.log:
        return math.log(low) if low > 0 else -math.inf, math.log(high) if high > 0 else -math.inf
    # So close to 1 that the rest of a beta distribution need not be computed.
    return low, 1.0 if isinstance(prior, Beta) and high > 1 - 1e-9 else high


def _reach(prior: Normal | Beta, form: Form) -> tuple[float, float]:
    """The values beyond which a prior gives none."""
    if isinstance(prior, Beta):
        return 0.0, 1.0
    left, right = prior.mu - SIGMAS * prior.sigma, prior.mu + SIGMAS * prior.sigma
    if not form.log:
        return left, right
    return math.exp(max(left, -LARGEST_EXPONENT)), math.exp(min(right, LARGEST_EXPONENT))


def step_of(field: Field, parameter: Parameter, problems: Problems, *, stepped: bool) -> float | None:
    """The step ``q`` of an entry; None without one, or when it is invalid, which is reported.

    Args:
        field: the mapping.
        parameter: the hyperparameter's declaration, a number.
        problems: gets what is wrong.
        stepped: whether the distribution has a step, 1, when none is written.
    """
    child = field.get("q")
    if child is None:
        return 1 if stepped else None
    value = parameter_value(child, Parameter("q", parameter.kind, 1, "", above=0), problems)
    return value if isinstance(value, int | float) else None


def is_step(field: Field, step: float, low: float, high: float, problems: Problems) -> bool:
    """Whether steps from `low` to `high` can be told apart; it is reported when they cannot."""
    if max(abs(low), abs(high)) / step <= MOST_STEPS:
        return True
    what = f"q={step:g} makes steps too small to tell apart"
    problems.add(field.get("q") or field, what, "a larger q", "or leave q out")
    return False


def _ended(field: Field, found: Range, problems: Problems) -> Range | None:
    """`found` with ends that are values: whole numbers, or multiples of the step (ends that are written stay)."""
    low, high, step = found.low, found.high, found.step
    if step is not None:
        if not is_step(field, step, low, high, problems):
            return None
        exact = Decimal(repr(step))
        low = low if field.get("min") else float(math.ceil(Decimal(repr(low)) / exact) * exact)
        high = high if field.get("max") else float(math.floor(Decimal(repr(high)) / exact) * exact)
    if found.integer:
        low, high = math.ceil(low), math.floor(high)
    else:
        low, high = float(low), float(high)
    if low > high:
        what = f"no {'multiple of q' if step else 'whole number'} lies within the valid values"
        problems.add(field.get("q") or field, what, "a smaller q" if step else "a larger sigma", "")
        return None
    return Range(low, high, found.integer, found.log, step, found.prior)
