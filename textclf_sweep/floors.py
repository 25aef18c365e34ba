"""What a classifier has to beat: chance, the commonest label, and a linear model that takes seconds.

Pure functions of the data; they run in the parent, without TensorFlow.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from textclf_sweep.data.corpus import Part
from textclf_sweep.definition.types import BASELINES
from textclf_sweep.trial import bits_of, from_bits

_SMALL = 5_000
"""Training rows from which on terms that occur in one text only are left out: they cost time for no accuracy."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """A classifier that needs no search, and what it reaches.

    Attributes:
        metrics: accuracy, macro_f1 and loss (mean cross-entropy in nats), those that it has.
        right: which rows it labels rightly, as `textclf_sweep.trial.bits_of` writes it; empty for chance.
        seconds: that learning and scoring took.
    """

    metrics: Mapping[str, float]
    right: str = ""
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {"metrics": dict(self.metrics), "right": self.right, "seconds": self.seconds}


@dataclass(frozen=True, slots=True)
class Floors:
    """The baselines that were measured, by name.

    Attributes:
        baselines: of ``chance`` (each of the K training labels equally often), ``majority`` (always the commonest
            training label) and ``linear`` (TF-IDF and logistic regression) those that were asked for; ``linear`` is
            absent when it cannot be fitted (one label, more labels than half the rows, or texts without a term).
    """

    baselines: Mapping[str, Baseline] = field(default_factory=dict)

    @property
    def chance(self) -> float | None:
        """The accuracy of chance, 1 / K; None when it was not measured."""
        return self.accuracy("chance")

    @property
    def majority(self) -> float | None:
        """The accuracy of the commonest label; None when it was not measured."""
        return self.accuracy("majority")

    @property
    def linear(self) -> float | None:
        """The accuracy of the linear model; None when it was not measured."""
        return self.accuracy("linear")

    def accuracy(self, name: str) -> float | None:
        """The accuracy of one baseline; None when it was not measured."""
        found = self.baselines.get(name)
        return None if found is None else found.metrics["accuracy"]

    def to_json(self) -> dict[str, float | None]:
        """The accuracies as a JSON object, null for those that were not measured."""
        return {name: self.accuracy(name) for name in BASELINES}


def floors(train: Part, evaluation: Part, chosen: Collection[str] = BASELINES) -> Floors:
    """The floors, learned on `train` and scored on `evaluation`.

    Called again with the same `train` and the test part, it scores the same classifiers: fitting is deterministic.

    Args:
        train: at least one row.
        evaluation: at least one row, of the validation part during a sweep and of the test part once it is opened.
        chosen: the baselines to measure.
    """
    makers = {"chance": _chance, "majority": _majority, "linear": _linear}
    found = {name: makers[name](train, evaluation) for name in BASELINES if name in chosen}
    return Floors({name: baseline for name, baseline in found.items() if baseline is not None})


def mean_floors(pairs: Sequence[tuple[Part, Part]], chosen: Collection[str] = BASELINES) -> Floors:
    """The means of the floors of each (train, evaluation) pair, as a trial's value is the mean over its folds.

    Args:
        pairs: at least one, each as `floors` takes it. A linear floor that cannot be fitted on one of them has no mean.
        chosen: the baselines to measure.
    """
    found = [floors(*pair, chosen).baselines for pair in pairs]
    names = [name for name in BASELINES if all(name in item for item in found)]
    return Floors({name: _mean([item[name] for item in found]) for name in names})


def _mean(baselines: Sequence[Baseline]) -> Baseline:
    names = baselines[0].metrics
    right = [bit for item in baselines for bit in from_bits(item.right)]
    return Baseline(
        {name: fmean(item.metrics[name] for item in baselines) for name in names},
        bits_of(right) if right else "",
        sum(item.seconds for item in baselines),
    )


def _chance(train: Part, _: Part) -> Baseline:
    labels = len(set(train.labels))
    return Baseline({"accuracy": 1 / labels, "macro_f1": 1 / labels, "loss": math.log(labels)})


def _majority(train: Part, evaluation: Part) -> Baseline:
    counts = Counter(train.labels)
    # Equally common labels: the first in alphabetical order, so that the order of the rows does not matter.
    commonest = min(counts, key=lambda label: (-counts[label], label))
    return Baseline(*_scored(evaluation, [commonest] * len(evaluation)))


def _scored(evaluation: Part, predicted: Sequence[str]) -> tuple[dict[str, float], str]:
    """Accuracy and macro F1 (over the labels that are there or predicted), and which rows are right."""
    from sklearn.metrics import f1_score  # noqa: PLC0415 - heavy

    right = [one == other for one, other in zip(predicted, evaluation.labels, strict=True)]
    f1 = float(f1_score(evaluation.labels, predicted, average="macro", zero_division=0))
    return {"accuracy": fmean(right), "macro_f1": f1}, bits_of(right)


def _linear(train: Part, evaluation: Part) -> Baseline | None:
    """Logistic regression on TF-IDF of words and pairs of words, or None when no text has a term."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - heavy
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - heavy
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # noqa: PLC0415 - scikit-learn brings it

    if not 1 < len(set(train.labels)) <= len(train) / 2:  # labels of one row each are no labels
        return None
    started = time.perf_counter()
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
        shares = model.predict_proba(vectorizer.transform(evaluation.texts))
    labels = model.classes_.tolist()
    metrics, right = _scored(evaluation, [labels[best] for best in shares.argmax(axis=1)])
    places = {label: place for place, label in enumerate(labels)}
    # A label that no training row has is as unlikely as numbers allow.
    own = [shares[row, places[label]] if label in places else 0.0 for row, label in enumerate(evaluation.labels)]
    loss = fmean(-math.log(max(share, 1e-12)) for share in own)
    return Baseline({**metrics, "loss": loss}, right, time.perf_counter() - started)
