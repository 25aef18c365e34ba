"""A new definition in which the first cause of a diagnosis is removed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textclf_sweep.definition.load import load
from textclf_sweep.errors import InputError, StorageError
from textclf_sweep.store import Store
from textclf_sweep.sweep.catalogue import discover
from textclf_sweep.sweep.diagnose import diagnose
from textclf_sweep.sweep.manage import open_ledger
from textclf_sweep.sweep.patch import free_file, patched


@dataclass(frozen=True, slots=True)
class Written:
    """A definition that was written.

    Attributes:
        path: where.
        what: which cause it removes, in a few words.
    """

    path: Path
    what: str


def apply(store: Store, name: str, trial: int | None = None, to: Path | None = None) -> Written:
    """Diagnose and write the definition that the first patch makes.

    Args:
        store: where the sweep is.
        name: as `textclf_sweep.sweep.diagnose.diagnose` takes it.
        trial: the same.
        to: the file to write; must not exist. None: beside the old one, ``<name>-fixed.yaml``.

    Raises:
        InputError: no cause has a patch, or the file exists.
        StorageError: it cannot be written.
    """
    found = diagnose(store, name, trial)
    cause = next((item for item in found["causes"] if item["patch"]), None)
    if cause is None:
        raise InputError("nothing in the definition would change it", fix="`sweep diagnose` says what would")
    with open_ledger(store, found["sweep"]) as ledger:
        text, overrides = str(ledger.get("definition_text") or ""), tuple(ledger.get("overrides") or ())
        source = ledger.get("definition_path")
    folder = Path(source).parent if source and Path(source).parent.is_dir() else Path()
    path = to or free_file(folder, found["sweep"])
    if path.exists():
        raise InputError(f"{path} exists already", fix="name another file with --to")
    content = _text(text, overrides, cause, found["sweep"], path)
    load(content, discover(), path=path)  # what is written can be run
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}", fix="name another file with --to") from error
    return Written(path, f"{found['sweep']} without {cause['name']}")


def _text(text: str, overrides: tuple[str, ...], cause: dict[str, Any], sweep: str, path: Path) -> str:
    stem = re.sub(r"[^A-Za-z0-9._-]", "-", path.stem).lstrip("._-")[:64] or f"{sweep}-fixed"
    kept = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("# run with --set "))
    changed = tuple(item for item in overrides if item.partition("=")[0].strip() not in ("name", "workers"))
    body = patched(kept, changed, cause["patch"], stem)
    return f"# {sweep} without {cause['name']} (`sweep diagnose`)\n{body}"
