"""The floors, on made and on real data."""

from __future__ import annotations

import json
import math

import pytest

from textclf_sweep import data
from textclf_sweep.data.corpus import Part
from textclf_sweep.definition.types import DataSettings
from textclf_sweep.floors import floors, mean_floors
from textclf_sweep.trial import from_bits

pytestmark = pytest.mark.unit


def part(*pairs: tuple[str, str]) -> Part:
    return Part(tuple(text for text, _ in pairs), tuple(label for _, label in pairs), tuple(range(2, len(pairs) + 2)))


def test_chance_and_majority() -> None:
    train = part(("a", "x"), ("b", "y"), ("c", "y"), ("d", "z"))
    found = floors(train, part(("a", "y"), ("b", "x"), ("b", "x"), ("c", "z"), ("d", "x")))
    assert found.chance == pytest.approx(1 / 3)
    assert found.majority == pytest.approx(1 / 5)


def test_equally_common_labels() -> None:
    train = part(("a", "y"), ("b", "x"))
    assert floors(train, part(("a", "x"), ("b", "x"))).majority == 1.0


def test_linear_learns_words() -> None:
    train = part(*[(f"good film {row}", "pos") for row in range(5)], *[(f"bad film {row}", "neg") for row in range(5)])
    assert floors(train, part(("a good one", "pos"), ("a bad one", "neg"))).linear == 1.0


def test_linear_needs_words_and_two_labels() -> None:
    assert floors(part(("!!", "x"), ("?", "y")), part(("!", "x"))).linear is None
    assert floors(part(("a", "x"), ("b", "x")), part(("a", "x"))).to_json() == shown(1.0, 1.0, None)


def test_floors_of_folds_are_means() -> None:
    good, bad = [(f"good film {row}", "pos") for row in range(4)], [(f"bad film {row}", "neg") for row in range(4)]
    train = part(*good, *bad, ("good", "pos"))
    first, second = (train, part(("good", "pos"), ("bad", "neg"))), (train, part(("good", "neg"), ("bad", "neg")))
    assert [floors(*pair).to_json() for pair in (first, second)] == [shown(0.5, 0.5, 1.0), shown(0.5, 0.0, 0.5)]
    both = mean_floors([first, second])
    assert both.to_json() == shown(0.5, 0.25, 0.75)
    assert from_bits(both.baselines["linear"].right) == (True, True, False, True)
    assert mean_floors([first]).to_json() == floors(*first).to_json()


def test_a_linear_floor_that_one_fold_lacks_has_no_mean() -> None:
    train = part(*[("good", "pos")] * 2, *[("bad", "neg")] * 2)
    found = mean_floors([(train, train), (part(("!!", "pos"), ("?", "neg")), train)])
    assert found.to_json() == shown(0.5, 0.5, None)


def test_json() -> None:
    train = part(*[("good", "pos")] * 2, *[("bad", "neg")] * 2)
    found = floors(train, part(("good", "pos"), ("bad", "pos")), ("linear", "chance"))
    assert json.loads(json.dumps(found.to_json())) == shown(0.5, None, 0.5)
    item = json.loads(json.dumps(found.baselines["linear"].to_json()))
    assert (from_bits(item["right"]), item["metrics"]["accuracy"]) == ((True, False), 0.5)
    assert item["metrics"]["macro_f1"] == pytest.approx(1 / 3)
    assert item["metrics"]["loss"] > 0
    assert found.baselines["chance"].metrics["loss"] == pytest.approx(math.log(2))


def test_labels_of_one_row_each_are_not_fitted() -> None:
    ids = part(*[(f"text {row}", str(row)) for row in range(20)])
    assert floors(ids, ids).linear is None


def shown(chance: float | None, majority: float | None, linear: float | None) -> dict[str, float | None]:
    return {"chance": chance, "majority": majority, "linear": linear}


def test_sample_is_well_above_chance_and_repeatable() -> None:
    splits = data.load(DataSettings("uci_news"), 0)
    found = floors(splits.train, splits.validation)
    assert (found.chance, found.majority) == (0.25, 0.25)
    assert found.linear is not None
    assert 0.79 < found.linear < 0.84
    assert floors(splits.train, splits.validation).baselines["linear"].right == found.baselines["linear"].right
