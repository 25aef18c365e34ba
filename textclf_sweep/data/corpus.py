"""The values that data is made of (`Corpus`, `Part`, `Splits`), and their snapshot on disk.

The snapshot is a folder::

    corpus/
      corpus.json         labels, data hash, name, notes, rows of each part
      train.jsonl         one object a line: text, label, line
      validation.jsonl
      test.jsonl          a file of its own, so that training never opens it

With folds, each of them is a snapshot of its own inside (``fold-1``, ``fold-2``, ..., their test parts empty), and so
are the data that the final model is made from (``all``).
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from textclf_sweep.data.findings import Finding
from textclf_sweep.errors import Problem, StorageError

PartName = Literal["train", "validation", "test"]
PARTS: tuple[PartName, ...] = get_args(PartName)
"""The parts of a split, in this order everywhere."""

ALL = "all"
"""The snapshot inside a snapshot whose training part is everything but the test part."""

# A lone surrogate (possible in JSON sources) is no valid UTF-8, but must survive the snapshot unchanged.
_ERRORS = "surrogatepass"
_T = TypeVar("_T")


def comparable(text: str) -> str:
    """`text` as texts are compared everywhere in the program: trimmed and lower-cased."""
    return text.strip().lower()


@dataclass(frozen=True, slots=True)
class Corpus:
    """Every row of a source, before it is split. All sequences have the same length.

    Attributes:
        texts: as the source gave them; blank when missing.
        labels: as the source gave them; blank when missing.
        lines: the physical line where each record starts, header = 1; record numbers for sources without lines.
        groups: rows of one group stay on one side of a split; a blank one belongs to no group. None: no groups.
        parts: the source's own split, one of `PARTS` per row; None: the program splits.
        name: what the data is called in messages, e.g. the file.
        notes: one sentence for everything that was dropped.
    """

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    lines: tuple[int, ...]
    groups: tuple[str, ...] | None = None
    parts: tuple[str, ...] | None = None
    name: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        columns = (self.labels, self.lines, self.groups, self.parts)
        if any(column is not None and len(column) != len(self.texts) for column in columns):
            raise ValueError("texts, labels, lines, groups and parts must have the same length")
        if self.parts is not None and not set(self.parts) <= set(PARTS):
            raise ValueError(f"parts must be among {PARTS}")

    def __len__(self) -> int:
        return len(self.texts)

    def hash(self) -> str:
        """SHA-256 of everything but name and notes, hexadecimal."""
        return _digest((self.texts, self.labels, self.lines, self.groups, self.parts))

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


@dataclass(frozen=True, slots=True)
class CorpusInfo:
    """What ``corpus.json`` says of a snapshot.

    Attributes:
        labels, data_hash, name, notes: as in `Splits`.
        counts: rows of each part by name.
    """

    labels: tuple[str, ...]
    data_hash: str
    name: str
    notes: tuple[str, ...]
    counts: Mapping[str, int]


def write(splits: Splits, folder: Path) -> None:
    """Write the snapshot of `splits` to `folder`, folds and all, complete or not at all.

    Writing the same again does nothing. A snapshot of other data that is there already is replaced.

    Raises:
        StorageError: the folder cannot be written.
    """
    if _holds(folder, splits):
        return
    temporary = folder.with_name(f"{folder.name}.{os.getpid()}.tmp")
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        _fill(temporary, splits)
        if folder.exists():
            shutil.rmtree(folder)
        temporary.rename(folder)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        problem = Problem(
            f"the data's snapshot cannot be written: {error.strerror or error}",
            fix="free some space or choose another store with --store DIR, then run the same command again",
            where=str(folder),
        )
        raise StorageError(problem) from error


def read_part(folder: Path, part: PartName) -> Part:
    """One part of the snapshot in `folder`; the other parts' files are not opened.

    Raises:
        StorageError: there is no readable snapshot.
    """
    texts, labels, lines = [], [], []
    path = folder / f"{part}.jsonl"
    try:
        # newline="\n": a text may hold other characters that Python takes for line ends.
        with path.open(encoding="utf-8", errors=_ERRORS, newline="\n") as file:
            for record in map(json.loads, file):
                texts.append(record["text"])
                labels.append(record["label"])
                lines.append(record["line"])
    except (OSError, ValueError, KeyError) as error:
        raise _unreadable(path, error) from error
    return Part(tuple(texts), tuple(labels), tuple(lines))


def read_info(folder: Path) -> CorpusInfo:
    """What the snapshot in `folder` holds, without opening its parts.

    Raises:
        StorageError: there is no readable snapshot.
    """
    path = folder / "corpus.json"
    try:
        value = json.loads(path.read_text(encoding="utf-8", errors=_ERRORS))
        return CorpusInfo(
            labels=tuple(value["labels"]),
            data_hash=value["data_hash"],
            name=value["name"],
            notes=tuple(value["notes"]),
            counts=value["counts"],
        )
    except (OSError, ValueError, KeyError) as error:
        raise _unreadable(path, error) from error


def _pick(values: Sequence[_T], rows: Sequence[int]) -> tuple[_T, ...]:
    return tuple([values[row] for row in rows])


def _digest(values: Iterable[object]) -> str:
    digest = hashlib.sha256()
    for value in values:
        # JSON keeps ("a", "bc") and ("ab", "c") apart; its ASCII form can hold any text.
        digest.update(json.dumps(value).encode() + b"\n")
    return digest.hexdigest()


def _records(part: Part) -> Iterable[dict[str, Any]]:
    for text, label, line in zip(part.texts, part.labels, part.lines, strict=True):
        yield {"text": text, "label": label, "line": line}


def _info(splits: Splits) -> dict[str, Any]:
    counts: dict[str, int] = {name: len(splits.part(name)) for name in PARTS}
    info = CorpusInfo(splits.labels, splits.data_hash, splits.name, splits.notes, counts)
    return dataclasses.asdict(info)


def _write_lines(path: Path, values: Iterable[object]) -> None:
    with path.open("w", encoding="utf-8", errors=_ERRORS, newline="\n") as file:
        file.writelines(json.dumps(value, ensure_ascii=False) + "\n" for value in values)
        file.flush()
        os.fsync(file.fileno())


def _fill(folder: Path, splits: Splits) -> None:
    folder.mkdir(parents=True)
    for name in PARTS:
        _write_lines(folder / f"{name}.jsonl", _records(splits.part(name)))
    _write_lines(folder / "corpus.json", [_info(splits)])
    for inner, item in splits.inner().items():
        _fill(folder / inner, item)


def _holds(folder: Path, splits: Splits) -> bool:
    try:
        same = read_info(folder).data_hash == splits.data_hash
    except StorageError:
        return False
    same = same and all((folder / f"{name}.jsonl").is_file() for name in PARTS)
    return same and all(_holds(folder / name, item) for name, item in splits.inner().items())


def _unreadable(path: Path, error: Exception) -> StorageError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else f"{type(error).__name__}: {error}"
    return StorageError(
        Problem(
            f"the data's snapshot cannot be read: {reason}",
            fix="run the same sweep again: it reads the data anew",
            where=str(path),
        )
    )
