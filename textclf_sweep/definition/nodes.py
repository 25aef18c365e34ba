"""What the reader makes of a text: nodes that know their places, and the list of what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from textclf_sweep.errors import DefinitionError, Problem
from textclf_sweep.trial import Scalar

SHOWN = 50
"""Problems reported at once; a file that is no definition at all could have thousands."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node was written.

    Attributes:
        label: the file as the user named it, or ``--set key.path``.
        folder: what relative paths are relative to.
        line: from 1; 0 is the whole file, or the command line.
        command_line: whether it comes from ``--set``.
    """

    label: str
    folder: Path
    line: int = 0
    command_line: bool = False

    def at(self, line: int) -> Place:
        """The same text at another line; the command line has no lines."""
        return self if self.command_line else Place(self.label, self.folder, line)

    def __str__(self) -> str:
        return f"{self.label}:{self.line}" if self.line else self.label


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """One value.

    Attributes:
        place: where it stands.
        value: as YAML 1.2 reads it.
        source: as it was written, without quotes.
        quoted: whether it was in quotes (or a block of text), and so is text whatever it looks like.
    """

    place: Place
    value: Scalar | None
    source: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list."""

    place: Place
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class MapNode:
    """A mapping; each key with the place of the key itself."""

    place: Place
    entries: Mapping[str, tuple[Place, Node]]


@dataclass(frozen=True, slots=True)
class BrokenNode:
    """Something the reader has already complained about; nobody else does."""

    place: Place


Node = ScalarNode | ListNode | MapNode | BrokenNode


@dataclass(frozen=True, slots=True)
class Field:
    """A node and how it is reached.

    Attributes:
        key: dotted path from the top, e.g. ``parameters.dropout.min`` or ``enqueue[0].dropout``.
        place: of its key (of the value, for an item of a list).
        node: the value.
    """

    key: str
    place: Place
    node: Node

    def get(self, name: str) -> Field | None:
        """The entry `name`, or None when there is none (or this is no mapping)."""
        if not isinstance(self.node, MapNode) or name not in self.node.entries:
            return None
        place, node = self.node.entries[name]
        return Field(f"{self.key}.{name}" if self.key else name, place, node)

    def child(self, name: str) -> Field:
        """The entry `name` of a mapping that has it."""
        child = self.get(name)
        if child is None:
            raise KeyError(name)
        return child

    def entries(self) -> Iterator[tuple[str, Field]]:
        """Every entry of a mapping whose value the reader could read; nothing for other nodes."""
        for name in self.node.entries if isinstance(self.node, MapNode) else ():
            child = self.get(name)
            if child is not None and not isinstance(child.node, BrokenNode):
                yield name, child

    def items(self) -> Iterator[Field]:
        """Every item of a list that the reader could read; nothing for other nodes."""
        for index, node in enumerate(self.node.items if isinstance(self.node, ListNode) else ()):
            if not isinstance(node, BrokenNode):
                yield Field(f"{self.key}[{index}]", node.place, node)


@dataclass(slots=True)
class Problems:
    """Collects what is wrong, so that a user sees all of it at once."""

    found: list[tuple[Place, Problem]] = field(default_factory=list)

    def add(self, field: Field, what: str, expected: str = "", fix: str = "") -> None:
        """Something is wrong with `field`."""
        self.add_at(field.place, field.key, what, expected, fix)

    def add_at(self, place: Place, key: str, what: str, expected: str = "", fix: str = "") -> None:
        """Something is wrong at `place`."""
        self.found.append((place, Problem(what, expected, fix, where=str(place), key=key)))

    def stop(self) -> NoReturn:
        """End with what was found.

        Raises:
            DefinitionError: always; problems by line, those of the command line last.
        """
        # What is shared by several architectures is wrong with each of them, and said once.
        distinct = dict.fromkeys(self.found)
        ordered = sorted(distinct, key=lambda item: (item[0].command_line, item[0].line))
        problems = [problem for _, problem in ordered[:SHOWN]]
        if len(ordered) > SHOWN:
            last = ordered[-1][0].label
            problems.append(Problem(f"{len(ordered) - SHOWN} more problems follow", fix="mend these first", where=last))
        raise DefinitionError(*problems)


def describe(node: Node) -> str:
    """What was written, in a few words and never more than a line."""
    match node:
        case ScalarNode(value=None):
            return "nothing"
        case ScalarNode(value=bool(), source=source):
            return source
        case ScalarNode(value=str(value)):
            return f"the text {quote(value)}"
        case ScalarNode(source=source):
            return _cut(source)
        case ListNode():
            return "a list"
        case _:
            return "a mapping"


def quote(text: str) -> str:
    """`text` in quotes, on one line, cut when it is long."""
    return _cut(repr(text))


def _cut(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:40]}...{text[-10:]}"
