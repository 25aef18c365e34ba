"""Rows that are mostly zero, kept as their cells that are not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class SparseRows:
    """A matrix in compressed sparse row form (CSR): ``indices[indptr[r]:indptr[r + 1]]`` are row r's columns.

    Attributes:
        indptr: where each row's cells begin, and the number of all cells; rising, shape (rows + 1,).
        indices: the cells' columns, in [0, width), rising within a row, shape (cells,).
        values: the cells' values, shape (cells,).
        width: columns, >= 1.
    """

    indptr: npt.NDArray[np.int64]
    indices: npt.NDArray[np.int32]
    values: npt.NDArray[np.float32]
    width: int

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def take(self, rows: npt.NDArray[np.integer]) -> SparseRows:
        """These rows (indices from 0), in the order given, in memory."""
        import numpy as np  # noqa: PLC0415 - heavy

        starts, counts = self.indptr[rows], self.indptr[rows + 1] - self.indptr[rows]
        indptr = np.concatenate(([0], np.cumsum(counts)))
        cells = np.arange(indptr[-1]) + np.repeat(starts - indptr[:-1], counts)
        return SparseRows(indptr, self.indices[cells], self.values[cells], self.width)

    def coordinates(self) -> npt.NDArray[np.int64]:
        """The (row, column) of each cell, in rising order, shape (cells, 2)."""
        import numpy as np  # noqa: PLC0415 - heavy

        return np.column_stack((np.repeat(np.arange(len(self)), np.diff(self.indptr)), self.indices)).astype(np.int64)

    def dense(self) -> npt.NDArray[np.float32]:
        """The whole matrix, zeros and all, shape (rows, width)."""
        import numpy as np  # noqa: PLC0415 - heavy

        matrix = np.zeros((len(self), self.width), np.float32)
        matrix[tuple(self.coordinates().T)] = self.values
        return matrix


def save(folder: Path, rows: SparseRows) -> None:
    """Write `rows` into `folder`, for `read`."""
    import numpy as np  # noqa: PLC0415 - heavy

    for name in _ARRAYS:
        np.save(folder / f"{name}.npy", getattr(rows, name))


def read(folder: Path, width: int) -> SparseRows:
    """What `save` wrote, memory-mapped and read-only."""
    import numpy as np  # noqa: PLC0415 - heavy

    indptr, indices, values = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in _ARRAYS)
    return SparseRows(indptr, indices, values, width)


_ARRAYS = ("indptr", "indices", "values")
