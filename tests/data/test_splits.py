"""What a split promises, as properties."""

from __future__ import annotations

import dataclasses
import random
from collections import defaultdict
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textclf_sweep.data.corpus import PARTS, Corpus, Splits, comparable
from textclf_sweep.data.sources import uci_news
from textclf_sweep.data.splits import LABEL_SLACK, PART_SLACK, STABLE_ROWS, split
from textclf_sweep.definition.types import DataSettings

pytestmark = pytest.mark.unit

SETTINGS = DataSettings("csv", validation=0.15, test=0.2)
ASKED = {"train": 0.65, "validation": 0.15, "test": 0.2}
SEEDS = st.integers(0, 2**31 - 1)


def make(rows: Sequence[tuple[str, str, str]]) -> Corpus:
    """Rows of (text, label, group)."""
    texts, labels, groups = (tuple(column) for column in zip(*rows, strict=True))
    return Corpus(texts, labels, tuple(range(2, len(rows) + 2)), groups)


def side_of(splits: Splits) -> dict[int, str]:
    """The side of each row by its line."""
    return {line: name for name in PARTS for line in splits.part(name).lines}


def by_text(splits: Splits) -> dict[str, str]:
    return {comparable(text): name for name in PARTS for text in splits.part(name).texts}


def shares(splits: Splits, label: str | None = None) -> dict[str, float]:
    counts = {name: sum(label in (None, item) for item in splits.part(name).labels) for name in PARTS}
    return {name: count / sum(counts.values()) for name, count in counts.items()}


TANGLED = st.lists(
    st.tuples(
        st.sampled_from(["a", "A ", " b", "c", "d", "e", "f", "g", "h", "i", "j", "k"]),
        st.sampled_from(["x", "y", "z"]),
        st.sampled_from(["", "", "", "1", "2", "3", "4", "5"]),
    ),
    min_size=1,
    max_size=60,
)


@given(TANGLED, SEEDS)
def test_rows_that_belong_together_stay_together(rows: list[tuple[str, str, str]], seed: int) -> None:
    splits = split(make(rows), SETTINGS, seed)
    sides = side_of(splits)
    assert sorted(sides) == list(range(2, len(rows) + 2))
    texts, groups = defaultdict(set), defaultdict(set)
    for line, (text, _, group) in enumerate(rows, start=2):
        texts[comparable(text)].add(sides[line])
        if group:
            groups[group].add(sides[line])
    assert all(len(found) == 1 for found in (*texts.values(), *groups.values()))


@given(TANGLED, SEEDS)
def test_every_label_is_trained(rows: list[tuple[str, str, str]], seed: int) -> None:
    splits = split(make(rows), SETTINGS, seed)
    assert set(splits.train.labels) == set(splits.labels) == {label for _, label, _ in rows}


@given(TANGLED, SEEDS, st.randoms(use_true_random=False))
def test_order_of_rows_and_process_do_not_matter(
    rows: list[tuple[str, str, str]], seed: int, shuffler: random.Random
) -> None:
    shuffled = list(rows)
    shuffler.shuffle(shuffled)
    assert by_text(split(make(shuffled), SETTINGS, seed)) == by_text(split(make(rows), SETTINGS, seed))


def test_parts_keep_the_order_of_the_rows() -> None:
    splits = split(make([(f"t{row}", "xy"[row % 2], "") for row in range(300)]), SETTINGS, 1)
    assert all(list(splits.part(name).lines) == sorted(splits.part(name).lines) for name in PARTS)


def test_blank_groups_connect_nothing() -> None:
    splits = split(make([(f"t{row}", "xy"[row % 2], "") for row in range(100)]), SETTINGS, 1)
    assert len(splits.validation) == 14  # 7.5 of 50 for each label


@given(st.lists(st.integers(3, 200), min_size=2, max_size=6), SEEDS)
def test_small_data_is_split_by_count(sizes: list[int], seed: int) -> None:
    rows = [(f"{label} {row}", str(label), "") for label, size in enumerate(sizes) for row in range(size)]
    splits = split(make(rows), SETTINGS, seed)
    for label, size in enumerate(sizes):
        counts = {name: splits.part(name).labels.count(str(label)) for name in PARTS}
        assert min(counts.values()) >= 1
        if size >= 10:
            assert all(abs(counts[name] - ASKED[name] * size) <= 1 for name in PARTS)


@settings(max_examples=20)
@given(SEEDS)
def test_another_seed_splits_differently(seed: int) -> None:
    corpus = make([(f"t{row}", "xy"[row % 2], "") for row in range(300)])
    assert side_of(split(corpus, SETTINGS, seed)) == side_of(split(corpus, SETTINGS, seed))
    assert side_of(split(corpus, SETTINGS, seed)) != side_of(split(corpus, SETTINGS, seed + 1))


# Most clusters are small, so that chance alone keeps the shares and no cut has to be moved.
LARGE = [(f"text {row}", "xy"[row % 2], "" if row % 3 else f"group {row % 9_999}") for row in range(20_000)]


@settings(max_examples=3, deadline=None)
@given(SEEDS, st.integers(1, 3_000))
def test_large_data_keeps_its_sides_when_rows_are_appended(seed: int, count: int) -> None:
    new = [(f"new {row}", "xy"[row % 2], "") for row in range(count)]
    known_groups = [(f"also new {row}", "x", f"group {row}") for row in range(0, count, 3)]
    known_texts = [(f" TEXT {row}", "y", "") for row in range(count)]
    before = by_text(split(make(LARGE), SETTINGS, seed))
    longer = [*LARGE, *new, *known_groups, *known_texts]
    after = by_text(split(make(longer), SETTINGS, seed))
    assert {text: after[text] for text in before} == before
    random.Random(seed).shuffle(longer)
    assert by_text(split(make(longer), SETTINGS, seed)) == after


@settings(max_examples=3, deadline=None)
@given(SEEDS, st.integers(0, 2))
def test_only_clusters_that_are_joined_move(seed: int, first: int) -> None:
    before = by_text(split(make(LARGE), SETTINGS, seed))
    joining = [(f"text {3 * first}", "x", "group 501"), (f"text {3 * first + 1}", "y", "group 501")]
    after = by_text(split(make([*LARGE, *joining]), SETTINGS, seed))
    moved = {text for text, side in before.items() if after[text] != side}
    joined = {comparable(text) for text, _, group in LARGE if group in ("group 501", LARGE[3 * first][2])}
    assert moved <= joined | {comparable(text) for text, _, _ in joining}


@settings(max_examples=10, deadline=None)
@given(SEEDS, st.integers(2, 150))
def test_shares_from_the_smallest_large_data_on(seed: int, labels: int) -> None:
    rows = [(f"text {row}", str(row % labels), "") for row in range(STABLE_ROWS)]
    splits = split(make(rows), SETTINGS, seed)
    # A label of a few rows cannot come nearer than one row.
    slack = max(LABEL_SLACK, 1.5 * labels / STABLE_ROWS)
    for label in splits.labels:
        found = shares(splits, label)
        assert all(found[name] > 0 and abs(found[name] - ASKED[name]) <= slack + 1e-9 for name in PARTS)
    if labels <= 10:
        found = shares(splits)
        assert all(abs(found[name] - ASKED[name]) <= PART_SLACK + labels / STABLE_ROWS for name in PARTS)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_one_huge_group_stays_whole(seed: int) -> None:
    rows = [(f"t{row}", "xy"[row % 2], "huge" if row < 1_500 else "") for row in range(2_500)]
    splits = split(make(rows), SETTINGS, seed)
    assert {side_of(splits)[line] for line in range(2, 1_502)} == {"train"}
    assert all(abs(share - ASKED[name]) <= PART_SLACK for name, share in shares(splits).items())
    assert splits.notes == ("1,500 rows are connected by equal texts and groups; all of them train",)


@pytest.mark.parametrize("rows", [100, 2_500])
def test_a_few_large_groups_are_shared_out(rows: int) -> None:
    corpus = make([(f"t{row}", "xy"[row % 2], f"g{row % 5}") for row in range(rows)])
    splits = split(corpus, SETTINGS, 0)
    assert [len(splits.part(name)) * 5 // rows for name in PARTS] == [3, 1, 1]


def test_own_split_is_used_as_it_is() -> None:
    corpus = dataclasses.replace(
        make([("a", "x", "g"), ("a", "x", "g"), ("b", "y", "g")]), parts=("test", "train", "validation")
    )
    splits = split(corpus, SETTINGS, 0)
    assert (splits.train.lines, splits.validation.lines, splits.test.lines) == ((3,), (4,), (2,))


@pytest.mark.parametrize("seed", range(5))
def test_shares_on_real_data(seed: int) -> None:
    sample = uci_news.load(DataSettings("uci_news"))
    splits = split(dataclasses.replace(sample, parts=None), SETTINGS, seed)
    assert all(abs(share - ASKED[name]) <= PART_SLACK for name, share in shares(splits).items())
    for label in splits.labels:
        assert all(abs(share - ASKED[name]) <= LABEL_SLACK for name, share in shares(splits, label).items())
