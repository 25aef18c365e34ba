from __future__ import annotations

import math
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from textclf_sweep.definition.nodes import ListNode, MapNode, Place, Problems, ScalarNode
from textclf_sweep.definition.reader import MAX_BYTES, read, resolve

pytestmark = pytest.mark.unit
PLACE = Place("a.yaml", Path())


def parse(text: str | bytes) -> MapNode:
    problems = Problems()
    node = read(text, PLACE, problems)
    assert not problems.found
    assert node is not None
    return node


def complaints(text: str | bytes) -> list[str]:
    problems = Problems()
    read(text, PLACE, problems)
    return [str(problem) for _, problem in problems.found]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4), ("1e-3", 1e-3), ("1E5", 1e5), (".5", 0.5), ("-.5", -0.5), ("5.", 5.0), ("+1", 1), ("-0", 0),
        ("007", 7), ("0o17", 15), ("0x1F", 31), ("0", 0), ("9007199254740991", 2**53 - 1), ("1.0", 1.0),
        ("0" * 6000 + "1", 1), ("true", True), ("False", False), ("TRUE", True), ("null", None), ("~", None),
        ("Null", None), (".inf", math.inf), ("-.Inf", -math.inf),
        ("no", "no"), ("yes", "yes"), ("on", "on"), ("off", "off"), ("y", "y"), ("1_000", "1_000"), ("tRUE", "tRUE"),
        ("12:30:45", "12:30:45"), ("2024-01-01", "2024-01-01"), ("0b11", "0b11"), ("0X1F", "0X1F"), ("1e", "1e"),
        (".", "."), ("-", "-"), ("+.nan", None), ("0o8", "0o8"), ("\u0661", "\u0661"), ("nan", "nan"), ("inf", "inf"),
    ],
)  # fmt: skip
def test_plain_scalars_mean_what_the_core_schema_says(text: str, value: object) -> None:
    if text == "+.nan":
        found = resolve(text)
        assert isinstance(found, float)
        assert math.isnan(found)
        return
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


@pytest.mark.parametrize(
    "text", ["1e400", "-1e400", "9007199254740992", "9" * 5000, "0x" + "f" * 5000, "0o" + "7" * 99]
)
def test_numbers_that_no_float_holds_are_refused(text: str) -> None:
    with pytest.raises(OverflowError):
        resolve(text)
    assert "a.yaml:1: the number" in complaints(f"a: {text}")[0]


def test_quotes_make_a_text_and_nothing_else_does() -> None:
    node = parse("a: '1'\nb: \"true\"\nc: |\n  2\nd: 3\n")
    values = {key: child.value for key, (_, child) in node.entries.items() if isinstance(child, ScalarNode)}
    assert values == {"a": "1", "b": "true", "c": "2\n", "d": 3}


def test_every_key_and_value_keeps_its_line() -> None:
    node = parse("# first\na: 1\n\nb:\n  - x\n  -\n    y\nc: {d: 1,\n  e: 2}\n")
    assert [place.line for place, _ in node.entries.values()] == [2, 4, 8]
    _, items = node.entries["b"]
    assert isinstance(items, ListNode)
    assert [item.place.line for item in items.items] == [5, 7]
    _, inner = node.entries["c"]
    assert isinstance(inner, MapNode)
    assert [place.line for place, _ in inner.entries.values()] == [8, 9]


@pytest.mark.parametrize(
    "text", ["\ufeffa: 1", b"\xef\xbb\xbfa: 1", b"a: 1\r\n", "---\na: 1\n...\n", "%YAML 1.2\n---\na: 1"]
)
def test_marks_and_line_ends_of_other_systems_are_no_matter(text: str | bytes) -> None:
    assert list(parse(text).entries) == ["a"]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "empty"), ("# nothing\n", 1, "empty"), ("---\n...\n", 1, "empty"), ("- a\n", 1, "holds a list"),
        ("just text", 1, "a single value"), ("a: 1\na: 2", 2, "'a' is repeated; line 1 has it already"),
        ("b: {c: 1, 'c': 2}", 1, "'c' is repeated"), ("a: &x 1", 1, "an anchor, &x"), ("b: *x", 1, "an alias, *x"),
        ("a: 1\n<<: {b: 2}", 2, "merge key"), ("a: !!float 3", 1, "a tag"), ("a: !mine 3", 1, "a tag"),
        ("a: !!python/object/apply:os.system [ls]", 1, "a tag"), ("a:\n\tb: 1", 2, "a tab"),
        ("a: 1\n--- \nb: 2", 2, "second document"), ("? [x]\n: 1", 1, "as a key"), ("{{a: 1}: 2}", 1, "as a key"),
        ("%YAML 1.1\n---\na: 1", 1, "another version"), ("a: b: c", 1, "a ':'"), ("x: 1\na: [1,\n2\n", 2, "not closed"),
        ("x: 1\na: 'b\nc: 2\n", 2, "not closed"), ("a: @b", 1, "reserves"), ("a: `b", 1, "reserves"),
        ('a: "\\q"', 1, "escape"), ("a: 1\nb\nc: 2", 2, "without ':'"), ('a: "\\ud800"', 1, "no character"),
        ('a: "\\0"', 1, "no character"), ('"\\0": 1', 1, "no character"), ('x: 1\na: "\\U00110000"', 2, "out of range"),
        ("a: 1\nb: \0", 2, "U+0000"), ("a: \ud800", 1, "U+D800"), (b"a: 1\nb: \xff", 2, "byte 8 (0xff) is not UTF-8"),
        ("a: 1\n- b", 2, "this is not YAML"), ("a: [" + "[" * 10_000, 1, "deep"), ("{a: " * 5000, 1, "deep"),
        ("- " * 9999, 1, "deep"),
    ],
)  # fmt: skip
def test_what_a_definition_cannot_be_is_refused_with_its_line(text: str | bytes, line: int, words: str) -> None:
    (message,) = complaints(text)
    assert message.startswith(f"a.yaml:{line}: ")
    assert words in message


@pytest.mark.parametrize("text", [b"\xff\xfea\x00:\x00", "a" * (MAX_BYTES + 1), b"a" * (MAX_BYTES + 1)])
def test_a_file_of_another_kind_is_refused_as_a_whole(text: str | bytes) -> None:
    (message,) = complaints(text)
    assert message.startswith("a.yaml: ")


def test_several_things_wrong_are_all_reported_and_the_rest_is_read() -> None:
    problems = Problems()
    node = read("a: &x 1\nb: *x\nc: !!int 2\nc: 3\nd: 4", PLACE, problems)
    assert [place.line for place, _ in problems.found] == [1, 2, 3, 4]
    assert node is not None
    assert list(node.entries) == ["a", "b", "c", "d"]


def test_a_bomb_of_aliases_is_refused_before_it_grows() -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30))]
    assert all("an a" in message for message in complaints("\n".join(lines)))


@given(st.text(max_size=200) | st.text("ab:-[]{}#&*!|>'\"%@`,? \n\t0", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    problems = Problems()
    node = read(text, PLACE, problems)
    assert (node is not None) or problems.found


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e300, 1e300)
        | st.text("ab: #'", max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3),
        max_leaves=8,
    )
)  # fmt: skip
def test_what_pyyaml_writes_in_quotes_is_read_back(value: object) -> None:
    text = yaml.safe_dump({"key": value}, default_style='"' if isinstance(value, str) else None)
    assert plain(parse(text)) == {"key": value}


def plain(node: object) -> object:
    match node:
        case ScalarNode(value=value):
            return value
        case ListNode(items=items):
            return [plain(item) for item in items]
        case MapNode(entries=entries):
            return {name: plain(child) for name, (_, child) in entries.items()}
        case _:
            raise AssertionError(node)
