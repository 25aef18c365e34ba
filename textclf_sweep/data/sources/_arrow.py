"""Columns of Arrow tables as texts; shared by sources of such tables."""

from __future__ import annotations

from typing import Any

from textclf_sweep.errors import DataError, Problem

BATCH = 1 << 16
"""Rows that are converted at once."""
_WORDS = {True: "true", False: "false", None: ""}


def readable(kind: Any) -> bool:
    """Whether values of the Arrow type `kind` have one way to be written: strings, whole numbers, true and false."""
    import pyarrow.types as is_of  # noqa: PLC0415 - heavy

    if is_of.is_dictionary(kind):
        return readable(kind.value_type)
    strings = is_of.is_string(kind) or is_of.is_large_string(kind) or is_of.is_string_view(kind)
    return bool(strings or is_of.is_integer(kind) or is_of.is_boolean(kind) or is_of.is_null(kind))


def check(name: str, kind: Any, where: str) -> None:
    """Stop at a column whose values are no texts.

    Raises:
        DataError: `kind`, the Arrow type of the column `name`, is not `readable`.
    """
    if not readable(kind):
        what = f"the column {name!r} is of the type {str(kind)[:80]}"
        expected = "strings, whole numbers or categories of these"
        raise DataError(Problem(what, expected, "name another column, or store it as strings", where=where))


def texts(values: Any, name: str, where: str) -> list[str]:
    """The texts of an Arrow array whose type is `readable`; blank where it is null.

    Args:
        values: the array.
        name: its column, for messages.
        where: its file, for messages.

    Raises:
        DataError: a string is no UTF-8.
    """
    try:
        items = values.to_pylist()
    except UnicodeDecodeError as error:
        what = f"a text of the column {name!r} is not UTF-8"
        raise DataError(Problem(what, "UTF-8 text", "write the file anew", where=where)) from error
    # A column has values of one type.
    if all(item is None or isinstance(item, str) for item in items):
        return [item or "" for item in items]
    return [_WORDS[item] if item is None or isinstance(item, bool) else str(item) for item in items]
