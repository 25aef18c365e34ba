"""Texts as BERT reads them: [CLS], WordPiece tokens (Wu et al. 2016), [SEP], padding after them.

The checkpoint's folder has ``vocab.txt``, one token a line, and may have ``tokenizer_config.json``, of which
``do_lower_case`` and ``strip_accents`` are read. Cleaning comes before: a cased checkpoint needs ``lowercase: false``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from textclf_sweep.data.features import Cached, FeatureInfo, Features, Request, _sequences
from textclf_sweep.data.features._sequences import LENGTH_PERCENTILE, PADDING, TRUNCATE
from textclf_sweep.definition.space import Parameter
from textclf_sweep.errors import DataError, Problem

VERSION = 1
PARAMETERS = (
    Parameter(
        "checkpoint", "str", "",
        "Folder of a BERT checkpoint, with its vocab.txt.", path=True,
    ),
    Parameter("max_length", "int", 64, "Tokens kept of a text, [CLS] and [SEP] included.", minimum=3),
    LENGTH_PERCENTILE,
    TRUNCATE,
)  # fmt: skip

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
"""What every vocabulary has."""


def encode(texts: Sequence[str], vocabulary: Sequence[str], settings: Mapping[str, Any]) -> list[list[int]]:
    """WordPiece ids of texts, without [CLS] and [SEP].

    Args:
        texts: any.
        vocabulary: the tokens by id.
        settings: ``do_lower_case`` (default true) and ``strip_accents`` (default null: as the former).

    Raises:
        DataError: the package `tokenizers` is not installed.
    """
    try:
        import tokenizers  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415 - heavy, and an extra
    except ImportError as error:
        fix = "pip install 'textclf-sweep[wordpiece]'"
        raise DataError("WordPiece features need the package tokenizers, which is not installed", fix=fix) from error
    pieces = tokenizers.BertWordPieceTokenizer(
        {token: index for index, token in enumerate(vocabulary)},
        lowercase=settings.get("do_lower_case", True),
        strip_accents=settings.get("strip_accents"),
    )
    return [found.ids for found in pieces.encode_batch(list(texts), add_special_tokens=False)]


def load(request: Request, cached: Cached) -> Features:
    """The part's token ids; see `Features`. An empty text is [CLS] and [SEP].

    Raises:
        DataError: the checkpoint cannot be read, or `tokenizers` is not installed.
    """
    parameters = request.parameters
    vocabulary, settings = read_checkpoint(request.path("checkpoint"))
    content = hashlib.sha256(json.dumps([vocabulary, settings]).encode()).hexdigest()
    depends = {"checkpoint": content, **request.cleaning}

    def ids(part: str) -> Path:
        def build(folder: Path) -> None:
            found = encode(request.texts(part), vocabulary, settings)  # type: ignore[arg-type]
            (folder / "ids.json").write_text(json.dumps(found), encoding="ascii")

        return cached({"ids": part, **depends}, build) / "ids.json"

    def copy(folder: Path) -> None:
        (folder / "vocab.txt").write_text("".join(f"{token}\n" for token in vocabulary), encoding="utf-8", newline="\n")
        (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")

    known = cached({"vocabulary": content}, copy)
    lengths = [len(row) + 2 for row in json.loads(ids("train").read_text(encoding="ascii"))]
    width = max(2, _sequences.width_of(lengths, parameters))
    truncate = str(parameters["truncate"])

    def build(folder: Path) -> None:
        first, last = vocabulary.index("[CLS]"), vocabulary.index("[SEP]")
        found = json.loads(ids(request.part).read_text(encoding="ascii"))
        rows = [[first, *_sequences.cut(row, width - 2, truncate), last] for row in found]
        _sequences.save(folder, rows, width, request.classes(request.part))

    arrays = cached({"part": request.part, "width": width, "truncate": truncate, **depends}, build)
    files = (known / "vocab.txt", known / "tokenizer_config.json")
    return Features(*_sequences.read(arrays), FeatureInfo(request.info.labels, len(vocabulary), width, files))


def read_checkpoint(folder: Path) -> tuple[list[str], dict[str, Any]]:
    """A checkpoint's tokens by id, and what its configuration says of `do_lower_case` and `strip_accents`.

    Raises:
        DataError: the folder has no readable vocabulary, or one that lacks a special token.
    """
    path, config = folder / "vocab.txt", folder / "tokenizer_config.json"
    try:
        vocabulary = path.read_text(encoding="utf-8").split("\n")
        settings = json.loads(config.read_text(encoding="utf-8")) if config.exists() else {}
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        fix = "set `checkpoint` to the folder of a BERT checkpoint"
        where = str(path if isinstance(error, OSError | UnicodeError) else config)
        raise DataError(Problem(f"the checkpoint cannot be read: {reason}", fix=fix, where=where)) from error
    vocabulary = [token.rstrip("\r") for token in (vocabulary[:-1] if vocabulary[-1] == "" else vocabulary)]
    missing = [token for token in SPECIAL if token not in vocabulary]
    if missing or vocabulary[PADDING] != SPECIAL[0]:
        what = f"the vocabulary has no {', '.join(missing)}" if missing else f"its first token is {vocabulary[0]!r}"
        expected = f"{', '.join(SPECIAL)} in it, and {SPECIAL[0]} first"
        raise DataError(Problem(what, expected=expected, fix="take the vocab.txt of a BERT", where=str(path)))
    known = settings if isinstance(settings, dict) else {}
    return vocabulary, {name: known[name] for name in ("do_lower_case", "strip_accents") if name in known}
