from __future__ import annotations

import ast
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textclf_sweep.definition.signature import Signature, signature

pytestmark = pytest.mark.unit


def read(source: str | bytes, function: str = "build") -> tuple[Signature | None, list[tuple[int, str]]]:
    """The signature, and what was complained of: line and everything that was said."""
    said: list[tuple[int, str]] = []
    content = source.encode() if isinstance(source, str) else source
    found = signature(content, function, lambda line, *texts: said.append((line, "; ".join(texts))))
    return found, said


def parameters(arguments: str) -> dict[str, tuple[Any, ...]]:
    """Kind, default and choices of each parameter of ``build(info, ARGUMENTS)``."""
    found, said = read(f"def build(info, {arguments}):\n    return info\n")
    assert found is not None, said
    return {item.name: (item.kind, item.default, *item.choices) for item in found.parameters}


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("x: int = 3", ("int", 3)), ("x: float = 0.5", ("float", 0.5)), ("x: float = -1e-3", ("float", -0.001)),
        ("x: float = 1", ("float", 1.0)), ("x: bool = True", ("bool", True)), ("x: str = 'a'", ("str", "a")),
        ("x: str = ''", ("str", "")), ("x: 'int' = 3", ("int", 3)), ("x: int", ("int", None)),
        ("x=3", ("int", 3)), ("x=3.0", ("float", 3.0)), ("x=False", ("bool", False)), ("x='a'", ("str", "a")),
        ("x: Literal['a', 'b'] = 'a'", ("str", "a", "a", "b")), ("x: typing.Literal[1, 2]", ("int", None, 1, 2)),
        ("x: t.Literal[True, False] = True", ("bool", True)), ("x: Literal['a'] = 'a'", ("str", "a", "a")),
        ("*, x: int = 3", ("int", 3)), ("*, x: int", ("int", None)), ("/, x: int = 3", ("int", 3)),
        ("x: int = 3, **rest", ("int", 3)),
    ],
)  # fmt: skip
def test_a_parameter_has_the_type_of_its_annotation_or_its_default(argument: str, expected: tuple[Any, ...]) -> None:
    assert parameters(argument) == {"x": expected}


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("x", "x has no type; int, float, bool, str or Literal[...]; e.g. x: int = 64"),
        ("x=None", "the default of x is None; a number, true or false, or a text"),
        ("x: int = None", "the default of x is None"), ("x=[1]", "the default of x is [1]"),
        ("x: int = WIDTH", "the default of x is WIDTH"), ("x=1j", "the default of x is 1j"),
        (f"x: float = 1{'0' * 400}", "the default of x is 1000"),
        ("x: int | None = 3", "x is of type int | None"), ("x: list[int] = 3", "x is of type list[int]"),
        ("x: 'no type' = 3", "x is of type 'no type'"), ("x: Literal['a', 1] = 'a'", "x is of type Literal['a', 1]"),
        ("x: Literal['a', 'a'] = 'a'", "x is of type Literal"), ("x: Literal[1.5] = 1.5", "x is of type Literal[1.5]"),
        ("x: Literal[True] = True", "x is of type Literal[True]"),
        ("x: int = 0.5", "the default of x is 0.5; a whole number; change its type or its default"),
        ("x: int = True", "the default of x is True; a whole number"), ("x: bool = 1", "the default of x is 1"),
        ("x: str = 3", "the default of x is 3; a text"), ("x: Literal['a', 'b'] = 'c'", "one of a, b"),
        ("x: float = 1e999", "the default of x is inf; a number"),
        ("*x", "*x could be anything"), ("x: int = 3, /", "x cannot be given by name"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_hyperparameter_is_said_at_its_line(argument: str, said: str) -> None:
    found, problems = read(f"\n\ndef build(\n    info,\n    {argument}\n):\n    return info\n")
    assert found is None
    assert [line for line, _ in problems] == [5]
    assert said in problems[0][1]


def test_all_of_it_is_said_at_once() -> None:
    assert [line for line, _ in read("def build(info, a,\n  b=None,\n  *c): pass")[1]] == [3, 1, 2]


@pytest.mark.parametrize(
    ("source", "line", "said"),
    [
        ("def build(): pass", 1, "build takes nothing by position; info as its first parameter"),
        ("\ndef build(units=3): pass", 2, "build begins with units"),
        ("def build(*, info): pass", 1, "build takes nothing by position"),
        ("x = 1\n", 1, "there is no function build; a function `def build(info, ...)` in this file"),
        ("def make(info): pass", 1, "write function: make"),
        ("def a(): pass\ndef biuld(info): pass", 1, "write function: biuld"),
        ("\nclass build: pass", 2, "build is a class"),
        ("async def build(info): pass", 1, "build is an async function"),
        ("from models import build", 1, "build is imported"),
        ("import models as build", 1, "build is imported"),
        ("build = lambda info: info", 1, "build is not defined by `def`"),
        ("def build(info): pass\n\nbuild: object = 3", 3, "build is not defined by `def`"),
        ("import keras\ndef build(info:\n  pass", 2, "this is not Python: "),
        (b"x\0", 1, "this is not Python: "),
        (b"\xff\xfe", 1, "this is not Python: "),
        ("(" * 5000, 1, "this is not Python: "),
        (
            "FEATURES = 3\ndef build(info): pass",
            1,
            'FEATURES is no text; the name of the features; e.g. FEATURES = "to',
        ),
    ],
)
def test_a_source_without_such_a_function(source: str | bytes, line: int, said: str) -> None:
    found, problems = read(source)
    assert found is None
    assert len(problems) == 1
    assert problems[0][0] == line
    assert said in problems[0][1]


def test_the_last_definition_counts_as_in_python() -> None:
    found, _ = read("def build(info, a=1): pass\ndef build(info, b=2): pass")
    assert found is not None
    assert ([item.name for item in found.parameters], found.line) == (["b"], 2)


def test_documentation_and_features_are_read_too() -> None:
    source = '''
"""A module."""
FEATURES: str = "tfidf"

def build(info, units=3, depth=1):
    """A model.

    Args:
        info: sizes.
        units (int): how wide
            it is.
        depth: how deep.

    Returns:
        units: not this one.
    """
'''
    found, _ = read(source)
    assert found is not None
    assert (found.features, found.doc) == ("tfidf", "A model.")
    assert [item.doc for item in found.parameters] == ["how wide", "how deep."]
    bare, _ = read("def build(info, units=3): pass")
    assert bare is not None
    assert (bare.features, bare.doc, bare.parameters[0].doc) == ("", "", "units of the model")


def test_warnings_of_the_users_style_are_the_workers_to_log() -> None:
    assert read("PATTERN = '\\d'\ndef build(info, units=3): pass")[0] is not None


def test_nothing_is_executed(capsys: pytest.CaptureFixture[str]) -> None:
    found, _ = read("print('run')\nraise SystemExit\ndef build(info, units=3): pass")
    assert found is not None
    assert capsys.readouterr().out == ""


values = st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | st.text()


@settings(max_examples=50)
@given(st.dictionaries(st.from_regex(r"p_[a-z]{1,8}", fullmatch=True), values, max_size=4), st.booleans())
def test_written_defaults_are_read_as_python_reads_them(defaults: dict[str, Any], annotated: bool) -> None:
    written = [
        f"{name}{f': {type(value).__name__}' if annotated else ''} = {value!r}" for name, value in defaults.items()
    ]
    source = f"def build(info, *, {', '.join(written)}): pass" if written else "def build(info): pass"
    ast.parse(source)
    found, said = read(source)
    assert found is not None, said
    assert {item.name: item.default for item in found.parameters} == defaults
    assert all(type(defaults[item.name]).__name__ == item.kind for item in found.parameters)
