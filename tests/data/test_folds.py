"""What folds promise, as properties: every row is validated on once, and nothing else changes."""

from __future__ import annotations

import dataclasses
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from textclf_sweep.data import features, sources
from textclf_sweep.data.clusters import clusters
from textclf_sweep.data.corpus import ALL, PARTS, Corpus, Splits, fold_name
from textclf_sweep.data.features.tokens import read_vocabulary
from textclf_sweep.data.snapshot import read_info, read_part, write
from textclf_sweep.data.splits import split
from textclf_sweep.definition.types import DataSettings
from textclf_sweep.errors import DataError

pytestmark = pytest.mark.unit

PLAIN = DataSettings("csv", validation=0.15, test=0.2)
SEEDS = st.integers(0, 2**31 - 1)
COUNTS = st.integers(2, 6)

Rows = Sequence[tuple[str, str, str]]
TANGLED = st.lists(
    st.tuples(
        st.integers(0, 200).map(lambda number: f"text {number}" if number % 3 else f" TEXT {number + 1}"),
        st.sampled_from(["x", "y", "z"]),
        st.sampled_from([*[""] * 20, *map(str, range(20))]),
    ),
    min_size=60,
    max_size=90,
)


def make(rows: Rows) -> Corpus:
    """Rows of (text, label, group)."""
    texts, labels, groups = (tuple(column) for column in zip(*rows, strict=True))
    return Corpus(texts, labels, tuple(range(2, len(rows) + 2)), groups, name="made.csv")


def even(*sizes: int) -> Corpus:
    """So many rows of each label, every one a cluster of its own."""
    made = make([(f"{label} {row}", str(label), "") for label, size in enumerate(sizes) for row in range(size)])
    return dataclasses.replace(made, groups=None)


def folded(corpus: Corpus, count: int | None, seed: int = 0) -> Splits:
    return split(corpus, dataclasses.replace(PLAIN, folds=count), seed)


def pool_of(splits: Splits) -> list[int]:
    return sorted((*splits.train.lines, *splits.validation.lines))


def fold_of(splits: Splits) -> dict[int, int]:
    """The fold that validates on each row, by its line."""
    return {line: number for number, fold in enumerate(splits.folds) for line in fold.validation.lines}


def units(corpus: Corpus, splits: Splits) -> Counter[str]:
    """In how many clusters outside the test part each label is."""
    lines = set(pool_of(splits))
    pool = corpus.select(row for row, line in enumerate(corpus.lines) if line in lines)
    return Counter(label for item in clusters(pool, 0) for label in {pool.labels[row] for row in item.rows})


@given(TANGLED, COUNTS, SEEDS)
@settings(deadline=None, max_examples=50)
def test_folds_divide_the_rows_and_keep_together_what_belongs_together(rows: Rows, count: int, seed: int) -> None:
    corpus = make(rows)
    try:
        plain = folded(corpus, None, seed)
    except DataError:  # too few distinct texts for any split
        assume(False)
    if min(units(corpus, plain).values()) < count:
        with pytest.raises(DataError, match="too few are there of"):
            folded(corpus, count, seed)
        return
    try:
        splits = folded(corpus, count, seed)
    except DataError:  # rows so entangled that one fold would hold all of a label
        assume(False)
    assert [splits.part(name) for name in PARTS] == [plain.part(name) for name in PARTS]
    assert len(splits.folds) == count
    for fold in splits.folds:
        assert len(fold.validation) > 0
        assert len(fold.test) == 0
        assert pool_of(fold) == pool_of(plain)
        assert set(fold.train.labels) == set(fold.labels) == set(plain.labels)
    validated = [line for fold in splits.folds for line in fold.validation.lines]
    assert sorted(validated) == pool_of(plain)
    folds, texts, groups = fold_of(splits), defaultdict(set), defaultdict(set)
    for line, (text, _, group) in enumerate(rows, start=2):
        if line in folds:
            texts[text.strip().lower()].add(folds[line])
            groups[group or f"row {line}"].add(folds[line])
    assert all(len(found) == 1 for found in (*texts.values(), *groups.values()))
    assert splits.whole is not None
    assert list(splits.whole.train.lines) == pool_of(plain)
    assert (len(splits.whole.validation), splits.whole.test) == (0, plain.test)


@given(st.integers(2, 4), SEEDS)
@settings(deadline=None, max_examples=10)
def test_nearly_equal_texts_are_in_one_fold(count: int, seed: int) -> None:
    letters = random.Random(seed)
    texts = [" ".join("".join(letters.choices("abcdefgh", k=5)) for _ in range(10)) for _ in range(60)]
    rows = [(f"{text}{end}", "xy"[row % 2], "") for row, text in enumerate(texts) for end in ("", "!", " again")]
    splits = folded(make(rows), count, seed)
    folds = fold_of(splits)
    for row in range(0, len(rows), 3):
        assert len({folds.get(line) for line in (row + 2, row + 3, row + 4)}) == 1


@given(st.lists(st.integers(10, 60), min_size=2, max_size=5), COUNTS, SEEDS)
@settings(deadline=None)
def test_every_label_is_dealt_out_evenly(sizes: list[int], count: int, seed: int) -> None:
    splits = folded(even(*sizes), count, seed)
    for label in splits.labels:
        counts = [fold.validation.labels.count(label) for fold in splits.folds]
        assert max(counts) - min(counts) <= 1
    rows = [len(fold.validation) for fold in splits.folds]
    assert max(rows) - min(rows) <= len(sizes)


@given(COUNTS, SEEDS)
@settings(deadline=None, max_examples=30)
def test_groups_of_many_labels_are_spread_by_their_labels(count: int, seed: int) -> None:
    generator = random.Random(seed)
    rows = [(f"t{row}", generator.choice("xxxyyz"), f"g{row % 60}") for row in range(600)]
    splits = folded(make(rows), count, seed)
    pool = Counter(label for fold in splits.folds for label in fold.validation.labels)
    for fold in splits.folds:
        found = Counter(fold.validation.labels)
        # Ten rows a group: a label's share of a fold is off by at most the rows of about one group.
        assert all(abs(found[label] - pool[label] / count) <= 10 for label in splits.labels)


@given(TANGLED, SEEDS, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=40)
def test_the_order_of_rows_does_not_matter(rows: Rows, seed: int, shuffler: random.Random) -> None:
    shuffled = list(rows)
    shuffler.shuffle(shuffled)

    def by_text(found: Rows) -> dict[str, int] | None:
        try:
            splits = folded(make(found), 2, seed)
        except DataError:
            return None
        return {found[line - 2][0].strip().lower(): fold for line, fold in fold_of(splits).items()}

    assert by_text(shuffled) == by_text(rows)


def test_the_seed_decides() -> None:
    corpus = even(40, 40)
    sample = dataclasses.replace(
        corpus, parts=("train",) * 10 + ("validation",) * 30 + ("train",) * 30 + ("test",) * 10
    )
    assert folded(corpus, 4, 1) == folded(corpus, 4, 1)
    assert fold_of(folded(sample, 4, 1)) != fold_of(folded(sample, 4, 2))


def test_every_snapshot_has_a_hash_of_its_own() -> None:
    corpus = even(30, 30)
    found = [folded(corpus, count) for count in (None, 2, 3, 4)]
    every = [item.data_hash for splits in found for item in (splits, *splits.inner().values())]
    assert len(set(every)) == len(every) == 1 + 4 + 5 + 6


def test_a_sources_own_split_keeps_its_test_part() -> None:
    sample = sources.load(DataSettings("uci_news"))
    splits = split(sample, DataSettings("uci_news", folds=5), 3)
    assert [len(fold.validation) for fold in splits.folds] == [960] * 5
    assert splits.test == split(sample, DataSettings("uci_news"), 3).test
    texts = [{text.strip().lower() for text in fold.validation.texts} for fold in splits.folds]
    assert sum(map(len, texts)) == len(set().union(*texts))


def test_pairs_are_what_trials_train_and_validate_on() -> None:
    plain, splits = folded(even(30, 30), None), folded(even(30, 30), 3)
    assert plain.pairs() == ((plain.train, plain.validation),)
    assert splits.pairs() == tuple((fold.train, fold.validation) for fold in splits.folds)
    assert plain.final() == (plain.train, plain.test)
    assert splits.whole is not None
    assert splits.final() == (splits.whole.train, plain.test)


@pytest.mark.parametrize(("rare", "way"), [(8, "write folds: 6"), (3, "write folds: 2")])
def test_too_few_rows_of_a_label(rare: int, way: str) -> None:
    # Of the rare label, 1 row (of 3) or 2 (of 8) are in the test part.
    with pytest.raises(DataError) as caught:
        folded(even(40, rare), 7)
    (problem,) = caught.value.problems
    assert problem.what == (
        f"7 folds need 7 distinct texts of every label outside the test part; too few are there of '1' ({way[-1]})"
    )
    assert problem.fix.startswith(way)
    assert problem.where.startswith("made.csv:")
    assert int(problem.where.partition(":")[2]) >= 42


def test_one_row_of_a_label_is_too_few_for_any_folds() -> None:
    corpus = make([*((f"t{row}", "xy"[row % 2], "") for row in range(30)), *[("same", "z", "")] * 6])
    with pytest.raises(DataError, match=r"'z' \(1\)\n  hint: leave folds out, add rows of this label"):
        folded(dataclasses.replace(corpus, parts=("test",) * 4 + ("validation",) * 4 + ("train",) * 28), 2)


def test_many_rare_labels_are_counted() -> None:
    with pytest.raises(DataError, match=r"of '1' \(2\), '2' \(2\), .* and 2 more\n"):
        folded(even(40, *[3] * 7), 3)


def test_a_label_that_one_fold_could_not_learn() -> None:
    # The groups b and c balance a: both come to the other fold, and with them both rows of r.
    sizes = {"a": {"w": 65, "x": 65, "y": 65, "z": 65}} | {
        group: {"w": size, "x": size, "y": size, "z": size, "r": 1} for group, size in (("b", 20), ("c", 15))
    }
    rows = [
        (f"{group} {label} {row}", label, group)
        for group, labels in sizes.items()
        for label, size in labels.items()
        for row in range(size)
    ] + [("another", "w", ""), ("other", "w", "")]
    corpus = dataclasses.replace(make(rows), parts=("train",) * (len(rows) - 2) + ("validation", "test"))
    with pytest.raises(DataError, match=r"^made\.csv:\d+ data\.folds: every row of label 'r' .* fold 2 of 2"):
        folded(corpus, 2)


def test_one_huge_cluster_is_noted() -> None:
    rows = [(f"t{row}", "xy"[row % 2], "huge" if row < 60 else "") for row in range(100)]
    splits = folded(dataclasses.replace(make(rows), parts=("train",) * 80 + ("validation",) * 10 + ("test",) * 10), 5)
    assert splits.notes == ("fold 1 validates on 60 of 90 rows: (nearly) equal texts and groups connect them",)


def test_each_fold_is_a_snapshot_inside(tmp_path: Path) -> None:
    splits, folder = folded(even(30, 30), 3), tmp_path / "corpus"
    write(splits, folder)
    inside = sorted(path.name for path in folder.iterdir() if path.is_dir())
    assert inside == [ALL, *(fold_name(number) for number in (1, 2, 3))] == ["all", "fold-1", "fold-2", "fold-3"]
    for name, item in splits.inner().items():
        assert {part: read_part(folder / name, part) for part in PARTS} == {part: item.part(part) for part in PARTS}
        info = read_info(folder / name)
        assert (info.labels, info.data_hash) == (splits.labels, item.data_hash)
        assert info.counts == {part: len(item.part(part)) for part in PARTS}
    before = {path: path.stat().st_ino for path in folder.rglob("*")}
    write(splits, folder)
    assert {path: path.stat().st_ino for path in folder.rglob("*")} == before


def test_a_damaged_fold_is_written_again(tmp_path: Path) -> None:
    splits, folder = folded(even(30, 30), 3), tmp_path / "corpus"
    write(splits, folder)
    (folder / "fold-2" / "train.jsonl").unlink()
    write(splits, folder)
    assert read_part(folder / "fold-2", "train") == splits.folds[1].train
    write(folded(even(30, 30), None), folder)
    assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == []


def test_a_vocabulary_is_learned_from_the_folds_own_training_rows(tmp_path: Path) -> None:
    # The tokens of a text are its own.
    corpus = make([(f"word{row}", "xy"[row % 2], "") for row in range(60)])
    splits = folded(corpus, 3)
    write(splits, tmp_path / "corpus")
    for name, item in splits.inner().items():
        found = features.load("tokens", tmp_path / "corpus" / name, tmp_path / "cache", {"min_count": 1}, "train")
        assert sorted(read_vocabulary(found.info.vocabulary)[2:]) == sorted(item.train.texts)
