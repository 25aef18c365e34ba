"""Text -> nodes: YAML as version 1.2 reads it, less what makes definitions ambiguous.

PyYAML's parser finds the structure; what a plain scalar means is decided here by the core schema of YAML 1.2.2,
section 10.3: ``1e-4`` and ``0o17`` are numbers, ``no``, ``1_000``, ``12:30`` and ``2024-01-01`` are text. Repeated
keys, anchors, aliases, merge keys, tags, tabs and several documents are errors.
https://yaml.org/spec/1.2.2/#103-core-schema
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml

from textclf_sweep.definition.nodes import (
    BrokenNode,
    ListNode,
    MapNode,
    Node,
    Place,
    Problems,
    ScalarNode,
    quote,
)
from textclf_sweep.trial import Scalar

MAX_BYTES = 65_536
"""A definition has some hundred lines; this much is not one, and parsing it takes PyYAML a second or two."""
MAX_DEPTH = 16
MAX_INTEGER = 2**53 - 1
"""The largest whole number that a float, and so JSON, holds exactly."""
MAX_NUMBER = 1e300
"""Room for differences and logarithms of two numbers."""

NULLS = frozenset(("", "~", "null", "Null", "NULL"))
BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
INTEGER = re.compile(r"[-+]?[0-9]+")
OCTAL = re.compile(r"0o[0-7]+")
HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
SPECIAL = re.compile(r"([-+]?)\.(?:(inf|Inf|INF)|(?:nan|NaN|NAN))")

SYNTAX = (
    (
        "mapping values are not allowed", "a ':' where none can be",
        "check the indentation; a text that contains ': ' needs quotes",
    ),
    (r"character '\t'", "a tab", "indent with spaces"),
    ("cannot start any token", "a value begins with a character that YAML reserves", "put the value in quotes"),
    ("expected ',' or", "a list or mapping in brackets is not closed", "add the missing ',' or closing bracket"),
    ("scanning a quoted scalar", "quotes are not closed", "add the closing quote"),
    ("escape", "an unknown escape in double quotes", "use single quotes, or double the backslash"),
    ("could not find expected ':'", "a key without ':'", "write `key: value`"),
    ("expected <block end>", "a line that fits neither the list nor the mapping above it", "check its indentation"),
    ("levels of nesting", f"brackets or lists more than {MAX_DEPTH} deep", "close the brackets"),
)  # fmt: skip
"""A part of PyYAML's message, what it means, how to mend it."""
UNCLOSED = ("expected ',' or", "scanning a quoted scalar", "could not find expected ':'")


def read(text: str | bytes, place: Place, problems: Problems) -> MapNode | None:
    """The mapping that a definition's text holds.

    Args:
        text: the text, or its bytes as read from the file.
        place: the file.
        problems: gets what is wrong.

    Returns:
        None when the text cannot be read as one mapping; `problems` then says why.
    """
    decoded = _decode(text, place, problems)
    node = None if decoded is None else _parse(decoded, place, problems)
    if node is None or isinstance(node, MapNode):
        return node
    if isinstance(node, ScalarNode) and node.value is None:
        problems.add_at(place.at(1), "", "the file is empty", "a sweep definition", "see sweeps/lstm.yaml for one")
    elif not isinstance(node, BrokenNode):
        kind = "a list" if isinstance(node, ListNode) else "a single value"
        problems.add_at(node.place, "", f"the file holds {kind}", "a mapping", "write one `key: value` per line")
    return None


def read_value(text: str, place: Place, problems: Problems) -> Node | None:
    """The value of ``--set key=value``: a scalar, or a list or mapping in brackets."""
    decoded = _decode(text, place, problems)
    return None if decoded is None else _parse(decoded, place, problems, flow=True)


def resolve(text: str) -> Scalar | None:
    """What a plain scalar means by the core schema of YAML 1.2.

    Raises:
        OverflowError: it is a finite number beyond `MAX_INTEGER` (whole numbers) or `MAX_NUMBER`.
    """
    if text in NULLS:
        return None
    if text in BOOLEANS:
        return BOOLEANS[text]
    for pattern, base in ((INTEGER, 10), (OCTAL, 8), (HEXADECIMAL, 16)):
        if pattern.fullmatch(text):
            return _whole(text, base)
    if FLOAT.fullmatch(text):
        number = float(text)
        if abs(number) > MAX_NUMBER:
            raise OverflowError
        return number
    special = SPECIAL.fullmatch(text)
    if special:
        return math.copysign(math.inf, -1 if special[1] == "-" else 1) if special[2] else math.nan
    return text


def _whole(text: str, base: int) -> int:
    digits = text.lstrip("+-") if base == 10 else text[2:]
    # Python refuses to read thousands of digits, but leading zeros are none.
    if len(digits.lstrip("0")) > 53 or int(digits.lstrip("0") or "0", base) > MAX_INTEGER:
        raise OverflowError
    number = int(digits.lstrip("0") or "0", base)
    return -number if text.startswith("-") else number


def _decode(text: str | bytes, place: Place, problems: Problems) -> str | None:
    if len(text) > MAX_BYTES:
        fix = "is this really a sweep definition?"
        problems.add_at(place, "", f"the text has more than {MAX_BYTES // 1024} KB", "a sweep definition", fix)
        return None
    decoded = text if isinstance(text, str) else _from_bytes(text, place, problems)
    return None if decoded is None else _printable(decoded.removeprefix("\ufeff"), place, problems)


def _from_bytes(text: bytes, place: Place, problems: Problems) -> str | None:
    if text.startswith((b"\xff\xfe", b"\xfe\xff")):
        problems.add_at(place, "", "the file is in UTF-16", "UTF-8", "save it again in UTF-8")
        return None
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        line = text[: error.start].count(b"\n") + 1
        what = f"byte {error.start} (0x{text[error.start]:02x}) is not UTF-8"
        problems.add_at(place.at(line), "", what, "UTF-8", "save the file again in UTF-8")
        return None


def _printable(text: str, place: Place, problems: Problems) -> str | None:
    rogue = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if rogue is None:
        return text
    line = text.count("\n", 0, rogue.start()) + 1
    what = f"the character U+{ord(rogue.group()):04X} cannot stand in YAML"
    problems.add_at(place.at(line), "", what, fix="delete it; it may be invisible in your editor")
    return None


def _parse(text: str, place: Place, problems: Problems, *, flow: bool = False) -> Node | None:
    loader = yaml.SafeLoader(text)
    try:
        return _Composer(loader.get_event, place, problems, flow).document()
    except yaml.MarkedYAMLError as error:
        _report_syntax(error, place, problems)
    except ValueError:  # an escape beyond Unicode, or a version number with thousands of digits
        line = loader.get_mark().line + 1
        problems.add_at(place.at(line), "", "this is not YAML: a number in it is out of range", fix="write it plainly")
    return None


def _report_syntax(error: yaml.MarkedYAMLError, place: Place, problems: Problems) -> None:
    message = f"{error.context or ''} {error.problem or ''}".strip()
    # What is not closed is noticed at the end of the file; where it was opened is where to look.
    unclosed = error.context_mark if any(part in message for part in UNCLOSED) else None
    mark = unclosed or error.problem_mark
    line = mark.line + 1 if mark else 0
    for part, meaning, fix in SYNTAX:
        if part in message:
            problems.add_at(place.at(line), "", f"this is not YAML: {meaning}", fix=fix)
            return
    problems.add_at(place.at(line), "", f"this is not YAML: {message}", fix="check this line and the one above it")


class _TooDeepError(yaml.MarkedYAMLError):
    """More nesting than any definition has."""


@dataclass(frozen=True, slots=True)
class _Composer:
    """Nodes from PyYAML's events.

    Attributes:
        next: the next event.
        place: the text.
        problems: gets what is wrong.
        flow: lists and mappings must be in brackets.
    """

    next: Callable[[], Any]
    place: Place
    problems: Problems
    flow: bool

    def document(self) -> Node:
        self.next()  # the stream's start
        event = self.next()
        if isinstance(event, yaml.StreamEndEvent):
            return ScalarNode(self.place, None, "")
        if event.version not in (None, (1, 2)):
            self._complain(event, "a %YAML directive with another version", "YAML 1.2", "delete the line")
        node = self.node(self.next(), depth=0)
        self.next()  # the document's end
        event = self.next()
        if not isinstance(event, yaml.StreamEndEvent):
            self._complain(event, "a second document", "one definition per file", "move what follows '---' elsewhere")
        return node

    def node(self, event: Any, depth: int) -> Node:
        place = self._place(event)
        if isinstance(event, yaml.AliasEvent):
            self._complain(event, f"an alias, *{event.anchor}", fix="repeat the value; aliases are not supported")
            return BrokenNode(place)
        broken = self._marked(event)
        if isinstance(event, yaml.ScalarEvent):
            node: Node = self.scalar(event, place)
        else:
            if self.flow and not event.flow_style:
                what, expected = "a list or mapping without brackets", "one value, [a, b] or {key: value}"
                self._complain(event, what, expected, "put a text in quotes")
                broken = True
            node = self.collection(event, place, depth)
        return BrokenNode(place) if broken else node

    def collection(self, event: Any, place: Place, depth: int) -> Node:
        if depth >= MAX_DEPTH:
            raise _TooDeepError(None, None, f"more than {MAX_DEPTH} levels of nesting", event.start_mark)
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(event := self.next(), yaml.SequenceEndEvent):
                items.append(self.node(event, depth + 1))
            return ListNode(place, tuple(items))
        entries: dict[str, tuple[Place, Node]] = {}
        while not isinstance(event := self.next(), yaml.MappingEndEvent):
            key, place_of_key = self.key(event, depth, entries), self._place(event)
            node = self.node(self.next(), depth + 1)
            if key is not None:
                entries[key] = (place_of_key, node)
        return MapNode(place, entries)

    def key(self, event: Any, depth: int, entries: dict[str, tuple[Place, Node]]) -> str | None:
        """The key's text; None when the entry is to be left out."""
        if not isinstance(event, yaml.ScalarEvent):
            if not isinstance(event, yaml.AliasEvent):
                self._complain(event, "a list or mapping as a key", "a name", "check the brackets and the '?'")
            self.node(event, depth + 1)
            return None
        name: str = event.value
        if self._marked(event) or isinstance(self.scalar(event, self._place(event)), BrokenNode):
            return None
        if name == "<<" and event.style is None:
            self._complain(event, "a merge key, '<<'", fix="write the keys out; merge keys are not supported")
            return None
        if name in entries:
            earlier = f"; line {entries[name][0].line} has it already" if entries[name][0].line else ""
            self._complain(event, f"the key {quote(name)} is repeated{earlier}", "each key once", "delete one of them")
            return None
        return name

    def scalar(self, event: Any, place: Place) -> ScalarNode | BrokenNode:
        text: str = event.value
        quoted = event.style is not None
        if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text):
            self._complain(event, "an escape that is no character", "text", "delete it")
            return BrokenNode(place)
        try:
            return ScalarNode(place, text if quoted else resolve(text), text, quoted)
        except OverflowError:
            expected = f"whole numbers up to {MAX_INTEGER}, others up to {MAX_NUMBER:g}"
            self._complain(event, f"the number {quote(text)[1:-1]} is too large", expected)
            return BrokenNode(place)

    def _marked(self, event: Any) -> bool:
        """Complain of an anchor or a tag; whether the value cannot be taken as it stands."""
        if event.anchor is not None:
            self._complain(event, f"an anchor, &{event.anchor}", fix="delete it; anchors are not supported")
        if event.tag is not None:
            self._complain(event, f"a tag, {quote(event.tag)}", fix="delete it; quotes make a text, nothing else does")
        return event.tag is not None

    def _place(self, event: Any) -> Place:
        return self.place.at(event.start_mark.line + 1)

    def _complain(self, event: Any, what: str, expected: str = "", fix: str = "") -> None:
        self.problems.add_at(self._place(event), "", what, expected, fix)
