"""What counts as nearly equal, against the definition computed pair by pair."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textclf_sweep.data.near import CROWD, SHINGLE, SIMILARITY, families, normal

pytestmark = pytest.mark.unit

PAD = " " * (SHINGLE - 1)


def similarity(one: str, other: str) -> float:
    sets = []
    for text in (one, other):
        padded = f"{PAD}{normal(text)}{PAD}"
        sets.append({padded[place : place + SHINGLE] for place in range(len(padded) - SHINGLE + 1)})
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


def words(generator: random.Random, count: int) -> list[str]:
    return ["".join(generator.choices("abcdefghijklmnop", k=generator.randint(2, 9))) for _ in range(count)]


def changed(generator: random.Random, text: str) -> str:
    """`text` with a word more, less, twice or another one, or a letter less."""
    parts = text.split()
    place = generator.randrange(len(parts))
    new = {
        "more": [parts[place], *words(generator, 1)],
        "less": [],
        "twice": [parts[place]] * 2,
        "other": words(generator, 1),
        "cut": [parts[place][1:]],
    }
    parts[place : place + 1] = new[generator.choice(list(new))]
    return " ".join(parts)


def test_normal_form() -> None:
    assert normal("  It\u2019s  Déjà-vu, 100%!\n") == "its deja vu 100"
    assert normal("\uff26\uff35\uff2c\uff2c \ufb01t ÇA") == "full fit ca"
    assert normal("foo_bar") == "foo bar"
    assert normal("日本語、テスト") == "日本語 テスト"
    assert (normal(" :-) "), normal("?!"), normal("")) == (":-)", "?!", "")


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("McDonald's sales fall 0.3%", "McDONALD\u2019S sales fall... 0.3 %", True),
        ("UPDATE 2-Detroit pension deal approved by one retirement system", "Detroit pension deal approved by one retirement system", True),  # noqa: E501
        ("Washington Redskins trademarks canceled", "Washington Redskins trademarks cancelled", True),
        ("translate hello to french", "translate hello to german", False),
        ("turn on the light", "turn off the light", False),
        ("text 17", "text 18", False),
        ("?", "!", False),
        ("a", "b", False),
        ("", "a", False),
    ],
)  # fmt: skip
def test_pairs(one: str, other: str, alike: bool) -> None:
    assert families((one, other)) == ((0, 0) if alike else (0, 1))
    assert families((other, one)) == ((0, 0) if alike else (0, 1))


def test_chains_are_one_family_and_named_by_its_first_row() -> None:
    text = "the quick brown fox jumps over the lazy dog while nobody looks at all"
    chain = [text, f"{text} again", f"{text} again today", f"{text} again today or so"]
    assert similarity(chain[0], chain[3]) < SIMILARITY
    assert families(("other", chain[3], "another", *chain[:3])) == (0, 1, 2, 1, 1, 1)


def test_no_rows() -> None:
    assert families(()) == ()
    assert families(("",)) == (0,)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**31), st.integers(5, 14))
def test_the_definition_decides(seed: int, length: int) -> None:
    generator = random.Random(seed)
    texts: list[str] = []
    for _ in range(12):
        texts.append(" ".join(words(generator, length)))
        for _ in range(4):
            texts.append(changed(generator, texts[-1]))
    sure, all_pairs = [], []
    for right, other in enumerate(texts):
        for left, one in enumerate(texts[:right]):
            found = similarity(one, other)
            all_pairs += [(left, right)] if found >= SIMILARITY else []
            sure += [(left, right)] if found >= 0.9 else []
    family = families(tuple(texts))
    assert all(family[left] == family[right] for left, right in sure)
    # Nothing is connected that is not, and nearly all is found that is.
    connected = components(len(texts), all_pairs)
    assert all(connected[row] == connected[name] for row, name in enumerate(family))
    assert sum(family[left] != family[right] for left, right in all_pairs) <= 1 + len(all_pairs) // 10


def components(count: int, pairs: Sequence[tuple[int, int]]) -> list[int]:
    name = list(range(count))
    for left, right in pairs:
        name = [name[left] if item == name[right] else item for item in name]
    return name


@settings(deadline=None, max_examples=20)
@given(st.lists(st.text(st.characters() | st.sampled_from("ab \ud800\x00'é"), max_size=30), max_size=30), st.randoms())
def test_any_text_in_any_order(texts: list[str], shuffler: random.Random) -> None:
    def together(found: Sequence[str]) -> set[frozenset[str]]:
        family = families(tuple(found))
        assert all(family[name] == name <= row for row, name in enumerate(family))
        return {frozenset(text for text, name in zip(found, family, strict=True) if name == one) for one in set(family)}

    shuffled = list(texts)
    shuffler.shuffle(shuffled)
    assert together(texts) == together(shuffled)


@settings(deadline=None, max_examples=5)
@given(st.integers(0, 2**31))
def test_other_rows_do_not_matter(seed: int) -> None:
    generator = random.Random(seed)
    texts = [" ".join(words(generator, 10)) for _ in range(20)]
    pairs = [(text, changed(generator, text)) for text in texts]
    every = tuple(text for pair in pairs for text in pair)
    apart = [families(pair) == (0, 0) for pair in pairs]
    family = families(every)
    assert [family[2 * row] == family[2 * row + 1] for row in range(len(pairs))] == apart


def test_another_process_finds_the_same() -> None:
    code = (
        "from textclf_sweep.data.near import families\n"
        "print(families(('the cat sat on the very old mat today', 'the cat sat on the very old mat today!',"
        " 'the cats sat on the very old mat today')))"
    )
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "(0, 0, 0)"


def test_long_texts_are_compared_by_a_sketch() -> None:
    generator = random.Random(1)
    base = words(generator, 20_000)
    slightly, largely = base.copy(), base.copy()
    for place in range(0, len(base), 40):
        slightly[place] = "changed"
    for place in range(0, len(base), 4):
        largely[place] = f"changed{place}"
    texts = tuple(" ".join(item) for item in (base, slightly, largely))
    assert len(texts[0]) > 100_000
    assert similarity(texts[0], texts[1]) > 0.9
    assert similarity(texts[0], texts[2]) < 0.7
    assert families(texts) == (0, 0, 2)


def test_many_texts_of_one_template_take_no_time() -> None:
    generator = random.Random(2)
    template = " ".join(words(generator, 12))
    texts = tuple(f"{template} {' '.join(words(generator, 4))}" for _ in range(10 * CROWD))
    assert 0.5 < similarity(*texts[:2]) < SIMILARITY
    started = time.process_time()
    family = families(texts)
    # All pairs, compared one by one, take minutes.
    assert time.process_time() - started < 5
    assert len(set(family)) > 0.9 * len(texts)
    equal = ("all the same text",) * 20_000
    assert set(families(equal)) == {0}
