"""Texts as arrays: one contract, one file per kind of features, one cache for all.

A features module is named as an architecture asks for it (``tokens``), has only light top-level imports, and declares
what `FeatureModule` lists. The cache holds one folder per content hash (the data, the features and their version, the
settings that matter, the part). An entry is built once, however many processes ask at the same moment: under a file
lock, in a temporary folder that is renamed. A folder that is there is complete.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from textclf_sweep.data import cleaning
from textclf_sweep.data.corpus import PARTS, PartName
from textclf_sweep.data.features._sparse import SparseRows
from textclf_sweep.data.snapshot import CorpusInfo, read_info, read_part, read_texts, write_texts
from textclf_sweep.definition.space import Parameter
from textclf_sweep.errors import Problem, StorageError
from textclf_sweep.trial import Parameters

__all__ = ["Cached", "FeatureInfo", "FeatureModule", "Features", "Request", "SparseRows", "entry", "load"]

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class FeatureInfo:
    """What a model has to know of its features before it sees any.

    Attributes:
        labels: every label; a label's index is its class number.
        vocabulary_size: token ids are in [0, vocabulary_size), and 0 is padding; of sparse rows, their width.
        max_length: the width of the arrays of every part, in tokens; of sparse rows, the same as `vocabulary_size`.
        files: what encodes new texts, the vocabulary first; the exported model has them all, under their names.
        vectors: a NumPy file, one pretrained vector for each token id, float32 of shape (vocabulary_size, width);
            None without.
        checkpoint: the folder of the pretrained model whose tokens these are; None without.
        encoded: the width of the inputs when they are a pretrained model's answers; None when they are its inputs.
    """

    labels: tuple[str, ...]
    vocabulary_size: int
    max_length: int
    files: tuple[Path, ...]
    vectors: Path | None = None
    checkpoint: Path | None = None
    encoded: int | None = None

    @property
    def vocabulary(self) -> Path:
        """The file of the vocabulary: a JSON list by id, or what the features' module says."""
        return self.files[0]


@dataclass(frozen=True, slots=True)
class Features:
    """One part of the data as arrays, memory-mapped and read-only, rows in the part's order.

    Attributes:
        inputs: token ids, shape (rows, info.max_length), padding after the text; or sparse rows of that width; or what
            a pretrained model answers to each text, shape (rows, info.encoded).
        lengths: tokens of each row before its padding, in [1, info.max_length], shape (rows,); of sparse rows, the
            cells that are not zero, from 0 on; of answers, their width.
        labels: class numbers, in [0, len(info.labels)), shape (rows,).
        info: the same for every part.
    """

    inputs: npt.NDArray[np.int32] | npt.NDArray[np.float32] | SparseRows
    lengths: npt.NDArray[np.int32]
    labels: npt.NDArray[np.int32]
    info: FeatureInfo

    def batch(self, rows: npt.NDArray[np.integer]) -> npt.NDArray[np.int32] | npt.NDArray[np.float32] | SparseRows:
        """The inputs of these rows (indices from 0), in the order given; token ids as wide as the longest of them."""
        if isinstance(self.inputs, SparseRows):
            return self.inputs.take(rows)
        return self.inputs[rows, : self.lengths[rows].max()]


Build = Callable[[Path], None]
"""Fills an empty folder."""
Cached = Callable[[Mapping[str, Any], Build], Path]
"""Called with what an entry depends on and what builds it; returns the entry's complete folder."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a features module builds.

    Attributes:
        corpus: the folder of the data's snapshot.
        info: what the snapshot says of itself.
        part: the part to build.
        parameters: the module's own parameters, all of them, coerced.
        cleaning: the cleaning parameters and the cleaning's version; what is built of `texts` depends on all of it.
        cached: see `Cached`.
        folder: what relative paths in parameters start from.
    """

    corpus: Path
    info: CorpusInfo
    part: PartName
    parameters: Parameters
    cleaning: Parameters
    cached: Cached
    folder: Path = Path()

    def path(self, parameter: str) -> Path:
        """The path that a parameter names."""
        return self.folder / str(self.parameters[parameter])

    def texts(self, part: PartName) -> tuple[str, ...]:
        """The cleaned texts of a part; cleaned once for all features and their settings."""

        def build(folder: Path) -> None:
            texts = cleaning.clean(read_part(self.corpus, part).texts, self.cleaning)
            write_texts(folder / "texts.jsonl", texts)

        return read_texts(self.cached({"cleaned": part, **self.cleaning}, build) / "texts.jsonl")

    def classes(self, part: PartName) -> npt.NDArray[np.int32]:
        """The class numbers of a part's rows, shape (rows,)."""
        import numpy as np  # noqa: PLC0415 - heavy

        numbers = {label: index for index, label in enumerate(self.info.labels)}
        labels = read_part(self.corpus, part).labels
        return np.fromiter((numbers[label] for label in labels), np.int32, len(labels))


class FeatureModule(Protocol):
    """The shape of a features module.

    One whose parameters name files of the user's also has ``check(values, folder)`` and ``files(values, folder)``: see
    `textclf_sweep.sweep.prerequisites`.
    """

    @property
    def PARAMETERS(self) -> tuple[Parameter, ...]:  # noqa: N802 - a module's constant
        """What it takes; all of it matters to the cache."""

    @property
    def VERSION(self) -> int:  # noqa: N802 - a module's constant
        """Raised whenever the same data and parameters give other arrays, so that old entries are left alone."""

    def load(self, request: Request, cached: Cached) -> Features:
        """The features asked for, through the cache; `cached` knows the module and its version.

        What is learned (a vocabulary, say) is learned from the training part only.
        """


def load(  # noqa: PLR0913, PLR0917 - where everything is, each once
    name: str, corpus: Path, cache: Path, parameters: Parameters, part: str, folder: Path = Path()
) -> Features:
    """The features `name` of one part of the data; built on first use, memory-mapped from then on.

    Args:
        name: a module of this package.
        corpus: the folder of the data's snapshot.
        cache: the folder of the cache; created when it is not there.
        parameters: of a trial; those that the features don't know are ignored, those absent have their defaults.
        part: ``train``, ``validation`` or ``test``.
        folder: what relative paths in parameters start from.

    Raises:
        ValueError: there is no such part.
        StorageError: the snapshot or the cache cannot be read or written.
    """
    if part not in PARTS:
        raise ValueError(f"{part!r} is none of {PARTS}")
    module = cast("FeatureModule", importlib.import_module(f"{__name__}.{name}"))
    own = {item.name: item.coerce(parameters.get(item.name, item.preset)) for item in module.PARAMETERS}
    steps = {item.name: item.coerce(parameters.get(item.name, item.preset)) for item in cleaning.PARAMETERS}
    info = read_info(corpus)

    def common(depends: Mapping[str, Any], build: Build) -> Path:
        return entry(cache, {"data": info.data_hash, **depends}, build)

    def cached(depends: Mapping[str, Any], build: Build) -> Path:
        return common({"features": name, "version": module.VERSION, **depends}, build)

    request = Request(corpus, info, part, own, {**steps, "cleaning_version": cleaning.VERSION}, common, folder)

    try:
        return module.load(request, cached)
    except OSError as error:
        reason = error.strerror or str(error)
        fix = "free some space, or delete this folder (it is built anew), then run the same command again"
        raise StorageError(Problem(f"features can't be cached: {reason}", fix=fix, where=str(cache))) from error


def entry(cache: Path, key: Mapping[str, Any], build: Build) -> Path:
    """The folder of the cache's entry `key`, built by this process if no other has.

    Args:
        cache: the folder of the cache; created when it is not there.
        key: what the entry depends on, as JSON.
        build: fills its folder.
    """
    text = json.dumps(key, sort_keys=True)
    folder = cache / hashlib.sha256(text.encode()).hexdigest()[:32]
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with _locked(folder.with_suffix(".lock")):
        if folder.is_dir():  # built while this process waited
            return folder
        temporary = folder.with_suffix(f".{os.getpid()}.tmp")
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        try:
            build(temporary)
            (temporary / "key.json").write_text(text, encoding="utf-8")
            for path in temporary.iterdir():
                # On the disk before the rename is, or a power cut could leave a complete folder of empty files.
                with path.open("rb") as file:
                    os.fsync(file.fileno())
            temporary.rename(folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return folder


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    # The kernel releases the lock when its holder dies, however it dies. The file stays: removing it while another
    # process waits for it would let a third one lock a new file of the same name.
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
