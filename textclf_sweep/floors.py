"""What a classifier has to beat: chance, the commonest label, and a linear model that takes seconds.

Pure functions of the data; they run in the parent, without TensorFlow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from textclf_sweep.data.corpus import Part

_SMALL = 5_000
"""Training rows from which on terms that occur in one text only are left out: they cost time for no accuracy."""


@dataclass(frozen=True, slots=True)
class Floors:
    """Accuracies, in [0, 1], of classifiers that need no search.

    Attributes:
        chance: of guessing each of the K training labels equally often, 1 / K.
        majority: of always answering the commonest training label.
        linear: of TF-IDF and logistic regression; None when it cannot be fitted (one label, or texts without a term).
    """

    chance: float
    majority: float
    linear: float | None

    def to_json(self) -> dict[str, float | None]:
        """As a JSON object."""
        return {"chance": self.chance, "majority": self.majority, "linear": self.linear}


def floors(train: Part, evaluation: Part) -> Floors:
    """The floors, learned on `train` and scored on `evaluation`.

    Called again with the same `train` and the test part, it scores the same classifiers: fitting is deterministic.

    Args:
        train: at least one row.
        evaluation: at least one row, of the validation part during a sweep and of the test part once it is opened.
    """
    counts = Counter(train.labels)
    # Equally common labels: the first in alphabetical order, so that the order of the rows does not matter.
    commonest = min(counts, key=lambda label: (-counts[label], label))
    return Floors(
        chance=1 / len(counts),
        majority=sum(label == commonest for label in evaluation.labels) / len(evaluation),
        linear=_linear(train, evaluation) if len(counts) > 1 else None,
    )


def mean_floors(pairs: Sequence[tuple[Part, Part]]) -> Floors:
    """The means of the floors of each (train, evaluation) pair, as a trial's value is the mean over its folds.

    Args:
        pairs: at least one, each as `floors` takes it. A linear floor that cannot be fitted on one of them has no mean.
    """
    found = [floors(train, evaluation) for train, evaluation in pairs]
    linear = [item.linear for item in found if item.linear is not None]
    return Floors(
        chance=fmean(item.chance for item in found),
        majority=fmean(item.majority for item in found),
        linear=fmean(linear) if len(linear) == len(found) else None,
    )


def _linear(train: Part, evaluation: Part) -> float | None:
    """Accuracy of logistic regression on TF-IDF of words and pairs of words, or None when no text has a term."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - heavy
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - heavy
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # noqa: PLC0415 - scikit-learn brings it

    vectorizer = TfidfVectorizer(
        token_pattern=r"\w+",  # noqa: S106 - a pattern of tokens, no password
        ngram_range=(1, 2),
        sublinear_tf=True,
        min_df=1 if len(train) < _SMALL else 2,
    )
    try:
        inputs = vectorizer.fit_transform(train.texts)
    except ValueError:  # "empty vocabulary", or no term left after pruning
        return None
    model = LogisticRegression(C=3.0, tol=1e-3, max_iter=1_000)
    # The products are small: more threads would wait for each other, and for the workers that train meanwhile.
    with threadpool_limits(1):
        model.fit(inputs, train.labels)
        return float(model.score(vectorizer.transform(evaluation.texts), evaluation.labels))
