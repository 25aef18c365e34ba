"""A Hugging Face data set, by its name or saved with `save_to_disk`; needs the package `datasets`."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Collection, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textclf_sweep.data.sources import _arrow, _file
from textclf_sweep.data.sources._parts import PART_OF
from textclf_sweep.data.sources._table import Table, chosen, counted
from textclf_sweep.definition.space import Parameter
from textclf_sweep.errors import DataError, Problem
from textclf_sweep.trial import Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

PARAMETERS = (
    Parameter("subset", "str", None, "The configuration of a data set that has several, by name."),
    Parameter("revision", "str", None, "The version of a data set by name: a branch, tag or commit."),
)
EXTENSIONS: tuple[str, ...] = ()
PATH = "name"

_MARKS = ("dataset_dict.json", "state.json", "dataset_info.json")
_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")


def read(path: str | None, options: Mapping[str, Scalar], columns: Collection[str] | None) -> Table:
    """The rows of the data set; a row's line is its number within its split, from 1.

    `path` is a folder, or else a name on Hugging Face's hub, which is downloaded. Labels of the kind ``ClassLabel`` are
    their names. A data set of several splits has them as a column of its own. Without `columns`, those that hold no
    texts are left out.

    Raises:
        DataError: the package is missing, or the data set cannot be found or read, has no rows, or one of `columns`
            holds no texts.
    """
    where = str(path)
    with _quiet():
        loaded = _loaded(path, options)
        several = isinstance(loaded, dict)
        splits, notes = _kept(loaded, where) if isinstance(loaded, dict) else ({"": loaded}, ())
        first = next(iter(splits.values()))
        header = tuple(first.column_names)
        own = "split" if "split" not in header else "the data set's split"
        names = _names(first, header, columns, where)
        try:
            read_splits = [_columns(data, names, where) for data in splits.values()]
        except KeyError as error:
            what = f"its splits have different columns: {error.args[0]!r} is not in all of them"
            raise DataError(Problem(what, "the same columns", "save the splits alike", where=where)) from error
    texts = {name: tuple(text for item in read_splits for text in item[name]) for name in names}
    lengths = {name: len(data) for name, data in splits.items()}
    if not sum(lengths.values()):
        raise DataError(Problem("the data set has no rows", "at least one row", "check data.path", where=where))
    lines = tuple(line for length in lengths.values() for line in range(1, length + 1))
    if not several:
        return Table(where, header, texts, lines)
    texts[own] = tuple(name for name, length in lengths.items() for _ in range(length))
    files = tuple(file for name, length in lengths.items() for file in [f"{where}/{name}"] * length)
    return Table(where, (*header, own), texts, lines, notes, files, split=own)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without progress bars and log messages of the package; whether there were any is its own business afterwards.

    Raises:
        DataError: the package is missing.
    """
    try:
        import datasets  # noqa: PLC0415 - heavy

        hub: Any = importlib.import_module("huggingface_hub.utils")
    except ImportError as error:
        fix = "pip install 'textclf-sweep[huggingface]'"
        problem = Problem(f"Hugging Face data sets need a package: {error}", fix=fix, key="data.source")
        raise DataError(problem) from error
    bars, hub_bars = datasets.is_progress_bar_enabled(), not hub.are_progress_bars_disabled()
    loggers = [(logger, logger.get_verbosity()) for logger in (datasets.logging, hub.logging)]
    try:
        datasets.disable_progress_bars()
        hub.disable_progress_bars()
        for logger, _ in loggers:
            logger.set_verbosity_error()
        yield
    finally:
        for logger, level in loggers:
            logger.set_verbosity(level)
        if bars:
            datasets.enable_progress_bars()
        if hub_bars:
            hub.enable_progress_bars()


def _loaded(path: str | None, options: Mapping[str, Scalar]) -> Any:
    """The data set at `path`, or those of each split."""
    import datasets  # noqa: PLC0415 - heavy

    where = str(path)
    if path is None or not path.strip():
        fix = "write its name or its folder in data.path"
        raise DataError(Problem("no data set is named", fix=fix, key="data.path"))
    local = Path(path).is_absolute() or Path(path).exists()
    if local:
        folder = _file.checked_path(path, folder=True)
        if not any((folder / mark).is_file() for mark in _MARKS):
            what, expected = "there is no data set in this folder", "a folder made by `save_to_disk`"
            fix = "write `source: folder` for a folder per label, or name a file"
            raise DataError(Problem(what, expected, fix, where=where, key="data.path"))
    elif not _NAME.fullmatch(path):
        fix = "write OWNER/NAME as on huggingface.co, or the folder it is saved in"
        raise DataError(
            Problem("this is neither a folder nor a name", "e.g. stanfordnlp/imdb", fix, where, "data.path")
        )
    call: Callable[[], Any] = (
        (lambda: datasets.load_from_disk(path))
        if local
        else (lambda: datasets.load_dataset(path, options.get("subset"), revision=options.get("revision")))
    )
    try:
        return call()
    except Exception as error:  # the package raises many kinds, also those of what it builds on
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        fix = (
            "save it again with `save_to_disk`"
            if local
            else "check the name, `subset` and the network; or save it with `save_to_disk` where there is one"
        )
        raise DataError(Problem(f"the data set cannot be loaded: {reason}", "", fix, where, "data.path")) from error


def _kept(loaded: Mapping[str, Any], where: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The splits whose names say which part they are, and a note on the others; a single one needs no such name."""
    if len(loaded) == 1:
        return {"train": next(iter(loaded.values()))}, ()
    kept = {name: data for name, data in loaded.items() if name.strip().lower() in PART_OF}
    if not kept:
        what = f"none of its splits ({', '.join(map(repr, loaded))}) is named as a part"
        expected = "train, validation or test"
        raise DataError(Problem(what, expected, "save one split, or rename them", where=where))
    others = {name: data for name, data in loaded.items() if name not in kept}
    notes = tuple(f"{counted(len(data), 'row')} left out, of the split {name!r}" for name, data in others.items())
    return kept, notes


def _names(data: Any, header: tuple[str, ...], columns: Collection[str] | None, where: str) -> tuple[str, ...]:
    """The columns that are read."""
    kinds = data.features.arrow_schema
    names = chosen(header, columns)
    if columns is None:
        return tuple(name for name in names if _arrow.readable(kinds.field(name).type))
    for name in names:
        _arrow.check(name, kinds.field(name).type, where)
    return names


def _columns(data: Any, names: tuple[str, ...], where: str) -> dict[str, list[str]]:
    kept: dict[str, list[str]] = {name: [] for name in names}
    if not names:
        return kept
    classes = {name: getattr(data.features[name], "names", None) for name in names}
    for batch in data.select_columns(list(names)).with_format("arrow").iter(_arrow.BATCH):
        for name, values in kept.items():
            texts = _arrow.texts(batch.column(name), name, where)
            known = classes[name]
            # A label that is not known, as in a hidden test part, is -1.
            values.extend(
                texts if known is None else [known[int(text)] if text not in {"", "-1"} else "" for text in texts]
            )
    return kept
