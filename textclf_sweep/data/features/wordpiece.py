"""Texts as BERT reads them: [CLS], WordPiece tokens (Wu et al. 2016), [SEP], padding after them.

The tokens are those of the checkpoint, which also says whether texts are lower-cased and lose their accents. Cleaning
comes before: a cased checkpoint needs ``lowercase: false``.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from textclf_sweep.data.features import Cached, FeatureInfo, Features, Request, _checkpoints, _sequences
from textclf_sweep.data.features._sequences import LENGTH_PERCENTILE, TRUNCATE
from textclf_sweep.definition.space import Parameter
from textclf_sweep.errors import DataError, Problem
from textclf_sweep.trial import Scalar

VERSION = 2
PARAMETERS = (
    Parameter(
        "checkpoint", "str", _checkpoints.MINILM,
        "Pretrained BERT: the folder of one (Hugging Face's layout or a Keras preset), or minilm (Wang et al. 2020, "
        "`.[bert]`).",
        path=True, names=_checkpoints.NAMES,
    ),
    Parameter("max_length", "int", 64, "Tokens kept of a text, [CLS] and [SEP] included.", minimum=3),
    LENGTH_PERCENTILE,
    TRUNCATE,
)  # fmt: skip


def check(values: Mapping[str, Sequence[Scalar]], folder: Path) -> None:
    """Whether the features can be made, before anything is trained.

    Args:
        values: of each parameter, every value that a trial may have, or the ends of its range.
        folder: what relative paths start from.

    Raises:
        DataError: a checkpoint has no usable vocabulary, or is no BERT; or a package is not installed.
    """
    if importlib.util.find_spec("tokenizers") is None:
        raise _lacking()
    longest = max(int(length) for length in values["max_length"])
    for checkpoint in values["checkpoint"]:
        _checkpoints.check_model(_checkpoints.located(str(checkpoint), folder), longest)


def files(values: Mapping[str, Sequence[Scalar]], folder: Path) -> dict[str, tuple[Path, ...]]:
    """The files of the user's own checkpoints, by parameter and value; the arguments are those of `check`."""
    named = sorted({str(value) for value in values["checkpoint"]} - {*_checkpoints.NAMES})
    return {f"checkpoint {value}": _checkpoints.files(_checkpoints.located(value, folder)) for value in named}


def encode(texts: Sequence[str], vocabulary: Sequence[str], settings: Mapping[str, Any]) -> list[list[int]]:
    """WordPiece ids of texts, without [CLS] and [SEP].

    Args:
        texts: any.
        vocabulary: the tokens by id.
        settings: ``do_lower_case`` (default true), ``strip_accents`` (default: as the former) and
            ``tokenize_chinese_chars`` (default true).

    Raises:
        DataError: the package `tokenizers` is not installed.
    """
    try:
        import tokenizers  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415 - heavy, and an extra
    except ImportError as error:
        raise _lacking() from error
    pieces = tokenizers.BertWordPieceTokenizer(
        {token: index for index, token in enumerate(vocabulary)},
        lowercase=settings.get("do_lower_case", True),
        strip_accents=settings.get("strip_accents"),
        handle_chinese_chars=settings.get("tokenize_chinese_chars", True),
    )
    return [found.ids for found in pieces.encode_batch(list(texts), add_special_tokens=False)]


def load(request: Request, cached: Cached) -> Features:
    """The part's token ids; see `Features`. An empty text is [CLS] and [SEP].

    Raises:
        DataError: the checkpoint cannot be read, or `tokenizers` is not installed.
    """
    parameters = request.parameters
    checkpoint = _checkpoints.located(str(parameters["checkpoint"]), request.folder)
    vocabulary, settings = _checkpoints.read_vocabulary(checkpoint)
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
    info = FeatureInfo(request.info.labels, len(vocabulary), width, files, checkpoint=checkpoint)
    return Features(*_sequences.read(arrays), info)


def _lacking() -> DataError:
    what = "WordPiece features need the package tokenizers, which is not installed"
    return DataError(Problem(what, fix=_checkpoints.INSTALL))
