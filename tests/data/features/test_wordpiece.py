"""WordPiece: what `tokenizers` itself gives, between [CLS] and [SEP]."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import tokenizers

from textclf_sweep.data import snapshot
from textclf_sweep.data.corpus import Corpus, Splits
from textclf_sweep.data.features import Features, load
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


def test_the_package_is_an_extra(features: Callable[..., Features], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(DataError, match=r"textclf-sweep\[bert\]"):
        features()
