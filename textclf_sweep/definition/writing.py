"""Definitions as text: from values to YAML that `textclf_sweep.definition.reader` reads as the same values."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from textclf_sweep.trial import Scalar

WIDTH = 110
"""Columns of a line with its comment; a longer comment stands above."""
# What every YAML reads as the text it is; numbers and words such as `no` and `null` are not among it.
_PLAIN = re.compile(r"(?:[A-Za-z_/]|\.\.?/)[A-Za-z0-9_./-]*|[0-9]+[hms]")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "none"})

Value = Scalar | Sequence[Scalar] | Mapping[str, Scalar | Sequence[Scalar]] | tuple["Entry", ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a definition.

    Attributes:
        key: its name.
        value: what stands there; a list or mapping is written on one line, entries each on its own.
        comment: why; one line or more.
        on: whether it counts; else it is written as a comment, for a reader to switch on.
    """

    key: str
    value: Value
    comment: str = ""
    on: bool = True

    @property
    def counts(self) -> bool:
        """Whether anything of it does."""
        return self.on and (not _is_section(self.value) or any(entry.counts for entry in _entries(self.value)))


def written(groups: Sequence[Sequence[Entry]]) -> str:
    """The lines of these keys, the groups apart from each other."""
    return "\n".join("".join(f"{line}\n" for line in _lines(entries, marked=False)) for entries in groups)


def commented(text: str) -> list[str]:
    """`text` as lines of comments; what cannot be seen is left out, so that it ends no comment."""
    parts = [textwrap.wrap(_seen(part), WIDTH - 2, break_on_hyphens=False) or [""] for part in text.splitlines()]
    return [f"# {line}".rstrip() for part in parts for line in part]


def scalar(value: Scalar) -> str:
    """One value as YAML, texts in quotes where they could be taken for anything else."""
    if not isinstance(value, str):
        return json.dumps(value)
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return f'"{"".join(map(_escaped, json.dumps(value, ensure_ascii=False)[1:-1]))}"'


def _lines(entries: Sequence[Entry], *, marked: bool) -> Iterator[str]:
    """The lines of entries of one section, without its indent.

    Args:
        entries: to be written.
        marked: whether they stand in a section that is a comment as a whole.
    """
    for entry in entries:
        mark = not marked and not entry.counts
        for line in _block(entry, marked=marked or mark):
            yield f"# {line}" if mark and not line.startswith("#") else line


def _block(entry: Entry, *, marked: bool) -> Iterator[str]:
    section = _is_section(entry.value)
    line = f"{scalar(entry.key)}:" if section else f"{scalar(entry.key)}: {_flow(entry.value)}"
    comment = _seen(" ".join(entry.comment.split()))
    if comment and len(line) + len(comment) + 3 > WIDTH:
        yield from commented(comment)
        comment = ""
    yield f"{line} # {comment}" if comment else line
    for inner in _lines(_entries(entry.value), marked=marked):
        yield f"  {inner}"


def _flow(value: Value) -> str:
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{scalar(key)}: {_flow(item)}' for key, item in value.items())}}}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(scalar(item) for item in value if not isinstance(item, Entry))}]"
    return scalar(value)


def _is_section(value: Value) -> bool:
    return isinstance(value, tuple) and bool(value) and isinstance(value[0], Entry)


def _entries(value: Value) -> tuple[Entry, ...]:
    return tuple(item for item in value if isinstance(item, Entry)) if isinstance(value, tuple) else ()


def _seen(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    return f"\\u{ord(character):04x}" if ord(character) <= 0xFFFF else f"\\U{ord(character):08x}"
