"""Sequences of ids as arrays of one width, padded after the text: what all features that are read in order share."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from textclf_sweep.definition.space import Parameter
from textclf_sweep.trial import Parameters

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

PADDING = 0

TRUNCATE = Parameter(
    "truncate", "str", "head",
    "What is kept of a text that is too long: its start, its end, or half of each.",
    choices=("head", "tail", "head_tail"),
)  # fmt: skip
LENGTH_PERCENTILE = Parameter(
    "length_percentile", "float", 100.0,
    "Texts are cut to this percentile of the training texts' lengths where it is less than max_length; 100 is the "
    "longest text.",
    above=0, maximum=100,
)  # fmt: skip

_Item = TypeVar("_Item")


def width_of(lengths: Sequence[int] | npt.NDArray[np.integer], parameters: Parameters) -> int:
    """The width of the arrays of every part, >= 1.

    Args:
        lengths: of the training texts, in tokens.
        parameters: `max_length`, and `length_percentile` (the least length that so many per cent of the texts do not
            exceed; texts without a token count as one token long).
    """
    import numpy as np  # noqa: PLC0415 - heavy

    percentile = float(parameters["length_percentile"])
    wanted = np.percentile(lengths, percentile, method="inverted_cdf") if len(lengths) else 1
    return max(1, min(int(parameters["max_length"]), int(wanted)))


def cut(items: Sequence[_Item], width: int, truncate: str) -> Sequence[_Item]:
    """At most `width` of the items: the first, the last, or the first half (the larger) and the last half.

    Args:
        items: of any number.
        width: >= 0.
        truncate: ``head``, ``tail`` or ``head_tail``.
    """
    if len(items) <= width:
        return items
    tail = {"head": 0, "tail": width, "head_tail": width // 2}[truncate]
    return [*items[: width - tail], *items[len(items) - tail :]]


def padded(rows: Sequence[Sequence[int]], width: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Rows of ids as an array, and how many there are in each.

    Args:
        rows: at most `width` ids each, none of them `PADDING`.
        width: >= 1.

    Returns:
        Ids of shape (rows, width), padded after each row's end, and lengths of shape (rows,).
    """
    import numpy as np  # noqa: PLC0415 - heavy

    lengths = np.fromiter(map(len, rows), np.int32, len(rows))
    inputs = np.full((len(rows), width), PADDING, np.int32)
    # The mask picks the cells left of each row's end, in the order in which the rows' ids follow each other.
    inputs[np.arange(width) < lengths[:, None]] = np.fromiter(chain.from_iterable(rows), np.int32, int(lengths.sum()))
    return inputs, lengths


def save(folder: Path, rows: Sequence[Sequence[int]], width: int, labels: npt.NDArray[np.int32]) -> None:
    """Write the arrays of `padded` and the class numbers into `folder`, for `read`."""
    import numpy as np  # noqa: PLC0415 - heavy

    for name, array in zip(_ARRAYS, (*padded(rows, width), labels), strict=True):
        np.save(folder / f"{name}.npy", array)


def read(folder: Path) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Inputs, lengths and class numbers that `save` wrote, memory-mapped and read-only."""
    import numpy as np  # noqa: PLC0415 - heavy

    inputs, lengths, labels = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in _ARRAYS)
    return inputs, lengths, labels


_ARRAYS = ("inputs", "lengths", "labels")
