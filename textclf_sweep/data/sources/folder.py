"""A folder for each label with a `.txt` file for each text, as Keras' `text_dataset_from_directory` reads it."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from textclf_sweep.data.sources import _file, _text
from textclf_sweep.data.sources._table import Table, chosen, counted, option
from textclf_sweep.definition.space import Parameter
from textclf_sweep.errors import DataError, Problem
from textclf_sweep.trial import Scalar

PARAMETERS: tuple[Parameter, ...] = (_text.ENCODING,)
EXTENSIONS: tuple[str, ...] = ()
PATH = "folder"

_ENDING = ".txt"
_TABLES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz", ".parquet")
"""Endings of files that have many texts."""


@dataclass(frozen=True, slots=True)
class _Tree:
    """What is in a folder.

    Attributes:
        files: (label, file) of each text, in order.
        loose: entries of the folder itself that are no folders.
        other: files in the labels' folders that are no texts.
        empty: labels without a text.
    """

    files: list[tuple[str, Path]] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)

    def notes(self) -> tuple[str, ...]:
        """A sentence on everything that is left out."""
        found = (
            (self.loose, counted(len(self.loose), "file") + " left out, being in no label's folder"),
            (self.other, counted(len(self.other), "file") + f" left out, not ending in {_ENDING}"),
            (self.empty, counted(len(self.empty), "folder") + f" left out, having no {_ENDING} file"),
        )
        return tuple(f"{what} (first: {names[0]})" for names, what in found if names)


def read(path: str | None, options: Mapping[str, Scalar], columns: Collection[str] | None) -> Table:
    """The texts of the folder at `path` by label and file name; a row's line is its number, from 1.

    Hidden files and folders are no part of the data. A text is the whole content of its file.

    Raises:
        DataError: the folder cannot be read, has no texts, has folders within the labels' folders, or a link leads out
            of it; or a file cannot be decoded.
    """
    root = _file.checked_path(path, folder=True)
    where, encoding = str(path), str(option(options, _text.ENCODING))
    tree = _tree(root, where)
    if not tree.files:
        raise DataError(_no_texts(root, tree, where))
    header = ("text", "label")
    kept = chosen(header, columns)
    texts: dict[str, tuple[str, ...]] = {}
    if "text" in kept:
        texts["text"] = tuple(_content(file, encoding) for _, file in tree.files)
    if "label" in kept:
        texts["label"] = tuple(label for label, _ in tree.files)
    lines = tuple(range(1, len(tree.files) + 1))
    return Table(where, header, texts, lines, tree.notes(), tuple(str(file) for _, file in tree.files))


def _content(file: Path, encoding: str) -> str:
    with _file.open_file(str(file)) as opened:
        return "".join(_text.texts(opened, encoding, str(file)))


def _tree(root: Path, where: str) -> _Tree:
    tree = _Tree()
    for entry in _entries(root, root, where):
        if not entry.is_dir():
            tree.loose.append(entry.name)
            continue
        before = len(tree.files)
        for item in _entries(root / entry.name, root, where):
            if item.is_dir():
                raise DataError(_too_deep(root, entry.name, item.name))
            if item.name.lower().endswith(_ENDING):
                tree.files.append((entry.name, root / entry.name / item.name))
            else:
                tree.other.append(f"{entry.name}/{item.name}")
        if len(tree.files) == before:
            tree.empty.append(entry.name)
    return tree


def _entries(folder: Path, root: Path, where: str) -> list[os.DirEntry[str]]:
    """What is in `folder` and not hidden, by name; every link stays within `root`."""
    try:
        with os.scandir(folder) as found:
            entries = sorted((entry for entry in found if not entry.name.startswith(".")), key=lambda entry: entry.name)
    except OSError as error:
        raise DataError(_file.unreadable(error, str(folder))) from error
    for entry in entries:
        if not entry.name.isprintable():
            fix = "rename it: its name is a label or part of a place in messages"
            what = f"the name {entry.name!r} has characters that cannot be shown"
            raise DataError(Problem(what, "a name in UTF-8", fix, where=str(folder)))
        if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(root.resolve()):
            what = f"the link leads outside of {where}, to {Path(entry.path).resolve()}"
            fix = "copy the files into the folder, or name the folder that holds them all"
            raise DataError(Problem(what, "files within the folder that is named", fix, where=entry.path))
    return entries


def _no_texts(root: Path, tree: _Tree, where: str) -> Problem:
    tables = sorted(
        (name for name in tree.loose if name.lower().endswith(_TABLES)), key=lambda name: "train" not in name
    )
    if tables:
        fix = f"name the file itself: {root.name}/{next((name for name in tables if 'train' in name), tables[0])}"
    else:
        fix = f"put the texts of each label into a folder of its name: {root.name}/LABEL/TEXT{_ENDING}"
    what = f"there is no {_ENDING} file in a label's folder"
    return Problem(what, f"a folder for each label, with {_ENDING} files in it", fix, where=where)


def _too_deep(root: Path, label: str, name: str) -> Problem:
    fix = (
        f"if {label!r} is a part of the data and {name!r} a label, name each part: path: {root.name}/train, "
        f"test: {root.name}/test; else move the files up into {label!r}"
    )
    return Problem(f"{name!r} is a folder within a label's folder", f"{_ENDING} files", fix, where=f"{root / label}")
