"""The values that data is made of: `Corpus`, `Part`, `Splits`."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

from textclf_sweep.data.findings import Finding

PartName = Literal["train", "validation", "test"]
PARTS: tuple[PartName, ...] = get_args(PartName)
"""The parts of a split, in this order everywhere."""

ALL = "all"
"""The snapshot inside a snapshot whose training part is everything but the test part."""

_T = TypeVar("_T")


def comparable(text: str) -> str:
    """`text` as texts are compared everywhere in the program: trimmed and lower-cased."""
    return text.strip().lower()


# Besides white space: control characters, the invisible ones of general punctuation, fillers, variation selectors.
_VISIBLE = re.compile(
    r"[^\s\x00-\x1f\x7f-\x9f\u00ad\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff]"
)


def blank(text: str) -> bool:
    """Whether nothing of `text` can be seen; such a text or label counts as missing everywhere in the program."""
    return _VISIBLE.search(text) is None


@dataclass(frozen=True, slots=True)
class Corpus:
    """Every row of a source, before it is split. All sequences have the same length.

    Attributes:
        texts: as the source gave them; blank when missing.
        labels: as the source gave them; blank when missing.
        lines: the physical line where each record starts, header = 1; record numbers for sources without lines.
        groups: rows of one group stay on one side of a split; a blank one belongs to no group. None: no groups.
        parts: the part each row belongs to by the source's own split, one of `PARTS`; blank where the program decides.
            None: it decides for every row.
        name: what the data is called in messages, e.g. the file.
        notes: one sentence for everything that was dropped.
        files: the file of each row, when there are several; None: all are from `name`.
        spare: the text to take where a row has none; blank when that is missing, too. None: there is no such column.
    """

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    lines: tuple[int, ...]
    groups: tuple[str, ...] | None = None
    parts: tuple[str, ...] | None = None
    name: str = ""
    notes: tuple[str, ...] = ()
    files: tuple[str, ...] | None = None
    spare: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        columns = (self.labels, self.lines, self.groups, self.parts, self.files, self.spare)
        if any(column is not None and len(column) != len(self.texts) for column in columns):
            raise ValueError("texts, labels, lines, groups, parts, files and spare must have the same length")
        if self.parts is not None and not set(self.parts) <= {*PARTS, ""}:
            raise ValueError(f"parts must be among {PARTS}, or blank")

    def __len__(self) -> int:
        return len(self.texts)

    def hash(self) -> str:
        """SHA-256 of everything but name, notes, files and spare, hexadecimal."""
        return _digest((self.texts, self.labels, self.lines, self.groups, self.parts))

    def place(self, row: int) -> str:
        """Where a row (an index from 0) stands, as messages say it: ``file:line``."""
        return f"{self.name if self.files is None else self.files[row]}:{self.lines[row]}"

    def select(self, rows: Iterable[int], *notes: str) -> Corpus:
        """The corpus of these rows (indices from 0), in the order given, with `notes` added."""
        kept = list(rows)
        return Corpus(
            texts=_pick(self.texts, kept),
            labels=_pick(self.labels, kept),
            lines=_pick(self.lines, kept),
            groups=None if self.groups is None else _pick(self.groups, kept),
            parts=None if self.parts is None else _pick(self.parts, kept),
            name=self.name,
            notes=(*self.notes, *notes),
            files=None if self.files is None else _pick(self.files, kept),
            spare=None if self.spare is None else _pick(self.spare, kept),
        )


@dataclass(frozen=True, slots=True)
class Part:
    """One side of a split; sequences of equal length, in the source's order.

    Attributes:
        texts, labels, lines: as in `Corpus`.
    """

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    lines: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True, slots=True)
class Splits:
    """The data of a sweep.

    Attributes:
        train, validation, test: the parts; no text and no group is in two of them (unless the source's own split
            puts them there, which is a finding).
        labels: every label, sorted; a label's index in it is its class number.
        data_hash: SHA-256 of the rows and of the part each is in (and of the folds), hexadecimal.
        name: what the data is called in messages.
        notes: one sentence for everything that was dropped.
        findings: what the audit found; none is fatal.
        folds: the rows of train and validation divided anew, so many times, each time another part of them in
            validation and the test part empty; empty without folds.
        whole: with folds, the rows of train and validation as its train and the test part as it is.
    """

    train: Part
    validation: Part
    test: Part
    labels: tuple[str, ...]
    data_hash: str
    name: str = ""
    notes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    folds: tuple[Splits, ...] = ()
    whole: Splits | None = None

    @classmethod
    def of(cls, corpus: Corpus, sides: Sequence[PartName]) -> Splits:
        """`corpus` divided: row i goes to the part ``sides[i]``."""

        def part(name: PartName) -> Part:
            rows = [row for row, side in enumerate(sides) if side == name]
            return Part(_pick(corpus.texts, rows), _pick(corpus.labels, rows), _pick(corpus.lines, rows))

        return cls(
            train=part("train"),
            validation=part("validation"),
            test=part("test"),
            labels=tuple(sorted(set(corpus.labels))),
            data_hash=_digest((corpus.hash(), list(sides))),
            name=corpus.name,
            notes=corpus.notes,
        )

    def part(self, name: PartName) -> Part:
        """The part of this name."""
        part: Part = getattr(self, name)
        return part

    def pairs(self) -> tuple[tuple[Part, Part], ...]:
        """What a trial is trained on and validated on: one pair, or one for each fold."""
        return tuple((item.train, item.validation) for item in self.folds or (self,))

    def final(self) -> tuple[Part, Part]:
        """What the final model is trained on and tested on."""
        return (self.whole or self).train, self.test

    def inner(self) -> dict[str, Splits]:
        """The snapshots inside this one's, by folder."""
        folds = {fold_name(number): item for number, item in enumerate(self.folds, start=1)}
        return folds if self.whole is None else {**folds, ALL: self.whole}


def fold_name(number: int) -> str:
    """The folder of a fold (from 1) inside the snapshot's."""
    return f"fold-{number}"


def _pick(values: Sequence[_T], rows: Sequence[int]) -> tuple[_T, ...]:
    return tuple([values[row] for row in rows])


def _digest(values: Iterable[object]) -> str:
    digest = hashlib.sha256()
    for value in values:
        # JSON keeps ("a", "bc") and ("ab", "c") apart; its ASCII form can hold any text.
        digest.update(json.dumps(value).encode() + b"\n")
    return digest.hexdigest()
