"""What a diagnosis measures of the data, with linear models and counts: seconds, no TensorFlow."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from textclf_sweep.analysis.diagnosis import DataEvidence
from textclf_sweep.data.audit import _linear
from textclf_sweep.data.audit.linear import suspects
from textclf_sweep.data.corpus import Corpus, Part, comparable
from textclf_sweep.trial import derive_seed

ROWS = 8_000
"""Rows of a part that are looked at; of more, evenly spread ones."""
WORD = re.compile(r"\w+")
NUMBER = re.compile(r"[-+#]?[0-9][0-9.,:/ -]*")


def measure(train: Part, validation: Part, linear: float | None, seed: int) -> DataEvidence:
    """What there is to know of the data that a trial was trained on.

    Args:
        train: at least one row.
        validation: at least one row.
        linear: validation accuracy of the linear baseline; None when it was not measured.
        seed: of everything that is drawn.
    """
    few, held = thinned(train), thinned(validation)
    labels = Counter(train.labels)
    learned = _out_of_fold(few, seed)
    return DataEvidence(
        train=dict(labels),
        validation=dict(Counter(validation.labels)),
        linear=linear,
        held_out=None if learned is None else float((learned.probabilities.argmax(1) == learned.given).mean()),
        evidence=None if learned is None else learned.evidence,
        mislabelled=0.0 if learned is None else suspects(learned).share,
        conflicting=_conflicting(train),
        overlap=_overlap(train, validation),
        shift=_shift(few, held, seed),
        label_shift=_distance(labels, Counter(validation.labels)),
        label_shift_p=_chance_of_distance(labels, Counter(validation.labels)),
        unseen=_unseen(train, held),
        singles=sum(count == 1 for count in labels.values()) / len(labels),
        numeric=sum(NUMBER.fullmatch(label.strip()) is not None for label in labels) / len(labels),
        giveaway=_giveaway(few, held),
    )


def thinned(part: Part, rows: int = ROWS) -> Part:
    """At most so many rows of a part, evenly spread."""
    step = -(-len(part) // rows)
    return part if step <= 1 else Part(part.texts[::step], part.labels[::step], part.lines[::step])


def _out_of_fold(train: Part, seed: int) -> _linear.OutOfFold | None:
    corpus = Corpus(train.texts, train.labels, train.lines)
    return _linear.judge(corpus, tuple(map(comparable, train.texts)), seed)


def _conflicting(train: Part) -> float:
    """Share of the rows whose text, one that is not blank, stands under several labels."""
    labels: dict[str, set[str]] = {}
    texts = [comparable(text) for text in train.texts]
    for text, label in zip(texts, train.labels, strict=True):
        labels.setdefault(text, set()).add(label)
    return sum(len(labels[text]) > 1 and bool(text) for text in texts) / len(texts)


def _overlap(train: Part, validation: Part) -> float:
    known = set(map(comparable, train.texts)) - {""}
    return sum(comparable(text) in known for text in validation.texts) / len(validation)


def _shift(train: Part, validation: Part, seed: int) -> float:
    """Area under the ROC curve of a linear model that tells the parts apart, on rows that it has not seen.

    A classifier two-sample test (Lopez-Paz and Oquab 2017).
    """
    import numpy as np  # noqa: PLC0415 - heavy
    from sklearn.metrics import roc_auc_score  # noqa: PLC0415 - heavy

    count = min(len(train), len(validation), ROWS // 4)
    draw = np.random.default_rng(derive_seed(seed, "shift"))
    texts, sides = list[str](), list[str]()
    for side, part in (("train", train), ("validation", validation)):
        texts += [part.texts[row] for row in sorted(draw.choice(len(part), count, replace=False).tolist())]
        sides += [side] * count
    corpus = Corpus(tuple(texts), tuple(sides), tuple(range(len(texts))))
    chosen = _linear.sample(corpus, tuple(map(comparable, texts)), seed)
    found = _linear.predict(chosen, _linear.words(texts))
    if len(found.labels) < 2 or len(set(found.given.tolist())) < 2:
        return 0.5
    return float(roc_auc_score(found.given, found.probabilities[:, 1]))


def _distance(train: Counter[str], validation: Counter[str]) -> float:
    """Total variation distance of two label distributions."""
    names = {*train, *validation}
    rows, held = train.total(), validation.total()
    return sum(abs(train[name] / rows - validation[name] / held) for name in names) / 2


def _chance_of_distance(train: Counter[str], validation: Counter[str]) -> float:
    """The p-value of the chi-squared test that both parts have one label distribution."""
    from scipy.special import chdtrc  # noqa: PLC0415 - heavy

    names = sorted({*train, *validation})
    rows, held = train.total(), validation.total()
    statistic = 0.0
    for name in names:
        share = (train[name] + validation[name]) / (rows + held)
        statistic += (train[name] - share * rows) ** 2 / (share * rows)
        statistic += (validation[name] - share * held) ** 2 / (share * held)
    return float(chdtrc(len(names) - 1, statistic)) if len(names) > 1 else 1.0


def _words(texts: Sequence[str]) -> list[list[str]]:
    return [WORD.findall(text.lower()) for text in texts]


def _unseen(train: Part, validation: Part) -> float:
    known = {word for words in _words(train.texts) for word in words}
    counts = Counter(word for words in _words(validation.texts) for word in words)
    return sum(count for word, count in counts.items() if word not in known) / max(1, counts.total())


def _giveaway(train: Part, validation: Part) -> float:
    """Validation accuracy of a rule of one word for each label; rows without any such word count as wrong."""
    word_labels: dict[str, Counter[str]] = {}
    for words, label in zip(_words(train.texts), train.labels, strict=True):
        for word in set(words):
            word_labels.setdefault(word, Counter())[label] += 1
    rows, best = Counter(train.labels), dict[str, tuple[float, str]]()
    for word, counts in word_labels.items():
        label, count = counts.most_common(1)[0]
        f1 = 2 * count / (rows[label] + counts.total())
        best[label] = max(best.get(label, (0.0, "")), (f1, word))
    rule = {word: label for label, (_, word) in best.items()}
    right = [
        {rule[word] for word in words if word in rule} == {label}
        for words, label in zip(_words(validation.texts), validation.labels, strict=True)
    ]
    return sum(right) / len(right)
