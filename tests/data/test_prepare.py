"""Rows made complete and labels made uniform, in one order, with a note on each change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from textclf_sweep.data.corpus import Corpus
from textclf_sweep.data.prepare import prepare
from textclf_sweep.definition.types import DataSettings, Missing
from textclf_sweep.errors import DataError, Problem

pytestmark = pytest.mark.unit

Make = Callable[..., Corpus]


def prepared(corpus: Corpus, **asked: Any) -> Corpus:
    return prepare(corpus, DataSettings("csv", **asked))


def only_problem(corpus: Corpus, **asked: Any) -> Problem:
    with pytest.raises(DataError) as caught:
        prepared(corpus, **asked)
    (problem,) = caught.value.problems
    return problem


def test_complete_rows_stay_as_they_are(corpus: Make) -> None:
    made = corpus([(" a ", "X "), ("b", "y")])
    assert prepared(made) == made


def test_missing_texts_are_dropped_before_missing_labels(corpus: Make) -> None:
    result = prepared(corpus([("a", "x"), (" \n", "x"), ("", " "), ("b", "\t"), ("c", "y")]))
    assert (result.texts, result.lines) == (("a", "c"), (2, 6))
    assert result.notes == (
        "2 rows without a text were dropped (first: line 3)",
        "1 row without a label was dropped (first: line 5)",
    )


def test_places_of_several_files(corpus: Make) -> None:
    result = prepared(corpus([("a", "x"), ("", "x")], files=("train.csv", "test.csv")))
    assert result.notes == ("1 row without a text was dropped (first: test.csv:3)",)


def test_missing_texts_may_stay_empty(corpus: Make) -> None:
    result = prepared(corpus([("a", "x"), (" ", "y")]), missing=Missing("empty"))
    assert result.texts == ("a", " ")
    assert result.notes == ("1 row without a text was kept (first: line 3)",)


def test_missing_texts_are_filled(corpus: Make) -> None:
    result = prepared(corpus([("", "x"), ("a", "y"), (" ", "y")]), missing=Missing("fill", "nothing"))
    assert result.texts == ("nothing", "a", "nothing")
    assert result.notes == ("2 missing texts were filled in with 'nothing' (first: line 2)",)


def test_missing_texts_come_from_another_column(corpus: Make) -> None:
    made = corpus([("", "x"), ("a", "y"), ("", "y")], spare=("title", "unused", " "))
    result = prepared(made, missing=Missing("from", "title"))
    assert result.texts == ("title", "a")
    assert result.spare is None
    assert result.notes == (
        "1 missing text was taken from 'title' (first: line 2)",
        "1 row without a text was dropped (first: line 4)",
    )
    assert prepared(corpus([("a", "x")], spare=("b",))).spare is None


def test_missing_texts_as_an_error(corpus: Make) -> None:
    problem = only_problem(corpus([("a", "x"), *[("", "y")] * 7]), missing=Missing("error"))
    assert problem.what == "7 rows have no text: lines 3, 4, 5, 6, 7 and 2 more"
    assert (problem.where, problem.key) == ("made:3", "data.missing")
    assert prepared(corpus([("a", "x"), ("b", "")]), missing=Missing("error")).texts == ("a",)


def test_trimmed_then_in_one_case_then_mapped(corpus: Make) -> None:
    made = corpus([("a", " Sport"), ("b", "sport"), ("c", "SPORTS "), ("d", "news")])
    result = prepared(made, trim_labels=True, label_case="lower", labels=(("sports", "sport"),))
    assert result.labels == ("sport", "sport", "sport", "news")
    trim, case, mapped = result.notes
    assert trim == "trim_labels changed ' Sport' to 'Sport', 'SPORTS ' to 'SPORTS' in 2 rows; still 4 labels"
    assert case == ("label_case: lower changed 'Sport' to 'sport', 'SPORTS' to 'sports' in 2 rows; 4 labels are 3 now")
    assert mapped == "labels changed 'sports' to 'sport' in 1 row; 3 labels are 2 now"
    assert made.labels[0] == " Sport"


def test_upper_case(corpus: Make) -> None:
    assert prepared(corpus([("a", "x"), ("b", "ß")]), label_case="upper").labels == ("X", "SS")


def test_labels_may_change_places(corpus: Make) -> None:
    result = prepared(corpus([("a", "0"), ("b", "1")]), labels=(("0", "1"), ("1", "0")))
    assert result.labels == ("1", "0")


def test_labels_that_do_not_occur_are_noted(corpus: Make) -> None:
    made = corpus([("a", "sport"), ("b", "news")])
    result = prepared(made, labels=(("sports", "x"),), drop_labels=("old", "new"))
    assert result.labels == made.labels
    assert result.notes == (
        "labels names label 'sports' that does not occur (did you mean 'sport'?)",
        "drop_labels names labels 'new', 'old' that do not occur (did you mean 'news'?)",
    ) or result.notes[1].startswith("drop_labels names labels 'new', 'old' that do not occur")
    (note,) = prepared(made, drop_labels=("SPORTS ",)).notes
    assert note == "drop_labels names label 'SPORTS ' that does not occur (did you mean 'sport'?)"


def test_labels_mapped_to_nothing_go_with_their_rows(corpus: Make) -> None:
    result = prepared(corpus([("a", "x"), ("b", "?"), ("c", "y")]), labels=(("?", " "),))
    assert result.texts == ("a", "c")
    assert result.notes[-1] == "1 row without a label was dropped (first: line 3)"


def test_dropped_after_mapping_and_counted_after_dropping(corpus: Make) -> None:
    made = corpus([("a", "x"), ("b", "X"), ("c", "spam"), ("d", "junk"), ("e", "rare"), ("f", "x")])
    result = prepared(made, labels=(("X", "x"), ("junk", "spam")), drop_labels=("spam",), min_per_label=3)
    assert result.texts == ("a", "b", "f")
    assert result.notes[1:] == (
        "2 rows with the label 'spam' (drop_labels) were dropped (first: line 4)",
        "1 row of label 'rare' with fewer than 3 rows (min_per_label) was dropped (first: line 6)",
    )


@pytest.mark.parametrize("asked", [{"drop_labels": ("x", "y")}, {"min_per_label": 3}])
def test_no_row_left(corpus: Make, asked: dict[str, Any]) -> None:
    problem = only_problem(corpus([("a", "x"), ("b", "y")]), **asked)
    (key,) = asked
    assert problem.key == f"data.{key}"
    assert "'x', 'y'" in problem.what


def test_many_labels_are_not_all_named(corpus: Make) -> None:
    made = corpus([("a", f" {row}") for row in range(2_000)])
    (note,) = prepared(made, trim_labels=True).notes
    assert "and 1,995 more in 2,000 rows" in note
    assert len(note) < 300


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    st.lists(st.tuples(st.sampled_from(["", " ", "a", "b"]), st.sampled_from(["", "x", " x", "X", "y "])), min_size=1),
    st.sampled_from(["keep", "lower", "upper"]),
    st.booleans(),
)
def test_rows_are_complete_in_order_and_prepared_once_for_all(
    corpus: Make, pairs: list[tuple[str, str]], case: str, trim: bool
) -> None:
    made = corpus(pairs, parts=("train",) * len(pairs), groups=tuple(map(str, range(len(pairs)))))
    once = prepared(made, trim_labels=trim, label_case=case)
    assert all(text.strip() for text in once.texts)
    assert all(label.strip() for label in once.labels)
    assert list(once.lines) == sorted(once.lines)
    assert once.groups == tuple(str(line - 2) for line in once.lines)
    dropped = sum(not text.strip() or not label.strip() for text, label in pairs)
    assert len(once) == len(pairs) - dropped
    assert prepared(once, trim_labels=trim, label_case=case) == once
