"""What reaches a trial's model of the texts: a linear model on exactly its inputs, against one on whole texts.

A linear model learns in a second whatever words tell of labels. Where it learns from whole texts and not from what the
trial's model reads, the settings of the features have lost it; changing one group of them at a time tells which.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textclf_sweep.analysis.diagnosis import Reading
from textclf_sweep.data import cleaning, features
from textclf_sweep.data.corpus import Part
from textclf_sweep.data.features import Features, SparseRows
from textclf_sweep.data.features.tokens import UNKNOWN, tokenize
from textclf_sweep.trial import Parameters, Scalar
from textclf_sweep.verdicts import SIGNIFICANT, mcnemar

if TYPE_CHECKING:
    import numpy as np
    from scipy.sparse import csr_array

ROWS = 8_000
"""Training rows that a linear model learns from; of more, evenly spread ones."""
WHOLE: Mapping[str, Scalar] = {"max_length": 512, "vocabulary_size": 50_000, "min_count": 1, "embedding": "none"}
"""Features that lose next to nothing."""
LOST = 0.03
"""Accuracy lost from which on it is found out where."""
GROUPS: Mapping[str, tuple[str, ...]] = {
    "max_length": ("max_length", "truncate", "length_percentile"),
    "vocabulary": ("vocabulary_size", "min_count", "embedding"),
    "cleaning": tuple(item.name for item in cleaning.PARAMETERS),
}
"""Settings that are changed together, to those of `WHOLE`."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the features of a trial are.

    Attributes:
        features: a module of `textclf_sweep.data.features`.
        corpus, cache, folder: as `textclf_sweep.data.features.load` takes them.
        parameters: of the trial, none left out.
    """

    features: str
    corpus: Path
    cache: Path
    folder: Path
    parameters: Parameters


def read(place: Place, train: Part) -> Reading:
    """What reaches the model.

    Args:
        place: of the trial's features.
        train: the training part as it was written.

    Raises:
        SweepError: the features cannot be built.
    """
    inputs = {part: _load(place, place.features, place.parameters, part) for part in ("train", "validation")}
    counts = sorted(len(tokenize(text)) for text in train.texts)
    comparable = place.features != "tokens" or place.parameters.get("unit", "word") == "word"
    seen = _right(inputs["train"], inputs["validation"]) if comparable else None
    whole = _right_with(place, WHOLE)
    lost = seen is not None and whole is not None and _mean(whole) - _mean(seen) >= LOST
    p = mcnemar(seen, whole) if seen is not None and whole is not None else 1.0
    lengths = inputs["train"].lengths
    return Reading(
        seen=None if seen is None else _mean(seen),
        whole=None if whole is None else _mean(whole),
        p=p,
        changed=_changed(place) if lost and p < SIGNIFICANT else {},
        words=float(statistics.median(counts)),
        tokens=float(statistics.median(lengths.tolist())),
        longest=float(counts[min(len(counts) - 1, int(0.95 * len(counts)))]),
        width=inputs["train"].info.max_length if place.features != "tfidf" else 10**6,
        empty=_empty(inputs["train"]),
        unknown=_unknown(inputs["validation"]),
        unknown_train=_unknown(inputs["train"]),
    )


def _load(place: Place, name: str, parameters: Parameters, part: str) -> Features:
    return features.load(name, place.corpus, place.cache, parameters, part, place.folder)


def _changed(place: Place) -> dict[str, float]:
    """The accuracy with one group of settings as in `WHOLE` and the others as they are."""
    found = {}
    for group, names in GROUPS.items():
        kept = {name: value for name, value in place.parameters.items() if name not in names}
        given = {**kept, **{name: WHOLE[name] for name in names if name in WHOLE}}
        if given != dict(place.parameters) and (right := _right_with(place, given)) is not None:
            found[group] = _mean(right)
    return found


def _right_with(place: Place, parameters: Parameters) -> list[bool] | None:
    train, validation = (_load(place, "tokens", parameters, part) for part in ("train", "validation"))
    return _right(train, validation)


def _right(train: Features, validation: Features) -> list[bool] | None:
    """Which validation rows a linear model on these inputs labels rightly; None when there is nothing to learn."""
    import numpy as np  # noqa: PLC0415 - heavy
    from sklearn.feature_extraction.text import TfidfTransformer  # noqa: PLC0415 - heavy
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - heavy
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # noqa: PLC0415 - scikit-learn brings it

    rows = np.arange(0, len(train.labels), -(-len(train.labels) // ROWS))
    labels = np.asarray(train.labels)[rows]
    if not 1 < len(np.unique(labels)) <= len(labels) / 2:
        return None
    known, asked = _cells(train, rows), _cells(validation, np.arange(len(validation.labels)))
    if not isinstance(train.inputs, SparseRows):  # counts; others have their weights
        weigh = TfidfTransformer(sublinear_tf=True).fit(known)
        known, asked = weigh.transform(known), weigh.transform(asked)
    model = LogisticRegression(C=3.0, tol=1e-3, max_iter=300)
    with threadpool_limits(1):
        predicted = model.fit(known, labels).predict(asked)
    return [bool(value) for value in predicted == np.asarray(validation.labels)]


def _cells(found: Features, rows: np.ndarray) -> csr_array:
    """How often each token is in each row, or what its weight is there, shape (rows, vocabulary)."""
    import numpy as np  # noqa: PLC0415 - heavy
    from scipy.sparse import csr_array  # noqa: PLC0415 - heavy

    if isinstance(found.inputs, SparseRows):
        taken = found.inputs.take(rows)
        cells = taken.coordinates()
        return csr_array((taken.values, (cells[:, 0], cells[:, 1])), shape=(len(taken), taken.width))
    ids = np.asarray(found.inputs[rows])
    row, column = np.nonzero(ids)
    values = np.ones(len(row), np.float32)
    counts = csr_array((values, (row, ids[row, column])), shape=(len(rows), found.info.vocabulary_size))
    counts.sum_duplicates()
    return counts


def _empty(found: Features) -> float:
    """Share of the rows without a known token."""
    import numpy as np  # noqa: PLC0415 - heavy

    if isinstance(found.inputs, SparseRows):
        return float((np.asarray(found.lengths) == 0).mean())
    return float((np.asarray(found.inputs) <= UNKNOWN).all(axis=1).mean())


def _unknown(found: Features) -> float:
    """Share of the tokens that are unknown; 0 where features leave them out."""
    import numpy as np  # noqa: PLC0415 - heavy

    if isinstance(found.inputs, SparseRows):
        return 0.0
    ids = np.asarray(found.inputs)
    return float((ids == UNKNOWN).sum() / max(1, (ids > 0).sum()))


def _mean(right: list[bool]) -> float:
    return sum(right) / len(right)
