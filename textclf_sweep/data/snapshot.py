"""The snapshot of `Splits` on disk: what workers read.

It is a folder::

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
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textclf_sweep.data.corpus import PARTS, Part, PartName, Splits
from textclf_sweep.errors import Problem, StorageError

# A lone surrogate (possible in JSON sources) is no valid UTF-8, but must survive the snapshot unchanged.
_ERRORS = "surrogatepass"


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
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unreadable(path, error) from error
    return Part(tuple(texts), tuple(labels), tuple(lines))


def write_texts(path: Path, texts: Iterable[str]) -> None:
    """Write texts, one a line, for `read_texts`."""
    _write_lines(path, texts)


def read_texts(path: Path) -> tuple[str, ...]:
    """What `write_texts` wrote."""
    with path.open(encoding="utf-8", errors=_ERRORS, newline="\n") as file:
        return tuple(map(json.loads, file))


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
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unreadable(path, error) from error


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
