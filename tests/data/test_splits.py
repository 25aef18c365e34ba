"""What a split promises, as properties."""

from __future__ import annotations

import dataclasses
import random
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from textclf_sweep.data import sources
from textclf_sweep.data.corpus import PARTS, Corpus, PartName, Splits, comparable
from textclf_sweep.data.near import families
from textclf_sweep.data.splits import LABEL_SLACK, PART_SLACK, STABLE_ROWS, split
from textclf_sweep.definition.types import DataSettings
from textclf_sweep.errors import DataError

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
        st.sampled_from(["a", "A ", " b", *"cdefghijklmnopqrstuvwxyz"]),
        st.sampled_from(["x", "y", "z"]),
        st.sampled_from([*[""] * 12, "1", "2", "3", "4", "5"]),
    ),
    min_size=12,
    max_size=60,
)


# Nearly equal sentences: with a letter more, in capitals with a mark more, with a word more.
SENTENCES = [
    f"{who} {does} {what}"
    for who in ("the elderly woman next door", "a young man from the village")
    for does in ("carried three baskets of apples", "complained about the broken engine", "sang an ancient ballad")
    for what in ("before breakfast", "until the lanterns went out")
]
KIN = [kin for text in SENTENCES for kin in (text, f"{text.upper()}!", text.replace("ed ", "edd "), f"so {text}")]
KINDRED = st.lists(
    st.tuples(st.sampled_from(KIN), st.sampled_from(["x", "y"]), st.sampled_from([*[""] * 12, "1", "2"])),
    min_size=12,
    max_size=60,
)


def attempt(rows: Sequence[tuple[str, str, str]], seed: int, **fields: Any) -> Splits | None:
    """The split, unless there are too few distinct texts for any."""
    try:
        return split(dataclasses.replace(make(rows), **fields), SETTINGS, seed)
    except DataError:
        return None


@settings(deadline=None, max_examples=60)
@given(KINDRED, SEEDS)
def test_nearly_equal_texts_stay_together(rows: list[tuple[str, str, str]], seed: int) -> None:
    splits = attempt(rows, seed)
    assume(splits is not None)
    assert splits is not None
    sides = side_of(splits)
    places: defaultdict[int | str, set[str]] = defaultdict(set)
    for line, (text, _, group) in enumerate(rows, start=2):
        places[KIN.index(text) // 4].add(sides[line])
        places[group or f"row {line}"].add(sides[line])
    assert all(len(found) == 1 for found in places.values())


@settings(deadline=None)
@given(TANGLED, SEEDS)
def test_rows_that_belong_together_stay_together(rows: list[tuple[str, str, str]], seed: int) -> None:
    splits = attempt(rows, seed)
    assume(splits is not None)
    assert splits is not None
    sides = side_of(splits)
    assert sorted(sides) == list(range(2, len(rows) + 2))
    texts, groups = defaultdict(set), defaultdict(set)
    for line, (text, _, group) in enumerate(rows, start=2):
        texts[comparable(text)].add(sides[line])
        if group:
            groups[group].add(sides[line])
    assert all(len(found) == 1 for found in (*texts.values(), *groups.values()))


@settings(deadline=None)
@given(TANGLED, SEEDS)
def test_every_label_is_trained(rows: list[tuple[str, str, str]], seed: int) -> None:
    splits = attempt(rows, seed)
    assume(splits is not None)
    assert splits is not None
    assert set(splits.train.labels) == set(splits.labels) == {label for _, label, _ in rows}


@settings(deadline=None, max_examples=60)
@given(st.one_of(TANGLED, KINDRED), SEEDS, st.randoms(use_true_random=False))
def test_order_of_rows_and_process_do_not_matter(
    rows: list[tuple[str, str, str]], seed: int, shuffler: random.Random
) -> None:
    shuffled = list(rows)
    shuffler.shuffle(shuffled)
    one, other = attempt(shuffled, seed), attempt(rows, seed)
    assert (one and by_text(one)) == (other and by_text(other))


def test_parts_keep_the_order_of_the_rows() -> None:
    splits = split(make([(f"t{row}", "xy"[row % 2], "") for row in range(300)]), SETTINGS, 1)
    assert all(list(splits.part(name).lines) == sorted(splits.part(name).lines) for name in PARTS)


def test_blank_groups_connect_nothing() -> None:
    splits = split(make([(f"t{row}", "xy"[row % 2], "") for row in range(100)]), SETTINGS, 1)
    assert len(splits.validation) == 14  # 7.5 of 50 for each label


@settings(max_examples=50, deadline=None)
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


@settings(max_examples=2, deadline=None)
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


@settings(max_examples=2, deadline=None)
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
    rows = [(f"text {row:04}", str(row % labels), "") for row in range(STABLE_ROWS)]
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
    assert splits.notes == ("1,500 rows are connected by (nearly) equal texts and groups; all train",)


@pytest.mark.parametrize("rows", [100, 2_500])
def test_a_few_large_groups_are_shared_out(rows: int) -> None:
    corpus = make([(f"t{row}", "xy"[row % 2], f"g{row % 5}") for row in range(rows)])
    splits = split(corpus, SETTINGS, 0)
    assert [len(splits.part(name)) * 5 // rows for name in PARTS] == [3, 1, 1]


def test_own_split_is_used_as_it_is() -> None:
    rows = [("a", "x", "g"), ("a", "x", "g"), ("b", "y", "g"), ("c", "y", "g")]
    corpus = dataclasses.replace(make(rows), parts=("test", "train", "validation", "train"))
    splits = split(corpus, SETTINGS, 0)
    assert (splits.train.lines, splits.validation.lines, splits.test.lines) == ((3, 5), (4,), (2,))


@settings(deadline=None, max_examples=15)
@given(SEEDS, st.sets(st.sampled_from(PARTS), min_size=1), st.sampled_from([300, 2_500]))
def test_only_the_parts_that_nobody_brings_are_drawn(seed: int, brought: set[PartName], rows: int) -> None:
    given_parts = [part for part in PARTS if part in brought for _ in range(60)]
    corpus = dataclasses.replace(
        make([(f"t{row}", "xy"[row % 2], "") for row in range(rows + len(given_parts))]),
        parts=(*[""] * rows, *given_parts),
    )
    splits = split(corpus, SETTINGS, seed)
    sides = side_of(splits)
    assert [sides[line] for line in range(rows + 2, rows + 2 + len(given_parts))] == given_parts
    free = [sides[line] for line in range(2, rows + 2)]
    asked = {name: ASKED[name] if name not in brought else 0.0 for name in ("validation", "test")}
    asked["train"] = 1 - sum(asked.values())
    assert all(abs(free.count(name) / rows - share) <= PART_SLACK for name, share in asked.items())


def test_a_label_too_rare_for_every_part_trains_then_validates() -> None:
    common = [(f"t{row}", "xy"[row % 2], "") for row in range(100)]
    one, two = [("one", "z", "")], [("two", "z", ""), ("three", "z", "")]
    assert [split(make([*common, *one]), SETTINGS, 0).part(name).labels.count("z") for name in PARTS] == [1, 0, 0]
    assert [split(make([*common, *two]), SETTINGS, 0).part(name).labels.count("z") for name in PARTS] == [1, 1, 0]


@pytest.mark.parametrize("copies", [1, 20])
def test_fewer_rows_than_a_split_needs(copies: int) -> None:
    rows = [("a", "x", ""), ("b", "x", ""), ("c", "y", ""), ("d", "y", "")] * copies
    with pytest.raises(DataError) as caught:
        split(dataclasses.replace(make(rows), name="my.csv"), SETTINGS, 0)
    assert str(caught.value).startswith(
        "my.csv data: no row is left for test: a split into train, validation, test needs 3 distinct texts of one "
        "label at least, and there are 4 in all, 2 of the commonest label"
    )
    assert caught.value.exit_code == 2


def test_no_rows_at_all() -> None:
    with pytest.raises(DataError, match=r"no row is left for train and validation and test: .* there are 0 in all"):
        split(Corpus((), (), ()), SETTINGS, 0)


def test_an_own_split_without_a_part() -> None:
    corpus = dataclasses.replace(make([("a", "x", ""), ("b", "y", ""), ("c", "y", "")]), parts=("train",) * 3)
    with pytest.raises(DataError, match="no row is in validation and test by the data's own split"):
        split(corpus, SETTINGS, 0)


def test_an_own_split_that_trains_one_label() -> None:
    corpus = make([("a", "x", ""), ("b", "x", ""), ("c", "y", ""), ("d", "y", "")])
    with pytest.raises(DataError, match="every row of train has the same label, 'x'"):
        split(dataclasses.replace(corpus, parts=("train", "train", "validation", "test")), SETTINGS, 0)


def test_a_label_that_an_own_split_does_not_train_is_no_obstacle() -> None:
    corpus = make([("a", "x", ""), ("b", "y", ""), ("c", "y", ""), ("d", "z", "")])
    splits = split(dataclasses.replace(corpus, parts=("train", "train", "validation", "test")), SETTINGS, 0)
    assert splits.labels == ("x", "y", "z")


@settings(max_examples=2, deadline=None)
@given(SEEDS)
def test_a_nearly_equal_text_joins_the_side_of_its_like(seed: int) -> None:
    letters = random.Random(seed)
    base = [
        (" ".join("".join(letters.choices("abcdefghijklmnop", k=5)) for _ in range(10)), "xy"[row % 2], "")
        for row in range(2_500)
    ]
    before, sides = by_text(split(make(base), SETTINGS, seed)), by_text
    new = [(f"{text}, so", label, "") for text, label, _ in base[:500]]
    after = sides(split(make([*base, *new]), SETTINGS, seed))
    assert all(after[comparable(text)] == after[comparable(text)[:-4]] for text, _, _ in new)
    kin = families(tuple(text for text, _, _ in (*base, *new)))
    joined = {kin[row] for row in range(len(base), len(kin))}
    untouched = [comparable(text) for (text, _, _), family in zip(base, kin, strict=False) if family not in joined]
    assert len(untouched) == 2_000
    # At this size the cut of a label may have to move by a few clusters.
    assert sum(after[text] != before[text] for text in untouched) <= 0.02 * len(untouched)


@pytest.mark.parametrize("seed", range(5))
def test_shares_on_real_data(seed: int) -> None:
    sample = sources.load(DataSettings("uci_news"))
    splits = split(dataclasses.replace(sample, parts=None), SETTINGS, seed)
    assert all(abs(share - ASKED[name]) <= PART_SLACK for name, share in shares(splits).items())
    for label in splits.labels:
        assert all(abs(share - ASKED[name]) <= LABEL_SLACK for name, share in shares(splits, label).items())
