"""From tables to a corpus: which column is what, and which part a row belongs to."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain

from textclf_sweep.data.corpus import PARTS, Corpus, PartName
from textclf_sweep.data.sources._table import Table
from textclf_sweep.definition.types import DataSettings
from textclf_sweep.errors import DataError, Problem

PART_OF: Mapping[str, PartName] = {
    "train": "train", "training": "train",
    "validation": "validation", "valid": "validation", "val": "validation", "dev": "validation",
    "test": "test", "testing": "test",
}  # fmt: skip
"""The part that a word stands for, in lower case."""


def wanted(settings: DataSettings, part: PartName | None = None) -> list[tuple[str, str]]:
    """The columns that a table must have, each with the key that names it.

    Args:
        settings: that name them.
        part: the part that the whole table is; None when it has rows of any part.
    """
    more = {
        "data.group": settings.group,
        "data.split": None if part else settings.split,
        "data.missing": settings.missing.value if settings.missing.action == "from" else None,
    }
    named = [(key, name) for key, name in more.items() if name is not None]
    return [*(("data.text", name) for name in settings.text), ("data.label", settings.label), *named]


def corpus(main: Table, parts: Mapping[PartName, Table], settings: DataSettings) -> Corpus:
    """The corpus of all tables.

    Args:
        main: the table of ``settings.path``.
        parts: those of separate validation and test data.
        settings: that name the columns.

    Raises:
        DataError: a column does not exist, all that don't are named; or a row's part is none, or is brought twice.
    """
    tables = [(None, main), *parts.items()]
    absent = [problem for part, table in tables for problem in _absent(table, wanted(settings, part))]
    if absent:
        raise DataError(*absent)
    whole = [_rows(table, settings) for _, table in tables]
    notes = [note for _, table in tables for note in _notes(table, several=bool(parts))]
    return Corpus(
        texts=_chained(rows.texts for rows in whole),
        labels=_interned(chain.from_iterable(rows.labels for rows in whole)),
        lines=_chained(table.lines for _, table in tables),
        groups=_groups(tables, settings),
        parts=_sides(main, parts, settings),
        name=main.where,
        notes=(*notes, *(note for _, table in tables for note in _header_notes(table, settings))),
        files=_files(tables),
        spare=None if whole[0].spare is None else _chained(rows.spare or () for rows in whole),
    )


def _rows(table: Table, settings: DataSettings) -> Corpus:
    """Texts and labels of one table alone."""
    spare = table.columns[settings.missing.value] if settings.missing.action == "from" else None
    columns = [table.columns[name] for name in settings.text]
    texts = columns[0] if len(columns) == 1 else tuple(map(_joined, zip(*columns, strict=True)))
    return Corpus(texts, table.columns[settings.label], table.lines, spare=spare)


def _joined(texts: Iterable[str]) -> str:
    return " ".join(text for text in texts if text.strip())


def _chained(columns: Iterable[tuple[str, ...]] | Iterable[tuple[int, ...]]) -> tuple:  # type: ignore[type-arg]
    items = list(columns)
    return items[0] if len(items) == 1 else tuple(chain.from_iterable(items))


def _interned(values: Iterable[str]) -> tuple[str, ...]:
    """`values`, where equal ones are one object: a column of few different texts takes little memory then."""
    known: dict[str, str] = {}
    return tuple([known.setdefault(value, value) for value in values])


def _groups(tables: Sequence[tuple[PartName | None, Table]], settings: DataSettings) -> tuple[str, ...] | None:
    names = [settings.group or table.group for _, table in tables]
    if not any(names):
        return None
    columns = (
        table.columns[name] if name else ("",) * len(table.lines)
        for name, (_, table) in zip(names, tables, strict=True)
    )
    return _interned(chain.from_iterable(columns))


def _files(tables: Sequence[tuple[PartName | None, Table]]) -> tuple[str, ...] | None:
    if len(tables) == 1:
        return tables[0][1].files
    return tuple(file for _, table in tables for file in (table.files or (table.where,) * len(table.lines)))


def _notes(table: Table, *, several: bool) -> Iterator[str]:
    for note in table.notes:
        yield f"{table.where}: {note}" if several else note


def _header_notes(table: Table, settings: DataSettings) -> Iterator[str]:
    """A sentence when a header stands among the rows."""
    texts, labels = table.columns[settings.text[0]], table.columns[settings.label]
    like = (row for row, label in enumerate(labels) if label == settings.label)
    repeated = [row for row in like if texts[row] == settings.text[0]]
    if repeated:
        rows = f"{len(repeated):,} rows repeat" if len(repeated) > 1 else "1 row repeats"
        yield f"{rows} the header (first: {table.place(repeated[0])}), as when files are joined; remove them"


def _sides(main: Table, parts: Mapping[PartName, Table], settings: DataSettings) -> tuple[str, ...] | None:
    """The part of each row, blank where it is drawn; None when all are."""
    column = settings.split or main.split
    if column is None and not parts:
        return None
    sides = ["train"] * len(main.lines) if column is None else _read(main, column)
    for part, table in parts.items():
        if part in sides:
            row = sides.index(part)
            what = f"the row is of the {part} part, and {table.where} is that part too"
            fix = f"leave out `{part}:`, or the rows of {main.where} that are of this part"
            raise DataError(Problem(what, "one of them", fix, where=main.place(row), key=f"data.{part}"))
    if "train" not in sides:
        what, fix = f"no row has {column!r} train", "name the column that says which part a row belongs to"
        raise DataError(Problem(what, "rows to train on", fix, where=main.where, key="data.split"))
    sides.extend(part for part, table in parts.items() for _ in table.lines)
    _check_shares(main, sides, column, settings)
    if set(sides) >= set(PARTS):
        return tuple(sides)
    # The other parts are drawn from the rows that would train.
    return tuple(["" if side == "train" else side for side in sides])


def _check_shares(main: Table, sides: Collection[str], column: str | None, settings: DataSettings) -> None:
    """A part that the data bring themselves has no share of its own."""
    standard = DataSettings("")
    for part, share in (("validation", settings.validation), ("test", settings.test)):
        if column is None or part not in sides or share == getattr(standard, part):
            continue
        what = f"{part} is {share:g}, and {column!r} says already which rows are of the {part} part"
        drawn = ", or `split` to have the parts drawn" if settings.split else ""
        raise DataError(Problem(what, "one of them", f"remove `{part}`{drawn}", where=main.where, key=f"data.{part}"))


def _read(table: Table, column: str) -> list[str]:
    """The parts that a column names."""
    values = table.columns[column]
    names = {value: PART_OF.get(value.strip().lower(), "") for value in set(values)}
    sides = [str(names[value]) for value in values]
    if "" not in sides:
        return sides
    first, count = sides.index(""), sides.count("")
    more = f" ({count - 1:,} more rows like it)" if count > 1 else ""
    shown = f"is {values[first][:60]!r}" if values[first].strip() else "is blank"
    fix = "correct the value, or leave out `split` to have the parts drawn"
    what = f"{column!r}, which says the part of a row, {shown}{more}"
    raise DataError(
        Problem(what, "train, validation (or valid, val, dev) or test", fix, where=table.place(first), key="data.split")
    )


def _absent(table: Table, columns: Iterable[tuple[str, str]]) -> Iterator[Problem]:
    for key, name in columns:
        if name in table.columns:
            continue
        shown = ", ".join(map(repr, table.header[:20])) + (", ..." if len(table.header) > 20 else "")
        by_name = {column.strip().lower(): column for column in table.header}
        near = difflib.get_close_matches(name.strip().lower(), by_name, 1)
        fix = table.advice or (f"did you mean {by_name[near[0]]!r}?" if near else f"write the column's name in {key}")
        # A table whose rows begin after line 1 has its header there.
        where = f"{table.where}:1" if table.lines and table.lines[0] > 1 else table.where
        yield Problem(f"there is no column {name!r}", f"one of {shown}", fix, where=where, key=key)
