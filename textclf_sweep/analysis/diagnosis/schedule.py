"""Causes in how long and how freely a model trains, and in what it is: epochs, regularisation, capacity."""

from __future__ import annotations

from textclf_sweep.analysis.diagnosis._case import Case, Cause
from textclf_sweep.analysis.diagnosis._patches import SAMPLE, parameter, together, usual, vectors
from textclf_sweep.analysis.words import number

MEMORISED = 0.9
"""Training accuracy from which on a model knows its training rows."""
SMALL = {"units": 4, "filters": 4, "embedding_dim": 4, "heads": 1}
"""Values up to which a layer can tell next to nothing apart."""
ROOMY = {"units": 64, "filters": 64, "embedding_dim": 64}


def too_few_epochs(case: Case) -> Cause | None:
    """Training ended while the model was still getting better."""
    loss, epochs = case.curve("loss"), len(case.epochs)
    limit = int(case.number("epochs", 10))
    ratio = case.number("learning_rate", 1e-3) / usual(case).value
    if not loss or epochs < limit or case.train_accuracy >= MEMORISED or ratio < 0.1:
        return None
    rising = case.record.result is not None and case.record.result.best_epoch == epochs
    fall = (loss[-2] - loss[-1]) / max(loss[-2], 1e-9) if len(loss) > 1 else 0.3
    if not rising or fall < 0.01 or (epochs > 5 and fall < 0.05):
        return None
    score = 0.75 if epochs <= 2 else 0.6 if epochs <= 5 else 0.35
    score -= 0.35 if case.peak > 2.5 * case.chance_loss and epochs > 1 else 0.0
    more = max(10, 3 * epochs)
    explanation = (
        f"After {_epochs(epochs)} ({case.steps:,} steps) training ended at its limit, and its last epoch was its best: "
        f"training accuracy {case.train_accuracy:.2f} and rising."
    )
    evidence = {"epochs": epochs, "steps": case.steps, "train_accuracy": case.train_accuracy, "last_fall": fall}
    return Cause("too_few_epochs", score, evidence, explanation, parameter(case, "epochs", more))


def early_stopping_too_eager(case: Case) -> Cause | None:
    """Early stopping ended a trial whose training loss was still falling."""
    rule, loss = case.early_stopping, case.curve("loss")
    if rule is None or not case.record.reason.startswith("early stopping") or len(loss) < 2:
        return None
    patience, delta = int(rule["patience"]), float(rule["min_delta"])
    fall = (loss[-2] - loss[-1]) / max(loss[-2], 1e-9)
    if case.train_accuracy >= MEMORISED or fall < 0.005 or (patience > 2 and delta <= 0.01):
        return None
    score = 0.8 if delta > 0.02 else 0.6 if patience <= 1 else 0.4
    score -= 0.3 if case.peak > 2.5 * case.chance_loss else 0.0
    # A rate that moves nothing, or a model that cannot learn, would be stopped by any rule.
    ratio = case.number("learning_rate", 1e-3) / usual(case).value
    score -= 0.35 if ratio <= 0.1 else 0.0
    explanation = (
        f"Early stopping (patience {patience}, min_delta {number(delta)}) ended the trial after {_epochs(len(loss))}, "
        f"while its training loss still fell by {fall:.0%} an epoch (training accuracy {case.train_accuracy:.2f})."
    )
    evidence = {"patience": patience, "min_delta": delta, "epochs": len(loss), "last_fall": fall}
    patch = together(
        {"early_stopping": {"patience": max(5, patience), "min_delta": 0.0}}, parameter(case, "epochs", 20)
    )
    return Cause("early_stopping_too_eager", score, evidence, explanation, patch)


def over_regularised(case: Case) -> Cause | None:
    """What is to keep a model from memorising keeps it from learning."""
    dropout, l2, l1 = case.number("dropout", 0.0), case.number("l2", 0.0), case.number("l1", 0.0)
    smoothing, decay, clip = (case.number(name, 0.0) for name in ("label_smoothing", "weight_decay", "clip_norm"))
    recurrent = case.number("recurrent_dropout", 0.0)
    loss, held = case.curve("loss"), case.curve("val_loss")
    if case.train_accuracy >= MEMORISED or not loss:
        return None
    penalty = max(0.0, (loss[-1] - held[-1]) / case.chance_loss) if held else 0.0
    found = {
        "dropout": (dropout, 0.8 if dropout >= 0.85 else 0.5 if dropout >= 0.7 else 0.0, 0.2),
        "recurrent_dropout": (recurrent, 0.6 if recurrent >= 0.8 else 0.0, 0.0),
        "l2": (l2, 0.85 if l2 >= 0.1 else 0.7 if l2 >= 0.01 else 0.4 if l2 > 0 and penalty > 0.5 else 0.0, 0.0),
        "l1": (l1, 0.85 if l1 >= 0.01 else 0.7 if l1 >= 0.001 else 0.4 if l1 > 0 and penalty > 0.5 else 0.0, 0.0),
        "label_smoothing": (smoothing, 0.85 if smoothing >= 0.9 else 0.6 if smoothing >= 0.6 else 0.0, 0.1),
        "weight_decay": (decay, 0.8 if decay >= 0.3 else 0.0, 0.01),
        "clip_norm": (clip, 0.8 if 0 < clip <= 1e-4 else 0.0, 1.0),
    }
    strong = {name: item for name, item in found.items() if item[1] > 0}
    if not strong:
        return None
    score = min(0.95, max(item[1] for item in strong.values()) + (0.1 if penalty > 0.3 or case.growth < 0.5 else 0.0))
    score -= 0.4 * case.learned
    named = ", ".join(f"{name} {number(item[0])}" for name, item in strong.items())
    explanation = (
        f"{named} {'holds' if len(strong) == 1 else 'hold'} the model back: it does not even learn its training rows "
        f"(accuracy {case.train_accuracy:.2f})."
    )
    evidence = {name: item[0] for name, item in strong.items()}
    evidence |= {"train_accuracy": case.train_accuracy, "penalty": penalty, "weight_growth": case.growth}
    patch = together(*(parameter(case, name, item[2]) for name, item in strong.items()))
    return Cause("over_regularised", score, evidence, explanation, patch)


def capacity_too_small(case: Case) -> Cause | None:
    """A layer so narrow that the labels cannot be told apart behind it."""
    narrow = {name: case.number(name, 1e9) for name, most in SMALL.items() if case.number(name, 1e9) <= most}
    narrow = {name: value for name, value in narrow.items() if name in ROOMY and value < max(2, case.labels)}
    if not narrow or case.train_accuracy >= MEMORISED:
        return None
    ratio = case.number("learning_rate", 1e-3) / usual(case).value
    score = 0.75 if min(narrow.values()) <= 1 else 0.6
    score -= 0.35 if ratio <= 0.1 or ratio >= 20 else 0.0
    named = ", ".join(f"{name} {value:.0f}" for name, value in narrow.items())
    least = f"{min(narrow.values()):.0f} number{'' if min(narrow.values()) == 1 else 's'}"
    explanation = (
        f"With {named} everything about a text has to pass through {least}; {case.labels} labels cannot be told apart "
        f"behind that (training accuracy {case.train_accuracy:.2f})."
    )
    patch = together(*(parameter(case, name, ROOMY[name]) for name in narrow), parameter(case, "epochs", 10))
    evidence = {**narrow, "labels": case.labels, "train_accuracy": case.train_accuracy}
    return Cause("capacity_too_small", score, evidence, explanation, patch)


def frozen_random_embeddings(case: Case) -> Cause | None:
    """Word vectors that are random and stay so."""
    if case.own or case.value("trainable", True) is not False or case.value("embedding", "none") != "none":
        return None
    if not case.takes_vectors:
        return None
    score = 0.9 if case.bad else 0.5
    explanation = (
        "The word embeddings are random and frozen (embedding: none, trainable: false): the model reads noise instead "
        "of words, and has to tell texts apart by it."
    )
    # The vectors for any text are an extra; random ones that are learned need nothing.
    bundled = vectors(case) if case.source == SAMPLE else {}
    patch = together(bundled, parameter(case, "trainable", value=True))
    evidence = {"train_accuracy": case.train_accuracy, "accuracy": case.accuracy, "reachable": case.reachable}
    return Cause("frozen_random_embeddings", score, evidence, explanation, patch)


def overfitting(case: Case) -> Cause | None:
    """The training rows are known by heart, and what was learned does not carry over."""
    gap = case.train_accuracy - case.accuracy
    if case.train_accuracy < MEMORISED or gap < 0.15 or case.data is None or case.name in ("good", ""):
        return None
    per_label = case.data.rows / max(1, len(case.data.train))
    score = min(0.5 if vectors(case) else 0.7, 0.25 + gap) if per_label >= 50 else 0.3
    held = case.curve("val_loss")
    worse = held[-1] / max(min(held), 1e-9) if held else 1.0
    explanation = (
        f"Training accuracy {case.train_accuracy:.2f}, validation accuracy {case.accuracy:.2f}: the model knows its "
        f"{case.data.rows:,} training rows by heart. Dropout, fewer units or pretrained vectors make it look for less."
    )
    patch = together(vectors(case), parameter(case, "dropout", 0.5, 0.3, 0.7))
    evidence = {"train_accuracy": case.train_accuracy, "accuracy": case.accuracy, "val_loss_rise": worse}
    return Cause("overfitting", score, evidence, explanation, {} if case.own else patch, "note")


def head_loss_mismatch(case: Case) -> Cause | None:
    """The model's answers do not mean what the loss takes them for."""
    why = case.smoke.get("head_loss_mismatch")
    if why is None:
        return None
    return Cause("head_loss_mismatch", 0.95, {"start_loss": case.start_loss or 0.0}, why)


def _epochs(count: int) -> str:
    return "1 epoch" if count == 1 else f"{count} epochs"


CHECKS = (
    too_few_epochs, early_stopping_too_eager, over_regularised, capacity_too_small, frozen_random_embeddings,
    overfitting, head_loss_mismatch,
)  # fmt: skip
