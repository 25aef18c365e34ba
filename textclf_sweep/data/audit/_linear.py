"""Out-of-fold probabilities of a linear model: what several checks judge labels by.

Every row's probabilities come from a model that has seen neither the row nor an equal or grouped one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from textclf_sweep.data.corpus import Corpus
from textclf_sweep.trial import derive_seed

if TYPE_CHECKING:
    import numpy as np

ROWS = 20_000
"""Rows that are looked at; of more, a sample."""
LABELS = 200
"""Labels that are looked at, the commonest ones: fitting takes time in proportion."""
CELLS = 4_000_000
"""Rows times labels that are looked at."""
CHARACTERS = 20_000_000
"""Characters that are cut into words, about; of longer texts, their beginnings."""
CHARACTER_ROWS, CHARACTER_LENGTH = 10_000, 200
"""Rows, and characters of each, that are cut into characters: only relations that words do not show are looked for."""
FOLDS = 5
CLEAR = 4.0
"""Standard deviations above which no second look is taken."""


@dataclass(frozen=True)
class OutOfFold:
    """Probabilities of a model that is trained on the other folds.

    Attributes:
        rows: (n,) indices into the corpus, ascending; see `sample`.
        labels: the L labels, sorted.
        given: (n,) each row's own label, an index into `labels`.
        folds: (n,) the fold of each row, from 0.
        probabilities: (n, L), rows sum to 1.
        evidence: how far it is better than chance, in standard deviations; see `evidence`.
    """

    rows: np.ndarray
    labels: tuple[str, ...]
    given: np.ndarray
    folds: np.ndarray
    probabilities: np.ndarray
    evidence: float


@dataclass(frozen=True)
class Sample:
    """Rows that are looked at, with a fold each.

    Attributes:
        rows, labels, given, folds: as in `OutOfFold`.
    """

    rows: np.ndarray
    labels: tuple[str, ...]
    given: np.ndarray
    folds: np.ndarray


def judge(corpus: Corpus, comparable: tuple[str, ...], seed: int) -> OutOfFold | None:
    """Logistic regression on TF-IDF of words.

    When it is hardly better than chance, models of stronger regularisation, of words with pairs of them and of
    characters, are asked too: they find weaker relations, and those in the order of words or below it. The evidence is
    the best that is found.

    Args:
        corpus: complete rows.
        comparable: their texts as they are compared.
        seed: of the sample and of the folds.

    Returns:
        None when there are fewer than two labels to tell apart, or more than a third as many labels as rows.
    """
    if not 1 < len(set(corpus.labels)) <= len(corpus) / 3:
        return None
    chosen = sample(corpus, comparable, seed)
    texts = [corpus.texts[row] for row in chosen.rows]
    model = predict(chosen, words(texts))
    if model.evidence >= CLEAR:
        return model
    again = predict(chosen, words(texts, most=2), strength=0.1)
    if again.evidence < CLEAR:
        few = _fewer(chosen)
        again = predict(few, characters([corpus.texts[row] for row in few.rows]), strength=0.1)
    return replace(model, evidence=max(model.evidence, again.evidence))


def _fewer(chosen: Sample) -> Sample:
    """Evenly spread rows, `CHARACTER_ROWS` at the most."""
    kept = slice(None, None, -(-len(chosen.rows) // CHARACTER_ROWS))
    return Sample(chosen.rows[kept], chosen.labels, chosen.given[kept], chosen.folds[kept])


def sample(corpus: Corpus, comparable: tuple[str, ...], seed: int) -> Sample:
    """At most `ROWS` rows of the `LABELS` commonest labels, fewer when there are many labels.

    Equal texts and rows of one group share a fold; otherwise each label is spread evenly.

    Args:
        corpus: complete rows.
        comparable: their texts as they are compared.
        seed: of the sample and of the folds.

    """
    import numpy as np  # noqa: PLC0415 - heavy

    counts = Counter(corpus.labels)
    labels = tuple(sorted(sorted(counts, key=lambda label: (-counts[label], label))[:LABELS]))
    codes = {label: code for code, label in enumerate(labels)}
    given = np.array([codes.get(label, -1) for label in corpus.labels], dtype=np.intp)
    draw = np.random.default_rng(derive_seed(seed, "linear"))
    rows = np.flatnonzero(given >= 0)
    limit = min(ROWS, CELLS // len(labels))
    if len(rows) > limit:
        rows = np.sort(draw.choice(rows, limit, replace=False))
    folds = _folds([comparable[row] for row in rows], corpus.groups, rows, given[rows], draw)
    return Sample(rows, labels, given[rows], folds)


def _folds(
    texts: list[str], groups: tuple[str, ...] | None, rows: np.ndarray, given: np.ndarray, draw: np.random.Generator
) -> np.ndarray:
    """The fold of each row. Clusters are dealt in turn, sorted by label and in random order within one."""
    import numpy as np  # noqa: PLC0415 - heavy
    from scipy.sparse import csr_array  # noqa: PLC0415 - heavy
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415 - heavy

    count = len(texts)
    keys = np.unique(np.array(texts, dtype=object), return_inverse=True)[1]
    pairs = [(np.arange(count), count + keys)]
    if groups is not None:
        named = np.array([groups[row] for row in rows], dtype=object)
        grouped = np.flatnonzero(named != "")
        pairs.append((grouped, 2 * count + np.unique(named[grouped], return_inverse=True)[1]))
    left, right = (np.concatenate(side) for side in zip(*pairs, strict=True))
    graph = csr_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(3 * count, 3 * count))
    cluster = connected_components(graph, directed=False)[1][:count]
    _, first, member = np.unique(cluster, return_index=True, return_inverse=True)
    order = np.lexsort((draw.random(len(first)), given[first]))
    folds = np.empty(len(first), dtype=np.intp)
    folds[order] = np.arange(len(first)) % FOLDS
    return folds[member]


def predict(chosen: Sample, inputs: Any, strength: float = 3.0) -> OutOfFold:
    """Logistic regression on `inputs`, one model for each fold; where there is nothing to learn, the labels' shares.

    Args:
        chosen: n rows.
        inputs: (n, terms) sparse; None when there are no terms.
        strength: the inverse of the regularisation (C); a low one suits noise.
    """
    import numpy as np  # noqa: PLC0415 - heavy
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - heavy
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # noqa: PLC0415 - scikit-learn brings it

    count = len(chosen.labels)
    probabilities = np.zeros((len(chosen.rows), count), dtype=np.float32)
    with threadpool_limits(1):
        for fold in range(FOLDS):
            held = chosen.folds == fold
            known = np.bincount(chosen.given[~held], minlength=count)
            if not held.any():
                continue
            if inputs is None or (known > 0).sum() < 2:
                probabilities[held] = known / max(1, known.sum())
                continue
            model = LogisticRegression(C=strength, tol=1e-3 if strength >= 1 else 1e-4, max_iter=100)
            model.fit(inputs[~held], chosen.given[~held])
            probabilities[np.ix_(held, model.classes_)] = model.predict_proba(inputs[held])
    found = evidence(chosen.given, chosen.folds, probabilities)
    return OutOfFold(chosen.rows, chosen.labels, chosen.given, chosen.folds, probabilities, found)


def words(texts: Sequence[str], most: int = 1) -> Any:
    """TF-IDF of words (and of up to `most` in a row), (rows, terms) sparse; None when no word is in two texts."""
    pattern, length = r"\w+", max(200, CHARACTERS // max(1, len(texts)))
    return _weighted(texts, length, analyzer="word", token_pattern=pattern, ngram_range=(1, most))


def characters(texts: Sequence[str]) -> Any:
    """TF-IDF of one to three characters as they are written; None without any."""
    return _weighted(texts, CHARACTER_LENGTH, analyzer="char", ngram_range=(1, 3), lowercase=False)


def _weighted(texts: Sequence[str], length: int, **options: Any) -> Any:
    import numpy as np  # noqa: PLC0415 - heavy
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - heavy

    vectorizer = TfidfVectorizer(**options, sublinear_tf=True, min_df=2, dtype=np.float32)
    try:
        return vectorizer.fit_transform([text[:length] for text in texts])
    except ValueError:  # "empty vocabulary", or no term left after pruning
        return None


def evidence(given: np.ndarray, folds: np.ndarray, probabilities: np.ndarray) -> float:
    """How far the model is better than chance, in standard deviations (z).

    The statistic is the sum of every row's probability of its own label; its mean and its variance are those under
    a random exchange of the labels within each fold. So neither imbalance nor the model's confidence matters: a model
    that always answers the commonest label has z = 0.

    Args:
        given: as in `OutOfFold`.
        folds: as there.
        probabilities: as there.
    """
    import numpy as np  # noqa: PLC0415 - heavy

    excess = variance = 0.0
    for fold in range(FOLDS):
        held = folds == fold
        count = int(held.sum())
        if count < 2:
            continue
        own, scores = given[held], probabilities[held].astype(np.float64)
        share = np.bincount(own, minlength=probabilities.shape[1]) / count
        centred = scores - scores.mean(axis=0)
        centred -= (centred @ share)[:, None]
        excess += float(centred[np.arange(count), own].sum())
        variance += float((centred**2 @ share).sum()) * count / (count - 1)
    # What two rows say of each other counts twice, once in each one's fold.
    return excess / (2 * variance) ** 0.5 if variance > 1e-12 else 0.0
