"""BERT: what is trained of it, what it answers, what is asked of a checkpoint's packages."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from textclf_sweep.architectures import BuildInfo, bert
from textclf_sweep.errors import InputError

# Not imported to find out: it brings TensorFlow, which no run of other tests should wait for.
pytestmark = pytest.mark.skipif(importlib.util.find_spec("keras_hub") is None, reason="there is no KerasHub here")

HYPERPARAMETERS = {item.name: item.preset for item in bert.PARAMETERS}
TOKENS = np.array([[2, 5, 6, 7, 3, 0], [2, 9, 3, 0, 0, 0]], np.int32)


@pytest.fixture
def build(keras: ModuleType, tiny_bert: Path) -> Callable[..., Any]:
    """Builds it with the defaults, but for what is given."""

    def make(*, seed: int = 1, encoded: int | None = None, plain: bool = True, **parameters: Any) -> Any:
        keras.utils.set_random_seed(seed)
        info = BuildInfo(3, 117, 16, checkpoint=tiny_bert, encoded=encoded, plain=plain)
        return bert.build(info, **HYPERPARAMETERS | parameters)

    return make


@pytest.mark.parametrize(
    ("parameters", "learning"),
    [
        ({"fine_tuning": "full"}, {"embeddings", "0", "1"}),
        ({"fine_tuning": "full", "pooling": "cls"}, {"embeddings", "0", "1", "pooler"}),
        ({"fine_tuning": "top", "top_layers": 1}, {"1"}),
        ({"fine_tuning": "top", "top_layers": 1, "pooling": "cls"}, {"1", "pooler"}),
        ({"fine_tuning": "top", "top_layers": 7}, {"0", "1"}),
        ({"fine_tuning": "frozen", "pooling": "cls"}, set()),
    ],
)
def test_what_is_trained(
    build: Callable[..., Any], keras: ModuleType, parameters: dict[str, Any], learning: set[str]
) -> None:
    model = build(**parameters)
    backbone = next(layer for layer in model.layers if hasattr(layer, "transformer_layers"))
    found = {
        "embeddings": [backbone.token_embedding, backbone.position_embedding, backbone.embeddings_layer_norm],
        "0": backbone.transformer_layers[:1],
        "1": backbone.transformer_layers[1:],
        "pooler": [backbone.pooled_dense],
    }
    for name, layers in found.items():
        assert all(bool(layer.trainable_weights) == (name in learning) for layer in layers), name
    assert len(model.trainable_weights) == len(backbone.trainable_weights) + 2


def test_it_starts_from_the_checkpoint_whatever_the_seed(build: Callable[..., Any]) -> None:
    first, other = build(seed=1).get_weights(), build(seed=2).get_weights()
    assert all(np.array_equal(*pair) for pair in zip(first[:-2], other[:-2], strict=True))
    assert not np.array_equal(first[-2], other[-2])


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_the_encoder_with_the_rest_is_the_whole(build: Callable[..., Any], tiny_bert: Path, pooling: str) -> None:
    whole = build(fine_tuning="frozen", pooling=pooling, units=5)
    info = BuildInfo(3, 117, 16, checkpoint=tiny_bert)
    make = bert.encoder(info, **HYPERPARAMETERS | {"fine_tuning": "frozen", "pooling": pooling})
    assert make is not None
    answers = make()(TOKENS, training=False).numpy()
    rest = build(fine_tuning="frozen", pooling=pooling, units=5, encoded=answers.shape[1])
    assert len(rest.get_weights()) == 4
    rest.set_weights(whole.get_weights()[-4:])
    np.testing.assert_allclose(rest(answers, training=False).numpy(), whole(TOKENS, training=False).numpy(), atol=1e-6)


def test_only_a_frozen_one_has_an_encoder(tiny_bert: Path) -> None:
    for fine_tuning in ("full", "top"):
        info = BuildInfo(3, 117, 16, checkpoint=tiny_bert)
        assert bert.encoder(info, **HYPERPARAMETERS | {"fine_tuning": fine_tuning}) is None


def test_the_mean_is_of_the_tokens_alone(build: Callable[..., Any], keras: ModuleType, tiny_bert: Path) -> None:
    backbone = importlib.import_module("keras_hub").models.BertBackbone.from_preset(str(tiny_bert))
    given = {"token_ids": TOKENS, "segment_ids": np.zeros_like(TOKENS), "padding_mask": np.int32(TOKENS != 0)}
    vectors = backbone(given, training=False)["sequence_output"].numpy()
    make = bert.encoder(BuildInfo(3, 117, 16, checkpoint=tiny_bert), **HYPERPARAMETERS | {"fine_tuning": "frozen"})
    assert make is not None
    found = make()(TOKENS, training=False).numpy()
    np.testing.assert_allclose(found, [vectors[0, :5].mean(axis=0), vectors[1, :3].mean(axis=0)], atol=1e-5)


# Keras warns of itself when it saves.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_it_reads_a_preset_of_keras_as_what_it_was_saved_from(
    build: Callable[..., Any], keras: ModuleType, tiny_bert: Path, tmp_path: Path
) -> None:
    backbone = importlib.import_module("keras_hub").models.BertBackbone.from_preset(str(tiny_bert))
    backbone.save_to_preset(str(tmp_path))
    keras.utils.set_random_seed(1)
    again = bert.build(BuildInfo(3, 117, 16, checkpoint=tmp_path), **HYPERPARAMETERS)
    np.testing.assert_array_equal(again(TOKENS, training=False).numpy(), build()(TOKENS, training=False).numpy())


def test_it_needs_a_checkpoint(keras: ModuleType) -> None:
    with pytest.raises(ValueError, match="needs a checkpoint"):
        bert.build(BuildInfo(3, 117, 16), **HYPERPARAMETERS)


@pytest.mark.parametrize("missing", ["keras_hub", "safetensors"])
def test_its_packages_are_an_extra(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    bert.check({}, Path())
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == missing else find(name))
    with pytest.raises(InputError, match=r"textclf-sweep\[bert\]"):
        bert.check({}, Path())
