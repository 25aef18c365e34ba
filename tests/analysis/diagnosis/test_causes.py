"""Each cause is named first for what it does to a trial, and for nothing else."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textclf_sweep.analysis.diagnosis import Case, Diagnosis, diagnose
from textclf_sweep.trial import TrialRecord

pytestmark = pytest.mark.unit

MakeCase = Callable[..., Case]
Flat = Callable[..., dict[str, tuple[float, ...]]]


def first(found: Diagnosis) -> tuple[str, str]:
    """The severity and the name of the first cause."""
    return (found.causes[0].severity, found.causes[0].name) if found.causes else ("", "")


def names(found: Diagnosis) -> list[str]:
    return [cause.name for cause in found.causes]


def test_nothing_is_to_blame_for_a_healthy_trial(make_case: MakeCase) -> None:
    found = diagnose(make_case())
    assert found.verdict is not None
    assert found.verdict.name == "good"
    assert not [cause for cause in found.causes if cause.severity == "cause"]


def test_learning_rate_too_high(make_case: MakeCase, stuck: Flat) -> None:
    curves = {**stuck(), "val_loss": (9.0, 8.0, 9.5, 8.0), "batch_loss_max": (80.0, 20.0, 15.0, 18.0)}
    found = diagnose(make_case(curves=curves, parameters={"learning_rate": 1.0}))
    assert first(found) == ("cause", "learning_rate_too_high")
    assert found.causes[0].patch == {"parameters": {"learning_rate": {"value": 0.001}}}


def test_a_searched_learning_rate_gets_a_range(make_case: MakeCase, stuck: Flat) -> None:
    space = {"learning_rate": {"kind": "range", "low": 0.1, "high": 10.0, "log": True}}
    curves = {**stuck(), "batch_loss_max": (80.0, 20.0, 15.0, 18.0)}
    found = diagnose(make_case(curves=curves, parameters={"learning_rate": 1.0}, space=space))
    wanted = {"distribution": "log_uniform_values", "min": 0.0003, "max": 0.003}
    assert found.causes[0].patch == {"parameters": {"learning_rate": wanted}}


def test_diverged_by_its_learning_rate(make_case: MakeCase) -> None:
    trial = {"diverged": True, "losses": (1.4, 20.0, 900.0, math.inf)}
    found = diagnose(make_case(parameters={"learning_rate": 5.0}, trial=trial))
    assert found.verdict is not None
    assert found.verdict.name == "diverged"
    assert first(found) == ("cause", "learning_rate_too_high")


def test_diverged_by_its_first_weights(make_case: MakeCase) -> None:
    trial = {"diverged": True, "losses": (4e4, math.inf)}
    start = {"loss": 4e4, "gradient_norm/embedding": 5e6, "gradient_norm/dense": 9e5}
    found = diagnose(make_case(start=start, trial=trial))
    assert first(found) == ("cause", "exploding_gradients")


def test_learning_rate_too_low(make_case: MakeCase, stuck: Flat) -> None:
    curves = {**stuck(), "loss": (1.3862, 1.3860, 1.3858, 1.3856)}
    found = diagnose(make_case(curves=curves, parameters={"learning_rate": 1e-6}))
    assert first(found) == ("cause", "learning_rate_too_low")


def test_dead_from_the_start(make_case: MakeCase, stuck: Flat) -> None:
    found = diagnose(make_case(curves=stuck(), start={"dead_units/dense": 1.0}, own=True))
    assert first(found) == ("cause", "dead_units")
    assert not found.causes[0].patch


def test_saturated_from_the_start(make_case: MakeCase, stuck: Flat) -> None:
    found = diagnose(make_case(curves=stuck(), start={"saturated_units/dense": 0.97}, own=True))
    assert first(found) == ("cause", "saturated_activations")


def test_vanishing(make_case: MakeCase, stuck: Flat) -> None:
    found = diagnose(make_case(curves=stuck(), start={"gradient_norm/embedding": 1e-9}, own=True))
    assert first(found) == ("cause", "vanishing_gradients")
    assert found.causes[0].evidence["layer"] == "embedding"


def test_large_batches(make_case: MakeCase, stuck: Flat) -> None:
    found = diagnose(make_case(curves=stuck(), parameters={"batch_size": 2048}))
    assert first(found) == ("cause", "batch_learning_rate_mismatch")


def test_shuffled_labels(make_case: MakeCase, stuck: Flat) -> None:
    data = {"held_out": 0.25, "evidence": 0.4, "linear": 0.26}
    found = diagnose(make_case(curves=stuck(), data=data, linear=0.26))
    assert first(found) == ("cause", "shuffled_labels")


def test_an_id_for_a_label(make_case: MakeCase, stuck: Flat) -> None:
    labels = {str(number): 1 for number in range(900)}
    data = {"train": labels, "validation": labels, "singles": 1.0, "numeric": 1.0, "held_out": None, "evidence": None}
    found = diagnose(make_case(curves=stuck(), data=data))
    assert first(found) == ("cause", "label_column_misread")


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_conflicting_labels(make_case: MakeCase, stuck: Flat, share: float) -> None:
    found = diagnose(make_case(curves=stuck(), data={"conflicting": share}))
    assert "conflicting_labels" in names(found)[:3]


def test_truncation(make_case: MakeCase, stuck: Flat) -> None:
    reading = {"seen": 0.3, "p": 1e-9, "changed": {"max_length": 0.8, "vocabulary": 0.3}, "width": 1}
    found = diagnose(make_case(curves=stuck(), reading=reading, parameters={"max_length": 1}))
    assert first(found) == ("cause", "truncation")
    assert found.causes[0].patch["parameters"]["max_length"]["value"] >= 20


def test_a_vocabulary_that_leaves_words_out(make_case: MakeCase, stuck: Flat) -> None:
    reading = {"seen": 0.3, "p": 1e-9, "changed": {"vocabulary": 0.79, "cleaning": 0.3}, "unknown": 0.9}
    found = diagnose(make_case(curves=stuck(), reading=reading, parameters={"vocabulary_size": 5}))
    assert first(found) == ("cause", "out_of_vocabulary")


def test_cleaned_away(make_case: MakeCase, stuck: Flat) -> None:
    reading = {"seen": 0.3, "p": 1e-9, "changed": {"cleaning": 0.79}, "empty": 0.7}
    found = diagnose(make_case(curves=stuck(), reading=reading, parameters={"digits": "remove"}))
    assert first(found) == ("cause", "empty_inputs")
    assert found.causes[0].patch == {"data": {"cleaning": {"digits": "keep"}}}


def test_frozen_random_embeddings(make_case: MakeCase) -> None:
    curves = {"accuracy": (0.3, 0.35, 0.4, 0.42), "val_accuracy": (0.3, 0.33, 0.36, 0.38)}
    found = diagnose(make_case(curves=curves, parameters={"trainable": False}))
    assert first(found) == ("cause", "frozen_random_embeddings")
    assert found.causes[0].patch["embedding"] == "glove-uci-news-50d"


def test_imbalance(make_case: MakeCase) -> None:
    data = {"train": {"a": 3900, "b": 100}, "validation": {"a": 780, "b": 20}}
    curves = {"prediction_entropy": (0.0,) * 4, "val_macro_f1": (0.25,) * 4}
    found = diagnose(make_case(curves=curves, data=data))
    assert "imbalance" in names(found)


def test_distribution_shift_is_a_cause_even_of_a_good_figure(make_case: MakeCase) -> None:
    found = diagnose(make_case(data={"shift": 0.99, "held_out": 0.95, "linear": 0.6, "unseen": 0.5}, linear=0.6))
    assert first(found) == ("cause", "distribution_shift")


def test_leakage(make_case: MakeCase) -> None:
    curves = {"val_accuracy": (0.9, 0.99, 1.0, 1.0)}
    found = diagnose(make_case(curves=curves, data={"giveaway": 1.0, "linear": 1.0}, linear=1.0))
    assert first(found) == ("cause", "leakage")


def test_over_regularised(make_case: MakeCase, stuck: Flat) -> None:
    found = diagnose(make_case(curves=stuck(), parameters={"dropout": 0.95}))
    assert first(found) == ("cause", "over_regularised")
    assert found.causes[0].patch == {"parameters": {"dropout": {"value": 0.2}}}


def test_capacity(make_case: MakeCase) -> None:
    curves = {"accuracy": (0.3, 0.4, 0.45, 0.46), "val_accuracy": (0.3, 0.4, 0.44, 0.44)}
    found = diagnose(make_case(curves=curves, parameters={"units": 1}))
    assert first(found) == ("cause", "capacity_too_small")


def test_too_few_epochs(make_case: MakeCase) -> None:
    curves = {"loss": (1.3,), "accuracy": (0.4,), "val_loss": (1.2,), "val_accuracy": (0.5,), "val_macro_f1": (0.5,),
              "batch_loss_max": (1.5,), **dict.fromkeys(("gradient_norm/dense", "weight_norm/dense"), (1.0,)),
              **dict.fromkeys(("gradient_norm/embedding", "weight_norm/embedding", "prediction_entropy"), (1.0,)),
              }  # fmt: skip
    found = diagnose(make_case(curves=curves, parameters={"epochs": 1}))
    assert first(found) == ("cause", "too_few_epochs")


def test_early_stopping_too_eager(make_case: MakeCase) -> None:
    curves = {"loss": (1.37, 1.3), "accuracy": (0.3, 0.4), "val_accuracy": (0.35, 0.42), "val_loss": (1.3, 1.25),
              "val_macro_f1": (0.3, 0.4), "batch_loss_max": (1.5, 1.4), "prediction_entropy": (0.9, 0.9),
              **{f"{kind}/{layer}": (1.0, 1.0) for kind in ("gradient_norm", "weight_norm")
                 for layer in ("dense", "embedding")}}  # fmt: skip
    rule = {"metric": "val_accuracy", "patience": 1, "min_delta": 0.5, "restore_best_weights": True}
    trial = {"reason": "early stopping after epoch 2"}
    found = diagnose(make_case(curves=curves, trial=trial, early_stopping=rule))
    assert first(found) == ("cause", "early_stopping_too_eager")


def test_few_rows_is_a_note_where_vectors_would_help(make_case: MakeCase) -> None:
    curves = {"accuracy": (0.5, 0.9, 0.97, 0.99), "val_accuracy": (0.5, 0.7, 0.72, 0.72)}
    found = diagnose(make_case(curves=curves))
    assert found.verdict is not None
    assert found.verdict.name == "weak"
    assert first(found) == ("note", "few_rows")
    assert found.causes[0].patch == {"embedding": "glove-uci-news-50d"}


def test_border_of_space(make_case: MakeCase, make_record: Callable[..., TrialRecord]) -> None:
    rates = (1e-6, 3e-6, 1e-5, 2e-5, 3e-5)
    values = (0.25, 0.3, 0.34, 0.4, 0.45)
    history = tuple(
        make_record({"val_accuracy": (value,) * 4}, {"learning_rate": rate}, number=number)
        for number, (rate, value) in enumerate(zip(rates, values, strict=True), 1)
    )
    space = {"learning_rate": {"kind": "range", "low": 1e-6, "high": 3e-5, "log": True}}
    found = diagnose(make_case(parameters={"learning_rate": 3e-5}, history=history, space=space))
    cause = next(item for item in found.causes if item.name == "border_of_space")
    assert cause.patch["parameters"]["learning_rate"]["max"] == pytest.approx(3e-4)


def test_what_the_smoke_test_warned_of(make_case: MakeCase, stuck: Flat) -> None:
    found = diagnose(make_case(curves=stuck(), smoke={"head_loss_mismatch": "the head is wrong"}, own=True))
    assert first(found) == ("cause", "head_loss_mismatch")


numbers = st.floats(0, 1e6) | st.sampled_from([0.0, math.inf, math.nan])
curve = st.lists(numbers, min_size=1, max_size=6)


@given(
    curves=st.fixed_dictionaries(
        {"val_accuracy": st.lists(st.floats(0, 1), min_size=1, max_size=6)},
        optional=dict.fromkeys(("loss", "accuracy", "val_loss", "batch_loss_max", "gradient_norm/dense"), curve),
    ),
    parameters=st.fixed_dictionaries(
        {},
        optional={
            "learning_rate": st.floats(1e-9, 100), "batch_size": st.integers(1, 65536), "dropout": st.floats(0, 0.99),
            "units": st.integers(1, 512), "optimizer": st.sampled_from(["adam", "sgd", "lion", "adagrad"]),
            "trainable": st.booleans(), "max_length": st.integers(1, 512), "l2": st.floats(0, 10),
        },
    ),
    known=st.booleans(),
)  # fmt: skip
def test_any_trial_has_a_diagnosis(
    make_case: MakeCase, curves: dict[str, Any], parameters: dict[str, Any], known: bool
) -> None:
    made = make_case(curves=curves, parameters=parameters)
    found = diagnose(made if known else dataclasses.replace(made, data=None, reading=None))
    assert all(0 <= cause.score <= 1 for cause in found.causes)
    json.dumps(found.to_json(), allow_nan=False)
