"""The bundled sample: 6,800 news headlines with four equally frequent labels, already split.

No news story is in two of its parts. F. Gasparetti, News Aggregator, UCI Machine Learning Repository, 2016; see
``textclf_sweep/data/uci_news/CITATION.md``.
"""

from __future__ import annotations

from importlib import resources

from textclf_sweep.data.corpus import PARTS, Corpus
from textclf_sweep.data.sources import _delimited, _text
from textclf_sweep.definition.space import Parameter
from textclf_sweep.definition.types import DataSettings

PARAMETERS: tuple[Parameter, ...] = ()
EXTENSIONS: tuple[str, ...] = ()


def load(settings: DataSettings) -> Corpus:  # noqa: ARG001 - the sample has neither a path nor columns to choose
    """The sample's rows, with their news stories as groups and the sample's own split."""
    folder = resources.files("textclf_sweep.data") / "uci_news"
    tables = {
        part: _delimited.to_corpus(
            _delimited.parse(_text.decode((folder / f"{part}.csv").read_bytes(), "utf-8", where), ",", where),
            "text", "label", "story",
        )
        for part in PARTS
        for where in [f"uci_news/{part}.csv"]
    }  # fmt: skip
    return Corpus(
        texts=tuple(text for table in tables.values() for text in table.texts),
        labels=tuple(label for table in tables.values() for label in table.labels),
        lines=tuple(line for table in tables.values() for line in table.lines),
        groups=tuple(group for table in tables.values() for group in table.groups or ()),
        parts=tuple(part for part, table in tables.items() for _ in table.texts),
        name="uci_news",
    )
