from __future__ import annotations

import itertools
import json
import math
import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from textclf_sweep.definition.space import (
    Categorical,
    Constant,
    Distribution,
    Parameter,
    Range,
    SearchSpace,
    cardinality,
    contains,
    draw,
    enumerate_values,
    greatest,
    ordered,
    snap,
)

pytestmark = pytest.mark.unit

scalars = st.booleans() | st.integers(-1000, 1000) | st.floats(-1e6, 1e6) | st.text(max_size=4)
units = st.floats(0, 1, exclude_max=True)


@st.composite
def categoricals(draw_from: st.DrawFn) -> Categorical:
    values = draw_from(
        st.lists(scalars, min_size=1, max_size=6, unique_by=lambda value: (isinstance(value, bool), value))
    )
    if draw_from(st.booleans()):
        return Categorical(tuple(values))
    weights = draw_from(st.lists(st.integers(1, 9), min_size=len(values), max_size=len(values)))
    return Categorical(tuple(values), tuple(weight / sum(weights) for weight in weights))


@st.composite
def ranges(draw_from: st.DrawFn) -> Range:
    log, stepped = draw_from(st.booleans()), draw_from(st.booleans())
    if draw_from(st.booleans()):
        low = draw_from(st.integers(1 if log else -300, 300))
        high = draw_from(st.integers(low, low + 600))
        step = draw_from(st.integers(1, high - low)) if stepped and high > low else None
        return Range(low, high, True, log, step)
    bound = 1e300
    low_f = draw_from(st.floats(5e-324 if log else -bound, bound))
    high_f = draw_from(st.floats(low_f, bound))
    if not stepped or high_f == low_f:
        return Range(low_f, high_f, False, log)
    step_f = draw_from(st.sampled_from((0.001, 0.05, 0.1, 0.25, 1.0, 3.0)))
    low_f = draw_from(st.floats(0.01 if log else -9, 9))
    return Range(low_f, low_f + step_f * draw_from(st.integers(1, 40)), False, log, step_f)


distributions = st.builds(Constant, scalars) | categoricals() | ranges()


@given(distributions, units)
def test_what_is_drawn_is_contained(distribution: Distribution, unit: float) -> None:
    assert contains(distribution, draw(distribution, unit))


@given(distributions)
def test_both_ends_of_the_unit_interval_are_drawable(distribution: Distribution) -> None:
    for unit in (0.0, math.nextafter(1, 0)):
        assert contains(distribution, draw(distribution, unit))


@given(distributions, st.lists(units, min_size=1, max_size=30))
def test_a_finite_distribution_lists_exactly_what_it_can_draw(
    distribution: Distribution, positions: list[float]
) -> None:
    count = cardinality(distribution)
    assume(count is not None and count <= 2000)
    values = enumerate_values(distribution)
    assert len(values) == count
    assert len({(type(value), value) for value in values}) == count
    assert all(contains(distribution, value) for value in values)
    assert {draw(distribution, unit) for unit in positions} <= set(values)


@given(ranges(), units)
def test_snapping_twice_changes_nothing(distribution: Range, unit: float) -> None:
    value = draw(distribution, unit)
    assert isinstance(value, int | float)
    assert snap(distribution, value) == value


@given(ranges())
def test_a_range_keeps_its_type_and_its_bounds(distribution: Range) -> None:
    values = [draw(distribution, unit) for unit in (0.0, 0.3, 0.999)]
    assert all(type(value) is (int if distribution.integer else float) for value in values)
    assert not contains(distribution, distribution.high + abs(distribution.high) + 1)
    assert not contains(distribution, "1")
    assert not contains(distribution, True)
    assert not contains(distribution, math.nan)


def test_steps_are_decimal_and_end_inside_the_bounds() -> None:
    assert enumerate_values(Range(0.0, 0.5, step=0.1)) == (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
    assert enumerate_values(Range(10, 100, True, step=32)) == (10, 32, 64, 96)
    assert not contains(Range(10, 100, True, step=32), 100)


def test_a_continuous_range_has_no_list() -> None:
    with pytest.raises(ValueError, match="continuous"):
        enumerate_values(Range(0.0, 1.0))
    assert cardinality(Range(0.0, 1.0)) is None
    assert SearchSpace.of({"a": Range(0.0, 1.0), "b": Constant(1)}).size is None


def test_huge_ranges_are_counted_without_being_listed() -> None:
    assert cardinality(Range(0, 2**53, True)) == 2**53 + 1
    assert cardinality(Range(0.0, 1.0, step=1e-9)) == 10**9 + 1


@pytest.mark.parametrize("distribution", [Range(1, 4, True), Range(1, 4, True, log=True), Categorical((1, 2, 3, 4))])
def test_every_whole_number_has_its_share(distribution: Distribution) -> None:
    positions = [(index + 0.5) / 4000 for index in range(4000)]
    counts = dict.fromkeys(enumerate_values(distribution), 0)
    for unit in positions:
        counts[draw(distribution, unit)] += 1
    if isinstance(distribution, Range) and distribution.log:
        assert counts[1] > counts[2] > counts[3] > counts[4] > 0
    else:
        assert set(counts.values()) == {1000}


def test_probabilities_are_kept() -> None:
    distribution = Categorical(("a", "b"), (0.25, 0.75))
    values = [draw(distribution, (index + 0.5) / 100) for index in range(100)]
    assert (values.count("a"), values.count("b")) == (25, 75)


def test_true_is_not_one() -> None:
    assert not contains(Constant(1), True)
    assert not contains(Categorical((True, False)), 1)
    assert cardinality(Categorical((True, 1))) == 2


@given(st.dictionaries(st.sampled_from("abcd"), distributions, max_size=4))
def test_the_grid_has_exactly_its_size_of_distinct_members(parts: dict[str, Distribution]) -> None:
    space = SearchSpace.of(parts)
    size = space.size
    assume(size is not None and size <= 2000)
    members = list(space.grid())
    assert len(members) == size
    assert len({json.dumps(member, sort_keys=True) for member in members}) == size
    assert all(contains(dict(space.distributions)[name], value) for member in members for name, value in member.items())


@given(st.dictionaries(st.sampled_from("abcd"), distributions, min_size=1, max_size=4), st.integers(0, 99))
def test_a_fixed_space_has_one_member(parts: dict[str, Distribution], seed: int) -> None:
    space, generator = SearchSpace.of(parts), random.Random(seed)
    member = {name: draw(item, generator.random()) for name, item in space.distributions}
    assert list(space.fix(member).grid()) == [member]
    assert space.fix(member).size == 1
    assert space.searched.keys() | space.constants.keys() == parts.keys()


def test_the_last_name_varies_fastest() -> None:
    space = SearchSpace.of({"b": Categorical((1, 2)), "a": Categorical(("x", "y"))})
    assert [tuple(member.values()) for member in space.grid()] == list(itertools.product("xy", (1, 2)))


@pytest.mark.parametrize(
    ("parameter", "good", "bad"),
    [
        (Parameter("p", "float", 0.0, "", minimum=0, below=1), (0, 0.5),
        (1, -0.1, "0", True, math.nan, math.inf, None)),
        (Parameter("p", "int", 1, "", minimum=1, maximum=4), (1, 4.0), (0, 5, 1.5, True, "1", [1])),
        (Parameter("p", "float", 1.0, "", above=0), (1e-9,), (0, -1)),
        (Parameter("p", "bool", False, ""), (True, False), (0, 1, "true")),
        (Parameter("p", "str", "a", "", choices=("a", "b")), ("a",), ("c", 1, ["a"])),
        (Parameter("p", "int", 1, "", choices=(1, 2)), (2, 2.0), (3, True)),
    ],
)  # fmt: skip
def test_a_parameter_accepts_its_kind_and_bounds_only(
    parameter: Parameter, good: tuple[object, ...], bad: tuple[object, ...]
) -> None:
    assert [parameter.reject(value) for value in good] == [None] * len(good)
    assert [parameter.reject(value) for value in bad] == [parameter.expected()] * len(bad)


def test_values_take_the_parameters_own_type() -> None:
    assert repr(Parameter("p", "float", 0.0, "").coerce(1)) == "1.0"
    assert repr(Parameter("p", "int", 0, "").coerce(64.0)) == "64"
    assert Parameter("p", "str", "", "").coerce("a") == "a"
    assert Parameter("p", "float", 0.0, "", minimum=0, below=1).expected() == "a number >= 0 and < 1"


@pytest.mark.parametrize(
    ("distribution", "number"),
    [
        (Constant(3), 3), (Constant("sgd"), None), (Constant(True), None), (Categorical((1, 9, 4)), 9),
        (Categorical(("a", "b")), None), (Range(1, 8, integer=True), 8), (None, None),
    ],
)  # fmt: skip
def test_the_greatest_number(distribution: Distribution | None, number: float | None) -> None:
    assert greatest(distribution) == number


def test_parents_come_before_their_children_and_else_names_are_sorted() -> None:
    assert ordered({"c": (), "a": ("b", "c"), "b": ("c",), "d": ()}) == ("c", "b", "a", "d")
    assert ordered({"b": (), "a": ()}) == ("a", "b")
