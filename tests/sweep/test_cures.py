"""What findings propose for a definition."""

from __future__ import annotations

import pytest

from textclf_sweep.data.findings import Finding
from textclf_sweep.sweep.cures import cures, merged

pytestmark = pytest.mark.unit


def finding(name: str, patch: str) -> Finding:
    return Finding(name, "warning", 1, 0.1, 1, (), "why", "fix", patch)


def test_every_key_of_a_patch_is_one_cure() -> None:
    html = finding("html_debris", "data:\n  cleaning:\n    strip_html: true")
    long = finding("truncation", "parameters:\n  max_length: {value: 128}\n  truncate: {value: head_tail}")
    found = cures([html, long, finding("order_leak", "")])
    assert {key: cure.value for key, cure in found.items()} == {
        "data.cleaning.strip_html": True,
        "parameters.max_length": {"value": 128},
        "parameters.truncate": {"value": "head_tail"},
    }
    assert all(cure.harmless for cure in found.values())
    assert found["parameters.truncate"].finding == long


def test_what_takes_rows_or_words_away_is_for_the_user_to_decide() -> None:
    rare = finding("rare_label", 'data:\n  drop_labels: ["a"]')
    words = finding("out_of_vocabulary", "data:\n  cleaning:\n    stemming: true")
    assert not any(cure.harmless for cure in cures([rare, words]).values())


def test_the_first_proposal_for_a_key_counts() -> None:
    first, second = finding("rare_label", 'data:\n  drop_labels: ["a"]'), finding("x", 'data:\n  drop_labels: ["b"]')
    assert cures([first, second])["data.drop_labels"].value == ["a"]


def test_labels_that_may_differ_in_meaning_are_told_apart_from_those_that_cannot() -> None:
    pairs = {"POS ": "pos", "caf\u00e9-bar": "cafe bar", "lights_of": "lights_on", "+": "-"}
    patch = "\n".join(["data:", "  labels:", *(f'    "{label}": "{meant}"' for label, meant in pairs.items())])
    found = cures([finding("label_variants", patch)])
    assert found["data.labels"].value == {"POS ": "pos", "caf\u00e9-bar": "cafe bar"}
    assert found["data.labels"].harmless
    assert found["data.labels?"].value == {"lights_of": "lights_on", "+": "-"}
    assert not found["data.labels?"].harmless


def test_what_is_found_in_cured_data_is_for_the_user_to_decide_but_for_the_metric() -> None:
    first = cures(
        [
            finding("imbalance", "metric:\n  name: val_macro_f1"),
            finding("html_debris", "data:\n  cleaning:\n    strip_html: true"),
            finding("rare_label", 'data:\n  drop_labels: ["A"]'),
            finding("few_rows", "data:\n  folds: 5"),
        ]
    )
    again = cures(
        [
            finding("rare_label", 'data:\n  drop_labels: ["b"]'),
            finding("truncation", "parameters:\n  max_length: {value: 128}"),
        ]
    )
    found = merged(first, again)
    assert {key: cure.harmless for key, cure in found.items()} == {
        "data.cleaning.strip_html": True,
        "data.folds": False,
        "data.drop_labels": False,
        "parameters.max_length": False,
    }
    assert found["data.drop_labels"].value == ["b"]
    assert merged(first, first)["metric.name"].harmless
