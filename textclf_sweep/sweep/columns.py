"""What columns that nobody named could be good for: more text, a text where there is none, groups."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from textclf_sweep.data import guess
from textclf_sweep.data.corpus import blank
from textclf_sweep.data.sources import Table, read_table
from textclf_sweep.definition.types import DataSettings

ROWS = 10_000
"""Rows that are looked at to tell a column by what is in it."""
WORDS = 3
"""Words that most texts of a column have at the least."""
OWNERS = frozenset({
    "account", "author", "client", "company", "contact", "conversation", "customer", "device", "document", "email",
    "owner", "patient", "person", "product", "reviewer", "sender", "session", "speaker", "story", "student", "thread",
    "user", "username",
})  # fmt: skip
"""Words in the name of a column that says whom or what a row is about."""
GROUPS, OWNED = 20, 2
"""Different values that a column of groups has at the least; with one of `OWNERS` in its name."""
SHARED, LARGEST = 0.5, 0.1
"""The share of rows, at the least, that share their group with another; that one group has, at the most."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What could be made of the columns that are not used.

    Attributes:
        texts: the column of the texts and others like it, in the order of the file; none when there is no other.
        spare: a column that has a text in rows where that of the texts is blank; or empty.
        spared: how many such rows there are.
        group: a column whose values repeat as those of customers or threads do; or empty.
    """

    texts: tuple[str, ...] = ()
    spare: str = ""
    spared: int = 0
    group: str = ""


def proposed(chosen: DataSettings) -> Columns:
    """What could be made of the columns of data that are a file; nothing of others.

    Args:
        chosen: how they are read. Only columns that every one of its files has are looked at.

    Raises:
        DataError: the data cannot be read.
    """
    if chosen.path is None or not Path(chosen.path).is_file():
        return Columns()
    table, *others = [
        read_table(chosen.source, path, chosen.options)
        for path in (chosen.path, chosen.validation_path, chosen.test_path)
        if path is not None
    ]
    used = {*chosen.text, chosen.label, chosen.group, chosen.split}
    free = [
        name
        for name in table.header
        if name in table.columns and name not in used and all(name in other.columns for other in others)
    ]
    like = [name for name in free if _is_text(table.columns[name][:ROWS])] if len(chosen.text) == 1 else []
    # A person's address is no text for a missing one: only what is called a text is.
    spare, spared = _spare(table, chosen.text[0], [name for name in like if not _words(name).isdisjoint(guess.TEXT)])
    groups = () if chosen.group is not None else _groups(table, [name for name in free if name not in like])
    ordered = tuple(name for name in table.header if name in {*chosen.text, *like})
    return Columns(ordered if like else (), spare, spared, next(iter(groups), ""))


def _is_text(values: Sequence[str]) -> bool:
    """Whether most values are more words than a name has, and not always the same ones."""
    seen = [value.strip() for value in values if not blank(value)]
    lengths = (sum(re.search(r"[^\W\d_]{2}", word) is not None for word in value.split()) for value in seen)
    several = sum(length >= WORDS for length in lengths)
    return bool(seen) and len(set(seen)) >= len(seen) / 3 and several >= len(seen) / 2


def _spare(table: Table, text: str, like: Sequence[str]) -> tuple[str, int]:
    missing = [row for row, value in enumerate(table.columns[text]) if blank(value)]
    found = Counter({name: sum(not blank(table.columns[name][row]) for row in missing) for name in like})
    name, count = next(iter(found.most_common(1)), ("", 0))
    return (name, count) if count else ("", 0)


def _groups(table: Table, free: Sequence[str]) -> Iterator[str]:
    """Columns whose values repeat, those first whose names say whose they are."""
    owned = {name: not OWNERS.isdisjoint(_words(name)) for name in free}
    for name in sorted(free, key=lambda name: not owned[name]):
        if _repeats(table.columns[name], OWNED if owned[name] else GROUPS):
            yield name


def _words(name: str) -> set[str]:
    """The words in a column's name: ``customerId`` and ``customer_id`` have two."""
    return set(re.split(r"[^a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower()))


def _repeats(values: Sequence[str], least: int) -> bool:
    counts = Counter(value.strip() for value in values if not blank(value))
    repeated = sum(count for count in counts.values() if count > 1)
    few = max(counts.values(), default=0) <= LARGEST * len(values) or least == OWNED
    return least <= len(counts) and repeated >= SHARED * len(values) and few and not all(map(_is_measure, counts))


def _is_measure(value: str) -> bool:
    """Whether a value is an amount or a date, which repeat by chance."""
    return re.fullmatch(r"[-+]?\d+[.,]\d+|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}([ T].*)?", value) is not None
