from __future__ import annotations

import pytest

from textclf_sweep import errors
from textclf_sweep.errors import DefinitionError, Problem, SweepError

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem("x is 3"), "x is 3"),
        (Problem("x is 3", "4"), "x is 3; expected 4"),
        (Problem("x is 3", "4", "write 4"), "x is 3; expected 4\n  hint: write 4"),
        (Problem("x is 3", fix="write:\nx: 4\n  y"), "x is 3\n  hint: write:\n    x: 4\n      y"),
        (Problem("3", "4", "", "a.yaml:2", "x.y"), "a.yaml:2 x.y: 3; expected 4"),
        (Problem("3", where="a.yaml"), "a.yaml: 3"),
        (Problem("3", key="x"), "x: 3"),
        (Problem("3", where="--set x.y", key="x.y"), "--set x.y: 3"),
        (Problem("3", where="--set x", key="x.y"), "--set x x.y: 3"),
    ],
)
def test_a_problem_says_where_what_expected_and_how_to_fix_it(problem: Problem, text: str) -> None:
    assert str(problem) == text


def test_an_error_holds_all_its_problems_and_takes_a_plain_string_for_one() -> None:
    error = DefinitionError(Problem("one"), "two", fix="mend it")
    assert [problem.what for problem in error.problems] == ["one", "two"]
    assert str(error) == "one\ntwo\n  hint: mend it"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("InputError", 2), ("DefinitionError", 2), ("DataError", 2), ("NoSuccessError", 3), ("StorageError", 4),
        ("TrackingError", 4), ("EngineError", 4), ("AlreadyRunningError", 5),
    ],
)  # fmt: skip
def test_each_branch_has_its_exit_code(name: str, code: int) -> None:
    kind = getattr(errors, name)
    assert issubclass(kind, SweepError)
    assert kind.exit_code == code


def test_the_tree_at_the_top_of_the_module_names_every_class() -> None:
    drawn = errors.__doc__ or ""
    classes = [item for item in vars(errors).values() if isinstance(item, type) and issubclass(item, SweepError)]
    assert len(classes) >= 9
    for kind in classes:
        line = next((line for line in drawn.splitlines() if f" {kind.__name__} " in f" {line} "), "")
        assert kind is SweepError or f" {kind.exit_code} " in line, kind
