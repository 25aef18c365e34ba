"""The order of the rows: sorted, in turns, in blocks, in clusters, at random."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textclf_sweep.data.audit import Subject
from textclf_sweep.data.audit.order import order_leak, sorted_by_label
from textclf_sweep.data.corpus import Corpus

pytestmark = pytest.mark.unit


def subject(labels: list[str]) -> Subject:
    return Subject(
        Corpus(tuple(f"text {row}" for row in range(len(labels))), tuple(labels), tuple(range(2, len(labels) + 2)))
    )


def drawn(rows: int, labels: str, seed: int) -> list[str]:
    return random.Random(seed).choices(labels, k=rows)


def blocks(size: int, count: int, labels: str, seed: int) -> list[str]:
    return [label for label in drawn(count, labels, seed) for _ in range(size)]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([2, 3, 5, 20, 150]), st.sampled_from([200, 1_000, 3_000]))
def test_random_order_is_neither(seed: int, labels: int, rows: int) -> None:
    found = subject(drawn(rows, "".join(map(chr, range(100, 100 + labels))), seed))
    assert order_leak(found) is None
    assert sorted_by_label(found) is None


@pytest.mark.parametrize("labels", ["ab", "abcdefghij"])
def test_sorted_is_a_note_and_no_leak(labels: str) -> None:
    found = subject(sorted(drawn(1_000, labels, 1)))
    finding = sorted_by_label(found)
    assert finding is not None
    assert (finding.name, finding.severity, finding.count) == ("sorted_by_label", "note", 1_000)
    assert f"{len(labels)} runs" in finding.why
    assert order_leak(found) is None


def test_nearly_sorted_and_three_sorted_files_are_sorted() -> None:
    labels = sorted(drawn(1_000, "abcd", 1))
    for row in random.Random(1).sample(range(1_000), 20):
        labels[row] = "b"
    assert sorted_by_label(subject(labels)) is not None
    files = [label for seed in range(3) for label in sorted(drawn(400, "abcd", seed))]
    assert sorted_by_label(subject(files)) is not None
    assert order_leak(subject(files)) is None


@pytest.mark.parametrize("period", [2, 4, 7])
@pytest.mark.parametrize("share", [0.2, 1.0])
def test_labels_in_turn(period: int, share: float) -> None:
    draw = random.Random(2)
    names = "abcdefg"[:period]
    labels = [names[row % period] if draw.random() < share else draw.choice(names) for row in range(3_000)]
    finding = order_leak(subject(labels))
    assert finding is not None
    assert (finding.name, finding.severity) == ("order_leak", "warning")
    assert f"labels repeat every {period} rows" in finding.why
    assert all(labels[row] == names[row % period] for row in finding.affected)


@pytest.mark.parametrize("size", [2, 10, 25])
def test_blocks_of_one_label(size: int) -> None:
    found = subject(blocks(size, 3_000 // size, "abcd", 3))
    finding = order_leak(found)
    assert finding is not None
    assert f"blocks of {size} " in finding.why
    assert sorted_by_label(found) is None


@pytest.mark.parametrize("seed", range(3))
def test_clusters_of_any_size_are_no_leak(seed: int) -> None:
    """As news stories stand together."""
    draw = random.Random(seed)
    labels = [label for label in drawn(400, "abcd", seed) for _ in range(draw.randrange(1, 25))]
    assert order_leak(subject(labels)) is None


def test_too_little_to_tell() -> None:
    for labels in (["a"], ["a"] * 100, ["a", "b"] * 10, [f"{row}" for row in range(100)]):
        assert order_leak(subject(labels)) is None
        assert sorted_by_label(subject(labels)) is None
