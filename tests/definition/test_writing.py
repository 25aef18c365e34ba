"""Values as YAML."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from textclf_sweep.definition.nodes import MapNode, Place, Problems, ScalarNode
from textclf_sweep.definition.reader import read
from textclf_sweep.definition.writing import WIDTH, Entry, commented, written

pytestmark = pytest.mark.unit

# What a definition can hold at all: no lone surrogates, no NUL, none of the two code points that are no characters.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufffe\uffff"), min_size=1)


@settings(max_examples=60, deadline=None)
@given(key=TEXTS, value=TEXTS | st.integers(-9, 10**9) | st.booleans() | st.floats(1e-9, 1e9), comment=st.text())
@example("no", "null", "")
@example("a: b", "1e5", "# \u2028")
@example("'", "- x", "\r\n")
@example("\U0001f600", '\x85\xa0\ufeff\\"', "")
def test_what_is_written_is_read_as_it_was(key: str, value: str | float, comment: str) -> None:
    problems = Problems()
    root = read(written([[Entry(key, value, comment)]]), Place("made.yaml", Path()), problems)
    assert not problems.found
    assert isinstance(root, MapNode)
    ((name, (_, node)),) = root.entries.items()
    assert name == key
    assert isinstance(node, ScalarNode)
    assert node.value == value


def test_what_is_off_is_a_comment() -> None:
    on = Entry("a", (Entry("b", 1, on=False), Entry("c", [1, "no"]), Entry("d", {"min": 0.5, "x y": "z"})))
    off = Entry("e", (Entry("f", (Entry("g", "true", "why"),), on=False),))
    text = written([[on], [off]])
    assert text == (
        'a:\n  # b: 1\n  c: [1, "no"]\n  d: {min: 0.5, "x y": z}\n'
        '\n# e:\n#   f:\n#     g: "true" # why\n'
    )  # fmt: skip
    assert yaml.safe_load(text) == {"a": {"c": [1, "no"], "d": {"min": 0.5, "x y": "z"}}}


def test_long_comments_stand_above() -> None:
    text = written([[Entry("key", "value", "word " * 60)]])
    assert max(map(len, text.splitlines())) <= WIDTH
    assert text.endswith("\nkey: value\n")
    assert all(line.startswith("#") for line in text.splitlines()[:-1])


def test_no_comment_ends_early() -> None:
    assert commented("one\u2028two: 3\n\nthree\x85four") == ["# one", "# two: 3", "#", "# three", "# four"]
