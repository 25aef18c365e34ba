"""Labels written in several ways, and labels that only look like it."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textclf_sweep.data.audit._spelling import canonical, slips, told_apart
from textclf_sweep.data.audit.variants import label_variants

pytestmark = pytest.mark.unit

Make = Callable[..., Any]
Pairs = list[tuple[str, str]]
FILES = Path(__file__).parents[1] / "files"


def spread(clean: Make, labels: Sequence[str], rows: Sequence[int]) -> Pairs:
    """So many rows of each label, of all the same kind of texts."""
    written = [label for label, count in zip(labels, rows, strict=True) for _ in range(count)]
    return [(text, label) for (text, _), label in zip(clean(len(written)), written, strict=True)]


def apart(pairs: Pairs) -> Pairs:
    """The same, each label with a word of its own in most of its texts."""
    draw = random.Random(0)
    return [(f"{text} {label}word" if draw.random() < 0.8 else text, label) for text, label in pairs]


@pytest.mark.parametrize(
    ("labels", "patch"),
    [
        (("pos", "pos "), "data:\n  trim_labels: true"),
        (("pos", "Pos"), "data:\n  label_case: lower"),
        (("pos", " POS"), "data:\n  trim_labels: true\n  label_case: lower"),
        (("sci_tech", "sci tech"), 'data:\n  labels:\n    "sci tech": "sci_tech"'),
        (("scitech", "sci-tech"), 'data:\n  labels:\n    "sci-tech": "scitech"'),
        (("1", "1.0"), 'data:\n  labels:\n    "1.0": "1"'),
        (("café", "cafe"), 'data:\n  labels:\n    "cafe": "café"'),
        (("pos", "pos\u200b"), 'data:\n  labels:\n    "pos\\u200b": "pos"'),
        (("business", "buisness"), 'data:\n  labels:\n    "buisness": "business"'),
        (("health", "helth"), 'data:\n  labels:\n    "helth": "health"'),
        (('big "a"', 'bigg "a"'), 'data:\n  labels:\n    "bigg \\"a\\"": "big \\"a\\""'),
    ],
)
@pytest.mark.parametrize("rare", [1, 10, 150])
def test_variants_are_found_and_the_commonest_wins(
    subject: Make, clean: Make, labels: tuple[str, str], patch: str, rare: int
) -> None:
    pairs = spread(clean, [*labels, "other thing"], [200, rare, 200])
    finding = label_variants(subject(pairs))
    assert finding is not None
    assert finding.severity == "warning"
    # Where neither way is clearly the right one, all rows are affected.
    assert finding.affected == tuple(range(0 if rare == 150 else 200, 200 + rare))
    assert finding.patch == patch
    assert finding.rows[0].label == labels[1]
    assert finding.rows[0].detail == f"commonest: {labels[0]}"


@pytest.mark.parametrize(
    "labels",
    [
        ("class_1", "class_2"), ("v1", "v2"), ("01", "1"), ("-1", "1"), ("1.5", "1"), ("C", "C++"), ("C", "C#"),
        ("positive", "negative"), ("alarm_query", "calendar_query"), ("valid_answer", "invalid_answer"),
        ("relevant", "irrelevant"), ("acceptable", "unacceptable"), ("wemo_on", "wemo_off"), ("yes", "no"),
        ("on", "of"), ("Grade A", "Grade B"), ("typical", "atypical"), ("food", "good"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("rare", [3, 40])
def test_labels_that_differ_are_no_variants(subject: Make, clean: Make, labels: tuple[str, str], rare: int) -> None:
    assert label_variants(subject(apart(spread(clean, [*labels, "other"], [50, rare, 50])))) is None


def test_a_slip_as_common_as_the_word_is_told_by_the_texts(subject: Make, clean: Make) -> None:
    pairs = spread(clean, ["employer", "employee"], [200, 200])
    assert label_variants(subject(pairs)) is not None
    assert label_variants(subject(apart(pairs))) is None


@pytest.mark.parametrize("name", ["clinc150", "hwu64", "dirty_natural"])
def test_real_labels_have_no_variants(subject: Make, name: str) -> None:
    with (FILES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        assert label_variants(subject([(row["text"], row["label"]) for row in csv.DictReader(file)])) is None


def test_all_ways_of_a_label_are_one_family(subject: Make, clean: Make) -> None:
    labels = ["business", "Business", "bussiness", "Busines", "sport"]
    finding = label_variants(subject(spread(clean, labels, [200, 20, 3, 2, 100])))
    assert finding is not None
    assert "4 labels look like 1 written in several ways" in finding.why
    assert finding.patch.splitlines()[2:] == [
        '    "Business": "business"', '    "bussiness": "business"', '    "Busines": "business"',
    ]  # fmt: skip


def test_no_more_lines_than_one_reads(subject: Make, clean: Make) -> None:
    letters = "abcdefghijklmnop"
    labels = [f"label {one}{other}{one}" for one in letters for other in letters]
    pairs = [(text, label) for label in labels for text, _ in clean(2) for label in (label, label.replace(" ", "_"))]
    finding = label_variants(subject(pairs))
    assert finding is not None
    assert len(finding.patch.splitlines()) == 103
    assert finding.patch.endswith("# ... and 156 more")


@pytest.mark.parametrize(
    ("left", "right", "count"),
    [("health", "helth", 1), ("health", "haelth", 1), ("health", "healthh", 1), ("on", "off", 2), ("", "ab", 2)],
)
def test_slips(left: str, right: str, count: int) -> None:
    assert slips(left, right) == slips(right, left) == count


@given(st.text(max_size=12), st.text(max_size=12))
@settings(max_examples=40)
def test_slips_are_a_distance(left: str, right: str) -> None:
    assert (slips(left, right) == 0) is (left == right)
    assert abs(len(left) - len(right)) <= slips(left, right) <= max(len(left), len(right))


@given(st.text(max_size=12))
@settings(max_examples=60)
def test_the_canonical_form_is_its_own(label: str) -> None:
    assert canonical(canonical(label)) == canonical(label)


def test_texts_of_one_kind_are_seldom_told_apart() -> None:
    draw = random.Random(0)

    def texts(count: int, *more: str) -> list[set[str]]:
        return [{*draw.choices("abcdefghijklmnopqrstuvwxyz", k=6), *more} for _ in range(count)]

    for few, many in ((20, 300), (100, 100)):
        assert sum(told_apart(texts(few), texts(many)) for _ in range(40)) <= 3
        assert told_apart(texts(few, "on"), texts(many, "off"))
