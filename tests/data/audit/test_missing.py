"""Missing texts and labels, and what stands for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from textclf_sweep.data.audit import Assumptions, Subject
from textclf_sweep.data.audit._subject import EXAMPLES
from textclf_sweep.data.audit.missing import missing, placeholder_label, placeholder_text
from textclf_sweep.definition.types import Missing

pytestmark = pytest.mark.unit

Make = Callable[..., Any]


def test_clean_data_has_no_findings(subject: Make, clean: Make) -> None:
    assert missing(subject(clean(600))) == ()
    assert missing(subject([])) == ()


@pytest.mark.parametrize(("blank", "severity"), [(1, "note"), (10, "warning"), (50, "warning"), (51, "fatal")])
def test_missing(subject: Make, blank: int, severity: str) -> None:
    pairs = [("t", " " if row < blank else "x") for row in range(100)]
    (finding,) = missing(subject(pairs))
    assert (finding.name, finding.severity, finding.count, finding.share) == (
        "missing_label", severity, blank, blank / 100,
    )  # fmt: skip
    assert "first in line 2" in finding.why
    (finding,) = missing(subject([(label, text) for text, label in pairs]))
    assert (finding.name, finding.severity) == ("missing_text", severity)
    assert finding.affected == tuple(range(blank))
    assert len(finding.rows) == min(blank, EXAMPLES)
    assert finding.patch == ("" if severity == "fatal" else "data:\n  missing: drop")


@pytest.mark.parametrize(
    ("action", "says"),
    [("fill", "'title' is filled in"), ("empty", "kept as they are"), ("from", "from column 'title'; 2 rows without")],
)
@pytest.mark.parametrize(("rows", "severity"), [(3, "warning"), (20, "note")])
def test_missing_texts_that_are_seen_to(corpus: Make, action: Any, says: str, rows: int, severity: str) -> None:
    read = corpus([("", "a")] * 4 + [("t", "b")] * rows, spare=("one", "two", "", " ", *("more",) * rows))
    (finding,) = missing(Subject(read, Assumptions(missing=Missing(action, "title"))))
    assert (finding.severity, finding.patch, finding.count) == (severity, "", 4)
    assert says in finding.why
    assert "nothing is left to do" in finding.fix
    (finding,) = missing(Subject(read))
    assert finding.patch == ("" if finding.severity == "fatal" else "data:\n  missing: drop")


@pytest.mark.parametrize("text", ["", "\t\n", "\u200b", "\ufeff \u00ad", "\x00\x7f", "\u2800", "\u3164", "\xa0"])
def test_what_nobody_sees_is_missing(subject: Make, text: str) -> None:
    (finding,) = missing(subject([(text, "a"), ("x", "b"), ("y", "b")]))
    assert (finding.name, finding.affected) == ("missing_text", (0,))
    assert ("characters that nobody sees" in finding.why) is bool(text.strip())


@pytest.mark.parametrize("text", ["0", ".", "x\u200b", "👍🏽", "é", "क", "NA"])
def test_what_somebody_sees_is_not(subject: Make, text: str) -> None:
    assert missing(subject([(text, text)] * 2)) == ()


def test_placeholders_are_texts_all_the_same(subject: Make, clean: Make) -> None:
    stand_ins = ["N/A", " none ", "NULL", "-", "...", "?!", "[deleted]"]
    finding = placeholder_text(subject(clean(600) + [(text, "north") for text in stand_ins]))
    assert finding is not None
    assert (finding.severity, finding.affected) == ("note", tuple(range(600, 607)))
    assert "'n/a'" in finding.why
    many = placeholder_text(subject(clean(60) + [("n/a", "north")] * 6))
    assert many is not None
    assert many.severity == "warning"


@pytest.mark.parametrize("text", ["5", "👍", "no", "好", "a-", "none of it", ""])
def test_texts_that_say_something_are_no_placeholders(subject: Make, text: str) -> None:
    assert placeholder_text(subject([(text, "a")] * 9)) is None


def test_one_placeholder_is_a_coincidence(subject: Make, clean: Make) -> None:
    assert placeholder_text(subject([*clean(60), ("None", "north")])) is None


def test_a_label_for_no_label(subject: Make, clean: Make) -> None:
    finding = placeholder_label(subject([*clean(60), ("t", "NaN"), ("u", "n/a")]))
    assert finding is not None
    assert (finding.severity, finding.affected) == ("note", (60, 61))
    assert finding.patch == 'data:\n  drop_labels: ["NaN", "n/a"]'
    assert placeholder_label(subject(clean(60, ["none", "unknown", "other"]))) is None
