"""A Parquet file: a column for the text and one for the label, of strings, whole numbers or categories."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from textclf_sweep.data.sources import _arrow, _file
from textclf_sweep.data.sources._table import Table, chosen
from textclf_sweep.definition.space import Parameter
from textclf_sweep.errors import DataError, Problem
from textclf_sweep.trial import Scalar

PARAMETERS: tuple[Parameter, ...] = ()
EXTENSIONS = (".parquet", ".pq")
PATH = "file"

_MAGIC = b"PAR1"


def read(path: str | None, options: Mapping[str, Scalar], columns: Collection[str] | None) -> Table:  # noqa: ARG001
    """The rows of the file at `path`; a row's line is its number, from 1.

    Without `columns`, those that hold no texts are left out.

    Raises:
        DataError: the file cannot be read, has no rows, or one of `columns` holds no texts.
    """
    import pyarrow as pa  # noqa: PLC0415 - heavy
    import pyarrow.parquet as pq  # noqa: PLC0415 - heavy

    where = str(path)
    with _file.open_file(path) as raw:
        _check_magic(raw.peek(6), where)
        try:
            return _table(pq.ParquetFile(raw), columns, where)
        except (pa.ArrowException, OSError, ValueError) as error:  # damaged names and counts are only told as values
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
            what = f"the Parquet file cannot be read: {reason}"
            raise DataError(Problem(what, "a whole Parquet file", "write or copy it again", where=where)) from error


def _check_magic(start: bytes, where: str) -> None:
    if start.startswith(_MAGIC):
        return
    if not start:
        raise DataError(Problem("the file is empty", "a Parquet file", "check data.path", where=where))
    if start.startswith(_file.GZIP):
        what, fix = "this is a gzip file", "unpack it: Parquet files are compressed inside"
        raise DataError(Problem(what, "a Parquet file", fix, where=where))
    _file.check_kind(start, where)
    fix = "leave out `source` to have it inferred from the path's ending"
    raise DataError(Problem("this is no Parquet file", "a file that begins with PAR1", fix, where=where))


def _table(file: Any, columns: Collection[str] | None, where: str) -> Table:
    schema = file.schema_arrow
    header = tuple(schema.names)
    double = sorted({name for name in header if header.count(name) > 1})
    if double:
        what = f"the file has {', '.join(map(repr, double))} more than once"
        raise DataError(Problem(what, "a different name for each column", "rename one of them", where=where))
    names = chosen(header, columns)
    if columns is None:
        names = tuple(name for name in names if _arrow.readable(schema.field(name).type))
    for name in names:
        _arrow.check(name, schema.field(name).type, where)
    if not file.metadata.num_rows:
        raise DataError(Problem("the file has no rows", "at least one row", "check data.path", where=where))
    kept: dict[str, list[str]] = {name: [] for name in names}
    for batch in file.iter_batches(_arrow.BATCH, columns=list(names), use_threads=False) if names else ():
        for name, values in kept.items():
            values.extend(_arrow.texts(batch.column(name), name, where))
    texts = {name: tuple(kept.pop(name)) for name in names}
    return Table(where, header, texts, tuple(range(1, file.metadata.num_rows + 1)))
