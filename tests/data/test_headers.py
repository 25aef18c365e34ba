"""Rows that stand where a header should."""

from __future__ import annotations

import pytest

from textclf_sweep.data.corpus import Corpus
from textclf_sweep.data.headers import missing_header
from textclf_sweep.definition.types import DataSettings

pytestmark = pytest.mark.unit

TEXTS = ("the dog sat on mat number 1", "the cat sat on mat number 2", "a bird sat on mat number 0", "text")


def found(text: str, label: str, source: str = "csv", labels: tuple[str, ...] = ("a", "b", "a", "b")) -> str:
    settings = DataSettings(source, "/data.csv", text=(text,), label=label)
    finding = missing_header(settings, Corpus(TEXTS, labels, (2, 3, 4, 5)))
    return "" if finding is None else f"{finding.severity}: {finding.why}"


def test_a_label_for_a_name() -> None:
    assert "warning: the column of the labels is named 'a'" in found("the cat sat on mat number 0", "a")
    assert "its first row was taken for one, and is lost" in found("text", "b ")


def test_a_text_for_a_name() -> None:
    assert "named 'the cat sat on mat number 0', which is a text" in found("the cat sat on mat number 0", "c")


@pytest.mark.parametrize(
    ("text", "label"),
    [("text", "label"), ("What do you think of our new mats", "c"), ("the cat sat", "c"), ("", "label")],
)
def test_names_that_are_none_of_these(text: str, label: str) -> None:
    assert not found(text, label)


def test_sources_without_headers_and_headers_among_the_rows() -> None:
    assert not found("text", "a", "jsonl")
    assert not found("text", "label", labels=("a", "b", "a", "label"))
