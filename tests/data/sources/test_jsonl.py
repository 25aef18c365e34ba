"""The JSON Lines source: values are texts as they are written, and a bad line is named."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from textclf_sweep.data import sources
from textclf_sweep.definition.types import DataSettings
from textclf_sweep.errors import DataError, Problem

pytestmark = pytest.mark.unit


def write(folder: Path, rows: Sequence[tuple[str, str, str]]) -> Path:
    path = folder / "data.jsonl"
    objects = [{"text": text, "label": label, "id": int(number)} for text, label, number in rows]
    path.write_text("".join(json.dumps(item) + "\n" for item in objects), encoding="utf-8")
    return path


def settings(folder: Path, content: str | bytes) -> DataSettings:
    path = folder / "data.jsonl"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return DataSettings("jsonl", str(path))


def only_problem(data: DataSettings) -> Problem:
    with pytest.raises(DataError) as caught:
        sources.load(data)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ('"1"', "1"), ("1", "1"), ("1.0", "1.0"), ("1e5", "1e5"), ("-0", "-0"), ("1E+2", "1E+2"),
        ("9" * 5000, "9" * 5000),
        ("true", "true"), ("false", "false"), ("null", ""), ('"null"', "null"), ('""', ""), ("NaN", "NaN"),
        ('"\\ud83d\\ude00"', "😀"), ('"\u2028"', "\u2028"),
    ],
)  # fmt: skip
def test_values_are_as_they_are_written(tmp_path: Path, written: str, label: str) -> None:
    corpus = sources.load(settings(tmp_path, f'{{"text": "t", "label": {written}}}'))
    assert corpus.labels == (label,)


def test_keys_that_are_absent_are_blank(tmp_path: Path) -> None:
    content = '{"text": "a"}\n{"label": "x", "text": "b", "more": 1}\n{"label": "y"}\n'
    data = settings(tmp_path, content)
    corpus = sources.load(data)
    assert (corpus.texts, corpus.labels, corpus.lines) == (("a", "b", ""), ("", "x", "y"), (1, 2, 3))
    table = sources.read_table("jsonl", data.path, {})
    assert table.header == ("text", "label", "more")
    assert table.columns["more"] == ("", "1", "")


def test_blank_lines_are_noted(tmp_path: Path) -> None:
    corpus = sources.load(settings(tmp_path, '\r\n{"text": "a", "label": 1}\r\n\r\n{"text": "b", "label": 2}\r\n\r\n'))
    assert corpus.lines == (2, 4)
    assert corpus.notes == ("2 blank lines were skipped (first: line 1)",)


@pytest.mark.parametrize("nested", ["[1]", "{}", '{"a": 1, "b": {"c": 2}}'])
def test_nested_values(tmp_path: Path, nested: str) -> None:
    data = settings(tmp_path, f'{{"text": "a", "label": 1}}\n{{"text": "b", "label": {nested}}}\n')
    problem = only_problem(data)
    assert "'label'" in problem.what
    assert problem.where.endswith("data.jsonl:2")
    # One that is not asked for does no harm.
    assert set(sources.read_table("jsonl", data.path, {}).columns) == {"text"}


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('{"text": "b", "text": "c", "label": 1}', "'text' twice"),
        ('{"text": "b", "label": 1', "no JSON"),
        ("{'text': 'b'}", "no JSON: .* at character 2"),
        ('["b", 1]', "a list"),
        ('"b"', "a string"),
        ("null", "no object"),
        ("1", "a number"),
        ("17.5", "a number"),
        ("[" * 100_000, "too deep"),
    ],
)
def test_bad_lines(tmp_path: Path, line: str, what: str) -> None:
    data = settings(tmp_path, f'{{"text": "a", "label": 1}}\n\n{line}\n')
    with pytest.raises(DataError, match=what) as caught:
        sources.load(data)
    assert caught.value.problems[0].where.endswith("data.jsonl:3")


@pytest.mark.parametrize(("content", "command"), [('[\n{"text": 1}\n]', "jq -c '.[]'"), ('{\n"text": 1}', "jq -c .")])
def test_json_over_several_lines(tmp_path: Path, content: str, command: str) -> None:
    assert command in only_problem(settings(tmp_path, content)).fix


def test_file_of_another_kind(tmp_path: Path) -> None:
    assert "`source: csv`" in only_problem(settings(tmp_path, "text,label\na,b\n")).fix


def test_list_in_one_line(tmp_path: Path) -> None:
    assert "jq -c '.[]'" in only_problem(settings(tmp_path, '[{"text": "a", "label": 1}]')).fix


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_empty_file(tmp_path: Path, content: str) -> None:
    assert problem_words(only_problem(settings(tmp_path, content)))


def problem_words(problem: Problem) -> bool:
    return "empty" in problem.what or "no object" in problem.what


def test_wrong_encoding(tmp_path: Path) -> None:
    problem = only_problem(settings(tmp_path, '{"text": "caf\xe9", "label": 1}'.encode("cp1252")))
    assert "`encoding: cp1252`" in problem.fix


@examples(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(texts=st.lists(st.text(), min_size=1), plain=st.booleans())
def test_whatever_json_writes_comes_back(tmp_path: Path, texts: list[str], plain: bool) -> None:
    lines = [json.dumps({"label": row, "text": text}, ensure_ascii=True) for row, text in enumerate(texts)]
    assert sources.load(settings(tmp_path, "\n".join(lines))).texts == tuple(texts)
