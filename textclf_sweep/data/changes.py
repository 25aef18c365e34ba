"""What has changed between the data of a sweep and the data it finds now."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from textclf_sweep.data.corpus import PARTS, Part, Splits
from textclf_sweep.data.snapshot import read_part
from textclf_sweep.errors import StorageError

_Places: TypeAlias = Mapping[tuple[str, str], Counter[str]]


def compare(splits: Splits, folder: Path) -> str:
    """How `splits` differ from the snapshot in `folder`, in half a sentence.

    Rows are known again by their text and label. E.g. ``120 rows are new, 3 are gone, and 1 of the 9,877 others is in
    another part``.

    Args:
        splits: the data as they are now.
        folder: of the snapshot of the data as they were.

    Returns:
        The words; none when there is no readable snapshot.
    """
    try:
        before = _places({name: read_part(folder, name) for name in PARTS})
    except StorageError:
        return ""
    now = _places({name: splits.part(name) for name in PARTS})
    new = sum(
        (parts.total() - before[row].total()) for row, parts in now.items() if parts.total() > before[row].total()
    )
    kept = sum(parts.total() for parts in now.values()) - new
    gone = sum(parts.total() for parts in before.values()) - kept
    stayed = sum((parts & before[row]).total() for row, parts in now.items())
    moved = kept - stayed
    found = f"{_rows(new)} new, {gone:,} {_are(gone)} gone"
    return f"{found}, and {moved:,} of the {kept:,} others {_are(moved)} in another part"


def _places(parts: Mapping[str, Part]) -> _Places:
    """How often each (text, label) is in each part."""
    places: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for name, part in parts.items():
        for row in zip(part.texts, part.labels, strict=True):
            places[row][name] += 1
    return places


def _rows(count: int) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'} {_are(count)}"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
