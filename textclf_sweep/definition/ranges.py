"""``{min, max, distribution, q, count}`` of one hyperparameter -> its `Range`, or values of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from textclf_sweep.definition.nodes import Field, Problems
from textclf_sweep.definition.priors import LARGEST_EXPONENT, PRIORS, is_step, prior_of, step_of
from textclf_sweep.definition.space import (
    Categorical,
    Constant,
    Parameter,
    Range,
    cardinality,
    enumerate_values,
    spaced,
)
from textclf_sweep.definition.values import parameter_value


@dataclass(frozen=True, slots=True)
class Shape:
    """How a named distribution reads ``min`` and ``max``.

    Attributes:
        log: uniform in the logarithm.
        stepped: takes ``q``, 1 when absent, as in Weights & Biases.
        exponents: the bounds are powers of e.
        inverse: ... whose signs are turned: of the reciprocal's logarithm.
        integer: only for parameters that are whole numbers.
    """

    log: bool = False
    stepped: bool = False
    exponents: bool = False
    inverse: bool = False
    integer: bool = False


RANGES: Mapping[str, Shape] = {
    "uniform": Shape(),
    "int_uniform": Shape(integer=True),
    "q_uniform": Shape(stepped=True),
    "log_uniform_values": Shape(log=True),
    "q_log_uniform_values": Shape(log=True, stepped=True),
    "log_uniform": Shape(log=True, exponents=True),
    "q_log_uniform": Shape(log=True, stepped=True, exponents=True),
    # The reciprocal is uniform in the logarithm, and so is the value itself.
    "inv_log_uniform_values": Shape(log=True),
    "inv_log_uniform": Shape(log=True, exponents=True, inverse=True),
}
"""Distributions over ``min`` and ``max``."""
COUNT = Parameter("count", "int", 2, "That many values at evenly spaced quantiles.", minimum=2, maximum=10_000)


@dataclass(frozen=True, slots=True)
class Bounded:
    """An entry of ``parameters`` that has bounds.

    Attributes:
        field: the mapping.
        parameter: the hyperparameter's declaration.
        name: of its distribution; empty when it names none, and so is uniform over the parameter's kind.
        problems: gets what is wrong.
    """

    field: Field
    parameter: Parameter
    name: str
    problems: Problems

    @property
    def shape(self) -> Shape:
        """How the bounds are read."""
        return RANGES.get(self.name, Shape())

    @property
    def stepped(self) -> bool:
        """Whether the distribution is one with steps."""
        return PRIORS[self.name].stepped if self.name in PRIORS else self.shape.stepped


def is_numeric(parameter: Parameter) -> bool:
    """Whether the parameter can have a range at all."""
    return parameter.kind in ("int", "float") and not parameter.choices


def range_of(entry: Bounded) -> Range | Categorical | Constant | None:
    """The range, or so many of its values as ``count`` says, or its only value; None when it is invalid."""
    before = len(entry.problems.found)
    count = _count(entry)
    found = _range(entry) if _suits(entry) else None
    if found is None or len(entry.problems.found) > before:
        return None
    if cardinality(found) == 1:
        return Constant(enumerate_values(found)[0])
    if count is None:
        return found
    values = spaced(found, count)
    return Categorical(values) if len(values) > 1 else Constant(values[0])


def _count(entry: Bounded) -> int | None:
    """How many values are asked for; None when all are, or when it is invalid, which is reported."""
    field = entry.field.get("count")
    if field is None:
        return None
    value = parameter_value(field, COUNT, entry.problems)
    if entry.field.get("q") is not None or entry.stepped:
        what = "count and q both say which values there are"
        entry.problems.add(field, what, "one of them", "remove q (and the q_ of the distribution), or count")
    return value if isinstance(value, int) else None


def _range(entry: Bounded) -> Range | None:
    if entry.name in PRIORS:
        return prior_of(entry.field, entry.parameter, entry.name, entry.problems)
    bounds = _bounds(entry)
    if bounds is None:
        return None
    low, high = bounds
    before = len(entry.problems.found)
    step = _step(entry, low, high)
    if len(entry.problems.found) > before:
        return None
    return Range(low, high, entry.parameter.kind == "int", entry.shape.log, step)


def _suits(entry: Bounded) -> bool:
    """Whether the distribution gives values of the parameter's kind."""
    field, parameter, name, problems = entry.field, entry.parameter, entry.name, entry.problems
    if not is_numeric(parameter):
        values = ", ".join(map(str, parameter.choices)) or ("true, false" if parameter.kind == "bool" else "...")
        problems.add(
            field, f"{name or 'min and max'} gives numbers, but {parameter.name} is {parameter.expected()}",
            "a list of values", f"write {parameter.name}: {{values: [{values}]}}",
        )  # fmt: skip
        return False
    if entry.shape.integer and parameter.kind != "int":
        problems.add(
            field.child("distribution"), f"{name} gives whole numbers, but {parameter.name} need not be whole",
            "uniform", "write distribution: uniform, or list whole numbers as values",
        )  # fmt: skip
        return False
    if entry.shape.exponents and parameter.kind == "int":
        problems.add(
            field.child("distribution"), f"the bounds of {name} are powers of e, but {parameter.name} is whole",
            f"{name}_values", f"write distribution: {name}_values and the bounds themselves",
        )  # fmt: skip
        return False
    return True


def _bounds(entry: Bounded) -> tuple[float, float] | None:
    """The lowest and the highest value; None when they are invalid."""
    low, high = _bound(entry, "min"), _bound(entry, "max")
    if low is None or high is None:
        return None
    if low > high:
        entry.problems.add(entry.field, f"min {low:g} is above max {high:g}", "min below max", "swap them")
        return None
    if entry.shape.exponents:
        return _exponentials(entry, low, high)
    if entry.shape.log and low <= 0:
        fix = "e.g. min: 1" if entry.parameter.kind == "int" else "e.g. min: 0.00001"
        what = f"a logarithmic range cannot begin at {low:g}"
        entry.problems.add(entry.field.child("min"), what, "min above 0", fix)
        return None
    return low, high


def _bound(entry: Bounded, key: str) -> float | None:
    field = entry.field.get(key)
    if field is None:
        entry.problems.add(entry.field, f"{key} is missing", "both min and max", f"add {key}")
        return None
    if entry.shape.exponents:
        rule = Parameter(key, "float", 0.0, "", minimum=-LARGEST_EXPONENT, maximum=LARGEST_EXPONENT)
    else:
        rule = entry.parameter
    value = parameter_value(field, rule, entry.problems)
    return value if isinstance(value, int | float) else None


def _exponentials(entry: Bounded, low: float, high: float) -> tuple[float, float] | None:
    """The powers of e that the bounds stand for."""
    name, parameter = entry.name, entry.parameter
    signed = (-high, -low) if entry.shape.inverse else (low, high)
    bounds = math.exp(signed[0]), math.exp(signed[1])
    meant = (
        f"the bounds of {name} are powers of e: {low:g} to {high:g} searches from {bounds[0]:.3g} to {bounds[1]:.3g}"
    )
    # Bounds that look like the values themselves: exponents of small numbers are negative, inverted ones above 1.
    if low >= 0 and (high <= 1 or not entry.shape.inverse):
        expected = "exponents above 1" if entry.shape.inverse else "exponents, at least one of them negative"
        begin = f"from {low:g}" if low > 0 else "from a min above 0"
        fix = f"write distribution: {name}_values to search {begin} to {high:g}"
        entry.problems.add(entry.field, meant, expected, fix)
        return None
    if any(parameter.reject(bound) for bound in bounds):
        fix = f"write distribution: {name}_values and the bounds themselves"
        entry.problems.add(entry.field, meant, parameter.expected(), fix)
        return None
    return bounds


def _step(entry: Bounded, low: float, high: float) -> float | None:
    """The step; None without one, or when it is invalid, which is reported."""
    step = step_of(entry.field, entry.parameter, entry.problems, stepped=entry.shape.stepped)
    if step is None or low == high:
        return step
    if step > high - low:
        what = f"the step q={step:g} is wider than the range from {low:g} to {high:g}"
        fix = "values are rounded to multiples of q, which is 1 when absent"
        entry.problems.add(entry.field.get("q") or entry.field, what, "a smaller q", fix)
        return None
    return step if is_step(entry.field, step, low, high, entry.problems) else None
