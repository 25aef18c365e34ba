"""What stays together, and by what it draws."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from textclf_sweep.data.clusters import clusters
from textclf_sweep.data.corpus import Corpus

pytestmark = pytest.mark.unit

Make = Callable[..., Corpus]
TEXTS = [
    "Detroit pension deal approved by one retirement system",
    "UPDATE: Detroit pension deal approved by one retirement system",
    "something else",
    "nothing",
    " NOTHING ",
]


def test_equal_and_nearly_equal_texts_and_groups_connect(corpus: Make) -> None:
    found = clusters(corpus([(text, "x") for text in TEXTS]), 0)
    assert sorted(item.rows for item in found) == [(0, 1), (2,), (3, 4)]
    grouped = clusters(corpus([(text, "x") for text in TEXTS], groups=("", "g", "g", "", "")), 0)
    assert sorted(item.rows for item in grouped) == [(0, 1, 2), (3, 4)]


def test_a_cluster_draws_by_its_smallest_member(corpus: Make) -> None:
    rows = [(text, "x") for text in TEXTS]
    draws = {item.member: item.draw for item in clusters(corpus(rows), 7)}
    assert set(draws) == {
        "text detroit pension deal approved by one retirement system", "text something else", "text nothing",
    }  # fmt: skip
    # Rows that only differ from it in what the normal form leaves out don't change it, nor does their order.
    more = [("Nothing!", "x"), *reversed(rows), ("“Something else”", "y")]
    assert {item.member: item.draw for item in clusters(corpus(more), 7)} == draws
    assert {item.draw for item in clusters(corpus(rows), 8)}.isdisjoint(draws.values())
    (grouped,) = clusters(corpus([("b", "x"), ("a", "x"), ("c", "x")], groups=("z", "z", "z")), 7)
    assert grouped.member == "group z"


def test_the_commonest_label_is_the_clusters(corpus: Make) -> None:
    (found,) = clusters(corpus([("a", "x"), ("A", "y"), ("a ", "y")]), 0)
    assert found.label == "y"
    (even,) = clusters(corpus([("a", "y"), ("A", "x")]), 0)
    assert even.label == "x"


def test_draws_are_uniform(corpus: Make) -> None:
    draws = [item.draw for item in clusters(corpus([(f"t{row}", "x") for row in range(4_000)]), 3)]
    assert draws == sorted(draws)
    assert all(abs(sum(draw < share for draw in draws) / 4_000 - share) < 0.03 for share in (0.15, 0.5, 0.85))


def test_known_families_are_taken(corpus: Make) -> None:
    found = clusters(corpus([("a", "x"), ("a", "x"), ("b", "x")]), 0, family=(5, 6, 5))
    assert sorted(item.rows for item in found) == [(0, 2), (1,)]
