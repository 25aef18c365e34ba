"""Causes in the data: labels that texts do not tell, parts that differ, too little of it, too good to be true."""

from __future__ import annotations

from textclf_sweep.analysis.diagnosis._case import Case, Cause, DataEvidence
from textclf_sweep.analysis.diagnosis._patches import parameter, together, vectors

SIGNIFICANT = 3.0
"""Standard deviations beyond chance that texts must tell of labels; as in the data audit."""
HEAVY = 0.8
"""Share of the commonest label from which on always answering it looks like success."""
FEW, FEW_PER_LABEL = 400, 40
"""Training rows, and rows of a label, below which little can be learned from scratch."""
STRANGE = 0.6
"""Share of validation words that no training text has, which texts of one kind do not reach."""
LEAKY = 0.98
"""Validation accuracy that hardly any real texts allow."""


def shuffled_labels(case: Case) -> Cause | None:
    """Texts tell nothing about labels."""
    data = case.data
    if data is None or data.evidence is None or data.held_out is None or data.singles > 0.5:
        return None
    lost = data.evidence < SIGNIFICANT and "shuffled_labels" in case.findings
    if not lost and not (data.evidence < SIGNIFICANT and data.rows >= 200):
        return None
    score = 0.95 if data.rows >= 500 else 0.6
    # Words that never come again tell nothing either, and that has a name of its own.
    score -= 0.4 if data.unseen > STRANGE else 0.0
    explanation = (
        f"Texts tell nothing about labels: a linear model labels {data.held_out:.1%} of training rows that it has not "
        f"seen rightly, no better than with labels exchanged at random ({data.evidence:+.1f} standard deviations), and "
        f"so no network can. Were texts and labels sorted or joined apart from each other?"
    )
    evidence = {"held_out_accuracy": data.held_out, "deviations": data.evidence, "commonest": data.commonest}
    return Cause("shuffled_labels", score, evidence, explanation)


def label_column_misread(case: Case) -> Cause | None:
    """What is taken for labels is something else: an id, a date, a number."""
    data = case.data
    if data is None:
        return None
    labels = len(data.train)
    found = "label_column_misread" in case.findings
    if not found and (labels < 20 or data.rows / labels > 3):
        return None
    explanation = (
        f"The label column holds {labels:,} different values in {data.rows:,} training rows"
        f"{f', {data.numeric:.0%} of them numbers' if data.numeric > 0.5 else ''}: that is an id or a text, no label. "
        f"{f'The column {case.label_column!r} looks like one.' if case.label_column else 'Name the right column.'}"
    )
    patch = {"data": {"label": case.label_column}} if case.label_column else {}
    evidence = {"labels": labels, "rows": data.rows, "single_row_labels": data.singles, "numeric": data.numeric}
    return Cause("label_column_misread", 0.98 if found else 0.9, evidence, explanation, patch)


def conflicting_labels(case: Case) -> Cause | None:
    """One text under several labels: whatever the model answers is wrong for some."""
    data = case.data
    if data is None or data.conflicting < 0.03:
        return None
    score = min(0.95, 0.3 + 2 * data.conflicting)
    explanation = (
        f"{data.conflicting:.1%} of the training rows have a text that also stands under another label: no model can "
        "be right about these. `sweep check` lists them; decide for one label each, or remove them."
    )
    return Cause("conflicting_labels", score, {"conflicting": data.conflicting}, explanation)


def noise_floor(case: Case) -> Cause | None:
    """Labels disagree with each other so often that nothing gets any higher."""
    data = case.data
    if data is None or data.held_out is None or data.evidence is None or data.evidence < SIGNIFICANT:
        return None
    wrong = max(data.mislabelled, data.conflicting / 2)
    if wrong < 0.08 or data.singles > 0.5:
        return None
    ceiling = 1 - wrong
    score = min(0.85, 0.25 + 1.6 * wrong)
    score -= 0.3 if case.accuracy < case.reachable - 0.15 else 0.0
    # Nothing can be said of what a blank text means.
    score -= 0.4 if case.reading is not None and case.reading.empty > 0.2 else 0.0
    explanation = (
        f"About {wrong:.0%} of the labels contradict what equal or similar texts say, so nothing can be expected above "
        f"about {ceiling:.2f}; a linear model reaches {case.reachable:.2f}, this trial {case.accuracy:.2f}. Better "
        "labels would help, another network would not. `sweep check` lists the most suspect rows."
    )
    evidence = {"mislabelled": data.mislabelled, "conflicting": data.conflicting, "ceiling": ceiling,
                "linear": case.reachable, "accuracy": case.accuracy}  # fmt: skip
    return Cause("noise_floor", score, evidence, explanation)


def imbalance(case: Case) -> Cause | None:
    """One label is so common that always answering it looks like success."""
    data = case.data
    if data is None or len(data.train) < 2 or data.commonest < max(HEAVY, 1.6 / len(data.train)):
        return None
    entropy = (case.curve("prediction_entropy") or [1.0])[-1]
    f1 = (case.curve("val_macro_f1") or [1.0])[-1]
    score = 0.55 + (0.3 if entropy < 0.1 or f1 < 0.6 else 0.0) + (0.1 if data.commonest > 0.93 else 0.0)
    label = max(data.train, key=lambda name: data.train[name])
    answers = "and the model answers hardly anything else" if entropy < 0.1 else f"and macro F1 is {f1:.2f}"
    explanation = (
        f"{data.commonest:.0%} of the training rows have the label {label!r}, {answers}. Accuracy says little here: "
        "weigh the labels, and search for macro F1."
    )
    evidence = {"commonest": data.commonest, "prediction_entropy": entropy, "val_macro_f1": f1}
    patch = together({"metric": {"name": "val_macro_f1"}}, parameter(case, "class_weight", "balanced"))
    return Cause("imbalance", score, evidence, explanation, patch)


def distribution_shift(case: Case) -> Cause | None:
    """Validation rows are of another kind than training rows."""
    data = case.data
    if data is None or data.held_out is None or data.singles > 0.5:
        return None
    drop = data.held_out - (data.linear if data.linear is not None else data.held_out)
    score = 0.0
    score += 0.5 if data.shift > 0.9 else 0.35 if data.shift > 0.8 else 0.15 if data.shift > 0.7 else 0.0
    score += 0.8 if drop > 0.4 else 0.5 if drop > 0.2 else 0.25 if drop > 0.1 else 0.0
    score += 0.3 if data.label_shift > 0.25 and data.label_shift_p < 1e-4 else 0.0
    score += 0.1 if data.unseen > 0.4 else 0.0
    if score < 0.3 or (data.evidence is not None and data.evidence < SIGNIFICANT):
        return None
    both = f"{data.held_out:.2f} on training rows that it has not seen and {data.linear or 0:.2f} on validation rows"
    reasons = [f"a linear model gets {both}"] if drop > 0.1 else []
    reasons += [f"texts of the two parts can be told apart (area under the curve {data.shift:.2f})"] * (
        data.shift > 0.7
    )
    reasons += [f"their labels are distributed differently (by {data.label_shift:.0%})"] * (data.label_shift > 0.25)
    reasons += [f"{data.unseen:.0%} of the validation words are in no training text"] * (data.unseen > 0.4)
    explanation = (
        f"Training and validation rows come from different distributions: {'; '.join(reasons)}. Split them at random, "
        "or train on rows of the kind that the model is for."
    )
    evidence = {"held_out_accuracy": data.held_out, "validation_accuracy": data.linear or 0.0, "auc": data.shift,
                "label_shift": data.label_shift, "unseen_words": data.unseen}  # fmt: skip
    return Cause("distribution_shift", min(0.95, score), evidence, explanation)


def leakage(case: Case) -> Cause | None:
    """The answer stands in the text, or validation rows were learned from."""
    data = case.data
    if data is None or case.name in ("stuck", "diverged"):
        return None
    told = {name for name in ("label_leak", "split_overlap", "order_leak") if case.findings.get(name) in SERIOUS}
    both = min(data.linear or 0.0, case.accuracy)
    score = 0.0
    score += 0.5 if data.overlap > 0.1 else 0.3 if data.overlap > 0.03 else 0.0
    score += 0.5 if data.giveaway > 0.9 and data.giveaway > data.commonest + 0.05 else 0.0
    score += 0.3 if both > LEAKY and data.commonest < 0.9 else 0.0
    score += 0.3 if told else 0.0
    jump = (data.linear or 0.0) - (data.held_out or 1.0)
    score += 0.2 if data.overlap > 0.03 and jump > 0.05 else 0.0
    if score < 0.45:
        return None
    reasons = [f"{data.overlap:.0%} of the validation texts are training texts, too"] * (data.overlap > 0.03)
    reasons += [f"one word for each label gives away {data.giveaway:.0%} of the labels"] * (data.giveaway > 0.9)
    reasons += [f"even a linear model is right about {data.linear or 0:.1%}"] * (both > LEAKY)
    reasons += [f"the data audit found {', '.join(sorted(told))}"] * bool(told)
    explanation = f"This is too good to be true: {'; '.join(reasons)}. The figure says nothing of new texts."
    evidence = {"overlap": data.overlap, "one_word_accuracy": data.giveaway, "linear": data.linear or 0.0,
                "accuracy": case.accuracy}  # fmt: skip
    return Cause("leakage", min(0.95, score), evidence, explanation)


SERIOUS = ("fatal", "warning")


def few_rows(case: Case) -> Cause | None:
    """Too few rows to learn words from scratch."""
    data = case.data
    if data is None or data.singles > 0.5:
        return None
    per_label = data.rows / max(1, len(data.train))
    tiny = data.rows < FEW or per_label < FEW_PER_LABEL
    scratch = bool(vectors(case)) and case.name in ("weak", "stuck", "overfit", "learning", "underfit")
    if not tiny and not (scratch and data.rows < 20_000):
        return None
    memorised = case.train_accuracy >= 0.8
    score = (0.7 if memorised or case.bad else 0.4) if tiny else (0.6 if memorised else 0.1)
    score = max(score, 0.85) if _hopeless(data) else score
    explanation = (
        f"{data.rows:,} training rows ({per_label:.0f} a label) are few to learn from scratch what words mean: the "
        f"model gets {case.train_accuracy:.2f} of them right and {case.accuracy:.2f} of others, a linear model "
        f"{case.reachable:.2f}. Pretrained word vectors bring that knowledge with them."
    )
    evidence = {"rows": data.rows, "rows_per_label": per_label, "train_accuracy": case.train_accuracy,
                "accuracy": case.accuracy, "linear": case.reachable}  # fmt: skip
    severity = "cause" if _hopeless(data) else "note"
    return Cause("few_rows", score, evidence, explanation, vectors(case), severity)  # type: ignore[arg-type]


def _hopeless(data: DataEvidence) -> bool:
    """Whether the rows alone explain a bad result."""
    return data.rows < FEW // 2 or data.rows / max(1, len(data.train)) < FEW_PER_LABEL // 4


CHECKS = (
    shuffled_labels, label_column_misread, conflicting_labels, noise_floor, imbalance, distribution_shift, leakage,
    few_rows,
)  # fmt: skip
